package resolver

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
)

// entry is a requirement of the problem: its kind and its index.
type entry struct {
	kind  originKind
	index int
}

// edge is all that the versions of one package say of another in one way: need it, or cannot be with it. What they say of their
// own package, a path or a withdrawal, has no other, or the version.
type edge struct {
	kind     originKind
	from, to string
}

// premises is what a search takes into account. A nil map means everything of that sort.
type premises struct {
	entries map[entry]bool
	edges   map[edge]bool
}

// Bounds on what it takes to find the least that a refutation needs. What cannot be decided within them counts as needed.
const (
	maxTrials    = 400  // how often the problem is asked again
	maxConflicts = 5000 // in all trials together
)

// premisesOf is what a refutation rests on.
func premisesOf(refuted *incompatibility) *premises {
	p := &premises{map[entry]bool{}, map[edge]bool{}}
	for _, o := range leaves(refuted) {
		p.add(o)
	}
	return p
}

func (p *premises) add(o *origin) {
	switch o.kind {
	case fromRoot, fromHold, fromCluster, fromFact, fromLockedVersion, fromLockedRegistry:
		p.entries[entry{o.kind, o.index}] = true
	case fromYanked, fromPath, fromNeed, fromDemand, fromConflict, fromAPI:
		p.edges[edge{o.kind, o.node.pkg, o.named}] = true
	case fromScope:
		if o.target != nil {
			p.edges[edge{fromNeed, o.target.pkg, o.node.pkg}] = true
		}
	case fromCycle:
		for _, e := range o.cites {
			p.edges[e] = true
		}
	}
}

// leaves lists the stated requirements that an incompatibility follows from, each once.
func leaves(inc *incompatibility) []*origin {
	var found []*origin
	seen := map[*incompatibility]bool{inc: true}
	stack := []*incompatibility{inc}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if top.origin != nil {
			found = append(found, top.origin)
		}
		for _, from := range top.from {
			if !seen[from] {
				seen[from] = true
				stack = append(stack, from)
			}
		}
	}
	return found
}

// trial asks problems again, in parts or changed, within bounds.
type trial struct {
	universe  *universe
	asked     *entry // the entry that is the question itself
	left      int    // trials
	conflicts int    // that are left
}

// ask searches for any answer to a problem, or to some of it. Neither an answer nor a refutation means that it gave up.
func (t *trial) ask(ctx context.Context, p *Problem, only *premises) (*search, solution, error) {
	if t.left--; t.left < 0 || t.conflicts <= 0 {
		return nil, nil, errLimit
	}
	q, err := newQuestion(p)
	if err != nil {
		return nil, nil, err
	}
	q.only, q.plain, q.kept, q.asked = only, true, nil, t.asked
	s, err := newSearch(ctx, t.universe, q)
	if err != nil {
		return nil, nil, err
	}
	s.limit = t.conflicts
	out, err := s.run(ctx)
	t.conflicts -= s.conflicts
	return s, out.solution, err
}

// refute asks and returns the refutation, nil when there is an answer, or the trial gave up, or
// the catalog cannot read what was not needed until now.
func (t *trial) refute(ctx context.Context, p *Problem, only *premises) (*search, error) {
	s, found, err := t.ask(ctx, p, only)
	if err != nil {
		return nil, ctx.Err()
	}
	if found != nil {
		return nil, nil
	}
	return s, nil
}

// minimise leaves out of a refutation what it does not need: first entries of the problem, then needs between packages. It
// returns the refutation of what is left, of which no part can be spared.
func (t *trial) minimise(ctx context.Context, p *Problem, refuted *search) (*search, error) {
	core := &premises{entries: premisesOf(refuted.refuted).entries}
	entries := func(p *premises) *map[entry]bool { return &p.entries }
	refuted, err := spare(ctx, t, p, core, entries, p.sortedEntries(core.entries), refuted)
	if err != nil {
		return nil, err
	}
	core.edges = premisesOf(refuted.refuted).edges
	edges := func(p *premises) *map[edge]bool { return &p.edges }
	return spare(ctx, t, p, core, edges, sortedEdges(core.edges), refuted)
}

// spare leaves out of one sort of premises, in order, what a refutation does not need, and returns the refutation of what is left.
func spare[K comparable](ctx context.Context, t *trial, p *Problem, core *premises, sort func(*premises) *map[K]bool, order []K, refuted *search) (*search, error) {
	kept := sort(core)
	for _, k := range order {
		if !(*kept)[k] {
			continue
		}
		delete(*kept, k)
		smaller, err := t.refute(ctx, p, core)
		if err != nil {
			return nil, err
		}
		if smaller == nil {
			(*kept)[k] = true
			continue
		}
		refuted, *kept = smaller, *sort(premisesOf(smaller.refuted))
	}
	return refuted, nil
}

// sortedEntries lists entries in the order in which an explanation would rather do without them: what was learned, what is
// locked, what is held, the cluster, and then the roots, the last first. Only roots have an order of their own.
func (p *Problem) sortedEntries(entries map[entry]bool) []entry {
	rank := func(k originKind) int {
		return slices.Index([]originKind{fromFact, fromLockedRegistry, fromLockedVersion, fromHold, fromCluster, fromRoot}, k)
	}
	return slices.SortedFunc(maps.Keys(entries), func(a, b entry) int {
		return cmp.Or(cmp.Compare(rank(a.kind), rank(b.kind)), cmp.Compare(p.describe(b), p.describe(a)), cmp.Compare(b.index, a.index))
	})
}

// compareEntries orders origins that are entries of one kind: roots as they are in the problem, the others by what they say.
func (p *Problem) compareEntries(a, b *origin) int {
	if a.kind != b.kind {
		return 0
	}
	return cmp.Or(cmp.Compare(p.describe(entry{a.kind, a.index}), p.describe(entry{b.kind, b.index})), cmp.Compare(a.index, b.index))
}

// describe tells an entry from others of its kind, whatever their order in the problem.
func (p *Problem) describe(e entry) string {
	switch e.kind {
	case fromHold:
		h := p.Holds[e.index]
		return strings.Join([]string{h.Package, h.Where, h.Range.String(), h.Reason}, "\n")
	case fromFact:
		f := p.Facts[e.index]
		return strings.Join([]string{f.Package, f.Version.Key(), f.Registry, f.Where, f.Why}, "\n")
	case fromLockedVersion, fromLockedRegistry:
		return p.Locked[e.index].Instance
	}
	return ""
}

func sortedEdges(edges map[edge]bool) []edge {
	return slices.SortedFunc(maps.Keys(edges), func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
}
