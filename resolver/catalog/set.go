package catalog

import (
	"context"
	"fmt"
	"slices"
)

// Set is the registries of a workspace in list order. It is safe for use by several goroutines.
type Set struct {
	registries []*Registry
	overlays   []Overlay
}

// NewSet is the set of these registries; their names differ.
func NewSet(registries ...*Registry) *Set { return &Set{registries: registries} }

// Names are the names of the registries in list order.
func (s *Set) Names() []string {
	names := make([]string, len(s.registries))
	for i, r := range s.registries {
		names[i] = r.name
	}
	return names
}

// Registry is the registry with that name, nil when there is none.
func (s *Set) Registry(name string) *Registry {
	for _, r := range s.registries {
		if r.name == name {
			return r
		}
	}
	return nil
}

// Candidate is a version of a package in one registry.
type Candidate struct {
	Registry string
	Version  Version
	// Yanked, Prerelease and Deprecated say why it was withdrawn, why it counts as a prerelease though it is written as a stable version, and why it
	// is better not used any more. Empty means that it is not.
	Yanked, Prerelease, Deprecated string
	// Provides are the virtual packages that it stands in for.
	Provides []Provided
}

// Provided is a virtual package that a version of a real one stands in for, "a Gateway API of channel standard". A zero Version
// provides the name in no particular version, which fits only a range that allows any.
type Provided struct {
	Name    string
	Version Version
}

// Candidates are all versions of a package, by registry in list order, lowest first, with what the facts of the registry and of the
// overlays say that must be known without reading a version; none when no registry lists the package. The registries are read at
// the same time. When one cannot be read the error names it.
func (s *Set) Candidates(ctx context.Context, pkg string) ([]Candidate, error) {
	offered := make([][]Candidate, len(s.registries))
	err := parallel(ctx, len(offered), max(len(offered), 1), func(ctx context.Context, i int) (err error) {
		offered[i], err = s.offered(ctx, s.registries[i], pkg)
		return err
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(offered...), nil
}

// Offered are the versions of a package in one registry, as Candidates lists them; none when the registry is not there.
func (s *Set) Offered(ctx context.Context, registry, pkg string) ([]Candidate, error) {
	r := s.Registry(registry)
	if r == nil {
		return nil, nil
	}
	return s.offered(ctx, r, pkg)
}

// offered are the candidates of one registry.
func (s *Set) offered(ctx context.Context, r *Registry, pkg string) ([]Candidate, error) {
	if listing, err := r.Listing(ctx, pkg); err != nil || listing == nil {
		return nil, err
	}
	var versions []Version
	var sheets []*Sheet
	err := parallel(ctx, 2, r.width(), func(ctx context.Context, i int) (err error) {
		if i == 0 {
			versions, err = r.Versions(ctx, pkg)
			return err
		}
		sheets, err = s.sheets(ctx, r, pkg)
		return err
	})
	if err != nil {
		return nil, err
	}
	candidates := make([]Candidate, 0, len(versions))
	for _, v := range versions {
		var known Known
		for i, sheet := range sheets {
			name, overlay := s.states(r, i)
			known = append(known, sheet.about(v, name, overlay)...)
		}
		candidates = append(candidates, Candidate{
			Registry: r.name, Version: v, Yanked: known.Yanked(), Prerelease: known.Prerelease(), Deprecated: known.Deprecated(),
			Provides: known.Provides(),
		})
	}
	return candidates, nil
}

// Release reads one version of a package from the registry with that name.
func (s *Set) Release(ctx context.Context, registry, pkg string, v Version) (*Release, error) {
	r := s.Registry(registry)
	if r == nil {
		return nil, fmt.Errorf("%s %s: no registry is named %q", pkg, v, registry)
	}
	return r.Release(ctx, pkg, v)
}
