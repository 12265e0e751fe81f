package resolver

import "context"

// The order of preference fixes the order of decisions, and a problem that is hard in that order may be easy in another. After
// some conflicts the search therefore hunts for any answer, deciding first what was in the way most. Either there is none,
// which settles the matter. Or it goes through its own order again with that answer in hand: a decision that agrees with the
// answer needs no proof, and any other is followed by a hunt for an answer that agrees with it.
const huntAfter = 100

// hunger is how much more each conflict counts than the one before.
const hunger = 1.05

// startHunt looks for any answer that agrees with the decisions so far.
func (s *search) startHunt() {
	s.hunting, s.base = true, s.level()
}

// follow hunts when a decision leaves the answer in hand.
func (s *search) follow(n *node, decided set) {
	if s.prey != nil && !decided.has(s.prey[n]) {
		s.startHunt()
	}
}

// hunt decides for the most active of the nodes that must be in the plan. When all are decided, the hunt has its answer, and
// its decisions are undone.
func (s *search) hunt(ctx context.Context) error {
	n := s.mostActive()
	if n == nil {
		if o := s.unmet(); o != nil {
			s.decide(s.offer(o))
			return nil
		}
		s.bringHome()
		return nil
	}
	element := s.anyOf(n)
	if !n.expanded.has(element) {
		return s.expand(ctx, n, element)
	}
	s.decide(n, single(n.pack.size, element))
	return nil
}

// bringHome ends a hunt, unless its answer has a cycle.
func (s *search) bringHome() {
	var found solution
	prey := map[*node]int{}
	for _, n := range s.all {
		if !n.state.has(absent) {
			prey[n] = n.state.lowest(1, n.pack.size)
			found = append(found, choice{node: n, element: prey[n]})
		}
	}
	if cycle := closedCycle(found); cycle != nil {
		s.add(s.cycleOf(cycle))
		return
	}
	s.hunting, s.prey = false, prey
	s.backjump(s.base)
}

// mostActive is the most active node that must be in the plan and is not settled, the first of equals.
func (s *search) mostActive() *node {
	var found *node
	for _, n := range s.all {
		if !n.state.has(absent) && !n.settled() && (found == nil || n.activity > found.activity) {
			found = n
		}
	}
	return found
}

// settled reports whether only one element is possible, and its needs are known.
func (n *node) settled() bool { return n.state.count() == 1 && n.state.within(n.expanded) }

// anyOf is an element that is still possible for a node, whoever asks.
func (s *search) anyOf(n *node) int {
	for _, b := range n.pack.blocks {
		if element := s.bestOf(n.pack, n.state, b); element >= 0 {
			return element
		}
	}
	panic("resolver: no candidate is left for " + n.instance)
}

// age makes older conflicts count less.
func (s *search) age() {
	if s.bump *= hunger; s.bump < 1e100 {
		return
	}
	s.bump = 1
	for _, n := range s.all {
		n.activity *= 1e-100
	}
}
