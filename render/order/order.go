// Package order is the mathematics of application order: a graph over string ids, its cycles, its shortest description, and the
// wave of every node.
//
// It knows nothing of Kubernetes, files or engines. Everything is deterministic: nodes and edges are taken in sorted order.
package order

import (
	"fmt"
	"slices"
	"strings"
)

// Edge says that From is applied after To is there, and why.
type Edge struct {
	From, To string
	Why      string
	// Soft edges give way when they are part of a cycle: the order is better with them and possible without.
	Soft bool
}

// Graph is a set of nodes and what each of them waits for. The zero Graph is empty and ready to use.
type Graph struct {
	edges map[string]map[string]Edge // from, to
}

// Add adds a node.
func (g *Graph) Add(node string) {
	if g.edges == nil {
		g.edges = map[string]map[string]Edge{}
	}
	if g.edges[node] == nil {
		g.edges[node] = map[string]Edge{}
	}
}

// Connect adds an edge and its nodes. Of two edges between the same nodes the first one stays, unless only the second is hard.
// An edge from a node to itself is ignored.
func (g *Graph) Connect(e Edge) {
	g.Add(e.From)
	g.Add(e.To)
	if e.From == e.To {
		return
	}
	if old, ok := g.edges[e.From][e.To]; !ok || old.Soft && !e.Soft {
		g.edges[e.From][e.To] = e
	}
}

// Nodes are the nodes, sorted.
func (g *Graph) Nodes() []string { return sortedKeys(g.edges) }

// Dependencies are the nodes that a node waits for, sorted.
func (g *Graph) Dependencies(node string) []string { return sortedKeys(g.edges[node]) }

// Edge is the edge between two nodes, if there is one.
func (g *Graph) Edge(from, to string) (Edge, bool) {
	e, ok := g.edges[from][to]
	return e, ok
}

// CycleError says that nodes wait for each other. Edges are the cycle: each starts where the one before it ends.
type CycleError struct{ Edges []Edge }

// Error is the cycle with the reason of each step.
func (e *CycleError) Error() string {
	steps := make([]string, 0, len(e.Edges))
	for _, edge := range e.Edges {
		steps = append(steps, fmt.Sprintf("%s waits for %s (%s)", edge.From, edge.To, edge.Why))
	}
	return "no order: " + strings.Join(steps, ", ")
}

// Sort gives the nodes so that each comes after what it waits for; among those that could come next, by name. It returns a
// *CycleError when there is no such order.
func (g *Graph) Sort() ([]string, error) {
	waiting := make(map[string]int, len(g.edges))
	dependents := g.dependents()
	var ready []string
	for _, node := range g.Nodes() {
		waiting[node] = len(g.edges[node])
		if waiting[node] == 0 {
			ready = append(ready, node)
		}
	}
	sorted := make([]string, 0, len(g.edges))
	for len(ready) > 0 {
		node := ready[0]
		ready = ready[1:]
		sorted = append(sorted, node)
		for _, d := range dependents[node] {
			if waiting[d]--; waiting[d] == 0 {
				at, _ := slices.BinarySearch(ready, d)
				ready = slices.Insert(ready, at, d)
			}
		}
	}
	if len(sorted) < len(g.edges) {
		return nil, &CycleError{Edges: g.cycle()}
	}
	return sorted, nil
}

// Relax takes away the soft edges that are part of a cycle and gives them, sorted. What remains may still hold cycles.
func (g *Graph) Relax() []Edge {
	component := g.components()
	var gone []Edge
	for _, from := range g.Nodes() {
		for _, to := range g.Dependencies(from) {
			if e := g.edges[from][to]; e.Soft && component[from] == component[to] {
				gone = append(gone, e)
			}
		}
	}
	for _, e := range gone {
		delete(g.edges[e.From], e.To)
	}
	return gone
}

// Needed gives for each node the dependencies that do not follow from its other dependencies, sorted: the transitive reduction.
// The graph must have no cycle.
func (g *Graph) Needed() map[string][]string {
	reach := g.reach()
	needed := make(map[string][]string, len(g.edges))
	for node, edges := range g.edges {
		var direct []string
		for to := range edges {
			if !g.implied(node, to, reach) {
				direct = append(direct, to)
			}
		}
		slices.Sort(direct)
		needed[node] = direct
	}
	return needed
}

func (g *Graph) implied(node, to string, reach map[string]map[string]bool) bool {
	for other := range g.edges[node] {
		if other != to && reach[other][to] {
			return true
		}
	}
	return false
}

// reach gives for each node everything that it waits for, directly or not.
func (g *Graph) reach() map[string]map[string]bool {
	reach := make(map[string]map[string]bool, len(g.edges))
	var visit func(string) map[string]bool
	visit = func(node string) map[string]bool {
		if seen, ok := reach[node]; ok {
			return seen
		}
		all := map[string]bool{}
		reach[node] = all
		for to := range g.edges[node] {
			all[to] = true
			for further := range visit(to) {
				all[further] = true
			}
		}
		return all
	}
	for node := range g.edges {
		visit(node)
	}
	return reach
}

func (g *Graph) dependents() map[string][]string {
	dependents := make(map[string][]string, len(g.edges))
	for _, from := range g.Nodes() {
		for to := range g.edges[from] {
			dependents[to] = append(dependents[to], from)
		}
	}
	return dependents
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
