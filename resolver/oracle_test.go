package resolver

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// shelf is a Catalog in memory.
type shelf map[string][]item

type item struct {
	Candidate
	needs Needs
}

func (s shelf) Candidates(_ context.Context, pkg string) ([]Candidate, error) {
	var all []Candidate
	for _, i := range s[pkg] {
		all = append(all, i.Candidate)
	}
	return all, nil
}

func (s shelf) Needs(_ context.Context, pkg string, c Candidate) (Needs, error) {
	for _, i := range s[pkg] {
		if i.Registry == c.Registry && i.Version.Compare(c.Version) == 0 {
			return i.needs, nil
		}
	}
	panic("asked for what it did not offer: " + pkg + " " + c.Version.String())
}

func (s shelf) Providers(_ context.Context, virtual string) ([]string, error) {
	var names []string
	for name, items := range s {
		if slices.ContainsFunc(items, func(i item) bool {
			return slices.ContainsFunc(i.Provides, func(p catalog.Provided) bool { return p.Name == virtual })
		}) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (s shelf) Names(context.Context) []string {
	var names []string
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// oracle knows the rules of a plan one by one and the order of preference as a comparison. It tries everything.
type oracle struct {
	shelf   shelf
	problem Problem
	kept    []Locked
	plans   [][]pick
}

// pick is an instance with its candidate. Two picks of one plan with the same name are what makes it no plan.
type pick struct {
	name, pkg string
	parent    string
	lineage   []string // the packages of the parents, and its own
	asker     string   // registry of the first to need it
	rank      int      // among those that could meet the need it came for
	meets     *catalog.Requirement
	item
}

// best is the best plan, nil when there is none.
func (o *oracle) best() []pick {
	var kept []Locked
	for _, l := range o.problem.Locked {
		named := slices.Contains(o.problem.Move, l.Instance)
		if named && l.Instance == l.Package && o.root(pick{name: l.Instance, pkg: l.Package}) == nil && !o.rootNamed(l.Instance) {
			kept = append(kept, l)
		}
	}
	slices.SortFunc(kept, func(a, b Locked) int { return strings.Compare(a.Instance, b.Instance) })
	if len(kept) > 0 {
		o.kept = kept
		if plan := o.search(); plan != nil && o.supported(plan) {
			return plan
		}
		o.kept = nil
	}
	return o.search()
}

func (o *oracle) rootNamed(name string) bool {
	return slices.ContainsFunc(o.problem.Roots, func(r Root) bool { return r.name() == name })
}

// supported says whether everything that is kept is needed by another instance.
func (o *oracle) supported(plan []pick) bool {
	return !slices.ContainsFunc(o.kept, func(k Locked) bool {
		kept := plan[slices.IndexFunc(plan, func(p pick) bool { return p.name == k.Instance })]
		return !slices.ContainsFunc(plan, func(p pick) bool { return p.waitsFor(kept) })
	})
}

func (o *oracle) search() []pick {
	o.plans = nil
	var queue []pick
	for _, r := range o.problem.Roots {
		queue = append(queue, pick{name: r.name(), pkg: r.Package, lineage: []string{r.Package}})
	}
	for _, l := range o.kept {
		queue = append(queue, pick{name: l.Instance, pkg: l.Package, lineage: []string{l.Package}})
	}
	o.enumerate(nil, queue, nil)
	if len(o.plans) == 0 {
		return nil
	}
	return slices.MinFunc(o.plans, o.compare)
}

// enumerate completes a plan in every way: first with what has no choice, then with what meets the needs that several can meet.
func (o *oracle) enumerate(plan, queue []pick, pending []wish) {
	switch {
	case len(queue) == 0 && len(pending) == 0:
		if o.valid(plan) {
			o.plans = append(o.plans, slices.Clone(plan))
		}
		return
	case len(queue) == 0:
		o.choose(plan, pending[0], pending[1:])
		return
	}
	next := queue[0]
	for _, i := range o.shelf[next.pkg] {
		next.item = i
		if o.fits(next) && (next.meets == nil || next.can(*next.meets)) {
			rest, wishes := o.enqueue(plan, queue, next)
			o.enumerate(append(plan, next), rest, append(slices.Clip(pending), wishes...))
		}
	}
}

// enqueue adds what an instance needs to those that wait, unless it is there or waits already.
func (o *oracle) enqueue(plan, queue []pick, p pick) ([]pick, []wish) {
	rest := slices.Clone(queue[1:])
	var wishes []wish
	var sole []string
	add := func(n pick) {
		same := func(m pick) bool { return m.name == n.name && m.pkg == n.pkg && m.parent == n.parent }
		if !slices.ContainsFunc(plan, same) && !slices.ContainsFunc(rest, same) && !same(p) {
			rest = append(rest, n)
		}
	}
	plain := func(name string) pick {
		return pick{name: name, pkg: name, lineage: []string{name}, asker: p.Registry}
	}
	for _, d := range sortedDependencies(&p.needs) {
		if d.Package == "kubernetes" || p.provides(d.Package, d.Range) {
			continue
		}
		offers := o.offers(p, d)
		able := slices.DeleteFunc(slices.Clone(offers), func(name string) bool { return !o.able(name, d) })
		switch {
		case offers == nil:
			add(plain(d.Package))
		case len(able) == 1:
			sole = append(sole, able[0])
		default:
			wishes = append(wishes, wish{d, p.name, p.Registry, offers})
		}
	}
	for _, c := range sortedComponents(&p.needs) {
		add(pick{name: p.name + "-" + c.name(), pkg: c.Package, parent: p.name, lineage: append(slices.Clone(p.lineage), c.Package), asker: p.Registry})
	}
	for _, name := range sole {
		add(plain(name))
	}
	return rest, wishes
}

// fits says whether an instance may have its version, whatever else is in the plan.
func (o *oracle) fits(p pick) bool {
	root, lock := o.root(p), o.lock(p)
	if len(o.problem.Registries) > 0 && !slices.Contains(o.problem.Registries, p.Registry) {
		return false
	}
	for _, h := range o.problem.Holds {
		if h.Package == p.pkg && !h.Range.Allows(p.Version) {
			return false
		}
	}
	for _, f := range o.problem.Facts {
		if f.Package == p.pkg && f.excludes(p.Candidate) {
			return false
		}
	}
	if lock != nil && p.Version.Compare(lock.Version) < 0 && !o.named(o.problem.AllowDowngrade, p) {
		return false
	}
	if lock != nil && (root == nil || root.Registry == "") && p.Registry != lock.Registry {
		return false
	}
	if !o.permitted(p, lock) {
		return false
	}
	if root != nil && (!root.Range.Allows(p.Version) || p.Registry != o.rootRegistry(*root, lock)) {
		return false
	}
	ownName := p.name != p.pkg || p.parent != ""
	if ownName && !p.needs.Namespaced || !ownName && root == nil && p.needs.Namespaced {
		return false
	}
	return !p.holdsItself()
}

// holdsItself says whether a component is of a package that it would be part of, or two components have one name.
func (p pick) holdsItself() bool {
	names := map[string]bool{}
	for _, c := range p.needs.Components {
		if slices.Contains(p.lineage, c.Package) || names[c.name()] {
			return true
		}
		names[c.name()] = true
	}
	return false
}

func (o *oracle) rootRegistry(r Root, lock *Locked) string {
	if r.Registry != "" {
		return r.Registry
	}
	if lock != nil {
		return lock.Registry
	}
	for _, withdrawn := range []bool{false, true} {
		for _, registry := range o.problem.Registries {
			for _, i := range o.shelf[r.Package] {
				if i.Registry == registry && r.Range.Allows(i.Version) && (withdrawn || pins(r.Range) || i.Yanked == "") {
					return registry
				}
			}
		}
	}
	return ""
}

// valid says whether the instances of a plan go together.
func (o *oracle) valid(plan []pick) bool {
	names := map[string]bool{}
	for _, p := range plan {
		if names[p.name] || p.lacks(plan) != "" {
			return false
		}
		names[p.name] = true
	}
	return quarrel(plan) == "" && len(circle(plan)) == 0
}

// lacks is something that an instance needs and none of a plan is, empty when it has all.
func (p pick) lacks(plan []pick) string {
	for _, d := range p.needs.Dependencies {
		if !p.helpsItself(d) && !slices.ContainsFunc(plan, func(q pick) bool { return q.name != p.name && q.can(d) }) {
			return d.Package
		}
	}
	for _, c := range p.needs.Components {
		if !slices.ContainsFunc(plan, func(q pick) bool { return q.partOf(p, c) && c.Range.Allows(q.Version) }) {
			return p.name + "-" + c.name()
		}
	}
	return ""
}

// partOf says whether an instance is a component of another one.
func (p pick) partOf(whole pick, c Component) bool {
	return p.parent == whole.name && p.pkg == c.Package && p.name == whole.name+"-"+c.name()
}

// waitsFor says whether an instance is applied after another one: every one that meets a need comes first.
func (p pick) waitsFor(q pick) bool {
	return slices.ContainsFunc(p.needs.Dependencies, func(d catalog.Requirement) bool {
		return q.name != p.name && !p.helpsItself(d) && q.can(d)
	}) || slices.ContainsFunc(p.needs.Components, func(c Component) bool { return q.partOf(p, c) })
}

// circle is what is left of a plan when all that waits for nothing that is left was taken away.
func circle(plan []pick) []pick {
	for {
		left := slices.DeleteFunc(slices.Clone(plan), func(p pick) bool { return !slices.ContainsFunc(plan, p.waitsFor) })
		if len(left) == len(plan) {
			return left
		}
		plan = left
	}
}

// compare is the stated order of preference.
func (o *oracle) compare(a, b []pick) int {
	return cmp.Or(o.compareMoved(a, b), cmp.Compare(o.departures(a), o.departures(b)), o.compareEach(a, b))
}

func (o *oracle) compareMoved(a, b []pick) int {
	first := len(o.problem.Roots) + len(o.kept)
	for i := range first {
		if o.isMoved(a[i]) && o.lock(a[i]) != nil && !o.problem.MoveAll {
			if c := o.comparePick(a[i], b[i]); c != 0 {
				return c
			}
		}
	}
	return 0
}

func (o *oracle) departures(plan []pick) int {
	n := 0
	for _, p := range plan {
		lock := o.lock(p)
		if lock == nil || o.isMoved(p) || !o.offered(p.pkg, lock) {
			continue
		}
		if lock.Registry != p.Registry || lock.Version.Compare(p.Version) != 0 {
			n++
		}
	}
	return n
}

func (o *oracle) offered(pkg string, lock *Locked) bool {
	return slices.ContainsFunc(o.shelf[pkg], func(i item) bool {
		return i.Registry == lock.Registry && i.Version.Compare(lock.Version) == 0
	})
}

func (o *oracle) compareEach(a, b []pick) int {
	for i := range min(len(a), len(b)) {
		if a[i].name != b[i].name || a[i].pkg != b[i].pkg || a[i].parent != b[i].parent {
			return cmp.Compare(a[i].rank, b[i].rank)
		}
		if c := o.comparePick(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// comparePick compares two candidates of one instance.
func (o *oracle) comparePick(a, b pick) int {
	if lock := o.lock(a); lock != nil && !o.isMoved(a) {
		stays := func(p pick) int {
			if p.Registry == lock.Registry && p.Version.Compare(lock.Version) == 0 {
				return 0
			}
			return 1
		}
		if c := cmp.Compare(stays(a), stays(b)); c != 0 {
			return c
		}
	}
	rank := func(p pick) int {
		if p.Registry == p.asker {
			return -1
		}
		return slices.Index(o.problem.Registries, p.Registry)
	}
	versions := b.Version.Compare(a.Version)
	if o.problem.Minimal {
		versions = -versions
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.standing(), b.standing()), versions)
}

func (o *oracle) root(p pick) *Root {
	for i, r := range o.problem.Roots {
		if r.name() == p.name && r.Package == p.pkg && p.parent == "" {
			return &o.problem.Roots[i]
		}
	}
	return nil
}

func (o *oracle) lock(p pick) *Locked {
	for i, l := range o.problem.Locked {
		if l.Instance == p.name && l.Package == p.pkg {
			return &o.problem.Locked[i]
		}
	}
	return nil
}

func (o *oracle) isMoved(p pick) bool { return o.problem.MoveAll || o.named(o.problem.Move, p) }

func (o *oracle) named(names []string, p pick) bool {
	return slices.Contains(names, p.name) || slices.Contains(names, p.pkg)
}
