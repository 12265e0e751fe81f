package workspace

import (
	"path"
	"slices"
	"time"

	"gkops.dev/gkops/resolver/catalog"
)

// Policy says how packages move. Holds bind everybody who solves; all else binds the bot alone.
type Policy struct {
	Moves `yaml:",inline"`

	TimeZone string      `yaml:"timeZone,omitempty" json:"timeZone,omitempty"`
	Groups   []Group     `yaml:"groups,omitempty" json:"groups,omitempty"`
	Rules    []Rule      `yaml:"rules,omitempty" json:"rules,omitempty"`
	Pins     []Pin       `yaml:"pins,omitempty" json:"pins,omitempty"`
	Skips    []Pin       `yaml:"skips,omitempty" json:"skips,omitempty"`
	Limits   Limits      `yaml:"limits,omitempty" json:"limits,omitzero"`
	Commits  CommitStyle `yaml:"commits,omitempty" json:"commits,omitempty"`

	Holds  []Hold   `yaml:"holds,omitempty" json:"holds,omitempty"`
	Review Review   `yaml:"review,omitempty" json:"review,omitzero"`
	Ignore []Ignore `yaml:"ignore,omitempty" json:"ignore,omitempty"`
}

// Moves is how packages move: all of the workspace, or those that a rule selects. What is absent is as the rules before say. Schedule
// lists crontab expressions of five fields; a pull may be opened in every minute that one of them matches. Soak is the age that a
// version must have, and how long a cluster must have run it before its followers take it. Checks lets followers wait, too, until all checks of
// the branch's last commit have passed.
type Moves struct {
	Level     Level      `yaml:"level,omitempty" json:"level,omitempty"`
	Schedule  []string   `yaml:"schedule,omitempty" json:"schedule,omitempty"`
	Soak      string     `yaml:"soak,omitempty" json:"soak,omitempty"`
	Checks    *bool      `yaml:"checks,omitempty" json:"checks,omitempty"`
	Automerge *Automerge `yaml:"automerge,omitempty" json:"automerge,omitempty"`
	Reviewers []string   `yaml:"reviewers,omitempty" json:"reviewers,omitempty"`
	Assignees []string   `yaml:"assignees,omitempty" json:"assignees,omitempty"`
	Labels    []string   `yaml:"labels,omitempty" json:"labels,omitempty"`
}

// Level is how far a version may move without being asked for. An absent level is Minor.
type Level string

// The levels, each with those before it.
const (
	Patch Level = "patch"
	Minor Level = "minor"
	Major Level = "major"
)

// LevelOf is the level of a move from one version to another: the first of the three numbers that differs. Below v1 the second number
// is the major one, as ranges with ^ have it. A move between packaging revisions alone is a Patch.
func LevelOf(from, to catalog.Version) Level {
	switch {
	case from.Major() != to.Major(), from.Major() == 0 && from.Minor() != to.Minor():
		return Major
	case from.Minor() != to.Minor():
		return Minor
	}
	return Patch
}

// Allows reports whether a move of another level is within this one.
func (l Level) Allows(other Level) bool {
	order := []Level{Patch, Minor, Major}
	if l == "" {
		l = Minor
	}
	return slices.Index(order, other) <= slices.Index(order, l)
}

// Automerge lets pulls be merged without a person: those of this risk or less, when all their checks have passed.
type Automerge struct {
	Risk   string `yaml:"risk" json:"risk"`
	Method string `yaml:"method,omitempty" json:"method,omitempty"`
}

// AutomergeOff is the risk of a rule that takes automerge back.
const AutomergeOff = "off"

// Rule changes how some packages move. A package is named, or matched by a pattern with "*"; what selects nothing matches all. Later
// rules go over earlier ones, and all of them over the policy itself.
type Rule struct {
	Packages []string `yaml:"packages,omitempty" json:"packages,omitempty"`
	Clusters []string `yaml:"clusters,omitempty" json:"clusters,omitempty"`
	Groups   []string `yaml:"groups,omitempty" json:"groups,omitempty"`
	Moves    `yaml:",inline"`

	where string
}

