package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// Statement is a fact about one version, and who states it.
type Statement struct {
	Fact
	Registry string // the registry or overlay that has it
	Overlay  bool
	File     string // the Name of the file, "argo-cd/facts.yaml"
}

// Source names who says so: "tested to work in e2e/run.log on 2026-01-31, facts of overlay compat".
func (s Statement) Source() string {
	by := s.Registry
	if s.Overlay {
		by = "overlay " + s.Registry
	}
	return s.Evidence.String() + ", facts of " + by
}

// Known is what the facts of all registries say of one version of a package, in the order: the file beside its package.yaml, its
// registry's, the overlays' in list order. Its methods give what holds; nothing stated means nothing known.
type Known []Statement

// StatedRange is a range, and who says so.
type StatedRange struct {
	Range  Range
	Source string
}

// StatedConflict is a package that may not be there, and who says so.
type StatedConflict struct {
	Package        string
	Range          Range
	Reason, Source string
}

// StatedAPI is an API, and who says so.
type StatedAPI struct {
	FactAPI
	Source string
}

// Kubernetes is what decides whether the version fits a Kubernetes version: the statements about that minor with the weightiest
// evidence, of these the latest, of these the ones that exclude it when there are such. The version fits when every range of the
// answer holds it. There is no answer when nothing is said of that minor.
func (k Known) Kubernetes(cluster Version) []StatedRange {
	type verdict struct {
		StatedRange
		weight int
		date   string
		fits   bool
	}
	var said []verdict
	for _, s := range k {
		r, err := ParseKubernetesRange(s.Fact.Kubernetes)
		if err != nil || cluster.IsZero() {
			continue // absent
		}
		holds := r.Allows(cluster)
		if s.Evidence.seen() && !holds {
			continue // silent about that minor
		}
		if s.Evidence.Result == Fails {
			r, holds = r.without(), false
		}
		said = append(said, verdict{StatedRange{r, s.Source()}, s.Evidence.weight(), s.Evidence.Date, holds})
	}
	if len(said) == 0 {
		return nil
	}
	slices.SortStableFunc(said, func(a, b verdict) int {
		excludes := 0
		if a.fits != b.fits {
			excludes = -1
			if a.fits {
				excludes = 1
			}
		}
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.date, a.date), excludes)
	})
	var deciding []StatedRange
	for _, v := range said {
		if v.weight != said[0].weight || v.date != said[0].date || v.fits != said[0].fits {
			break
		}
		if !slices.ContainsFunc(deciding, func(d StatedRange) bool { return d.Source == v.Source && d.Range.String() == v.Range.String() }) {
			deciding = append(deciding, v.StatedRange)
		}
	}
	return deciding
}

// weight orders the kinds of evidence.
func (e Evidence) weight() int {
	switch e.Kind {
	case Tested:
		return 4
	case Measured:
		return 3
	case Reported:
		return 1
	}
	return 2
}

// Requirements are the packages that facts add to those of package.yaml. What was only seen to work together asks for the package
// in any version: that it works with one says nothing of the others.
func (k Known) Requirements() []Requirement {
	var all []Requirement
	for _, s := range k {
		for _, d := range s.Requires {
			r, err := ParseRange(d.Version)
			if err != nil {
				continue // ParseFacts has read it
			}
			if s.Evidence.seen() {
				r = Range{}
			}
			again := slices.ContainsFunc(all, func(a Requirement) bool { return a.Package == d.Name && a.Range.String() == r.String() })
			if !again {
				all = append(all, Requirement{Package: d.Name, Range: r, Source: s.Source()})
			}
		}
	}
	return all
}

// Conflicts are the packages that may not be there.
func (k Known) Conflicts() []StatedConflict {
	var all []StatedConflict
	for _, s := range k {
		for _, c := range s.Fact.Conflicts {
			if r, err := ParseRange(c.Version); err == nil {
				all = append(all, StatedConflict{c.Name, r, c.Reason, s.Source()})
			}
		}
	}
	return all
}

// Serves are the APIs that the version's definitions serve.
func (k Known) Serves() []StatedAPI {
	return k.apis(func(a FactAPIs) []FactAPI { return a.Serves })
}

// Uses are the APIs that the version's objects are of.
func (k Known) Uses() []StatedAPI { return k.apis(func(a FactAPIs) []FactAPI { return a.Uses }) }

func (k Known) apis(of func(FactAPIs) []FactAPI) []StatedAPI {
	var all []StatedAPI
	for _, s := range k {
		for _, api := range of(s.APIs) {
			all = append(all, StatedAPI{api, s.Source()})
		}
	}
	return all
}

// From is the versions that this one can be reached from: what every statement allows. It is false when none says.
func (k Known) From() (from StatedRange, said bool) {
	for _, s := range k {
		r, err := ParseRange(s.UpgradeFrom)
		if s.UpgradeFrom == "" || err != nil {
			continue
		}
		if !said {
			from, said = StatedRange{r, s.Source()}, true
			continue
		}
		if both, err := ParseRange(both(from.Range.String(), r.String())); err == nil {
			from = StatedRange{both, from.Source + "; " + s.Source()}
		}
	}
	return from, said
}

// both is the text of the range that two ranges share.
func both(a, b string) string {
	var parts []string
	for x := range strings.SplitSeq(a, "||") {
		for y := range strings.SplitSeq(b, "||") {
			parts = append(parts, strings.TrimSpace(x)+", "+strings.TrimSpace(y))
		}
	}
	return strings.Join(parts, " || ")
}

// Yanked is why the version was withdrawn, empty when it was not.
func (k Known) Yanked() string {
	for _, s := range k {
		if s.Fact.Yanked != "" {
			return s.told(s.Fact.Yanked)
		}
	}
	return ""
}

// Prerelease is why the version counts as a prerelease though it is written as a stable one; empty when it does not.
func (k Known) Prerelease() string {
	for _, s := range k {
		if s.Fact.Prerelease != "" {
			return s.told(s.Fact.Prerelease)
		}
	}
	return ""
}

// Deprecated is why the version is better not used any more, and what to use instead; empty when it may be used.
func (k Known) Deprecated() string {
	for _, s := range k {
		if s.Fact.Deprecated == "" {
			continue
		}
		text := s.told(s.Fact.Deprecated)
		if s.Replacement != "" {
			text += "; use " + s.Replacement
		}
		return text
	}
	return ""
}

// told is a reason on one line; what an overlay says of somebody else's package names it.
func (s Statement) told(reason string) string {
	text := shownText(strings.Join(strings.Fields(reason), " "))
	if s.Overlay {
		text += " (facts of overlay " + s.Registry + ")"
	}
	return text
}

// Provides are the virtual packages that the version stands in for.
func (k Known) Provides() []Provided {
	var all []Provided
	for _, s := range k {
		for _, p := range s.Fact.Provides {
			v, _ := ParseVersion(p.Version) // absent is zero; ParseFacts has read the others
			if one := (Provided{p.Name, v}); !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all
}
