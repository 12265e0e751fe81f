package order

import "slices"

// cycle finds a shortest cycle, the first one by the name of its first node.
func (g *Graph) cycle() []Edge {
	var best []Edge
	component := g.components()
	for _, start := range g.Nodes() {
		found := g.pathBack(start, component)
		if len(found) > 0 && (best == nil || len(found) < len(best)) {
			best = found
		}
	}
	return best
}

// pathBack is a shortest way from start to itself, within its component, breadth first.
func (g *Graph) pathBack(start string, component map[string]int) []Edge {
	came := map[string]string{}
	queue := []string{start}
	for len(queue) > 0 {
		node := queue[0]
		queue = queue[1:]
		for _, to := range g.Dependencies(node) {
			if component[to] != component[start] {
				continue
			}
			if to == start {
				return g.trace(start, node, came)
			}
			if _, seen := came[to]; !seen {
				came[to] = node
				queue = append(queue, to)
			}
		}
	}
	return nil
}

func (g *Graph) trace(start, last string, came map[string]string) []Edge {
	edges := []Edge{g.edges[last][start]}
	for node := last; node != start; node = came[node] {
		edges = append(edges, g.edges[came[node]][node])
	}
	slices.Reverse(edges)
	return edges
}

// components numbers the strongly connected components (Tarjan): two nodes are part of one cycle when they share a number.
func (g *Graph) components() map[string]int {
	t := tarjan{graph: g, index: map[string]int{}, low: map[string]int{}, number: map[string]int{}}
	for _, node := range g.Nodes() {
		if _, seen := t.index[node]; !seen {
			t.visit(node)
		}
	}
	return t.number
}

type tarjan struct {
	graph      *Graph
	index, low map[string]int
	number     map[string]int // set when the component of a node is complete
	stack      []string
	count      int
}

func (t *tarjan) visit(node string) {
	t.index[node] = len(t.index)
	t.low[node] = t.index[node]
	t.stack = append(t.stack, node)
	for _, to := range t.graph.Dependencies(node) {
		if _, seen := t.index[to]; !seen {
			t.visit(to)
			t.low[node] = min(t.low[node], t.low[to])
		} else if _, done := t.number[to]; !done {
			t.low[node] = min(t.low[node], t.index[to])
		}
	}
	if t.low[node] != t.index[node] {
		return
	}
	at := slices.Index(t.stack, node)
	for _, member := range t.stack[at:] {
		t.number[member] = t.count
	}
	t.stack = t.stack[:at]
	t.count++
}