// Where is the place of the entry, "gkops.yaml:12"; empty for one that was not parsed.
func (r Rule) Where() string { return r.where }

// Group is a set of packages that are upgraded together. A package is named, or matched by a pattern with "*".
type Group struct {
	Name     string   `yaml:"name" json:"name"`
	Packages []string `yaml:"packages" json:"packages"`
}

// Pin is a range of versions of a package, in some clusters or in all. As one of Policy.Pins, the bot keeps the package in it; as
// one of Policy.Skips, the bot proposes none of its versions. Until is the last day on which it holds, "2026-01-31"; absent is for ever.
type Pin struct {
	Package  string   `yaml:"package" json:"package"`
	Version  string   `yaml:"version" json:"version"`
	Clusters []string `yaml:"clusters,omitempty" json:"clusters,omitempty"`
	Reason   string   `yaml:"reason" json:"reason"`
	Until    string   `yaml:"until,omitempty" json:"until,omitempty"`

	where string
}

// Where is the place of the entry, "gkops.yaml:12"; empty for one that was not parsed.
func (p Pin) Where() string { return p.where }

// Range is the range of versions. Parse has checked it.
func (p Pin) Range() catalog.Range {
	r, _ := catalog.ParseRange(p.Version)
	return r
}

// Binds reports whether the pin is about a package of a cluster at a time. Its last day ends with the day in UTC.
func (p Pin) Binds(pkg, cluster string, now time.Time) bool {
	if p.Package != pkg || len(p.Clusters) > 0 && !slices.Contains(p.Clusters, cluster) {
		return false
	}
	last, err := time.Parse(time.DateOnly, p.Until)
	return p.Until == "" || err == nil && now.Before(last.AddDate(0, 0, 1))
}

// Limits bound the pulls of the bot. Open is how many may be open at once, ten when it is absent; Hourly how many may be opened in an
// hour, without a bound when it is absent. Pulls that close a known hole are not counted.
type Limits struct {
	Open   int `yaml:"open,omitempty" json:"open,omitempty"`
	Hourly int `yaml:"hourly,omitempty" json:"hourly,omitempty"`
}

// CommitStyle is the convention of the messages of commits. An absent style is Plain.
type CommitStyle string

// The conventions.
const (
	Plain        CommitStyle = "plain"
	Conventional CommitStyle = "conventional" // conventionalcommits.org
)

// Subject is what rules select by.
type Subject struct{ Package, Cluster, Group string }

// For is how a package of a cluster moves, in a group of upgrades: the policy with all rules over it that are about it.
func (p Policy) For(s Subject) Moves {
	m := p.Moves
	for _, r := range p.Rules {
		if selects(r.Packages, s.Package) && selects(r.Clusters, s.Cluster) && selects(r.Groups, s.Group) {
			m = m.over(r.Moves)
		}
	}
	return m
}

// GroupOf is the first group that a package is listed in, empty for none.
func (p Policy) GroupOf(pkg string) string {
	for _, g := range p.Groups {
		if selects(g.Packages, pkg) {
			return g.Name
		}
	}
	return ""
}

// selects reports whether one of some patterns matches a name; no patterns match all.
func selects(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		return err == nil && matched
	})
}

// over is m with what other sets in its place. A list that is there and empty sets it to nothing.
func (m Moves) over(other Moves) Moves {
	if other.Level != "" {
		m.Level = other.Level
	}
	if other.Soak != "" {
		m.Soak = other.Soak
	}
	if other.Checks != nil {
		m.Checks = other.Checks
	}
	if other.Automerge != nil {
		m.Automerge = other.Automerge
	}
	for _, list := range []struct{ into, from *[]string }{
		{&m.Schedule, &other.Schedule}, {&m.Reviewers, &other.Reviewers}, {&m.Assignees, &other.Assignees}, {&m.Labels, &other.Labels},
	} {
		if *list.from != nil {
			*list.into = *list.from
		}
	}
	return m
}
