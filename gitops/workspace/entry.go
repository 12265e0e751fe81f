package workspace

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"gkops.dev/gkops/resolver/catalog"
)

// list checks one list of packages. at is the path of what holds it.
func (c *checker) list(at []any, packages []Package) {
	seen := map[string]Package{}
	for n, p := range packages {
		here := append(slices.Clone(at), "packages", n)
		if first, twice := seen[p.Instance()]; twice {
			c.wrong(here, "name one of them with 'as:'", "instance %s is listed already at %s", p.Instance(), first.where)
		}
		seen[p.Instance()] = p
		c.entry(here, p)
	}
	for n, p := range packages {
		for _, other := range packages {
			if p.As != "" && p.As == other.Name && p.Name != other.Name && p.As != other.Instance() {
				c.wrong(append(slices.Clone(at), "packages", n, "as"), "choose another name",
					"instance %s of package %s has the name of another package, listed at %s", p.As, p.Name, other.where)
				break
			}
		}
	}
}

// entry checks one package for itself.
func (c *checker) entry(at []any, p Package) {
	here := func(steps ...any) []any { return append(slices.Clone(at), steps...) }
	c.label(here("name"), "package name", p.Name)
	if p.As != "" {
		c.label(here("as"), "instance name", p.As)
	}
	if p.Namespace != "" {
		c.label(here("namespace"), "namespace", p.Namespace)
	}
	if _, err := catalog.ParseRange(p.Version); err != nil {
		c.wrong(here("version"), `ranges look like ">=1.17 <2", "~1.3.0" or v1.17.0+2`, "version of %s: %v", p.Instance(), err)
	}
	if p.Registry != "" && !slices.ContainsFunc(c.workspace.Registries, func(r Registry) bool { return r.Name == p.Registry && r.Type != Overlay }) {
		c.wrong(here("registry"), "add it with 'gkops registry add "+p.Registry+" URL'", "registry %.80q of %s is not listed", p.Registry, p.Instance())
	}
	c.values(here, p)
	for n, patch := range p.Patches {
		if strings.TrimSpace(patch.Patch) == "" {
			c.wrong(here("patches", n), "", "a patch of %s is empty", p.Instance())
		}
	}
	for n, image := range p.Images {
		if image.Name == "" {
			c.wrong(here("images", n), "", "an image of %s has no name", p.Instance())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Labels)) {
		if !isLabelKey(key) || !isLabelValue(p.Labels[key]) {
			c.wrong(here("labels", key), "", "label %.80s: %.80q of %s is not one that Kubernetes takes", key, p.Labels[key], p.Instance())
		}
	}
}

// values checks values and references. here makes a path below the entry.
func (c *checker) values(here func(...any) []any, p Package) {
	for _, name := range slices.Sorted(maps.Keys(p.Values)) {
		if p.Values[name] == nil {
			c.wrong(here("values", name), "leave it out for the default", "value %s of %s is null", name, p.Instance())
		}
	}
	if !slices.Contains([]Mode{"", Manifests, Release}, p.Mode) {
		c.wrong(here("mode"), "modes: manifests, release", "mode %.80q of %s is not known", p.Mode, p.Instance())
	}
	for n, name := range p.ValuesFiles {
		if !fs.ValidPath(name) || name == "." {
			c.wrong(here("valuesFiles", n), "a file of the repository, relative to gkops.yaml", "file of values %.200q of %s is not in the repository", name, p.Instance())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.ValuesFrom)) {
		r := p.ValuesFrom[name]
		if r.Name == "" || r.Key == "" || !isLabel(r.Namespace) {
			c.wrong(here("valuesFrom", name), "it needs namespace, name and key of a Secret", "reference for value %s of %s is not complete", name, p.Instance())
		}
		if _, twice := p.Values[name]; twice {
			c.wrong(here("valuesFrom", name), "keep one of them", "value %s of %s is set, and comes from a Secret", name, p.Instance())
		}
	}
}

func isLabelKey(key string) bool {
	prefix, name, found := strings.Cut(key, "/")
	if !found {
		prefix, name = "", key
	}
	dns := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	return name != "" && isLabelValue(name) && (!found || len(prefix) <= 253 && dns.MatchString(prefix))
}

func isLabelValue(value string) bool {
	return len(value) <= 63 && regexp.MustCompile(`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`).MatchString(value)
}

// overrides checks the entries of clusters against those of the workspace with the same instance name.
func (c *checker) overrides() {
	base := map[string]Package{}
	for _, p := range c.workspace.Packages {
		base[p.Instance()] = p
	}
	for n, cluster := range c.workspace.Clusters {
		for m, p := range cluster.Packages {
			if first, both := base[p.Instance()]; both && first.Name != p.Name {
				c.wrong([]any{"clusters", n, "packages", m, "name"}, "an override names the same package",
					"instance %s of cluster %s is package %s, but package %s at %s", p.Instance(), cluster.Name, p.Name, first.Name, first.where)
			}
		}
	}
}

func (c *checker) holds(holds []Hold) {
	seen := map[string]Hold{}
	for n, h := range holds {
		at := []any{"policy", "holds", n}
		c.label(append(at, "package"), "package name", h.Package)
		if first, twice := seen[h.Package]; twice {
			c.wrong(at, "join them into one range", "package %s is held already at %s", h.Package, first.where)
		}
		seen[h.Package] = h
		_, err := catalog.ParseRange(h.Version)
		switch {
		case h.Version == "":
			c.wrong(append(at, "version"), "", "the hold of %s has no version", h.Package)
		case err != nil:
			c.wrong(append(at, "version"), "", "the hold of %s: %v", h.Package, err)
		}
		if _, err := time.Parse(time.DateOnly, h.Until); h.Until != "" && err != nil {
			c.wrong(append(at, "until"), "write it like 2026-01-31", "the hold of %s: until %.80q is not a day", h.Package, h.Until)
		}
	}
}
