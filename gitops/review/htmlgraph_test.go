package review

import (
	"fmt"
	"strings"
	"testing"
)

func TestGraphIsDrawnLeftToRight(t *testing.T) {
	layers := []Layer{
		{ID: "a/crds", Instance: "a", Layer: 10}, {ID: "b/crds", Instance: "b", Layer: 10, Changed: true}, {ID: "b/core", Instance: "b", Layer: 20, DependsOn: []string{"b/crds"}, Changed: true},
		{ID: "a/core", Instance: "a", Layer: 20, DependsOn: []string{"a/crds"}}, {ID: "c/config", Instance: "c", Layer: 30, DependsOn: []string{"a/core", "a/crds", "b/core", "b/crds", "unknown/core"}},
	}
	g := layout(Cluster{Layers: layers}, func(string) string { return "" })
	places := map[string]graphNode{}
	for _, node := range g.Nodes {
		places[node.Label] = node
		for _, other := range g.Nodes {
			if node.Label != other.Label && node.X < other.X+other.Width && other.X < node.X+node.Width && node.Y < other.Y+other.Height && other.Y < node.Y+node.Height {
				t.Errorf("%s and %s overlap: %+v %+v", node.Label, other.Label, node, other)
			}
		}
		if node.X < 0 || node.Y < 0 || node.X+node.Width > g.Width || node.Y+node.Height > g.Height {
			t.Errorf("%s lies outside of the picture: %+v", node.Label, node)
		}
	}
	for _, l := range layers {
		for _, d := range l.DependsOn {
			if from, known := places[d]; known && from.X >= places[l.ID].X {
				t.Errorf("%s is not left of %s", d, l.ID)
			}
		}
	}
	if len(g.Edges) != 4 { // c waits for a/crds and b/crds through their cores
		t.Errorf("%d edges, want 4: %+v", len(g.Edges), g.Edges)
	}
	if places["b/core"].Change != Changed || places["a/core"].Change != "" {
		t.Errorf("changed parts are not marked: %+v", places)
	}
}

func TestBigGraphShowsWhatChanged(t *testing.T) {
	var layers []Layer
	for i := range 200 {
		layers = append(layers, Layer{ID: fmt.Sprintf("p%03d/core", i), Instance: fmt.Sprintf("p%03d", i), Layer: 10 * (1 + i%2), Changed: i == 101})
		if i%2 == 1 {
			layers[i].DependsOn = []string{layers[i-1].ID}
		}
	}
	g := layout(Cluster{Layers: layers}, func(string) string { return "" })
	if len(g.Nodes) != 2 || !strings.Contains(g.Legend, "198 parts") {
		t.Errorf("%d nodes, legend %q", len(g.Nodes), g.Legend)
	}
}
