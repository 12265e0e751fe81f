package resolver

import (
	"cmp"
	"fmt"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// wish is a need that several packages can meet.
type wish struct {
	need   catalog.Requirement
	by     string // the instance that has it
	asker  string // its registry
	offers []string
}

// choose meets a need with what is in the plan, or brings in each that could.
func (o *oracle) choose(plan []pick, w wish, pending []wish) {
	if slices.ContainsFunc(plan, func(p pick) bool { return p.name != w.by && p.can(w.need) }) {
		o.enumerate(plan, nil, pending)
		return
	}
	for rank, name := range w.offers {
		there := slices.ContainsFunc(plan, func(p pick) bool { return p.name == name && p.pkg == name && p.parent == "" })
		if !there {
			next := pick{name: name, pkg: name, lineage: []string{name}, asker: w.asker, rank: rank, meets: &w.need}
			o.enumerate(plan, []pick{next}, pending)
		}
	}
}

// offers is the packages that might meet a need, the preferred first; nil when only the package of that name could.
func (o *oracle) offers(p pick, d catalog.Requirement) []string {
	self := func(name string) bool { return name == p.pkg && p.name == p.pkg && p.parent == "" }
	var names []string
	for name, items := range o.shelf {
		provides := slices.ContainsFunc(items, func(i item) bool {
			return slices.ContainsFunc(i.Provides, func(v catalog.Provided) bool { return v.Name == d.Package })
		})
		if provides && name != d.Package && !self(name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return nil
	}
	if !self(d.Package) {
		names = append(names, d.Package)
	}
	slices.SortFunc(names, func(a, b string) int {
		place := func(name string) int {
			switch {
			case o.lock(pick{name: name, pkg: name}) != nil:
				return 0
			case name == d.Package:
				return 1
			}
			return 2
		}
		both := cmp.Compare(place(a), place(b))
		if place(a) == 0 && place(b) == 0 && (a == d.Package) != (b == d.Package) {
			both = 1
			if a == d.Package {
				both = -1
			}
		}
		return cmp.Or(both, cmp.Compare(a, b))
	})
	return names
}

// able says whether a package has any version that meets a need.
func (o *oracle) able(name string, d catalog.Requirement) bool {
	return slices.ContainsFunc(o.shelf[name], func(i item) bool {
		p := pick{name: name, pkg: name, item: i}
		p.needs.Namespaced = false
		return slices.Contains(o.problem.Registries, i.Registry) && p.can(d)
	})
}

// can says whether an instance meets a need.
func (p pick) can(d catalog.Requirement) bool {
	once := p.name == p.pkg && p.parent == "" && !p.needs.Namespaced
	return once && (p.pkg == d.Package && d.Range.Allows(p.Version) || p.provides(d.Package, d.Range))
}

func (p pick) provides(name string, r catalog.Range) bool {
	for _, v := range p.Provides {
		if v.Name == name && (r.Allows(v.Version) || v.Version.IsZero() && (r.String() == "" || r.String() == "*")) {
			return true
		}
	}
	return false
}

// helpsItself says whether a need asks nothing of other packages.
func (p pick) helpsItself(d catalog.Requirement) bool {
	return d.Package == "kubernetes" || p.provides(d.Package, d.Range)
}

// permitted says whether the cluster, the withdrawals and the path from the locked version let an instance have its version.
func (o *oracle) permitted(p pick, lock *Locked) bool {
	for _, d := range p.needs.Kubernetes {
		if !o.problem.Kubernetes.IsZero() && !d.Range.Allows(o.problem.Kubernetes) {
			return false
		}
	}
	same := lock != nil && lock.Version.Compare(p.Version) == 0 && lock.Registry == p.Registry
	if p.Yanked != "" && !same && !o.pinned(p) {
		return false
	}
	return lock == nil || p.follows(lock.Version)
}

func (o *oracle) pinned(p pick) bool {
	if root := o.root(p); root != nil && pins(root.Range) && root.Range.Allows(p.Version) {
		return true
	}
	return slices.ContainsFunc(o.problem.Holds, func(h Hold) bool {
		return h.Package == p.pkg && pins(h.Range) && h.Range.Allows(p.Version)
	})
}

// follows says whether an instance can come to its version from another one.
func (p pick) follows(from catalog.Version) bool {
	packaging := from.Major() == p.Version.Major() && from.Minor() == p.Version.Minor() && from.Patch() == p.Version.Patch() &&
		from.Prerelease() == p.Version.Prerelease()
	if p.needs.From == nil || packaging || p.needs.From.Range.Allows(from) {
		return true
	}
	released := version(fmt.Sprintf("%d.%d.%d", from.Major(), from.Minor(), from.Patch()))
	return from.Prerelease() && p.needs.From.Range.Allows(released)
}

// quarrel names two instances that conflict, or disagree on a custom resource; it is empty when there are none.
func quarrel(plan []pick) string {
	for _, p := range plan {
		for _, q := range plan {
			if p.name != q.name && p.quarrels(q) {
				return p.name + " with " + q.name
			}
		}
	}
	return ""
}

func (p pick) quarrels(q pick) bool { return p.rulesOut(q) || p.misses(q) }

func (p pick) rulesOut(q pick) bool {
	for _, c := range p.needs.Conflicts {
		everything := c.Range.String() == "" || c.Range.String() == "*"
		real := q.pkg == c.Package && (everything || c.Range.Allows(q.Version))
		if p.pkg != q.pkg && (real || q.provides(c.Package, c.Range)) {
			return true
		}
	}
	return false
}

// misses says whether an instance uses a kind that the other one serves in other versions only.
func (p pick) misses(q pick) bool {
	for _, used := range p.needs.Uses {
		kind, version := false, false
		for _, served := range q.needs.Serves {
			if served.Group == used.Group && served.Kind == used.Kind {
				kind = true
				version = version || slices.ContainsFunc(served.Versions, func(v string) bool { return slices.Contains(used.Versions, v) })
			}
		}
		if kind && !version {
			return true
		}
	}
	return false
}

// standing is what a registry says of a version: nothing is best.
func (p pick) standing() int {
	switch {
	case p.Yanked != "":
		return 2
	case p.Deprecated != "":
		return 1
	}
	return 0
}
