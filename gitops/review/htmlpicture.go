package review

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// graph is the layers of one cluster as a picture: a column per layer, edges from what is waited for to what waits.
type graph struct {
	Title, Legend string
	Width, Height int
	Columns       []graphColumn
	Nodes         []graphNode
	Edges         []graphEdge
}

// graphColumn is the ground of one layer.
type graphColumn struct{ X, Width, Height, Text, Layer int }

// graphNode is the box of one part.
type graphNode struct {
	Change                      Change // empty when nothing of it changed
	Full, Label, Version, Sign  string
	Target                      string // of its objects on the page
	X, Y, Width, Height         int
	TextX, TextY, VersionY, End int
}

// graphEdge is a line between two boxes.
type graphEdge struct {
	Path    string // as SVG has it
	Changed bool   // both ends changed
}

// picture turns places into shapes.
func (d *drawing) picture(cluster Cluster, target func(string) string, left int) *graph {
	longest := 14
	for _, p := range d.parts {
		longest = max(longest, utf8.RuneCountInString(p.ID), utf8.RuneCountInString(versionsOfPart(p, cluster))-smaller)
	}
	letters := min(longest, 30)
	width := int(float64(letters)*letterWidth) + 34
	bottom := 0.0
	for _, v := range d.vertices {
		bottom = max(bottom, v.y+v.height/2)
	}
	g := &graph{
		Title: clusterName(cluster), Height: int(bottom) + footRoom,
		Width:  len(d.columns)*(width+columnGap) - columnGap + 2*columnPadding,
		Legend: "+ comes, ~ changes.",
	}
	if left > 0 {
		g.Legend += " " + plural(left, "part that does not change is", "parts that do not change are") + " left out."
	}
	x := func(column int) int { return columnPadding + column*(width+columnGap) }
	for c, layer := range d.layers {
		g.Columns = append(g.Columns, graphColumn{X: x(c) - columnPadding, Width: width + 2*columnPadding, Height: g.Height, Text: x(c) + width/2, Layer: layer})
	}
	for _, way := range d.paths {
		g.Edges = append(g.Edges, d.edge(way, x, width))
	}
	slices.SortStableFunc(g.Edges, func(a, b graphEdge) int { return cmp.Compare(btoi(a.Changed), btoi(b.Changed)) })
	for i := range d.vertices {
		if d.vertices[i].part >= 0 {
			g.Nodes = append(g.Nodes, d.node(d.vertices[i], cluster, x, width, letters, target))
		}
	}
	return g
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// edge curves from column to column, and goes straight through those that it passes.
func (d *drawing) edge(way []int, x func(int) int, width int) graphEdge {
	from, to := d.vertices[way[0]], d.vertices[way[len(way)-1]]
	path := fmt.Sprintf("M%d %d", x(from.column)+width, int(from.y))
	for i := 1; i < len(way); i++ {
		a, b := d.vertices[way[i-1]], d.vertices[way[i]]
		start, end := x(a.column)+width, x(b.column)
		middle := (start + end) / 2
		path += fmt.Sprintf("C%d %d %d %d %d %d", middle, int(a.y), middle, int(b.y), end, int(b.y))
		if b.part < 0 {
			path += fmt.Sprintf("H%d", end+width)
		}
	}
	return graphEdge{Path: path, Changed: d.parts[from.part].Changed && d.parts[to.part].Changed}
}

func (d *drawing) node(v vertex, cluster Cluster, x func(int) int, width, letters int, target func(string) string) graphNode {
	part := d.parts[v.part]
	node := graphNode{
		Full: part.ID, Label: shortened(part.ID, letters), Version: versionsOfPart(part, cluster),
		X: x(v.column), Y: int(v.y - v.height/2), Width: width, Height: nodeHeight,
		TextX: x(v.column) + 10, TextY: int(v.y) + 5, End: x(v.column) + width - 10,
	}
	if part.Changed {
		node.Change, node.Target = Changed, target(part.Instance)
	}
	for _, i := range cluster.Instances {
		if i.Name == part.Instance && (part.Changed || i.Change == Added) {
			node.Change = i.Change
		}
	}
	if node.Version != "" {
		node.TextY, node.VersionY = int(v.y)-3, int(v.y)+13
		node.Full += " " + node.Version
		node.Version = shortened(node.Version, letters+smaller)
	}
	node.Sign = marks[node.Change]
	if node.Change != "" {
		node.Full += " (" + string(node.Change) + ")"
	}
	return node
}

// smaller is how many letters more fit into a line of a version, which is written small.
const smaller = 3

// versionsOfPart is the version of a part, with the one before when it was another.
func versionsOfPart(part Layer, cluster Cluster) string {
	for _, i := range cluster.Instances {
		if i.Name == part.Instance && i.Change == Changed && i.Old != i.New && i.Old != "" {
			return i.Old + " → " + i.New
		}
	}
	return part.Version
}

// shortened is a text of at most some letters, with an ellipsis where it was cut.
func shortened(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

func clusterName(c Cluster) string {
	if c.Name == "" {
		return "the cluster"
	}
	return c.Name
}
