package resolver

import (
	"cmp"
	"context"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// newSearch makes a search and the nodes of its roots.
func newSearch(ctx context.Context, u *universe, q *question) (*search, error) {
	s := &search{universe: u, question: q, nodes: map[identity]*node{}, byInstance: map[string][]*node{}, bump: 1,
		named: map[string][]*node{}, rules: map[string][]*rule{}, users: map[apiKind][]*usage{}, servers: map[apiKind][]*usage{}}
	s.runKubernetes()
	u.prefetch(ctx, q.packages())
	for i, root := range q.problem.Roots {
		if root.Package == "" || !q.asks(fromRoot, i) {
			continue
		}
		if err := s.begin(ctx, identity{instance: root.name(), pkg: root.Package}); err != nil {
			return nil, err
		}
	}
	for _, i := range q.kept {
		lock := q.problem.Locked[i]
		if err := s.begin(ctx, identity{instance: lock.Instance, pkg: lock.Package}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// packages is what a search will ask for soonest: the roots' packages, and those of the lock.
func (q *question) packages() []string {
	var names []string
	for _, root := range q.problem.Roots {
		names = append(names, root.Package)
	}
	for _, lock := range q.problem.Locked {
		names = append(names, lock.Package)
	}
	return names
}

// begin makes the node of a root.
func (s *search) begin(ctx context.Context, id identity) error {
	n, err := s.node(ctx, id, nil)
	if err != nil {
		return err
	}
	s.roots = append(s.roots, n)
	s.discover(n, nil, 0)
	if n.root < 0 {
		s.add(&incompatibility{terms: []term{{n, single(n.pack.size, absent)}}})
	}
	if n.moved && !s.question.problem.MoveAll && n.lock >= 0 && !s.question.plain {
		s.wish(&goal{node: n, kind: goNewest})
	}
	return nil
}

// node is the node of an identity; a new one takes into account all that the problem says of it.
func (s *search) node(ctx context.Context, id identity, parent *node) (*node, error) {
	if n := s.nodes[id]; n != nil {
		return n, nil
	}
	p, err := s.universe.pack(ctx, id.pkg)
	if err != nil {
		return nil, err
	}
	n := &node{identity: id, pack: p, parent: parent, state: p.full, expanded: emptySet(p.size), namespaced: emptySet(p.size),
		claims: map[claimKey]*incompatibility{}, options: map[int][]*option{}, edges: map[*node]set{}, children: map[int][]*node{}}
	n.root, n.lock = s.question.rootOf(id), s.question.lockOf(id)
	n.moved = s.question.isMoved(id)
	s.nodes[id] = n
	s.all = append(s.all, n)
	s.askRoot(n)
	s.askLock(n)
	s.askHolds(n)
	s.askFacts(n)
	s.askYanked(n)
	s.askName(n)
	s.enlist(n)
	return n, nil
}

// expand learns what an element of a node needs.
func (s *search) expand(ctx context.Context, n *node, element int) error {
	needs, err := s.universe.needsOf(ctx, n.pack, element)
	if err != nil {
		return err
	}
	this := single(n.pack.size, element)
	n.expanded = n.expanded.or(this)
	if needs.Namespaced {
		n.namespaced = n.namespaced.or(this)
	}
	s.askScope(n, needs.Namespaced, this)
	s.askPath(n, element, needs.From)
	s.demand(n, this, needs)
	s.rule(n, this, needs.Conflicts)
	s.joinAPIs(n, this, needs)
	s.universe.prefetch(ctx, needs.packages())
	for _, d := range sortedDependencies(needs) {
		if err := s.need(ctx, n, element, d); err != nil {
			return err
		}
	}
	return s.expandComponents(ctx, n, element, needs)
}

func (s *search) expandComponents(ctx context.Context, n *node, element int, needs *Needs) error {
	components := sortedComponents(needs)
	for i, m := range components {
		id := identity{instance: n.instance + "-" + m.name(), pkg: m.Package, parentName: n.instance}
		switch {
		case i > 0 && components[i-1].name() == m.name():
			s.forbid(n, single(n.pack.size, element), origin{kind: fromName, component: true, called: id.instance})
		case n.contains(m.Package) && s.question.counts(edge{fromNeed, n.pkg, m.Package}):
			s.forbid(n, single(n.pack.size, element), origin{kind: fromCycle, cycle: n.lineage(m.Package), component: true,
				called: id.instance, cites: []edge{{fromNeed, n.pkg, m.Package}}})
		case !n.contains(m.Package):
			if err := s.require(ctx, n, element, id, catalog.Requirement{Package: m.Package, Range: m.Range}); err != nil {
				return err
			}
		}
	}
	return nil
}

// packages is what the needs name.
func (needs *Needs) packages() []string {
	var names []string
	for _, d := range needs.Dependencies {
		if d.Package != kubernetes {
			names = append(names, d.Package)
		}
	}
	for _, m := range needs.Components {
		names = append(names, m.Package)
	}
	return names
}

func (c Component) name() string { return cmp.Or(c.Name, c.Package) }

func sortedDependencies(needs *Needs) []catalog.Requirement {
	sorted := slices.Clone(needs.Dependencies)
	slices.SortStableFunc(sorted, func(a, b catalog.Requirement) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Range.String(), b.Range.String()), cmp.Compare(a.Source, b.Source))
	})
	return sorted
}

func sortedComponents(needs *Needs) []Component {
	sorted := slices.Clone(needs.Components)
	slices.SortStableFunc(sorted, func(a, b Component) int {
		return cmp.Or(cmp.Compare(a.name(), b.name()), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Range.String(), b.Range.String()))
	})
	return sorted
}

