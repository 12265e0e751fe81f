package resolver

// closedCycle is the choices of a solution that need each other in a circle, in order, or nil.
func closedCycle(found solution) []choice {
	w := &walk{chosen: make(map[*node]int, len(found)), done: make(map[*node]bool, len(found)), on: map[*node]int{}}
	for _, c := range found {
		w.chosen[c.node] = c.element
	}
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
	next   []int // which child is next, for each node of the path
}

func (w *walk) from(start *node) []choice {
	if w.done[start] {
		return nil
	}
	w.enter(start)
	for len(w.path) > 0 {
		top := len(w.path) - 1
		n := w.path[top].node
		children := n.children[w.path[top].element]
		if w.next[top] == len(children) {
			w.leave()
			continue
		}
		child := children[w.next[top]]
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
	w.path = append(w.path, choice{n, w.chosen[n]})
	w.next = append(w.next, 0)
}

func (w *walk) leave() {
	top := len(w.path) - 1
	n := w.path[top].node
	delete(w.on, n)
	w.done[n] = true
	w.path, w.next = w.path[:top], w.next[:top]
}

// cycleOf is the incompatibility of a cycle: every version that is known to need the next one takes part.
func (s *search) cycleOf(cycle []choice) *incompatibility {
	o := &origin{kind: fromCycle, node: cycle[0].node}
	inc := &incompatibility{origin: o}
	for i, c := range cycle {
		next := cycle[(i+1)%len(cycle)].node
		o.cycle = append(o.cycle, c.node)
		inc.terms = append(inc.terms, term{c.node, c.node.edges[next]})
	}
	o.set = inc.terms[0].set
	return inc
}
