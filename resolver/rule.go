package resolver

import (
	"cmp"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// rule is a conflict as the elements of one node state it. It binds whatever comes into the search under the name that it rules
// out, and brings nothing in.
type rule struct {
	node *node
	set  set
	Conflict
}

// enlist lets the rules of others bind a new node, under its own name and under those that it provides.
func (s *search) enlist(n *node) {
	for _, name := range append([]string{n.pkg}, n.pack.virtuals...) {
		s.named[name] = append(s.named[name], n)
		for _, r := range s.rules[name] {
			s.oppose(r, n)
		}
	}
}

// rule adds the conflicts that elements of a node state.
func (s *search) rule(n *node, these set, conflicts []Conflict) {
	for _, c := range conflicts {
		if !s.question.counts(edge{fromConflict, n.pkg, c.Package}) {
			continue
		}
		r := s.ruleOf(n, c)
		r.set = r.set.or(these)
		for _, other := range s.named[c.Package] {
			s.oppose(r, other)
		}
	}
}

// ruleOf is the rule of a node that says the same, a new one when there is none.
func (s *search) ruleOf(n *node, c Conflict) *rule {
	for _, r := range s.rules[c.Package] {
		if r.node == n && keyOf(r.Range) == keyOf(c.Range) && r.Reason == c.Reason && r.Source == c.Source {
			return r
		}
	}
	r := &rule{n, emptySet(n.pack.size), c}
	s.rules[c.Package] = append(s.rules[c.Package], r)
	return r
}

// oppose adds that two nodes are not both in the plan where a rule says so. No rule means the package that states it.
func (s *search) oppose(r *rule, other *node) {
	if other.pkg == r.node.pkg {
		return
	}
	against := other.pack.called(r.Package, r.Range)
	if against.empty() {
		return
	}
	s.claim(r.node, r.set, []term{{other, against}}, origin{kind: fromConflict, target: other, named: r.Package, against: against,
		requested: r.Range, reason: r.Reason, source: r.Source}, "")
}

// called is the elements that bear a name in a range: versions of the package of that name, prereleases as well when the range
// is any, and those that provide it.
func (p *pack) called(name string, r catalog.Range) set {
	found := p.providing(name, r)
	switch {
	case p.name == name && isAny(r):
		return p.present
	case p.name == name:
		return found.or(p.allowed(r))
	}
	return found
}

// providing is the elements that provide a virtual package in a range.
func (p *pack) providing(name string, r catalog.Range) set {
	if _, found := slices.BinarySearch(p.virtuals, name); !found {
		return emptySet(p.size)
	}
	return p.where(func(c Candidate) bool {
		return slices.ContainsFunc(c.Provides, func(v catalog.Provided) bool {
			return v.Name == name && (r.Allows(v.Version) || v.Version.IsZero() && isAny(r))
		})
	})
}

// isAny reports whether a range names no version.
func isAny(r catalog.Range) bool { return cmp.Or(r.String(), "*") == "*" }

// listVirtuals notes which virtual packages there are versions for.
func (p *pack) listVirtuals() {
	for _, c := range p.candidates {
		for _, v := range c.Provides {
			p.virtuals = append(p.virtuals, v.Name)
		}
	}
	slices.Sort(p.virtuals)
	p.virtuals = slices.Compact(p.virtuals)
}
