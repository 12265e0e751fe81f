package resolver

import (
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// rankTiers puts what is in use before what is deprecated, or called a prerelease, and that before what is withdrawn.
func (p *pack) rankTiers() {
	p.yanked = p.where(func(c Candidate) bool { return c.Yanked != "" })
	deprecated := p.where(func(c Candidate) bool { return c.Deprecated != "" || c.Prerelease != "" }).without(p.yanked)
	if p.yanked.empty() && deprecated.empty() {
		return
	}
	p.tiers = []set{p.present.without(p.yanked).without(deprecated), deprecated, p.yanked}
}

// tier is the rank of an element: the lower, the better.
func (p *pack) tier(element int) int {
	return slices.IndexFunc(p.tiers, func(s set) bool { return s.has(element) })
}

// askYanked adds that a withdrawn version is not chosen, unless it is the locked one, or the workspace asks for just this one.
func (s *search) askYanked(n *node) {
	if n.pack.yanked.empty() {
		return
	}
	pinned := s.pinned(n)
	for element := n.pack.yanked.lowest(1, n.pack.size); element >= 0; element = n.pack.yanked.lowest(element+1, n.pack.size) {
		c := n.pack.candidate(element)
		name := c.Registry + " " + c.Version.Key()
		if element == n.locked || pinned.has(element) || !s.question.counts(edge{fromYanked, n.pkg, name}) {
			continue
		}
		s.forbid(n, single(n.pack.size, element), origin{kind: fromYanked, index: element, named: name, reason: c.Yanked})
	}
}

// pinned is the elements that the workspace names by their full version, as a root or in a hold. What is only a question
// names nothing. This is a liberty and no requirement: it stands when the root or the hold is left out of a trial, which would
// be harder otherwise.
func (s *search) pinned(n *node) set {
	found := emptySet(n.pack.size)
	pin := func(e entry, r catalog.Range) {
		question := s.question.asked != nil && *s.question.asked == e
		if !question && pins(r) {
			found = found.or(n.pack.allowed(r))
		}
	}
	i, rooted := s.question.roots[n.instance]
	if rooted && n.parent == nil && s.question.problem.Roots[i].Package == n.pkg {
		pin(entry{fromRoot, i}, s.question.problem.Roots[i].Range)
	}
	for _, i := range s.question.holds[n.pkg] {
		pin(entry{fromHold, i}, s.question.problem.Holds[i].Range)
	}
	return found
}

// pins reports whether a range is one full version: "1.2.3", "=1.2.3" or "1.2.3+1".
func pins(r catalog.Range) bool {
	_, err := catalog.ParseVersion(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(r.String()), "=")))
	return err == nil
}
