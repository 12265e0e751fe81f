package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// Hit is one package of a registry. Newest is the newest stable version that was not withdrawn, as far as there is one; Prerelease is why
// it is none all the same, Deprecated why it is better not used any more.
type Hit struct {
	Name        string            `json:"name"`
	Registry    string            `json:"registry"`
	Newest      string            `json:"newest"`
	Scope       string            `json:"scope"`
	Description string            `json:"description"`
	Prerelease  string            `json:"prerelease,omitempty"`
	Deprecated  string            `json:"deprecated,omitempty"`
	Withdrawn   map[string]string `json:"withdrawn,omitempty"` // why, by version
	Skipped     []string          `json:"-"`                   // withdrawn stable versions over Newest, lowest first
}

// Search lists the packages of the registries whose name or description holds a term, names first; an empty term lists all.
func (p *Project) Search(ctx context.Context, term string) ([]Hit, error) {
	if len(p.registries.Names()) == 0 {
		return nil, &NoRegistryError{}
	}
	term = strings.ToLower(term)
	named, described := []Hit{}, []Hit{}
	for _, name := range p.registries.Names() {
		listings, err := p.registries.Registry(name).Listings(ctx)
		if errors.Is(err, catalog.ErrNoList) {
			p.world.Warn(err.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, l := range listings {
			inName := strings.Contains(strings.ToLower(l.Name), term)
			if !inName && !strings.Contains(strings.ToLower(l.ShortDescription), term) {
				continue
			}
			hit, err := p.hit(ctx, name, l)
			if err != nil {
				p.world.Warn(fmt.Sprintf("no versions: %v", err))
			}
			if inName {
				named = append(named, hit)
			} else {
				described = append(described, hit)
			}
		}
	}
	p.leftOut(ctx, "")
	byName := func(a, b Hit) int { return compareStrings(a.Name, b.Name) }
	slices.SortStableFunc(named, byName)
	slices.SortStableFunc(described, byName)
	return append(named, described...), nil
}

func (p *Project) hit(ctx context.Context, registry string, l catalog.Listing) (Hit, error) {
	hit := Hit{Name: l.Name, Registry: registry, Scope: string(l.Scope), Description: l.ShortDescription}
	if l.Scope == "" {
		hit.Scope = string(catalog.ClusterScope)
	}
	versions, err := p.registries.Offered(ctx, registry, l.Name)
	if err != nil || len(versions) == 0 {
		return hit, err
	}
	slices.SortStableFunc(versions, compareWorth)
	newest := versions[len(versions)-1]
	hit.Newest, hit.Prerelease, hit.Deprecated = newest.Version.String(), newest.Prerelease, newest.Deprecated
	for _, c := range versions {
		if c.Yanked == "" {
			continue
		}
		if hit.Withdrawn == nil {
			hit.Withdrawn = map[string]string{}
		}
		hit.Withdrawn[c.Version.String()] = c.Yanked
		if !c.Version.Prerelease() && c.Version.Compare(newest.Version) > 0 {
			hit.Skipped = append(hit.Skipped, c.Version.String())
		}
	}
	return hit, nil
}

// compareWorth orders versions by what a person would take who asks for the newest: withdrawn ones first, then prereleases, then by version.
func compareWorth(a, b catalog.Candidate) int {
	return cmp.Or(compareFlags(a.Yanked == "", b.Yanked == ""), compareFlags(!a.Version.Prerelease(), !b.Version.Prerelease()), a.Version.Compare(b.Version))
}

// compareFlags orders false before true.
func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// PackageNames are the packages of all registries whose index can be read, sorted.
func (p *Project) PackageNames(ctx context.Context) []string {
	var names []string
	for _, registry := range p.registries.Names() {
		listings, err := p.registries.Registry(registry).Listings(ctx)
		if err != nil {
			continue
		}
		for _, l := range listings {
			names = append(names, l.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nearest is advice that names a package with a name like a given one.
func (p *Project) nearest(ctx context.Context, pkg string) string {
	if near := values.Nearest(pkg, p.PackageNames(ctx)); near != "" && near != pkg {
		return "did you mean " + near + "? 'gkops search' lists the packages"
	}
	return "'gkops search' lists the packages"
}
