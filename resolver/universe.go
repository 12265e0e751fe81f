package resolver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// universe is what the catalog has said so far. It is shared by all searches of one Solve, so that nothing is asked twice.
type universe struct {
	catalog    Catalog
	registries map[string]int // name to rank; nil when every registry counts
	packages   map[string]*pack
	virtual    map[string][]string // what provides each virtual package that was asked for
}

// pack is a package with its candidates in the order of their elements: registry by registry, versions ascending.
type pack struct {
	name       string
	candidates []Candidate // candidate i is element i+1
	blocks     []block
	size       int      // number of elements, absent included
	needs      []*Needs // what was asked already
	announced  set      // the elements whose needs the catalog was told of
	ranges     map[rangeKey]set
	full       set
	present    set      // every element but absent
	yanked     set      // the withdrawn ones
	tiers      []set    // what is chosen first, then what, when versions are deprecated or withdrawn; nil when all are alike
	virtuals   []string // what some version provides, sorted
}

// block is the elements of one registry.
type block struct {
	registry   string
	first, end int
}

// rangeKey tells two ranges apart. A range that was made from a version may look like one that was written.
type rangeKey struct {
	text  string
	exact bool
}

func keyOf(r catalog.Range) rangeKey {
	_, exact := r.Exact()
	return rangeKey{r.String(), exact}
}

func newUniverse(c Catalog, registries []string) *universe {
	u := &universe{catalog: c, packages: map[string]*pack{}, virtual: map[string][]string{}}
	if len(registries) == 0 {
		return u
	}
	u.registries = make(map[string]int, len(registries))
	for i, name := range registries {
		if _, twice := u.registries[name]; !twice {
			u.registries[name] = i
		}
	}
	return u
}

// prefetch tells the catalog which packages will be asked for.
func (u *universe) prefetch(ctx context.Context, names []string) {
	p, ok := u.catalog.(Prefetcher)
	if !ok {
		return
	}
	unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return u.packages[name] != nil })
	slices.Sort(unknown)
	if unknown = slices.Compact(unknown); len(unknown) > 0 {
		p.Prefetch(ctx, unknown)
	}
}

// pack asks for a package once.
func (u *universe) pack(ctx context.Context, name string) (*pack, error) {
	if p := u.packages[name]; p != nil {
		return p, nil
	}
	if name == kubernetes {
		return newPack(name, nil, u.registries), nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	candidates, err := u.catalog.Candidates(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", name, err)
	}
	p := newPack(name, u.listed(candidates), u.registries)
	u.packages[name] = p
	return p, nil
}

// providers asks once for the packages that provide a virtual one.
func (u *universe) providers(ctx context.Context, name string) ([]string, error) {
	p, ok := u.catalog.(Provider)
	if !ok {
		return nil, nil
	}
	if known, asked := u.virtual[name]; asked {
		return known, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	names, err := p.Providers(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read what provides %s: %w", name, err)
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	u.virtual[name] = names
	return names, nil
}

// listed drops the candidates of registries that are not in the list.
func (u *universe) listed(candidates []Candidate) []Candidate {
	candidates = slices.Clone(candidates)
	if u.registries == nil {
		return candidates
	}
	return slices.DeleteFunc(candidates, func(c Candidate) bool {
		_, listed := u.registries[c.Registry]
		return !listed
	})
}

func newPack(name string, candidates []Candidate, ranks map[string]int) *pack {
	slices.SortFunc(candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(ranks[a.Registry], ranks[b.Registry]), strings.Compare(a.Registry, b.Registry),
			a.Version.Compare(b.Version), strings.Compare(a.Version.String(), b.Version.String()))
	})
	candidates = slices.CompactFunc(candidates, func(a, b Candidate) bool {
		return a.Registry == b.Registry && a.Version.Compare(b.Version) == 0
	})
	p := &pack{name: name, candidates: candidates, size: len(candidates) + 1, needs: make([]*Needs, len(candidates)),
		ranges: map[rangeKey]set{}}
	p.full = fullSet(p.size)
	p.present, p.announced = interval(p.size, 1, p.size), emptySet(p.size)
	for i, c := range candidates {
		if n := len(p.blocks); n == 0 || p.blocks[n-1].registry != c.Registry {
			p.blocks = append(p.blocks, block{c.Registry, i + 1, i + 1})
		}
		p.blocks[len(p.blocks)-1].end = i + 2
	}
	p.rankTiers()
	p.listVirtuals()
	return p
}

// needsOf asks once for what an element needs.
func (u *universe) needsOf(ctx context.Context, p *pack, element int) (*Needs, error) {
	if n := p.needs[element-1]; n != nil {
		return n, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := p.candidates[element-1]
	needs, err := u.catalog.Needs(ctx, p.name, c)
	if err != nil {
		return nil, fmt.Errorf("read what %s %s of %s needs: %w", p.name, c.Version, c.Registry, err)
	}
	needs.sort()
	p.needs[element-1] = &needs
	return &needs, nil
}

// announce notes that the catalog is told that an element's needs will be asked for; false when they were, or it was told.
func (p *pack) announce(element int) bool {
	if p.needs[element-1] != nil || p.announced.has(element) {
		return false
	}
	p.announced = p.announced.or(single(p.size, element))
	return true
}

// candidate is the candidate of an element.
func (p *pack) candidate(element int) Candidate { return p.candidates[element-1] }

// allowed is the elements that a range allows, in any registry.
func (p *pack) allowed(r catalog.Range) set {
	key := keyOf(r)
	if s, known := p.ranges[key]; known {
		return s
	}
	s := p.where(func(c Candidate) bool { return r.Allows(c.Version) })
	p.ranges[key] = s
	return s
}

// where is the elements whose candidates satisfy a condition.
func (p *pack) where(holds func(Candidate) bool) set {
	s := emptySet(p.size)
	for i, c := range p.candidates {
		if !holds(c) {
			continue
		}
		if i+1 < 64 {
			s.low |= 1 << (i + 1)
		} else {
			s.high[(i+1)/64-1] |= 1 << ((i + 1) % 64)
		}
	}
	return s
}

// of is the elements of one registry.
func (p *pack) of(registry string) set {
	for _, b := range p.blocks {
		if b.registry == registry {
			return interval(p.size, b.first, b.end)
		}
	}
	return emptySet(p.size)
}

// element is the element of a candidate, absent when there is no such candidate.
func (p *pack) element(registry string, v catalog.Version) int {
	for i, c := range p.candidates {
		if c.Registry == registry && c.Version.Compare(v) == 0 {
			return i + 1
		}
	}
	return absent
}

// newest is the newest stable version of a registry that is not withdrawn, or the newest prerelease when there is no stable one.
func (p *pack) newest(registry string) catalog.Version {
	var newest catalog.Version
	for _, c := range p.candidates {
		if c.Registry == registry && c.Yanked == "" && (newest.IsZero() || newest.Prerelease() || !c.Version.Prerelease()) {
			newest = c.Version
		}
	}
	return newest
}
