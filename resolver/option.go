package resolver

import (
	"cmp"
	"context"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// option is a need that several instances can meet: the package of its name, and what provides it as a virtual package. One of
// them is enough.
type option struct {
	by     *node
	set    set // the elements that have the need
	need   catalog.Requirement
	offers []offer // in order of preference
	sole   *node   // the only one with versions that fit; nil when there are several, or none
}

// offer is an instance that can meet a need, with some of its versions.
type offer struct {
	node *node
	fit  set
}

// need learns that an element of a node needs a package, or a virtual one. What a version provides itself it needs of nobody.
func (s *search) need(ctx context.Context, n *node, element int, d catalog.Requirement) error {
	if d.Package == kubernetes || n.pack.providing(d.Package, d.Range).has(element) {
		return nil
	}
	providers, err := s.universe.providers(ctx, d.Package)
	if err != nil {
		return err
	}
	providers = slices.DeleteFunc(slices.Clone(providers), func(name string) bool {
		return name == d.Package || name == n.pkg && !n.free()
	})
	if len(providers) == 0 {
		return s.require(ctx, n, element, identity{instance: d.Package, pkg: d.Package}, d)
	}
	if !s.question.counts(edge{fromNeed, n.pkg, d.Package}) {
		return nil
	}
	o := n.optionLike(d)
	if o == nil {
		if o, err = s.newOption(ctx, n, d, providers); err != nil {
			return err
		}
	}
	o.set = o.set.or(single(n.pack.size, element))
	n.options[element] = append(n.options[element], o)
	s.oblige(o)
	return nil
}

// optionLike is the option of a node for the same need, nil when there is none.
func (n *node) optionLike(d catalog.Requirement) *option {
	for _, list := range n.options {
		for _, o := range list {
			if sameNeed(o.need, d) {
				return o
			}
		}
	}
	return nil
}

// optionFor is the option of an element for a need, nil when there is none.
func (n *node) optionFor(element int, d catalog.Requirement) *option {
	for _, o := range n.options[element] {
		if sameNeed(o.need, d) {
			return o
		}
	}
	return nil
}

func sameNeed(a, b catalog.Requirement) bool {
	return a.Package == b.Package && keyOf(a.Range) == keyOf(b.Range) && a.Source == b.Source
}

// newOption makes the nodes of all that could meet a need. What is locked is preferred, then the package of the name itself, then
// the others by name.
func (s *search) newOption(ctx context.Context, n *node, d catalog.Requirement, providers []string) (*option, error) {
	o := &option{by: n, set: emptySet(n.pack.size), need: d}
	s.universe.prefetch(ctx, providers)
	for _, name := range append([]string{d.Package}, providers...) {
		pack, err := s.universe.pack(ctx, name)
		if err != nil {
			return nil, err
		}
		if len(pack.candidates) == 0 {
			continue
		}
		target, err := s.node(ctx, identity{instance: name, pkg: name}, nil)
		if err != nil {
			return nil, err
		}
		if target == n {
			continue
		}
		o.offers = append(o.offers, offer{target, pack.offering(d).without(target.namespaced)})
		target.offered = append(target.offered, o)
	}
	o.sole = o.only()
	slices.SortStableFunc(o.offers, func(a, b offer) int { return cmp.Compare(a.node.unlocked(), b.node.unlocked()) })
	return o, nil
}

// offering is the elements that meet a need.
func (p *pack) offering(d catalog.Requirement) set {
	switch {
	case p.name != d.Package:
		return p.providing(d.Package, d.Range)
	case len(p.virtuals) == 0:
		return p.allowed(d.Range)
	}
	return p.allowed(d.Range).or(p.providing(d.Package, d.Range))
}

// only is the one node with versions that fit, whatever else is known of them.
func (o *option) only() *node {
	var found *node
	for _, f := range o.offers {
		if f.node.pack.offering(o.need).empty() {
			continue
		}
		if found != nil {
			return nil
		}
		found = f.node
	}
	return found
}

func (n *node) unlocked() int {
	if n.lock >= 0 {
		return 0
	}
	return 1
}

// oblige adds that one of the offers is in the plan.
func (s *search) oblige(o *option) {
	var others []term
	for _, f := range o.offers {
		others = append(others, term{f.node, f.node.pack.full.without(f.fit)})
	}
	s.claim(o.by, o.set, others, origin{kind: fromNeed, named: o.need.Package, option: o, requested: o.need.Range, source: o.need.Source}, "")
}

// narrow takes elements out of an offer: namespaced ones meet no need.
func (s *search) narrow(o *option, n *node, namespaced set) {
	for i := range o.offers {
		if f := &o.offers[i]; f.node == n && !f.fit.disjoint(namespaced) {
			f.fit = f.fit.without(namespaced)
			s.oblige(o)
		}
	}
}

// serve looks at the first need that several can meet and that was not looked at: one of those that are decided meets it, or else
// the most preferred one that still can comes into the plan.
func (s *search) serve() {
	o := s.pending[s.served]
	if slices.ContainsFunc(o.offers, func(f offer) bool { return f.node.discovered && f.node.state.within(f.fit) }) {
		s.served++
		return
	}
	n, fit := s.offer(o)
	s.decide(n, fit)
	s.follow(n, fit)
	s.served++
	s.discover(n, o.by, slices.IndexFunc(o.offers, func(f offer) bool { return f.node == n }))
}

// offer is the first offer that is still possible.
func (s *search) offer(o *option) (*node, set) {
	for _, f := range o.offers {
		if !f.node.state.disjoint(f.fit) {
			return f.node, f.fit
		}
	}
	panic("resolver: nothing is left that provides " + o.need.Package)
}

// unmet is the first need of what is in the plan that several can meet and none does yet, nil when all are met.
func (s *search) unmet() *option {
	for _, n := range s.all {
		if n.state.has(absent) {
			continue
		}
		for _, o := range n.options[n.state.lowest(1, n.pack.size)] {
			if !slices.ContainsFunc(o.offers, func(f offer) bool { return f.node.state.within(f.fit) }) {
				return o
			}
		}
	}
	return nil
}
