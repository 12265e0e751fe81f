package catalog

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Version is a package version, "v1.17.0+2": a semantic version and a packaging revision after the plus.
// Two versions that differ only in the revision order by it as a number; no revision orders lowest.
// The zero Version is no version. Versions compare with ==, which tells spellings ("v1.0.0", "1.0.0") apart; Compare and Key
// do not.
type Version struct {
	raw                 string
	major, minor, patch uint64
	prerelease          string
	revision            uint64 // the N of +N, plus one; 0 without a plus
}

const (
	// maxVersionLength bounds what ParseVersion reads, so that a hostile index costs nothing.
	maxVersionLength = 128
	// maxNumber bounds each number of a version: dates and build numbers fit, and adding one never overflows.
	maxNumber = 1<<53 - 1
)

// ParseVersion reads a version with or without a leading "v". Leading zeros, non-ASCII digits, a missing minor or patch
// that would make two spellings of one version, a number over 2^53 and a revision that is no number are errors.
func ParseVersion(s string) (Version, error) {
	if len(s) > maxVersionLength {
		return Version{}, fmt.Errorf("version %q... has %d bytes, more than %d", s[:16], len(s), maxVersionLength)
	}
	parsed, err := semver.StrictNewVersion(strings.TrimPrefix(s, "v"))
	if err != nil {
		return Version{}, fmt.Errorf("version %q is not MAJOR.MINOR.PATCH[-PRERELEASE][+N]: %w", s, err)
	}
	v := Version{raw: s, major: parsed.Major(), minor: parsed.Minor(), patch: parsed.Patch(), prerelease: parsed.Prerelease()}
	if max(v.major, v.minor, v.patch) > maxNumber {
		return Version{}, fmt.Errorf("version %q: a number is more than %d", s, uint64(maxNumber))
	}
	if v.revision, err = parseRevision(parsed.Metadata()); err != nil {
		return Version{}, fmt.Errorf("version %q: %w", s, err)
	}
	return v, nil
}

// parseRevision returns the number plus one, 0 for no revision.
func parseRevision(metadata string) (uint64, error) {
	if metadata == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(metadata, 10, 53)
	if err != nil || strconv.FormatUint(n, 10) != metadata {
		return 0, fmt.Errorf("packaging revision %q is not a number", metadata)
	}
	return n + 1, nil
}

// String is the version as it was written.
func (v Version) String() string { return v.raw }

// Key is the version in its one canonical spelling, "1.17.0+2": two versions have the same key when Compare says 0.
func (v Version) Key() string {
	if v.IsZero() {
		return ""
	}
	return strings.TrimPrefix(v.raw, "v")
}

// IsZero reports whether v is no version.
func (v Version) IsZero() bool { return v.raw == "" }

// Compare orders versions: semantic version first, packaging revision second. No version orders before all others.
func (v Version) Compare(w Version) int {
	if v.IsZero() || w.IsZero() {
		return cmp.Compare(v.raw, w.raw)
	}
	if c := cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor), cmp.Compare(v.patch, w.patch)); c != 0 {
		return c
	}
	if v.prerelease != w.prerelease {
		return v.semver().Compare(w.semver())
	}
	return cmp.Compare(v.revision, w.revision)
}

// Equal reports whether Compare says 0.
func (v Version) Equal(w Version) bool { return v.Compare(w) == 0 }

// Prerelease reports whether the version is not a stable one.
func (v Version) Prerelease() bool { return v.prerelease != "" }

// Major is the first number of the version.
func (v Version) Major() uint64 { return v.major }

// Minor is the second number of the version.
func (v Version) Minor() uint64 { return v.minor }

// Patch is the third number of the version.
func (v Version) Patch() uint64 { return v.patch }

// semver is the version without its revision.
func (v Version) semver() *semver.Version {
	return semver.New(v.major, v.minor, v.patch, v.prerelease, "")
}
