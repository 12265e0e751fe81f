package resolver

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// story is a refutation in the order in which a person asks: what the workspace asks for, what that needs, and what stands
// against it.
type story struct {
	problem  *Problem
	asked    *entry              // the entry that is the question itself, nil for none
	names    []string            // of packages, for near names
	virtual  map[string][]string // what provides the virtual packages that were asked for
	chapters []*chapter
	of       map[*node]*chapter
}

// chapter is all that a refutation says of one instance.
type chapter struct {
	node     *node
	entries  []*origin // roots, holds, locks, facts, withdrawn versions and those out of reach
	faults   []*origin // scopes, names, cycles
	needs    []*need
	needed   []*need
	possible set // what the entries leave of the candidates
}

// need is what one instance needs of another, or demands of the cluster, or cannot be with, by version.
type need struct {
	kind      originKind
	by        *node
	of        []*node // one, or all that could meet it
	named     string
	component bool
	api       apiKind
	groups    []group
}

// group is the versions of an instance that say the same of another.
type group struct {
	origin *origin
	by     set
	none   bool // no registry has what is needed
}

// newStory orders the requirements of a refutation.
func newStory(p *Problem, refuted *search, names []string, asked *entry) *story {
	st := &story{problem: p, asked: asked, names: names, virtual: refuted.universe.virtual, of: map[*node]*chapter{}}
	found := leaves(refuted.refuted)
	slices.SortStableFunc(found, p.compareOrigins)
	for _, o := range found {
		st.place(o)
	}
	for _, c := range st.of {
		c.possible = c.node.pack.present
		for _, o := range c.entries {
			c.possible = c.possible.without(o.set)
		}
	}
	for _, o := range found {
		switch o.kind {
		case fromNeed, fromDemand, fromConflict, fromAPI:
			st.placeNeed(o)
		}
	}
	st.order()
	return st
}

func (p *Problem) compareOrigins(a, b *origin) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), p.compareEntries(a, b), compareNodes(a.node, b.node),
		compareSets(a, b), cmp.Compare(a.requested.String(), b.requested.String()), cmp.Compare(a.named, b.named), compareNodes(a.target, b.target),
		cmp.Compare(a.api.Group, b.api.Group), cmp.Compare(a.api.Kind, b.api.Kind), slices.Compare(a.api.Versions, b.api.Versions),
		cmp.Compare(a.source, b.source), cmp.Compare(a.reason, b.reason), cmp.Compare(a.set.count(), b.set.count()),
		cmp.Compare(a.against.count(), b.against.count()))
}

// compareSets orders what is said of one instance by the first version.
func compareSets(a, b *origin) int {
	if a.node == nil || a.node != b.node {
		return 0
	}
	return cmp.Compare(a.set.lowest(0, a.node.pack.size), b.set.lowest(0, b.node.pack.size))
}

// compareNodes orders nodes by name; one of the two may be missing.
func compareNodes(a, b *node) int {
	if a == nil || b == nil {
		return 0
	}
	return cmp.Or(strings.Compare(a.instance, b.instance), strings.Compare(a.pkg, b.pkg), strings.Compare(a.parentName, b.parentName))
}

func (st *story) chapter(n *node) *chapter {
	c := st.of[n]
	if c == nil {
		c = &chapter{node: n}
		st.of[n] = c
	}
	return c
}

func (st *story) place(o *origin) {
	c := st.chapter(o.node)
	switch o.kind {
	case fromNeed, fromDemand, fromConflict, fromAPI:
		for _, target := range o.targets() {
			st.chapter(target)
		}
	case fromPath, fromYanked:
		c.entries = gather(c.entries, o)
	case fromScope, fromName, fromCycle:
		c.faults = gather(c.faults, o)
	default:
		c.entries = append(c.entries, o)
	}
}

// targets is the nodes that a requirement is about.
func (o *origin) targets() []*node {
	if o.option == nil {
		return []*node{o.target}
	}
	var list []*node
	for _, f := range o.option.offers {
		list = append(list, f.node)
	}
	return list
}

// gather adds what is said of some versions, or makes what says the same of others larger.
func gather(list []*origin, o *origin) []*origin {
	for i, known := range list {
		if known.repeats(o) {
			more := *known
			more.set = more.set.or(o.set)
			list[i] = &more
			return list
		}
	}
	return append(list, o)
}

// repeats reports whether an origin says the same of versions as another does. A cycle through other instances is said of them all.
func (o *origin) repeats(other *origin) bool {
	return o.kind == other.kind && o.reason == other.reason && keyOf(o.requested) == keyOf(other.requested) && o.source == other.source &&
		o.target == other.target && o.component == other.component && o.called == other.called && slices.Equal(o.cycle, other.cycle) &&
		(o.kind != fromCycle || o.component)
}

func (st *story) placeNeed(o *origin) {
	by, of := st.of[o.node], o.targets()
	who := o.set.and(by.possible)
	if who.empty() {
		return
	}
	api := apiKind{o.api.Group, o.api.Kind}
	i := slices.IndexFunc(by.needs, func(n *need) bool {
		return n.kind == o.kind && n.named == o.named && n.component == o.component && n.api == api && slices.Equal(n.of, of)
	})
	if i < 0 {
		i = len(by.needs)
		by.needs = append(by.needs, &need{kind: o.kind, by: o.node, of: of, named: o.named, component: o.component, api: api})
		for _, target := range of {
			st.of[target].needed = append(st.of[target].needed, by.needs[i])
		}
	}
	by.needs[i].join(group{o, who, o.offered().empty()})
}

// offered is the elements that meet a need with one target; of one with several, nothing says it here.
func (o *origin) offered() set {
	if o.kind == fromNeed && o.option == nil {
		return o.target.pack.offering(catalog.Requirement{Package: o.named, Range: o.requested})
	}
	return set{low: 1}
}

// join adds a group, or makes the one that says the same larger. Groups stay ordered by their lowest version.
func (n *need) join(g group) {
	for i := range n.groups {
		if n.groups[i].says(g) {
			n.groups[i].by = n.groups[i].by.or(g.by)
			n.groups[i].origin = g.origin.wider(n.groups[i].origin)
			return
		}
	}
	n.groups = append(n.groups, g)
	size := n.by.pack.size
	slices.SortStableFunc(n.groups, func(a, b group) int { return a.by.lowest(1, size) - b.by.lowest(1, size) })
}

// order puts the chapters of roots first, as they are in the problem, then what those need, and so on.
func (st *story) order() {
	var queue []*chapter
	for _, c := range slices.SortedFunc(maps.Values(st.of), func(a, b *chapter) int {
		return cmp.Or(cmp.Compare(a.place(), b.place()), compareNodes(a.node, b.node))
	}) {
		if c.isRoot() {
			queue = append(queue, c)
		}
	}
	seen := map[*chapter]bool{}
	for len(queue) > 0 {
		c := queue[0]
		queue = queue[1:]
		if seen[c] {
			continue
		}
		seen[c] = true
		st.chapters = append(st.chapters, c)
		slices.SortStableFunc(c.needs, func(a, b *need) int { return cmp.Or(compareNodes(a.of[0], b.of[0]), cmp.Compare(a.kind, b.kind)) })
		for _, n := range c.needs {
			for _, target := range n.of {
				queue = append(queue, st.of[target])
			}
		}
	}
}

func (c *chapter) isRoot() bool {
	return slices.ContainsFunc(c.entries, func(o *origin) bool { return o.kind == fromRoot })
}

func (c *chapter) place() int {
	for _, o := range c.entries {
		if o.kind == fromRoot {
			return o.index
		}
	}
	return 0
}
