package catalog

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var kubernetesVersion = regexp.MustCompile(`^v?((?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,8}))(\.(?:0|[1-9][0-9]{0,8}))?(?:\+|[-+][0-9A-Za-z.+-]+)?$`)

// ParseKubernetes reads the version of a cluster as people and clouds write it: "1.33", "v1.31.4", "v1.31.4-gke.1200",
// "v1.30.1+k3s1", "1.29+". What a vendor or a release candidate appends is dropped, since ">=1.25.0" must hold for
// "v1.31.4-gke.1200". A version without a patch compares as patch 0; its String has none either.
func ParseKubernetes(s string) (Version, error) {
	if len(s) > maxVersionLength {
		return Version{}, fmt.Errorf("kubernetes version %q... has %d bytes, more than %d", s[:16], len(s), maxVersionLength)
	}
	m := kubernetesVersion.FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("kubernetes version %q is not MAJOR.MINOR or MAJOR.MINOR.PATCH", s)
	}
	patch := m[2]
	if patch == "" {
		patch = ".0"
	}
	v, err := ParseVersion(m[1] + patch)
	v.raw = m[1] + m[2]
	return v, err
}

// vendorSuffix is what a vendor or a prerelease appends to a version in a range.
var vendorSuffix = regexp.MustCompile(`(\d(?:\.\d+)*)[-+][0-9A-Za-z][0-9A-Za-z.+-]*`)

// hyphenated is two versions with a dash between them and no spaces.
var hyphenated = regexp.MustCompile(`(\d+\.\d+)-v?(\d+\.\d+)(?:$|[\s,|])`)

// ParseKubernetesRange reads a range of Kubernetes versions: ">=1.25", "1.35 || 1.34", ">= 1.19.0-0". What a vendor or a prerelease
// appends is dropped, as ParseKubernetes does. A cluster is known by its minor, so the range holds a minor when it holds any version
// of it: "1.29" is held by ">=1.29.3". Its String is as it was written.
func ParseKubernetesRange(s string) (Range, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Range{}, errors.New("it is empty")
	}
	if m := hyphenated.FindStringSubmatch(s); m != nil {
		return Range{}, fmt.Errorf("%q could mean a prerelease: write \"%s - %s\" for all from one to the other", m[0], m[1], m[2])
	}
	r, err := ParseRange(vendorSuffix.ReplaceAllString(s, "$1"))
	if err != nil {
		return Range{}, fmt.Errorf("range %q: %w", s, errors.Unwrap(err))
	}
	for i, held := range r.stable {
		held.low[2] = 0
		if held.high != end && held.high[2] > 0 {
			held.high = triple{held.high[0], held.high[1] + 1, 0}
		}
		r.stable[i] = held
	}
	r.raw, r.prerelease = s, false
	return r, nil
}

// without is the range of Kubernetes versions that this one does not hold, written by minors: "<1.31 || >=1.33".
func (r Range) without() Range {
	left := []interval{{high: end}}
	for _, held := range r.stable {
		left = intersect(left, []interval{{high: held.low}, {held.high, end}})
	}
	slices.SortFunc(left, func(a, b interval) int { return slices.Compare(a.low[:], b.low[:]) })
	var parts []string
	for _, i := range left {
		var bounds []string
		if i.low != (triple{}) {
			bounds = append(bounds, fmt.Sprintf(">=%d.%d", i.low[0], i.low[1]))
		}
		if i.high != end {
			bounds = append(bounds, fmt.Sprintf("<%d.%d", i.high[0], i.high[1]))
		}
		parts = append(parts, strings.Join(bounds, " "))
	}
	text := strings.Join(parts, " || ")
	if text == "" {
		text = "<0.0.0"
	}
	return Range{raw: text, stable: left}
}
