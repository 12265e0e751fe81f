package pipeline

import (
	"container/heap"
	"context"
	"fmt"
	"slices"

	"gkops.dev/gkops/resolver"
)

// waypoint is a stand at a minor, and how the way came there.
type waypoint struct {
	minor  int
	stand  *stand
	length int
	before *waypoint
}

// way is the waypoints from the first to this one.
func (w *waypoint) way() []*waypoint {
	var all []*waypoint
	for at := w; at != nil; at = at.before {
		all = append(all, at)
	}
	slices.Reverse(all)
	return all
}

// edge is a step that may be possible; the solver is asked when it is its turn.
type edge struct {
	from  *waypoint
	pins  []pin // versions that move, or stay while others do; none is the next minor, or with mend whatever has to move
	mend  bool
	bound int // of the length of a way with it
	order int
	to    *waypoint // when the solver was asked
}

// queue is a heap of edges: the shortest first, of these the highest, of these the last.
type queue []*edge

// Len is the number of edges.
func (q queue) Len() int { return len(q) }

// Less puts the better edge first.
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	switch {
	case a.bound != b.bound:
		return a.bound < b.bound
	case a.from.minor != b.from.minor:
		return a.from.minor > b.from.minor
	}
	return a.order > b.order
}

// Swap exchanges two edges.
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push adds an edge.
func (q *queue) Push(x any) { *q = append(*q, x.(*edge)) }

// Pop takes the last edge.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// climb is the shortest way from a stand to a minor, nil when there is none. With weight 1 no way is shorter; more finds one sooner.
// It returns errBudget when the solver was asked too often, and what the catalogs return.
func (a *ascent) climb(ctx context.Context, start *stand, top, weight int) ([]*waypoint, error) {
	a.asked = 0
	run := &run{ascent: a, top: top, weight: weight, best: map[string]int{}, ladders: map[string]*rungs{}}
	next := &waypoint{stand: start}
	for {
		if next != nil && next.minor == top {
			return next.way(), nil
		}
		if next != nil {
			if err := run.expand(ctx, next); err != nil {
				return nil, err
			}
		}
		if len(run.open) == 0 {
			return nil, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var err error
		if next, err = run.follow(ctx, heap.Pop(&run.open).(*edge)); err != nil {
			return nil, err
		}
	}
}

// run is one search.
type run struct {
	*ascent
	top, weight int
	open        queue
	best        map[string]int // the shortest length to a stand at a minor
	ladders     map[string]*rungs
	orders      int
}

func (r *run) push(e *edge) {
	r.orders++
	e.order = r.orders
	heap.Push(&r.open, e)
}

// expand looks at what may follow a waypoint. The next minor is tried first, so that nothing moves before it has to; then one version
// that moves, with what has to move with it; all that has to move at once is the last resort.
func (r *run) expand(ctx context.Context, w *waypoint) error {
	base, err := r.bound(ctx, w.minor, w.stand)
	if err != nil || base >= never {
		return err
	}
	r.push(&edge{from: w, mend: true, bound: w.length + r.weight*max(base, 1)})
	steady := true
	for _, c := range slices.Backward(w.stand.plan.Instances) {
		steps, err := r.ladder(ctx, c)
		if err != nil {
			return err
		}
		here := steps.at(c.Version)
		steady = steady && steps.fits[here][w.minor] && steps.fits[here][w.minor+1]
		if !r.single(w.stand, c) {
			continue
		}
		for n := here + 1; n < len(steps.versions); n++ {
			rest := base - steps.moves(w.minor, here) + steps.moves(w.minor, n)
			if steps.fits[n][w.minor] && rest < never {
				r.push(&edge{from: w, pins: []pin{{c.Instance, c.Package, steps.versions[n]}}, bound: w.length + 1 + r.weight*rest})
			}
		}
	}
	if steady {
		r.push(&edge{from: w, bound: w.length + r.weight*base})
	}
	return nil
}

// single reports whether an instance can be given a version of its own: a component may share its package with other instances.
func (r *run) single(s *stand, c resolver.Chosen) bool {
	return r.isRoot(c.Instance) || !slices.ContainsFunc(s.plan.Instances, func(o resolver.Chosen) bool {
		return o.Package == c.Package && o.Instance != c.Instance
	})
}

// follow asks the solver about an edge; nil when it leads nowhere, nowhere new, or when others have to be looked at before it.
func (r *run) follow(ctx context.Context, e *edge) (*waypoint, error) {
	if e.to == nil {
		to, err := r.reach(ctx, e)
		if err != nil || to == nil {
			return nil, err
		}
		if err := r.vary(ctx, e, to); err != nil {
			return nil, err
		}
		rest, err := r.bound(ctx, to.minor, to.stand)
		if err != nil || rest >= never {
			return nil, err
		}
		e.to = to
		if total := to.length + r.weight*rest; total > e.bound {
			e.bound = total // it is longer than it looked
			r.push(e)
			return nil, nil
		}
	}
	key := fmt.Sprint(e.to.minor, " ", e.to.stand.key)
	if best, seen := r.best[key]; seen && best <= e.to.length {
		return nil, nil
	}
	r.best[key] = e.to.length
	return e.to, nil
}

// vary pins also what moved along with the versions of an edge: the solver takes the newest, and another one may lead further.
func (r *run) vary(ctx context.Context, e *edge, to *waypoint) error {
	if len(e.pins) == 0 {
		return nil
	}
	for _, c := range to.stand.plan.Instances {
		was := e.from.stand.plan.Instance(c.Instance)
		if was != nil && was.Version.Equal(c.Version) || !r.single(to.stand, c) ||
			slices.ContainsFunc(e.pins, func(p pin) bool { return p.instance == c.Instance }) {
			continue
		}
		along := c
		if was != nil {
			along = *was
		}
		steps, err := r.variants(ctx, along, was == nil)
		if err != nil {
			return err
		}
		for n, v := range steps.versions {
			if steps.fits[n][to.minor] && !v.Equal(c.Version) {
				r.push(&edge{from: e.from, pins: append(slices.Clone(e.pins), pin{c.Instance, c.Package, v}), bound: e.bound})
			}
		}
	}
	return nil
}

// variants are the versions that an instance may take; one that is new may take any.
func (r *run) variants(ctx context.Context, c resolver.Chosen, fresh bool) (*rungs, error) {
	if !fresh {
		return r.ladder(ctx, c)
	}
	return r.newRungs(ctx, c, true)
}

// reach is where an edge leads, nil when it leads nowhere.
func (r *run) reach(ctx context.Context, e *edge) (*waypoint, error) {
	w, low, high := e.from, e.from.minor, e.from.minor+1
	problem := r.problem
	problem.Locked = w.stand.locked()
	to := low
	switch {
	case len(e.pins) > 0:
		high = low
		problem = pinned(problem, e.pins)
	case !e.mend:
		to = high
	}
	next, err := r.settle(ctx, problem, low, high)
	if err != nil || next == nil {
		return nil, err
	}
	changes := w.stand.changes(next)
	if (to == low) == (changes == 0) {
		return nil, nil // the next minor needs something to move first, or a move moves nothing
	}
	return &waypoint{minor: to, stand: next, length: w.length + changes, before: w}, nil
}
