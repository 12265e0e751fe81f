package resolver

// propagate draws conclusions until there are none left, or returns an incompatibility whose terms all hold.
func (s *search) propagate() *incompatibility {
	for {
		if len(s.fresh) > 0 {
			inc := s.fresh[0]
			s.fresh = s.fresh[1:]
			if s.conclude(inc) {
				return inc
			}
			continue
		}
		if len(s.changed) == 0 {
			s.changed, s.fresh = s.changed[:0], s.fresh[:0]
			return nil
		}
		n := s.changed[0]
		s.changed = s.changed[1:]
		n.queued = false
		if conflict := s.visit(n); conflict != nil {
			s.touch(n)
			return conflict
		}
	}
}

// conclude looks at all terms of an incompatibility. When all but one hold, that one must not. It reports whether all hold.
func (s *search) conclude(inc *incompatibility) (conflict bool) {
	var open *term
	for i := range inc.terms {
		t := &inc.terms[i]
		switch {
		case t.node.state.within(t.set):
		case t.node.state.disjoint(t.set), open != nil:
			return false
		default:
			open = t
		}
	}
	if open == nil {
		return true
	}
	s.exclude(open.node, open.set, inc)
	return false
}

// exclude concludes that a node is in no state of a set.
func (s *search) exclude(n *node, from set, cause *incompatibility) {
	s.reduce(n, n.pack.full.without(from), cause)
}

// visit looks at the incompatibilities that watch a node, after its state became smaller.
func (s *search) visit(n *node) (conflict *incompatibility) {
	kept := 0
	for i, w := range n.watches {
		stays := true
		if conflict == nil && n.state.low&^w.low == 0 {
			var conflicting bool
			if stays, conflicting = s.revise(n, w.inc); conflicting {
				conflict = w.inc
			}
		}
		if !stays {
			continue
		}
		if kept < i {
			n.watches[kept] = w
		}
		kept++
	}
	clear(n.watches[kept:])
	n.watches = n.watches[:kept]
	return conflict
}

// revise looks at one incompatibility that watches a node: whether it still does, and whether all its terms hold.
func (s *search) revise(n *node, inc *incompatibility) (stays, conflict bool) {
	if inc.dead {
		return false, false
	}
	if inc.terms[0].node == n {
		inc.terms[0], inc.terms[1] = inc.terms[1], inc.terms[0]
	}
	other := inc.terms[0]
	if !n.state.within(inc.terms[1].set) {
		return true, false
	}
	holds := other.node.state.within(other.set)
	if !holds && other.node.state.disjoint(other.set) {
		return true, false
	}
	for i := 2; i < len(inc.terms); i++ {
		if t := inc.terms[i]; !t.node.state.within(t.set) {
			inc.terms[1], inc.terms[i] = inc.terms[i], inc.terms[1]
			t.node.watches = append(t.node.watches, watch{t.set.low, inc})
			return false, false
		}
	}
	if holds {
		return true, true
	}
	s.exclude(other.node, other.set, inc)
	return true, false
}

// add takes an incompatibility into account from now on.
func (s *search) add(inc *incompatibility) {
	kept := inc.terms[:0]
	for _, t := range inc.terms {
		if !t.node.pack.full.within(t.set) {
			kept = append(kept, t)
		}
	}
	inc.terms = kept
	switch len(inc.terms) {
	case 0:
		s.refuted = inc
		return
	case 1:
		s.ground(inc)
	default:
		s.watch(inc)
	}
	s.fresh = append(s.fresh, inc)
}

// ground concludes what one term alone excludes, once and for all.
func (s *search) ground(inc *incompatibility) {
	t := inc.terms[0]
	t.node.insert(step{at: s.grounds, own: t.node.pack.full.without(t.set), cause: inc})
	s.grounds++
	s.touch(t.node)
}

// watch puts the two terms first that will be the last to hold: those that do not hold, then those that came to hold last.
func (s *search) watch(inc *incompatibility) {
	for i := range 2 {
		for j := i + 1; j < len(inc.terms); j++ {
			if held(inc.terms[j]) > held(inc.terms[i]) {
				inc.terms[i], inc.terms[j] = inc.terms[j], inc.terms[i]
			}
		}
		t := inc.terms[i]
		t.node.watches = append(t.node.watches, watch{t.set.low, inc})
	}
}

// held is the position of the step since which a term holds, above every step when it does not.
func held(t term) int {
	if !t.node.state.within(t.set) {
		return int(^uint(0) >> 1)
	}
	return t.node.history[t.node.satisfier(t.set)].at
}
