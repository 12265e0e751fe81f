package helm

import (
	"net/url"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

const ociScheme = "oci://"

// The addresses in an OCI registry that a source of charts reads. An archive is PREFIX/CHART:TAG; a tag has an underscore where the version has a
// plus.
func ociAddress(prefix, chart, version string) string {
	return strings.TrimRight(prefix, "/") + "/" + chart + ":" + strings.ReplaceAll(version, "+", "_")
}

// ociMetadata is the address of Chart.yaml as JSON, ociTags that of the tags, one a line, ociNames that of the charts below a prefix.
func ociMetadata(prefix, chart, version string) string {
	return ociAddress(prefix, chart, version) + "?config"
}

func ociTags(prefix, chart string) string {
	return strings.TrimRight(prefix, "/") + "/" + chart + "?tags"
}

func ociNames(prefix string) string { return strings.TrimRight(prefix, "/") + "?catalog" }

// versionsOf are the tags that are versions, lowest first. Of two spellings of one version the first is kept.
func versionsOf(tags []byte) []catalog.Version {
	var versions []catalog.Version
	for tag := range strings.Lines(string(tags)) {
		v, err := catalog.ParseVersion(strings.ReplaceAll(strings.TrimSpace(tag), "_", "+"))
		if err == nil && !slices.ContainsFunc(versions, v.Equal) {
			versions = append(versions, v)
		}
	}
	slices.SortFunc(versions, catalog.Version.Compare)
	return versions
}

// namesOf are the repositories directly below the prefix.
func namesOf(prefix string, list []byte) []string {
	u, err := url.Parse(prefix)
	if err != nil {
		return nil
	}
	var names []string
	below := strings.Trim(u.Path, "/")
	for line := range strings.Lines(string(list)) {
		name := strings.TrimSpace(line)
		if below != "" {
			rest, inside := strings.CutPrefix(name, below+"/")
			if !inside {
				continue
			}
			name = rest
		}
		if isName(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
