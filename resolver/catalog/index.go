package catalog

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Listing is what a registry's index says of a package.
type Listing struct {
	Name             string `yaml:"name" json:"name"`
	ShortDescription string `yaml:"shortDescription,omitempty" json:"shortDescription,omitempty"`
	IconURL          string `yaml:"iconUrl,omitempty" json:"iconUrl,omitempty"`
	LatestVersion    string `yaml:"latestVersion,omitempty" json:"latestVersion,omitempty"` // as written; it is often stale
	Scope            Scope  `yaml:"scope,omitempty" json:"scope,omitempty"`
}

// ParseIndex reads an index.yaml: the packages of a registry, sorted by name.
func ParseIndex(file string, data []byte) ([]Listing, error) {
	var index struct{ Packages []Listing }
	if err := yaml.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return index.Packages, nil
}

// ParseVersions reads a versions.yaml: the versions of a package, lowest first. A version that is listed twice, also in another
// spelling, is an error.
func ParseVersions(file string, data []byte) ([]Version, error) {
	var list struct{ Versions []struct{ Version string } }
	if err := yaml.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var versions []Version
	for _, entry := range list.Versions {
		v, err := ParseVersion(entry.Version)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		versions = append(versions, v)
	}
	slices.SortFunc(versions, Version.Compare)
	return versions, nil
}