// contains reports whether a component of this package would contain itself, at any depth.
func (n *node) contains(pkg string) bool {
	for ; n != nil; n = n.parent {
		if n.pkg == pkg {
			return true
		}
	}
	return false
}

// lineage is the nodes from the one of a package down to n.
func (n *node) lineage(pkg string) []*node {
	var line []*node
	for ; ; n = n.parent {
		line = append(line, n)
		if n.pkg == pkg {
			slices.Reverse(line)
			return line
		}
	}
}

// askScope adds that an instance with a name of its own, or with a parent, is namespaced, and that nothing but the workspace
// asks for a namespaced package otherwise.
func (s *search) askScope(n *node, namespaced bool, this set) {
	switch {
	case n.free() && !namespaced, !n.free() && namespaced && n.root < 0:
		s.forbid(n, this, origin{kind: fromScope})
	case !n.free() && namespaced:
		for _, asker := range n.askers {
			s.askCluster(asker, asker.edges[n], n, this)
		}
		for _, o := range n.offered {
			s.narrow(o, n, this)
		}
	}
}

// askCluster adds that a dependency is no namespaced instance that the workspace asks for.
func (s *search) askCluster(asker *node, askers set, n *node, namespaced set) {
	s.add(&incompatibility{
		terms:  []term{{asker, askers}, {n, namespaced}},
		origin: &origin{kind: fromScope, node: n, set: namespaced, target: asker},
	})
}

// require learns that an element of a node needs another node in a range. Elements with the same need share one
// incompatibility, which replaces the one of fewer elements.
func (s *search) require(ctx context.Context, n *node, element int, id identity, r catalog.Requirement) error {
	if !s.question.counts(edge{fromNeed, n.pkg, id.pkg}) {
		return nil
	}
	var parent *node
	if id.parentName != "" {
		parent = n
	}
	target, err := s.node(ctx, id, parent)
	if err != nil {
		return err
	}
	this := single(n.pack.size, element)
	if target == n {
		s.forbid(n, this, origin{kind: fromCycle, cycle: []*node{n}, cites: []edge{{fromNeed, n.pkg, n.pkg}}})
		return nil
	}
	s.connect(n, element, target)
	fit := target.pack.allowed(r.Range)
	if parent == nil {
		fit = target.pack.offering(r)
	}
	s.claim(n, this, []term{{target, target.pack.full.without(fit)}},
		origin{kind: fromNeed, target: target, named: id.pkg, component: parent != nil, requested: r.Range, source: r.Source}, "")
	return nil
}

// claim adds that elements of a node cannot be where the other terms hold. Elements that say the same, by origin and note, share
// one incompatibility, which replaces the one of fewer elements.
func (s *search) claim(n *node, these set, others []term, o origin, note string) {
	key := claimKey{o.kind, o.target, o.named, keyOf(o.requested), note}
	if o.source != "" || o.reason != "" {
		key.note += "\n" + o.source + "\n" + o.reason
	}
	if old := n.claims[key]; old != nil {
		these = these.or(old.origin.set)
		old.dead = true
	}
	o.node, o.set = n, these
	inc := &incompatibility{terms: append([]term{{n, these}}, others...), origin: &o}
	n.claims[key] = inc
	s.add(inc)
}

// connect remembers who needs whom.
func (s *search) connect(n *node, element int, target *node) {
	known, before := n.edges[target]
	if !before {
		known = emptySet(n.pack.size)
		target.askers = append(target.askers, n)
	}
	n.edges[target] = known.or(single(n.pack.size, element))
	if !slices.Contains(n.children[element], target) {
		n.children[element] = append(n.children[element], target)
	}
	if !target.namespaced.empty() && !target.free() && target.root >= 0 {
		s.askCluster(n, n.edges[target], target, target.namespaced)
	}
}
