package resolver

import (
	"cmp"
	"context"
	"slices"
)

// goalKind is what a goal is for.
type goalKind int

const (
	goNewest goalKind = iota // an instance that was asked to move
	stay                     // an instance that is locked
)

// goal is something that a search pursues before it decides anything else.
type goal struct {
	node *node
	kind goalKind
	// fixed is the element that a goNewest goal has reached; absent while it is being found out.
	fixed int
}

// pursuit says how the goals of kind stay are pursued.
type pursuit int

const (
	ignored  pursuit = iota // not at all
	wished                  // each if the ones before it allow it
	insisted                // all but the relaxed ones, or the run ends with those that contradict each other
)

// wish adds a goal at its place: roots in file order, then by name.
func (s *search) wish(g *goal) {
	i, _ := slices.BinarySearchFunc(s.goals, g, s.compareGoals)
	s.goals = slices.Insert(s.goals, i, g)
	s.restart = true
}

func (s *search) compareGoals(g, h *goal) int {
	place := func(g *goal) int {
		if g.node.root < 0 {
			return len(s.question.problem.Roots)
		}
		return g.node.root
	}
	return cmp.Or(cmp.Compare(g.kind, h.kind), cmp.Compare(place(g), place(h)), cmp.Compare(g.node.instance, h.node.instance),
		cmp.Compare(g.node.parentName, h.node.parentName))
}

// pursue decides for a goal as far as that is still possible. When it is not, the run ends with what contradicts it, or the
// goal is given up, as the pursuit says.
func (s *search) pursue(ctx context.Context, g *goal) (*outcome, error) {
	n := g.node
	if g.kind == stay && (s.pursuit == ignored || s.relaxed[g]) {
		s.next++
		return nil, nil
	}
	wanted := n.wanted(g)
	if g.kind == goNewest && g.fixed == absent {
		element := s.preferred(n)
		if !n.expanded.has(element) {
			return nil, s.expand(ctx, n, element)
		}
		wanted = single(n.pack.size, element)
	}
	switch {
	case n.state.within(wanted):
	case !n.state.disjoint(wanted):
		s.decide(n, wanted)
		s.follow(n, wanted)
	case s.pursuit == insisted:
		return &outcome{blamed: append(s.blame(n, n.pack.full.without(wanted)), g)}, nil
	}
	s.next++
	return nil, nil
}

// wanted is the states that a goal aims at.
func (n *node) wanted(g *goal) set {
	if g.kind == stay {
		return single(n.pack.size, absent).or(single(n.pack.size, n.locked))
	}
	return single(n.pack.size, g.fixed)
}
