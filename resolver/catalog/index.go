package catalog

import (
	"cmp"
	"slices"

	"gkops.dev/gkops/compat/document"
)

// Listing is what a registry's index says of a package.
type Listing struct {
	Name             string `yaml:"name" json:"name"`
	ShortDescription string `yaml:"shortDescription,omitempty" json:"shortDescription,omitempty"`
	IconURL          string `yaml:"iconUrl,omitempty" json:"iconUrl,omitempty"`
	LatestVersion    string `yaml:"latestVersion,omitempty" json:"latestVersion,omitempty"` // as written; it is often stale
	Scope            Scope  `yaml:"scope,omitempty" json:"scope,omitempty"`
}

// ParseIndex reads an index.yaml: the packages of a registry, sorted by name. Its errors are like those of ParseManifest.
func ParseIndex(file string, data []byte) ([]Listing, error) {
	if listings, ok := plainIndex(data); ok {
		return listings, nil
	}
	return readIndex(file, data)
}

// readIndex reads an index.yaml of any form.
func readIndex(file string, data []byte) ([]Listing, error) {
	var index struct {
		Packages []Listing `yaml:"packages"`
	}
	c, err := decode(file, data, &index)
	if err != nil {
		return nil, err
	}
	c.listed(place{"packages"})
	seen := make(map[string]int, len(index.Packages))
	for i, listing := range index.Packages {
		at := place{"packages"}.item(i)
		if c.required(at.at("name"), listing.Name) {
			c.label(at.at("name"), listing.Name)
			if first, found := seen[listing.Name]; found {
				c.wrong(at.at("name"), "", "is %q, which line %d lists already", listing.Name, first)
			}
			seen[listing.Name] = c.lineOf(at.at("name"))
		}
		c.version(at.at("latestVersion"), listing.LatestVersion)
		c.scope(at.at("scope"), listing.Scope)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	slices.SortFunc(index.Packages, func(a, b Listing) int { return cmp.Compare(a.Name, b.Name) })
	return index.Packages, nil
}

// ParseVersions reads a versions.yaml: the versions of a package, lowest first. A version that is listed twice, also in another
// spelling, is an error. Its errors are like those of ParseManifest.
func ParseVersions(file string, data []byte) ([]Version, error) {
	if versions, ok := plainVersions(data); ok {
		return versions, nil
	}
	return readVersions(file, data)
}

// readVersions reads a versions.yaml of any form.
func readVersions(file string, data []byte) ([]Version, error) {
	var list struct {
		LatestVersion string `yaml:"latestVersion"`
		Versions      []struct {
			Version string `yaml:"version"`
		} `yaml:"versions"`
	}
	c, err := decode(file, data, &list)
	if err != nil {
		return nil, err
	}
	c.listed(place{"versions"})
	c.version(place{"latestVersion"}, list.LatestVersion)
	versions := make([]Version, 0, len(list.Versions))
	seen := make(map[string]int, len(list.Versions))
	for i, entry := range list.Versions {
		at := place{"versions"}.item(i).at("version")
		if !c.required(at, entry.Version) {
			continue
		}
		v := c.version(at, entry.Version)
		if v.IsZero() {
			continue
		}
		if first, found := seen[v.Key()]; found {
			c.wrong(at, "", "is %s, which line %d lists already", v, first)
		}
		seen[v.Key()] = c.lineOf(at)
		versions = append(versions, v)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	slices.SortFunc(versions, Version.Compare)
	return versions, nil
}

// decode reads a file of one document strictly.
func decode(file string, data []byte, into any) (*checker, error) {
	doc, err := document.ParseOne(file, data)
	if err != nil {
		return nil, err
	}
	if err := doc.Decode(into); err != nil {
		return nil, err
	}
	return newChecker(doc), nil
}

// listed reports an absent list. An empty one is written [].
func (c *checker) listed(p place) {
	if !c.has(p) {
		c.wrong(p, "", "is missing")
	}
}

// version reports what is no version; an absent one is fine and zero.
func (c *checker) version(p place, text string) Version {
	if text == "" && !c.has(p) {
		return Version{}
	}
	v, err := ParseVersion(text)
	if err != nil {
		c.wrong(p, `a version is written like "v1.17.0+2"`, "is no version: %v", err)
	}
	return v
}
