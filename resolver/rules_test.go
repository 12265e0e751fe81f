package resolver

import (
	"fmt"
	"slices"
)

// The rules of a plan, once more and without the solver: what a candidate of an instance has to fulfil by itself, and what a plan
// has to as a whole.

// fits says whether an instance may have a candidate, whatever else is in the plan.
func (p *place) fits(problem *Problem, stock shelf, it item) bool {
	free := p.name != p.pkg || p.parent != nil
	root := rootOf(problem, p)
	lock := lockOf(problem, p.name, p.pkg)
	switch {
	case !slices.Contains(problem.Registries, it.Registry),
		free && !it.needs.Namespaced,
		!free && root == nil && it.needs.Namespaced,
		root != nil && !root.Range.Allows(it.Version),
		root != nil && root.Registry != "" && root.Registry != it.Registry,
		root != nil && root.Registry == "" && lock == nil && it.Registry != firstWith(problem, stock, root),
		lock != nil && (root == nil || root.Registry == "") && it.Registry != lock.Registry,
		lock != nil && it.Version.Compare(lock.Version) < 0 && !p.among(problem.AllowDowngrade):
		return false
	}
	return !ruledOut(problem, p.pkg, it) && !p.holdsItself(it)
}

// ruledOut says whether a hold or a fact forbids a candidate.
func ruledOut(problem *Problem, pkg string, it item) bool {
	for _, h := range problem.Holds {
		if h.Package == pkg && !h.Range.Allows(it.Version) {
			return true
		}
	}
	for _, x := range problem.Facts {
		if x.Package == pkg && (x.Registry == "" || x.Registry == it.Registry) && x.Version.Compare(it.Version) == 0 {
			return true
		}
	}
	return false
}

// holdsItself says whether a component is of a package that it would be part of, or two components have one name.
func (p *place) holdsItself(it item) bool {
	names := map[string]bool{}
	for _, c := range it.needs.Components {
		for above := p; above != nil; above = above.parent {
			if above.pkg == c.Package {
				return true
			}
		}
		if names[c.name()] {
			return true
		}
		names[c.name()] = true
	}
	return false
}

func (p *place) among(names []string) bool {
	return slices.Contains(names, p.name) || slices.Contains(names, p.pkg)
}

func rootOf(problem *Problem, p *place) *Root {
	for i, r := range problem.Roots {
		if r.name() == p.name && r.Package == p.pkg && p.parent == nil {
			return &problem.Roots[i]
		}
	}
	return nil
}

func lockOf(problem *Problem, name, pkg string) *Locked {
	for i, l := range problem.Locked {
		if l.Instance == name && l.Package == pkg {
			return &problem.Locked[i]
		}
	}
	return nil
}

// firstWith is the first listed registry that has a version in a root's range.
func firstWith(problem *Problem, stock shelf, r *Root) string {
	for _, registry := range problem.Registries {
		for _, it := range stock[r.Package] {
			if it.Registry == registry && r.Range.Allows(it.Version) {
				return registry
			}
		}
	}
	return ""
}

// faultsOf lists the rules that a plan breaks.
func faultsOf(g generated, plan *Plan) []string {
	c := &planCheck{g: g, chosen: map[string]*Chosen{}, asked: map[string]bool{}}
	for i := range plan.Instances {
		name := plan.Instances[i].Instance
		if c.chosen[name] != nil {
			c.fault("%s is there twice", name)
		}
		if i > 0 && name < plan.Instances[i-1].Instance {
			c.fault("%s is out of order", name)
		}
		c.chosen[name] = &plan.Instances[i]
	}
	for _, r := range g.problem.Roots {
		if got := c.chosen[r.name()]; got == nil || got.Package != r.Package || got.Parent != "" {
			c.fault("%s is wanted and not there", r.name())
		}
		c.asked[r.name()] = true
	}
	for i := range plan.Instances {
		c.instance(&plan.Instances[i])
	}
	for name := range c.chosen {
		if !c.asked[name] {
			c.fault("nobody asks for %s", name)
		}
	}
	c.order()
	return c.faults
}

type planCheck struct {
	g      generated
	chosen map[string]*Chosen
	asked  map[string]bool
	faults []string
}

func (c *planCheck) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// instance checks one instance and what it needs.
func (c *planCheck) instance(by *Chosen) {
	it, found := c.item(by)
	if !found {
		c.fault("no registry has %s %s", by.Package, by.Version)
		return
	}
	p := c.place(by)
	if !p.fits(&c.g.problem, c.g.shelf, it) {
		c.fault("%s may not be %s %s of %s", by.Instance, by.Package, by.Version, by.Registry)
	}
	for _, d := range it.needs.Dependencies {
		got := c.chosen[d.Package]
		if got == nil || got.Package != d.Package || got.Parent != "" || got.Namespaced || !d.Range.Allows(got.Version) {
			c.fault("%s needs %s %q", by.Instance, d.Package, d.Range)
		}
		c.asked[d.Package] = true
	}
	for _, m := range it.needs.Components {
		name := by.Instance + "-" + m.name()
		got := c.chosen[name]
		if got == nil || got.Package != m.Package || got.Parent != by.Instance || !m.Range.Allows(got.Version) {
			c.fault("%s needs the component %s %q", by.Instance, name, m.Range)
		}
		c.asked[name] = true
	}
	names := slices.Compact(slices.Sorted(slices.Values(neededNames(by.Instance, it.needs))))
	if by.Namespaced != it.needs.Namespaced || !slices.Equal(by.Requires, names) {
		c.fault("%s requires %v, and the plan says %v", by.Instance, names, by.Requires)
	}
}

func (c *planCheck) item(by *Chosen) (item, bool) {
	for _, it := range c.g.shelf[by.Package] {
		if it.Registry == by.Registry && it.Version.Compare(by.Version) == 0 {
			return it, true
		}
	}
	return item{}, false
}

func (c *planCheck) place(by *Chosen) *place {
	if by == nil {
		return nil
	}
	p := &place{name: by.Instance, pkg: by.Package}
	if by.Parent != "" {
		p.parent = c.place(c.chosen[by.Parent])
	}
	return p
}

// order checks that nothing waits for itself, by taking away what waits for nothing that is left.
func (c *planCheck) order() {
	left := map[string]bool{}
	for name := range c.chosen {
		left[name] = true
	}
	for range c.chosen {
		for name := range left {
			if !slices.ContainsFunc(c.chosen[name].Requires, func(n string) bool { return left[n] }) {
				delete(left, name)
			}
		}
	}
	if len(left) > 0 {
		c.fault("%d instances wait for each other", len(left))
	}
}
