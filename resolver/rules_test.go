package resolver

import (
	"fmt"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// faultsOf lists the rules that a plan breaks. What one instance, or two, have to fulfil is what the oracle says of them.
func faultsOf(g generated, plan *Plan) []string {
	c := &planCheck{oracle: oracle{shelf: g.shelf, problem: g.problem}, plan: plan, asked: map[string]bool{}}
	for i, chosen := range plan.Instances {
		if i > 0 && chosen.Instance <= plan.Instances[i-1].Instance {
			c.fault("%s is there twice or out of order", chosen.Instance)
		}
	}
	c.picks = g.picks(plan)
	for _, r := range g.problem.Roots {
		wanted := func(p pick) bool { return p.name == r.name() && p.pkg == r.Package && p.parent == "" }
		if !slices.ContainsFunc(c.picks, wanted) {
			c.fault("%s is wanted and not there", r.name())
		}
		c.asked[r.name()] = true
	}
	for i, p := range c.picks {
		c.instance(&plan.Instances[i], p)
	}
	for _, p := range c.picks {
		if !c.asked[p.name] {
			c.fault("nobody asks for %s", p.name)
		}
	}
	if two := quarrel(c.picks); two != "" {
		c.fault("%s cannot be together", two)
	}
	if left := circle(c.picks); len(left) > 0 {
		c.fault("%d instances wait for each other", len(left))
	}
	return c.faults
}

type planCheck struct {
	oracle
	plan   *Plan
	picks  []pick // of the same order
	asked  map[string]bool
	faults []string
}

func (c *planCheck) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// instance checks one instance and what it needs.
func (c *planCheck) instance(by *Chosen, p pick) {
	if !c.fits(p) {
		c.fault("%s may not be %s %s of %s", p.name, p.pkg, p.Version, p.Registry)
	}
	if name := p.lacks(c.picks); name != "" {
		c.fault("%s lacks %s", p.name, name)
	}
	var names []string
	for _, q := range c.picks {
		if p.waitsFor(q) {
			names = append(names, q.name)
			c.asked[q.name] = true
		}
	}
	if by.Namespaced != p.needs.Namespaced || !slices.Equal(by.Requires, names) {
		c.fault("%s requires %v, and the plan says %v", p.name, names, by.Requires)
	}
}

// picks is a plan as the oracle would have it.
func (g generated) picks(plan *Plan) []pick {
	picks := make([]pick, len(plan.Instances))
	for i, c := range plan.Instances {
		picks[i] = pick{name: c.Instance, pkg: c.Package, parent: c.Parent, lineage: lineageIn(plan, c), item: g.item(c.Package, c.Registry, c.Version)}
	}
	return picks
}

// lineageIn is the packages from the outermost parent of an instance down to its own.
func lineageIn(plan *Plan, c Chosen) []string {
	if c.Parent == "" {
		return []string{c.Package}
	}
	return append(lineageIn(plan, *plan.Instance(c.Parent)), c.Package)
}

func (g generated) item(pkg, registry string, v catalog.Version) item {
	for _, i := range g.shelf[pkg] {
		if i.Registry == registry && i.Version.Compare(v) == 0 {
			return i
		}
	}
	panic("no registry has " + pkg + " " + v.String())
}
