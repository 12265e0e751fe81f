package order_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/render/order"
)

// graph reads "a: b c~" as: a waits for b, and softly for c.
func graph(lines ...string) *order.Graph {
	g := &order.Graph{}
	for _, line := range lines {
		from, rest, _ := strings.Cut(line, ":")
		g.Add(from)
		for _, to := range strings.Fields(rest) {
			hard := strings.TrimSuffix(to, "~")
			g.Connect(order.Edge{From: from, To: hard, Why: from + " needs " + hard, Soft: hard != to})
		}
	}
	return g
}

func TestWavesOfAFirstRender(t *testing.T) {
	g := graph("a/crds:", "a/core: a/crds ns", "a/config: a/core", "b/core: a/core a/crds", "ns:")
	got, err := g.Waves(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"ns": 10, "a/crds": 10, "a/core": 20, "a/config": 30, "b/core": 30}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWavesAreKeptFromTheLock(t *testing.T) {
	cases := []struct {
		name   string
		graph  *order.Graph
		locked map[string]int
		want   map[string]int
	}{
		{"a new node between takes a number between", graph("c: b", "b: a"), map[string]int{"a": 10, "c": 20}, map[string]int{"a": 10, "b": 15, "c": 20}},
		{"a chain between two fits when it can", graph("e: d", "d: c", "c: b", "b: a"), map[string]int{"a": 10, "e": 14}, map[string]int{"a": 10, "b": 11, "c": 12, "d": 13, "e": 14}},
		{"without room the dependents move, and nothing else", graph("c: b", "b: a", "d:", "e: c"), map[string]int{"a": 10, "c": 11, "d": 10, "e": 90}, map[string]int{"a": 10, "b": 20, "c": 30, "d": 10, "e": 90}},
		{"a locked wave above what is needed stays", graph("b: a"), map[string]int{"a": 10, "b": 70}, map[string]int{"a": 10, "b": 70}},
		{"the dependent moves when locked waves contradict a new edge", graph("a: b", "b:"), map[string]int{"a": 10, "b": 10}, map[string]int{"a": 20, "b": 10}},
		{"waves of nodes that are gone mean nothing", graph("b: a"), map[string]int{"x": 10}, map[string]int{"a": 10, "b": 20}},
		{"a dependency that comes before a locked one", graph("b: a"), map[string]int{"b": 10}, map[string]int{"a": 5, "b": 10}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.graph.Waves(c.locked)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCycleNamesItsStepsAndReasons(t *testing.T) {
	_, err := graph("a: b", "b: c", "c: a", "d: a", "e: d").Sort()
	var cycle *order.CycleError
	if !errors.As(err, &cycle) {
		t.Fatalf("got %v, want a CycleError", err)
	}
	want := "no order: a waits for b (a needs b), b waits for c (b needs c), c waits for a (c needs a)"
	if got := err.Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestShortestCycleIsTold(t *testing.T) {
	_, err := graph("a: b", "b: c", "c: d", "d: a c").Sort()
	want := "no order: c waits for d (c needs d), d waits for c (d needs c)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestRelaxTakesOnlySoftEdgesOfCycles(t *testing.T) {
	g := graph("a: b~ x~", "b: a", "c: a~")
	gone := g.Relax()
	want := []order.Edge{{From: "a", To: "b", Why: "a needs b", Soft: true}}
	if diff := cmp.Diff(want, gone); diff != "" {
		t.Error(diff)
	}
	if _, err := g.Sort(); err != nil {
		t.Error(err)
	}
	if got := g.Dependencies("c"); !slices.Equal(got, []string{"a"}) {
		t.Errorf("c waits for %v", got)
	}
}

func TestAHardEdgeWinsOverASoftOne(t *testing.T) {
	g := graph("a: b~ b")
	if e, _ := g.Edge("a", "b"); e.Soft {
		t.Error("the edge is soft")
	}
}

// randomGraph is a graph without cycles: node i waits only for smaller ones.
func randomGraph(r *rand.Rand) *order.Graph {
	g := &order.Graph{}
	n := 2 + r.Intn(12)
	for i := range n {
		g.Add(node(i))
		for j := range i {
			if r.Intn(4) == 0 {
				g.Connect(order.Edge{From: node(i), To: node(j)})
			}
		}
	}
	return g
}

func node(i int) string { return fmt.Sprintf("n%02d", i) }

func reachable(deps func(string) []string, from string) map[string]bool {
	seen := map[string]bool{}
	queue := deps(from)
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if !seen[next] {
			seen[next] = true
			queue = append(queue, deps(next)...)
		}
	}
	return seen
}

func TestNeededEdgesReachTheSameAndNoneIsSpare(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 300 {
		g := randomGraph(r)
		needed := g.Needed()
		reduced := func(n string) []string { return needed[n] }
		for _, n := range g.Nodes() {
			full := reachable(g.Dependencies, n)
			if got := reachable(reduced, n); !maps.Equal(got, full) {
				t.Fatalf("%s reaches %v, with the needed edges %v", n, full, got)
			}
			for i := range needed[n] {
				without := slices.Delete(slices.Clone(needed[n]), i, i+1)
				fewer := func(m string) []string {
					if m == n {
						return without
					}
					return needed[m]
				}
				if maps.Equal(reachable(fewer, n), full) {
					t.Fatalf("%s does not need %s", n, needed[n][i])
				}
			}
		}
	}
}

func TestWavesHoldForEveryGraphAndLock(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range 2000 {
		g := randomGraph(r)
		locked := map[string]int{}
		for _, n := range g.Nodes() {
			if r.Intn(2) == 0 {
				locked[n] = 1 + r.Intn(60)
			}
		}
		waves, err := g.Waves(locked)
		if err != nil {
			t.Fatal(err)
		}
		checkOrdered(t, g, waves)
		checkKept(t, g, locked, waves)
		again, err := g.Waves(waves)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(waves, again); diff != "" {
			t.Fatalf("a second render moves waves:\n%s", diff)
		}
	}
}

func checkOrdered(t *testing.T, g *order.Graph, waves map[string]int) {
	t.Helper()
	for _, n := range g.Nodes() {
		for _, to := range g.Dependencies(n) {
			if waves[n] <= waves[to] {
				t.Fatalf("%s in wave %d waits for %s in wave %d", n, waves[n], to, waves[to])
			}
		}
	}
}

// checkKept: a locked node moves only when its own dependencies leave it no choice.
func checkKept(t *testing.T, g *order.Graph, locked, waves map[string]int) {
	t.Helper()
	for n, wave := range locked {
		floor := 0
		for _, to := range g.Dependencies(n) {
			floor = max(floor, waves[to])
		}
		if wave > floor && waves[n] != wave {
			t.Fatalf("%s moved from %d to %d with nothing above %d", n, wave, waves[n], floor)
		}
	}
}

// TestInsertingMovesNothing: when a tree was rendered and one node is taken away and comes back, nobody else moves if a number was free.
func TestInsertingMovesNothing(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for range 1000 {
		g := randomGraph(r)
		first, err := g.Waves(nil)
		if err != nil {
			t.Fatal(err)
		}
		gone := g.Nodes()[r.Intn(len(g.Nodes()))]
		locked := maps.Clone(first)
		delete(locked, gone)
		second, err := g.Waves(locked)
		if err != nil {
			t.Fatal(err)
		}
		for n, wave := range locked {
			if second[n] != wave {
				t.Fatalf("%s moved from %d to %d because %s came", n, wave, second[n], gone)
			}
		}
	}
}
