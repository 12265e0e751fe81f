package resolver

import "slices"

// requires is the nodes that a choice needs in a solution: those that only one can meet, and every one in the solution that
// meets a need that several can.
func (c choice) requires(chosen map[*node]int) []*node {
	list := c.node.children[c.element]
	for _, o := range c.node.options[c.element] {
		for _, n := range o.met(chosen) {
			if !slices.Contains(list, n) {
				list = append(slices.Clip(list), n)
			}
		}
	}
	return list
}

// met is the offers that are in a solution with a version that fits, in order of preference.
func (o *option) met(chosen map[*node]int) []*node {
	var list []*node
	for _, f := range o.offers {
		if element, there := chosen[f.node]; there && f.fit.has(element) {
			list = append(list, f.node)
		}
	}
	return list
}

// elements is the chosen element of each node.
func (a solution) elements() map[*node]int {
	chosen := make(map[*node]int, len(a))
	for _, c := range a {
		chosen[c.node] = c.element
	}
	return chosen
}

// closedCycle is the choices of a solution that need each other in a circle, in order, or nil.
func closedCycle(found solution) []choice {
	w := &walk{chosen: found.elements(), done: make(map[*node]bool, len(found)), on: map[*node]int{}}
	for _, c := range found {
		if cycle := w.from(c.node); cycle != nil {
			return cycle
		}
	}
	return nil
}

// walk is a depth-first walk along needs, with a stack of its own: chains may be long.
type walk struct {
	chosen map[*node]int
	done   map[*node]bool
	on     map[*node]int // position in path
	path   []choice
	needs  [][]*node // what each node of the path needs
	next   []int     // which of these is next
}

func (w *walk) from(start *node) []choice {
	if w.done[start] {
		return nil
	}
	w.enter(start)
	for len(w.path) > 0 {
		top := len(w.path) - 1
		if w.next[top] == len(w.needs[top]) {
			w.leave()
			continue
		}
		child := w.needs[top][w.next[top]]
		w.next[top]++
		if at, open := w.on[child]; open {
			return w.path[at:]
		}
		if !w.done[child] {
			w.enter(child)
		}
	}
	return nil
}

func (w *walk) enter(n *node) {
	w.on[n] = len(w.path)
	c := choice{node: n, element: w.chosen[n]}
	w.path, w.needs = append(w.path, c), append(w.needs, c.requires(w.chosen))
	w.next = append(w.next, 0)
}

func (w *walk) leave() {
	top := len(w.path) - 1
	n := w.path[top].node
	delete(w.on, n)
	w.done[n] = true
	w.path, w.needs, w.next = w.path[:top], w.needs[:top], w.next[:top]
}

// cycleOf is the incompatibility of a cycle: every version that is known to need the next one takes part, as far as it meets the
// need of the one before.
func (s *search) cycleOf(cycle []choice) *incompatibility {
	o := &origin{kind: fromCycle, node: cycle[0].node}
	inc := &incompatibility{origin: o}
	for i, c := range cycle {
		needing, _, cited := c.link(cycle[(i+1)%len(cycle)])
		if _, fit, _ := cycle[(i+len(cycle)-1)%len(cycle)].link(c); fit != nil {
			needing = needing.and(*fit)
		}
		o.cycle = append(o.cycle, c.node)
		o.cites = append(o.cites, cited)
		inc.terms = append(inc.terms, term{c.node, needing})
	}
	o.set = inc.terms[0].set
	return inc
}

// link is how a choice needs another node: the elements that do, those of the other that meet the need when not all do, and what is
// asked for.
func (c choice) link(next choice) (needing set, fit *set, cited edge) {
	if slices.Contains(c.node.children[c.element], next.node) {
		return c.node.edges[next.node], nil, edge{fromNeed, c.node.pkg, next.node.pkg}
	}
	for _, o := range c.node.options[c.element] {
		for i := range o.offers {
			if f := &o.offers[i]; f.node == next.node && f.fit.has(next.element) {
				return o.set, &f.fit, edge{fromNeed, c.node.pkg, o.need.Package}
			}
		}
	}
	panic("resolver: " + c.node.instance + " does not need " + next.node.instance)
}
