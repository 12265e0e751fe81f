package resolver

import (
	"context"
	"errors"
)

// search is one conflict-driven search for the versions of a problem. Every incompatibility that it learns follows from the
// problem alone, never from the goals that it pursues, so it can be asked again with other goals.
type search struct {
	universe *universe
	question *question

	nodes      map[identity]*node
	byInstance map[string][]*node
	roots      []*node            // the roots of the problem in file order, then what is kept
	cluster    *node              // the cluster's Kubernetes, nil when its version is not known
	named      map[string][]*node // by package, and by the virtual ones that it provides
	rules      map[string][]*rule // by what they rule out
	users      map[apiKind][]*usage
	servers    map[apiKind][]*usage
	pathed     bool    // a version was out of reach
	goals      []*goal // in the order in which they are pursued

	trail   []*node // the nodes of all steps that are no ground steps
	marks   []mark  // where each decision began
	grounds int     // how many ground steps there are in all

	changed []*node
	fresh   []*incompatibility // not looked at yet
	refuted *incompatibility   // holds always: there is no solution

	queue   []*node   // nodes in order of discovery: the roots, then what they need, and so on
	head    int       // those before it are decided
	restart bool      // a goal was found that belongs before decisions already made
	pending []*option // needs that several instances can meet, of what is decided, in order
	served  int       // those before it are met
	next    int       // the goal to pursue next
	pursuit pursuit
	relaxed map[*goal]bool

	conflicts int
	limit     int // of conflicts, 0 for none

	all     []*node       // every node, in order of discovery
	hunting bool          // for any answer that agrees with the decisions up to base
	base    int           // level
	prey    map[*node]int // the last answer that a hunt brought, nil before the first
	bump    float64       // what a conflict adds to the activity of a node
}

// mark is what a decision has to restore when it is undone.
type mark struct {
	trail, queue, head, pending, served, next int
}

// trailBase is above the position of every ground step.
const trailBase = 1 << 40

// errLimit says that a search gave up.
var errLimit = errors.New("too many conflicts")

// outcome is what a run ended with: a solution, or the goals that contradict each other, or neither when the problem is
// unsolvable whatever the goals.
type outcome struct {
	solution solution
	blamed   []*goal
}

// solution is the nodes of an answer in order of discovery.
type solution []choice

// choice is a node and its chosen element.
type choice struct {
	node    *node
	element int
	asker   *node // through whom it was discovered
	rank    int   // as in node
}

// run searches until there is an answer. It returns errLimit, or the error of the catalog.
func (s *search) run(ctx context.Context) (outcome, error) {
	s.startOver()
	for {
		if conflict := s.propagate(); conflict != nil {
			if err := s.learn(conflict); err != nil {
				return outcome{}, err
			}
		}
		if s.refuted != nil {
			return outcome{}, nil
		}
		done, err := s.advance(ctx)
		if err != nil || done != nil {
			return *orEmpty(done), err
		}
	}
}

func orEmpty(o *outcome) *outcome {
	if o == nil {
		return &outcome{}
	}
	return o
}

// startOver undoes every decision, and pursues the goals from the first.
func (s *search) startOver() {
	s.backjump(0)
	s.next, s.restart = 0, false
}

// learn turns a conflict into an incompatibility that would have avoided it.
func (s *search) learn(conflict *incompatibility) error {
	s.conflicts++
	if s.limit > 0 && s.conflicts > s.limit {
		return errLimit
	}
	s.resolve(conflict)
	s.age()
	switch {
	case s.hunting:
		s.hunting = s.level() >= s.base
	case s.prey == nil && s.conflicts >= s.question.patience:
		s.backjump(0)
		s.startHunt()
	}
	return nil
}

