package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Version is a package version, "v1.17.0+2": a semantic version and a packaging revision after the plus.
// Two versions that differ only in the revision order by it as a number; no revision orders lowest.
// The zero Version is no version.
type Version struct {
	raw      string
	semver   *semver.Version
	revision uint64 // the N of +N, plus one; 0 without a plus
}

// maxVersionLength bounds what ParseVersion reads, so that a hostile index costs nothing.
const maxVersionLength = 128

// ParseVersion reads a version with or without a leading "v". Leading zeros, non-ASCII digits, a missing minor or patch
// that would make two spellings of one version, and a revision that is no number are errors.
func ParseVersion(s string) (Version, error) {
	if len(s) > maxVersionLength {
		return Version{}, fmt.Errorf("version of %d bytes: more than %d", len(s), maxVersionLength)
	}
	parsed, err := semver.StrictNewVersion(strings.TrimPrefix(s, "v"))
	if err != nil {
		return Version{}, fmt.Errorf("version %q is not MAJOR.MINOR.PATCH[-PRERELEASE][+N]: %w", s, err)
	}
	v := Version{raw: s, semver: parsed}
	if metadata := parsed.Metadata(); metadata != "" {
		n, err := strconv.ParseUint(metadata, 10, 63)
		if err != nil || strconv.FormatUint(n, 10) != metadata {
			return Version{}, fmt.Errorf("version %q: packaging revision %q is not a number", s, metadata)
		}
		v.revision = n + 1
	}
	return v, nil
}

// String is the version as it was written.
func (v Version) String() string { return v.raw }

// IsZero reports whether v is no version.
func (v Version) IsZero() bool { return v.semver == nil }

// Compare orders versions: semantic version first, packaging revision second.
func (v Version) Compare(w Version) int {
	if v.semver == nil || w.semver == nil {
		return cmp.Compare(v.raw, w.raw)
	}
	return cmp.Or(v.semver.Compare(w.semver), cmp.Compare(v.revision, w.revision))
}

// Prerelease reports whether the version is not a stable one.
func (v Version) Prerelease() bool { return v.semver != nil && v.semver.Prerelease() != "" }

// Major, Minor and Patch are the three numbers of the version.
func (v Version) Major() uint64 { return v.semver.Major() }

// Minor is the second number of the version.
func (v Version) Minor() uint64 { return v.semver.Minor() }

// Patch is the third number of the version.
func (v Version) Patch() uint64 { return v.semver.Patch() }

// Range is a set of versions. The zero Range allows every stable version.
type Range struct {
	raw         string
	constraints *semver.Constraints
	exact       *Version // a full version with +N means exactly that one
}

var errEmptyRange = errors.New("empty range")

// ParseRange reads a range in the syntax of Masterminds/semver (">=1.17 <2", "~1.3.0", "1.x || 2.x"). An empty string allows
// every stable version. A full version with a packaging revision ("v1.17.0+2") allows exactly that one.
func ParseRange(s string) (Range, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Range{}, nil
	}
	if len(s) > 4*maxVersionLength {
		return Range{}, fmt.Errorf("range of %d bytes: more than %d", len(s), 4*maxVersionLength)
	}
	if strings.Contains(s, "+") {
		if v, err := ParseVersion(strings.TrimPrefix(s, "=")); err == nil {
			return Range{raw: s, exact: &v}, nil
		}
	}
	constraints, err := semver.NewConstraint(s)
	if err != nil {
		return Range{}, fmt.Errorf("range %q: %w", s, errors.Join(errEmptyRange, err))
	}
	return Range{raw: s, constraints: constraints}, nil
}

// String is the range as it was written, empty for "any stable version".
func (r Range) String() string { return r.raw }

// Allows reports whether the range holds the version. A prerelease is held only by a range that names one.
func (r Range) Allows(v Version) bool {
	switch {
	case v.semver == nil:
		return false
	case r.exact != nil:
		return r.exact.Compare(v) == 0
	case r.constraints != nil:
		return r.constraints.Check(v.semver)
	}
	return !v.Prerelease()
}
