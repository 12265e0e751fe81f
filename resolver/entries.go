package resolver

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
// what is locked; without that, the first listed registry that has a version in range which is not withdrawn, and no other.
func (s *search) rootSet(n *node) set {
	root := s.question.problem.Roots[n.root]
	allowed := n.pack.allowed(root.Range)
	if root.Registry != "" {
		return allowed.and(n.pack.of(root.Registry))
	}
	if n.lock >= 0 {
		return allowed
	}
	offered := allowed.without(n.pack.yanked)
	if offered.empty() || pins(root.Range) {
		offered = allowed
	}
	for _, b := range n.pack.blocks {
		if here := interval(n.pack.size, b.first, b.end); !offered.disjoint(here) {
			return allowed.and(here)
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
