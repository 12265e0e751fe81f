package catalog

import (
	"context"
	"fmt"
	"slices"
)

// ProvidesFile is the list, at the root of a registry, of the packages that provide virtual ones.
const ProvidesFile = "provides.yaml"

// NewOverlay is an overlay registry: an index.yaml of its own kind and facts about the packages of other registries, no versions.
// Its base and source are as those of NewRegistry.
func NewOverlay(name, baseURL string, source Source) *Registry {
	r := NewRegistry(name, baseURL, source)
	r.overlay = true
	return r
}

// Overlaid are the packages that the overlay has facts about, sorted.
func (r *Registry) Overlaid(ctx context.Context) ([]string, error) {
	return r.overlaid.read(ctx, struct{}{}, func(ctx context.Context) ([]string, error) {
		data, err := r.source.Read(ctx, r.URL("index.yaml"))
		if err != nil {
			return nil, fmt.Errorf("read index of overlay %s: %w", r.name, err)
		}
		names, err := ParseOverlay(r.shown("index.yaml"), data)
		if err != nil {
			return nil, fmt.Errorf("overlay %s: %w", r.name, err)
		}
		return names, nil
	})
}

// ParseOverlay reads the index.yaml of an overlay: the packages that it has facts about, sorted. Its errors are like those of
// ParseManifest.
func ParseOverlay(file string, data []byte) ([]string, error) {
	var index struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Packages   []Listing `yaml:"packages"`
	}
	c, err := decodeKind(file, data, OverlayKind, &index)
	if err != nil {
		return nil, err
	}
	c.listed(place{"packages"})
	var names []string
	for i, listing := range index.Packages {
		at := place{"packages"}.item(i).at("name")
		if c.required(at, listing.Name) {
			c.label(at, listing.Name)
			if slices.Contains(names, listing.Name) {
				c.wrong(at, "", "names %s a second time", listing.Name)
			}
			names = append(names, listing.Name)
		}
	}
	slices.Sort(names)
	return names, c.err()
}

// ParseProvides reads a provides.yaml: by virtual package, the packages of which some version provides it, sorted. Its errors are
// like those of ParseManifest.
func ParseProvides(file string, data []byte) (map[string][]string, error) {
	var index struct {
		APIVersion string              `yaml:"apiVersion"`
		Kind       string              `yaml:"kind"`
		Provides   map[string][]string `yaml:"provides"`
	}
	c, err := decodeKind(file, data, ProvidesKind, &index)
	if err != nil {
		return nil, err
	}
	c.listed(place{"provides"})
	for virtual, names := range index.Provides {
		c.label(place{"provides", virtual}, virtual)
		for i, name := range names {
			c.label(place{"provides", virtual}.item(i), name)
		}
		slices.Sort(names)
		index.Provides[virtual] = slices.Compact(names)
	}
	if index.Provides == nil {
		index.Provides = map[string][]string{}
	}
	return index.Provides, c.err()
}

// Overlay is an overlay registry in a set.
type Overlay struct {
	Registry *Registry // of NewOverlay
	Of       []string  // the registries whose packages its facts are about; empty means all
}

// covers reports whether the facts are about the packages of a registry.
func (o Overlay) covers(registry string) bool {
	return len(o.Of) == 0 || slices.Contains(o.Of, registry)
}

// facts is what the overlay says of a package; nil when it says nothing, which costs one look at its index.
func (o Overlay) facts(ctx context.Context, pkg string) (*Sheet, error) {
	names, err := o.Registry.Overlaid(ctx)
	if err != nil {
		return nil, err
	}
	if _, listed := slices.BinarySearch(names, pkg); !listed {
		return nil, nil
	}
	return o.Registry.Facts(ctx, pkg)
}

// With is the set with these overlays, in list order.
func (s *Set) With(overlays ...Overlay) *Set {
	return &Set{registries: s.registries, overlays: overlays}
}

// Overlay is the overlay with that name, nil when there is none.
func (s *Set) Overlay(name string) *Registry {
	for _, o := range s.overlays {
		if o.Registry.name == name {
			return o.Registry
		}
	}
	return nil
}

// FactsSource is a file of facts that says something of a version, and the registry or overlay that has it. A Pinned one lies beside
// the version's package.yaml and is published with it; the others may change later.
type FactsSource struct {
	File     File
	Registry string
	Pinned   bool
}

// Known is what the facts of the registry and of the overlays say of a version, and the files that say it. It reads the facts beside
// the version's package.yaml too, which Candidates does not.
func (s *Set) Known(ctx context.Context, registry, pkg string, v Version) (Known, []FactsSource, error) {
	r := s.Registry(registry)
	if r == nil {
		return nil, nil, fmt.Errorf("%s %s: no registry is named %q", pkg, v, registry)
	}
	var own *Sheet
	var known Known
	var files []FactsSource
	var sheets []*Sheet
	err := parallel(ctx, 2, r.width(), func(ctx context.Context, i int) (err error) {
		if i == 0 {
			own, err = r.VersionFacts(ctx, pkg, v)
			return err
		}
		sheets, err = s.sheets(ctx, r, pkg)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if own != nil {
		files = append(files, FactsSource{own.File, r.name, true})
		known = own.about(v, r.name, false)
	}
	for i, sheet := range sheets {
		name, overlay := s.states(r, i)
		said := sheet.about(v, name, overlay)
		if len(said) > 0 {
			files = append(files, FactsSource{sheet.File, name, false})
		}
		known = append(known, said...)
	}
	return known, files, nil
}

// sheets are the facts about a package of a registry: the registry's own first, then those of each overlay; nil for none.
func (s *Set) sheets(ctx context.Context, r *Registry, pkg string) ([]*Sheet, error) {
	sheets := make([]*Sheet, 1+len(s.overlays))
	err := parallel(ctx, len(sheets), maxParallel, func(ctx context.Context, i int) (err error) {
		switch {
		case i == 0:
			sheets[i], err = r.Facts(ctx, pkg)
		case s.overlays[i-1].covers(r.name):
			sheets[i], err = s.overlays[i-1].facts(ctx, pkg)
		}
		return err
	})
	return sheets, err
}

// states names who states sheet i of sheets.
func (s *Set) states(r *Registry, i int) (name string, overlay bool) {
	if i == 0 {
		return r.name, false
	}
	return s.overlays[i-1].Registry.name, true
}

// Providers are the packages of which some version provides a virtual package, sorted. A name that a registry lists as a package is
// looked for in the lists of the registries alone, so that no folder is read whole for it.
func (s *Set) Providers(ctx context.Context, virtual string) ([]string, error) {
	scan := true
	for _, r := range s.registries {
		listing, err := r.Listing(ctx, virtual)
		if err != nil {
			return nil, err
		}
		scan = scan && listing == nil
	}
	all := slices.Clone(s.registries)
	for _, o := range s.overlays {
		all = append(all, o.Registry)
	}
	found := make([][]string, len(all))
	err := parallel(ctx, len(all), maxParallel, func(ctx context.Context, i int) (err error) {
		found[i], err = all[i].Providers(ctx, virtual, scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	names := slices.Concat(found...)
	slices.Sort(names)
	return slices.Compact(names), nil
}
