package catalog

import (
	"context"
	"fmt"
)

// Set is the registries of a workspace in list order. It is safe for use by several goroutines.
type Set struct{ registries []*Registry }

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
	// Yanked and Deprecated say why it was withdrawn, or why it is better not used any more. Empty means that it is not.
	Yanked, Deprecated string
	// Provides are the virtual packages that it stands in for.
	Provides []Provided
}

// Provided is a virtual package that a version of a real one stands in for, "a Gateway API of channel standard". A zero Version
// provides the name in no particular version, which fits only a range that allows any.
type Provided struct {
	Name    string
	Version Version
}

// Candidates are all versions of a package, by registry in list order, lowest first; none when no registry lists the package.
// The registries are read at the same time. When one cannot be read the error names it.
func (s *Set) Candidates(ctx context.Context, pkg string) ([]Candidate, error) {
	versions := make([][]Version, len(s.registries))
	err := parallel(ctx, len(versions), len(versions), func(ctx context.Context, i int) (err error) {
		versions[i], err = s.registries[i].Versions(ctx, pkg)
		return err
	})
	if err != nil {
		return nil, err
	}
	var candidates []Candidate
	for i, r := range s.registries {
		for _, v := range versions[i] {
			candidates = append(candidates, Candidate{Registry: r.name, Version: v})
		}
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
