package pipeline

import (
	"context"
	"slices"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// Bounds bind the versions that one edit may choose in one cluster, beside what gkops.yaml says.
type Bounds struct {
	Holds   []resolver.Hold
	Exclude []resolver.Exclusion
	Frozen  []string // packages that cannot be asked for now: they stay as the lock has them
}

// frozen are offers in which the frozen packages have no version but those of a lock, and these need what the lock says.
func (b Bounds) frozen(offers informed, held *lock.Lock) resolver.Catalog {
	if len(b.Frozen) == 0 || held == nil {
		return offers
	}
	return frozen{informed: offers, packages: b.Frozen, held: held}
}

type frozen struct {
	informed
	packages []string
	held     *lock.Lock
}

// Candidates are those of the registries; of a frozen package, those of the lock.
func (f frozen) Candidates(ctx context.Context, pkg string) ([]resolver.Candidate, error) {
	if !slices.Contains(f.packages, pkg) {
		return f.informed.Candidates(ctx, pkg)
	}
	var locked []resolver.Candidate
	for _, i := range f.held.Instances {
		v, err := catalog.ParseVersion(i.Version)
		if err != nil || i.Package != pkg || slices.ContainsFunc(locked, func(c resolver.Candidate) bool { return c.Registry == i.Registry && c.Version.Equal(v) }) {
			continue
		}
		locked = append(locked, resolver.Candidate{Version: v, Registry: i.Registry})
	}
	return locked, nil
}

// Needs are those of the registry; of a frozen package, what the lock was made of.
func (f frozen) Needs(ctx context.Context, pkg string, c resolver.Candidate) (resolver.Needs, error) {
	if !slices.Contains(f.packages, pkg) {
		return f.informed.Needs(ctx, pkg, c)
	}
	var needs resolver.Needs
	for _, i := range f.held.Instances {
		if i.Package != pkg || i.Registry != c.Registry || i.Version != c.Version.String() {
			continue
		}
		needs.Namespaced = i.Namespaced
		f.dependencies(i, &needs)
	}
	return needs, nil
}

// dependencies adds what an instance needs of others, as the lock wrote it down beside them.
func (f frozen) dependencies(of lock.Instance, needs *resolver.Needs) {
	for _, other := range f.held.Instances {
		for _, reason := range other.RequiredBy {
			r, err := catalog.ParseRange(reason.Range)
			if reason.By != of.Name || err != nil {
				continue
			}
			if other.Parent == of.Name {
				needs.Components = append(needs.Components, resolver.Component{Package: other.Package, Name: other.Name[len(of.Name)+1:], Range: r})
				continue
			}
			needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: other.Package, Range: r})
		}
	}
}

// Prefetch leaves the frozen packages alone.
func (f frozen) Prefetch(ctx context.Context, pkgs []string) {
	f.informed.Prefetch(ctx, slices.DeleteFunc(slices.Clone(pkgs), func(pkg string) bool { return slices.Contains(f.packages, pkg) }))
}

// PrefetchNeeds leaves the frozen packages alone.
func (f frozen) PrefetchNeeds(ctx context.Context, of []resolver.Wanted) {
	f.informed.PrefetchNeeds(ctx, slices.DeleteFunc(slices.Clone(of), func(w resolver.Wanted) bool { return slices.Contains(f.packages, w.Package) }))
}
