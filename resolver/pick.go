package resolver

// preferred is the best of the elements that are still possible for a node: the locked one, unless the node was asked to
// move; then registry by registry, the asker's first, the newest version, or the lowest when the problem is minimal, and a
// deprecated one only when the registry has no other.
func (s *search) preferred(n *node) int {
	if n.locked != absent && !n.moved && n.state.has(n.locked) {
		return n.locked
	}
	first := n.askerBlock()
	if first != nil {
		if element := s.bestOf(n.pack, n.state, *first); element >= 0 {
			return element
		}
	}
	for _, b := range n.pack.blocks {
		if element := s.bestOf(n.pack, n.state, b); element >= 0 {
			return element
		}
	}
	panic("resolver: no candidate is left for " + n.instance)
}

// bestOf is the best of a registry's elements: what is not deprecated first.
func (s *search) bestOf(p *pack, state set, b block) int {
	for _, tier := range p.tiers {
		if element := s.extreme(state.and(tier), b); element >= 0 {
			return element
		}
	}
	return s.extreme(state, b)
}

// extreme is the newest version, or the lowest when the problem is minimal.
func (s *search) extreme(state set, b block) int {
	if s.question.problem.Minimal {
		return state.lowest(b.first, b.end)
	}
	return state.highest(b.first, b.end)
}

// askerBlock is the candidates in the registry of the instance through which the node was discovered: the first, in order of
// discovery, that needs it.
func (n *node) askerBlock() *block {
	if n.asker == nil {
		return nil
	}
	element := n.asker.state.lowest(1, n.asker.pack.size)
	registry := n.asker.pack.candidate(element).Registry
	for i := range n.pack.blocks {
		if n.pack.blocks[i].registry == registry {
			return &n.pack.blocks[i]
		}
	}
	return nil
}
