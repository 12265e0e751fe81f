package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
)

// Sheet is one facts.yaml as it was read.
type Sheet struct {
	File   File
	facts  []Fact
	ranges []Range // of the facts' versions; one that is absent is nil in every
	every  []bool
}

func newSheet(file File, facts []Fact) *Sheet {
	s := &Sheet{File: file, facts: facts}
	for _, f := range facts {
		r, _ := ParseRange(f.Versions) // ParseFacts has read it
		s.ranges, s.every = append(s.ranges, r), append(s.every, f.Versions == "")
	}
	return s
}

// about are the facts that are about a version, as statements. An entry without versions is about all, prereleases too.
func (s *Sheet) about(v Version, registry string, overlay bool) []Statement {
	if s == nil {
		return nil
	}
	var found []Statement
	for i, f := range s.facts {
		if s.every[i] || s.ranges[i].Allows(v) {
			found = append(found, Statement{Fact: f, Registry: registry, Overlay: overlay, File: s.File.Name})
		}
	}
	return found
}

// Facts is the file of facts about a package; nil and no error when the registry has none, which is remembered too.
func (r *Registry) Facts(ctx context.Context, pkg string) (*Sheet, error) {
	return r.facts.read(ctx, pkg, func(ctx context.Context) (*Sheet, error) {
		sheet, err := r.readFacts(ctx, pkg, path.Join(pkg, FactsFile), false)
		if err != nil {
			return nil, fmt.Errorf("registry %s: facts of %s: %w", r.name, pkg, err)
		}
		return sheet, nil
	})
}

// VersionFacts is the file of facts beside the package.yaml of one version; nil and no error when there is none.
func (r *Registry) VersionFacts(ctx context.Context, pkg string, v Version) (*Sheet, error) {
	return r.versionFacts.read(ctx, releaseKey{pkg, v}, func(ctx context.Context) (*Sheet, error) {
		sheet, err := r.readFacts(ctx, pkg, path.Join(pkg, v.String(), FactsFile), true)
		if err != nil {
			return nil, fmt.Errorf("registry %s: facts of %s %s: %w", r.name, pkg, v, err)
		}
		return sheet, nil
	})
}

func (r *Registry) readFacts(ctx context.Context, pkg, name string, one bool) (*Sheet, error) {
	if !isLabel(pkg) {
		return nil, nil
	}
	file, err := r.read(ctx, name)
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	facts, err := ParseFacts(r.shown(name), file.Data, pkg, one)
	if err != nil {
		return nil, err
	}
	return newSheet(file, facts.Facts), nil
}

// isAbsent reports whether a file that need not be there is not there. Mirrors that are all there is to read from are taken to be
// complete, and stores that refuse what they do not have, to have no such file.
func isAbsent(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoCopy) || errors.Is(err, ErrRefused)
}

// Providers are the packages that provide a virtual one, as the registry's provides.yaml lists them, sorted. With scan, a registry
// in a folder that has no such list is asked package by package.
func (r *Registry) Providers(ctx context.Context, virtual string, scan bool) ([]string, error) {
	provides, err := r.provides.read(ctx, scan, func(ctx context.Context) (map[string][]string, error) {
		provides, err := r.readProvides(ctx)
		if provides != nil || err != nil || !scan || !r.local() {
			return provides, err
		}
		return r.scan(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("registry %s: who provides %s: %w", r.name, virtual, err)
	}
	return provides[virtual], nil
}

func (r *Registry) readProvides(ctx context.Context) (map[string][]string, error) {
	file, err := r.read(ctx, ProvidesFile)
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ParseProvides(r.shown(ProvidesFile), file.Data)
}

// local reports whether a look at every package costs no network.
func (r *Registry) local() bool {
	u, err := url.Parse(r.base)
	return err == nil && u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "oci"
}

// width is how many files about one package are worth reading at the same time: where nothing is waited for, one.
func (r *Registry) width() int {
	if r.local() {
		return 1
	}
	return maxParallel
}

// scan is what the facts of all packages provide.
func (r *Registry) scan(ctx context.Context) (map[string][]string, error) {
	names, err := r.names(ctx)
	if err != nil {
		return nil, err
	}
	sheets := make([]*Sheet, len(names))
	err = parallel(ctx, len(names), maxParallel, func(ctx context.Context, i int) (err error) {
		sheets[i], err = r.Facts(ctx, names[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	provides := map[string][]string{}
	for i, sheet := range sheets {
		if sheet == nil {
			continue
		}
		for _, f := range sheet.facts {
			for _, p := range f.Provides {
				if !slices.Contains(provides[p.Name], names[i]) {
					provides[p.Name] = append(provides[p.Name], names[i])
				}
			}
		}
	}
	return provides, nil
}

// names are the packages that the registry, or the overlay, has a folder for.
func (r *Registry) names(ctx context.Context) ([]string, error) {
	if r.overlay {
		return r.Overlaid(ctx)
	}
	listings, err := r.Listings(ctx)
	names := make([]string, 0, len(listings))
	for _, l := range listings {
		names = append(names, l.Name)
	}
	return names, err
}
