package catalog

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Range is a set of versions. The zero Range allows every stable version.
type Range struct {
	raw         string
	constraints *semver.Constraints // nil where stable says it all
	stable      []interval          // what it says of stable versions
	prerelease  bool
	exact       Version // a full version with +N means exactly that one
}

// Requirement is a package and the versions of it that will do.
type Requirement struct {
	Package string
	Range   Range
	Source  string // who says so, when it is not the package itself: "facts of overlay compat: README.md"
}

// ParseRange reads a range in the syntax of Masterminds/semver (">=1.17 <2", "~1.3.0", "1.x || 2.x"). An empty string allows
// every stable version. A full version with a packaging revision ("v1.17.0+2", "=1.17.0+2") allows exactly that one;
// everywhere else a revision is ignored.
func ParseRange(s string) (Range, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Range{}, nil
	}
	if len(s) > semver.MaxConstraintLen {
		return Range{}, fmt.Errorf("range %q... has %d bytes, more than %d", s[:16], len(s), semver.MaxConstraintLen)
	}
	if strings.Contains(s, "+") {
		if v, err := ParseVersion(strings.TrimSpace(strings.TrimPrefix(s, "="))); err == nil {
			return Range{raw: s, exact: v, prerelease: v.Prerelease()}, nil
		}
	}
	r, normal := Range{raw: s}, s
	var err error
	if !isNormal(s) { // reading it that way costs twenty times as much
		if r.constraints, err = semver.NewConstraint(s); err != nil {
			return Range{}, fmt.Errorf("range %q: %w", s, err)
		}
		normal = r.constraints.String()
	}
	if r.stable, r.prerelease, err = compile(normal); err != nil {
		return Range{}, fmt.Errorf("range %q: %w", s, err)
	}
	return r, nil
}

// Exactly is the range that allows only this version.
func Exactly(v Version) Range {
	return Range{raw: "=" + v.String(), exact: v, prerelease: v.Prerelease()}
}

// String is the range as it was written, empty for "any stable version".
func (r Range) String() string { return r.raw }

// IsAny reports whether the range asks for nothing but a stable version.
func (r Range) IsAny() bool { return r.raw == "" }

// Exact is the only version that the range allows, when it was written as a full version with a packaging revision.
func (r Range) Exact() (Version, bool) { return r.exact, !r.exact.IsZero() }

// Prerelease reports whether the range names a prerelease, so that it may hold one.
func (r Range) Prerelease() bool { return r.prerelease }

// Allows reports whether the range holds the version. A prerelease is held only by a range that names one, and in a range of
// alternatives only by an alternative that does. For stable versions it allocates nothing.
func (r Range) Allows(v Version) bool {
	switch {
	case v.IsZero():
		return false
	case !r.exact.IsZero():
		return r.exact.Compare(v) == 0
	case v.Prerelease():
		return r.prerelease && r.constraints.Check(v.semver())
	case r.IsAny():
		return true
	}
	at := triple{v.major, v.minor, v.patch}
	for _, i := range r.stable {
		if i.holds(at) {
			return true
		}
	}
	return false
}