// advance makes one more decision, or ends the run.
func (s *search) advance(ctx context.Context) (*outcome, error) {
	switch {
	case len(s.fresh) > 0 || len(s.changed) > 0:
		return nil, nil
	case s.hunting:
		return nil, s.hunt(ctx)
	case s.restart:
		s.startOver()
		return nil, nil
	case s.next < len(s.goals):
		return s.pursue(ctx, s.goals[s.next])
	case s.head < len(s.queue):
		return nil, s.decideNext(ctx)
	case s.served < len(s.pending):
		s.serve()
		return nil, nil
	}
	found := s.found()
	if cycle := closedCycle(found); cycle != nil {
		s.add(s.cycleOf(cycle))
		return nil, nil
	}
	return &outcome{solution: found}, nil
}

// decideNext chooses a version for the next node in order of discovery. What the version needs is learned before the
// decision, which may make another one preferable.
func (s *search) decideNext(ctx context.Context) error {
	n := s.queue[s.head]
	element := s.preferred(n)
	if !n.expanded.has(element) {
		s.lookAhead(ctx)
		return s.expand(ctx, n, element)
	}
	this := single(n.pack.size, element)
	s.decide(n, this)
	s.follow(n, this)
	s.head++
	for _, child := range n.children[element] {
		s.discover(child, n, 0)
	}
	for _, o := range n.options[element] {
		if o.sole != nil {
			s.discover(o.sole, n, 0)
			continue
		}
		s.pending = append(s.pending, o)
	}
	return nil
}

// lookAhead announces once what will be asked for next, before the first of it is: what is preferred for the nodes in the queue.
func (s *search) lookAhead(ctx context.Context) {
	p, ok := s.universe.catalog.(Prefetcher)
	if !ok {
		return
	}
	var ahead []Wanted
	for i, n := range s.queue[s.head:] {
		if element := s.preferred(n); n.pack.announce(element) {
			ahead = append(ahead, Wanted{n.pkg, n.pack.candidate(element)})
		}
		if i == 0 && ahead == nil {
			return
		}
	}
	p.PrefetchNeeds(ctx, ahead)
}

// discover puts a node in the queue once.
func (s *search) discover(n, asker *node, rank int) {
	if n.discovered {
		return
	}
	n.discovered, n.asker, n.rank = true, asker, rank
	s.queue = append(s.queue, n)
}

// decide restricts a node's state without a reason.
func (s *search) decide(n *node, to set) {
	s.marks = append(s.marks, mark{len(s.trail), len(s.queue), s.head, len(s.pending), s.served, s.next})
	s.reduce(n, to, nil)
}

// level is the number of decisions that are in force.
func (s *search) level() int { return len(s.marks) }

// reduce restricts a node's state.
func (s *search) reduce(n *node, own set, cause *incompatibility) {
	n.state = n.state.and(own)
	n.history = append(n.history, step{at: trailBase + len(s.trail), level: s.level(), own: own, after: n.state, cause: cause})
	s.trail = append(s.trail, n)
	s.touch(n)
}

// touch marks a node whose state became smaller.
func (s *search) touch(n *node) {
	if !n.queued {
		n.queued = true
		s.changed = append(s.changed, n)
	}
}

// backjump undoes all decisions above a level, and what followed from them.
func (s *search) backjump(level int) {
	if level >= s.level() {
		return
	}
	m := s.marks[level]
	for len(s.trail) > m.trail {
		s.trail[len(s.trail)-1].pop()
		s.trail = s.trail[:len(s.trail)-1]
	}
	for len(s.queue) > m.queue {
		s.queue[len(s.queue)-1].discovered = false
		s.queue = s.queue[:len(s.queue)-1]
	}
	s.head, s.next = m.head, m.next
	s.pending, s.served = s.pending[:m.pending], m.served
	s.marks = s.marks[:level]
}

// found is the solution when everything in the queue is decided.
func (s *search) found() solution {
	found := make(solution, len(s.queue))
	for i, n := range s.queue {
		found[i] = choice{n, n.state.lowest(1, n.pack.size), n.asker, n.rank}
	}
	return found
}
