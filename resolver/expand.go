package resolver

import (
	"cmp"
	"context"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// newSearch makes a search and the nodes of its roots.
func newSearch(ctx context.Context, u *universe, q *question) (*search, error) {
	s := &search{universe: u, question: q, nodes: map[identity]*node{}, byInstance: map[string][]*node{}}
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
	s.discover(n, nil)
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
		needs: map[needKey]*incompatibility{}, edges: map[*node]set{}, children: map[int][]*node{}}
	n.root, n.lock = s.question.rootOf(id), s.question.lockOf(id)
	n.moved = s.question.isMoved(id)
	s.nodes[id] = n
	s.askRoot(n)
	s.askLock(n)
	s.askHolds(n)
	s.askFacts(n)
	s.askName(n)
	return n, nil
}

// forbid adds that a node is in no state of a set, unless that says nothing.
func (s *search) forbid(n *node, from set, o origin) {
	if from.empty() {
		return
	}
	o.node, o.set = n, from
	s.add(&incompatibility{terms: []term{{n, from}}, origin: &o})
}

func (s *search) askRoot(n *node) {
	if n.root >= 0 {
		s.forbid(n, n.pack.full.without(s.rootSet(n)), origin{kind: fromRoot, index: n.root})
	}
}

// rootSet is the elements that a root allows: those in its range, of its registry. Without a registry of its own it takes
// what is locked; without that, the first listed registry that has a version in range, and no other.
func (s *search) rootSet(n *node) set {
	root := s.question.problem.Roots[n.root]
	allowed := n.pack.allowed(root.Range)
	if root.Registry != "" {
		return allowed.and(n.pack.of(root.Registry))
	}
	if n.lock >= 0 {
		return allowed
	}
	for _, b := range n.pack.blocks {
		if here := allowed.and(interval(n.pack.size, b.first, b.end)); !here.empty() {
			return here
		}
	}
	return emptySet(n.pack.size)
}

// keepsRegistry reports whether a node stays with its locked registry: unless the workspace names one for it.
func (s *search) keepsRegistry(n *node) bool {
	i, isRoot := s.question.roots[n.instance]
	named := isRoot && n.parent == nil && s.question.problem.Roots[i].Package == n.pkg && s.question.problem.Roots[i].Registry != ""
	return !named && s.question.asks(fromLockedRegistry, n.lock)
}

// askLock adds that what is locked does not change its registry, does not go down, and would rather stay.
func (s *search) askLock(n *node) {
	if n.lock < 0 {
		return
	}
	lock := s.question.problem.Locked[n.lock]
	if s.keepsRegistry(n) {
		s.forbid(n, n.pack.present.without(n.pack.of(lock.Registry)), origin{kind: fromLockedRegistry, index: n.lock})
	}
	if !s.question.mayGoDown(n.identity) && s.question.asks(fromLockedVersion, n.lock) {
		below := n.pack.where(func(c Candidate) bool { return c.Version.Compare(lock.Version) < 0 })
		s.forbid(n, below, origin{kind: fromLockedVersion, index: n.lock})
	}
	n.locked = n.pack.element(lock.Registry, lock.Version)
	if n.locked != absent && !n.moved && !s.question.plain {
		s.wish(&goal{node: n, kind: stay})
	}
}

func (s *search) askHolds(n *node) {
	for _, i := range s.question.holds[n.pkg] {
		if s.question.asks(fromHold, i) {
			hold := s.question.problem.Holds[i]
			s.forbid(n, n.pack.present.without(n.pack.allowed(hold.Range)), origin{kind: fromHold, index: i})
		}
	}
}

func (s *search) askFacts(n *node) {
	for _, i := range s.question.facts[n.pkg] {
		if s.question.asks(fromFact, i) {
			fact := s.question.problem.Facts[i]
			s.forbid(n, n.pack.where(fact.excludes), origin{kind: fromFact, index: i})
		}
	}
}

func (e Exclusion) excludes(c Candidate) bool {
	return (e.Registry == "" || e.Registry == c.Registry) && e.Version.Compare(c.Version) == 0
}

// askName adds that no two instances have one name.
func (s *search) askName(n *node) {
	for _, other := range s.byInstance[n.instance] {
		s.add(&incompatibility{
			terms:  []term{{n, n.pack.present}, {other, other.pack.present}},
			origin: &origin{kind: fromName, node: n, set: n.pack.present, target: other},
		})
	}
	s.byInstance[n.instance] = append(s.byInstance[n.instance], n)
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
	s.universe.prefetch(ctx, needs.packages())
	for _, d := range sortedDependencies(needs) {
		if err := s.require(ctx, n, element, identity{instance: d.Package, pkg: d.Package}, d.Range); err != nil {
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
		case n.contains(m.Package) && s.question.needs(n.pkg, m.Package):
			s.forbid(n, single(n.pack.size, element), origin{kind: fromCycle, cycle: n.lineage(m.Package), component: true, called: id.instance})
		case !n.contains(m.Package):
			if err := s.require(ctx, n, element, id, m.Range); err != nil {
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
		names = append(names, d.Package)
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
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Range.String(), b.Range.String()))
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
func (s *search) require(ctx context.Context, n *node, element int, id identity, r catalog.Range) error {
	if !s.question.needs(n.pkg, id.pkg) {
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
		s.forbid(n, this, origin{kind: fromCycle, cycle: []*node{n}})
		return nil
	}
	s.connect(n, element, target)
	key := needKey{target, keyOf(r)}
	if old := n.needs[key]; old != nil {
		this = this.or(old.origin.set)
		old.dead = true
	}
	inc := &incompatibility{
		terms:  []term{{n, this}, {target, target.pack.full.without(target.pack.allowed(r))}},
		origin: &origin{kind: fromNeed, node: n, set: this, target: target, component: parent != nil, requested: r},
	}
	n.needs[key] = inc
	s.add(inc)
	return nil
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
