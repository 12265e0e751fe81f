package workspace

import (
	"path"
	"slices"
	"strings"
	"time"

	"gkops.dev/gkops/resolver/catalog"
)

func (c *checker) policy() {
	policy := c.workspace.Policy
	at := []any{"policy"}
	c.moves(at, policy.Moves)
	if _, err := ParseWindow(nil, policy.TimeZone); err != nil {
		c.wrong([]any{"policy", "timeZone"}, "a name of the IANA database, as Europe/Vienna; absent is UTC", "%v", err)
	}
	c.groups(policy.Groups)
	for n, r := range policy.Rules {
		c.rule([]any{"policy", "rules", n}, r)
	}
	c.pins("pins", policy.Pins)
	c.pins("skips", policy.Skips)
	if policy.Limits.Open < 0 || policy.Limits.Hourly < 0 {
		c.wrong([]any{"policy", "limits"}, "leave it out for no limit", "a limit is below zero")
	}
	if !slices.Contains([]CommitStyle{"", Plain, Conventional}, policy.Commits) {
		c.wrong([]any{"policy", "commits"}, "conventions: plain, conventional", "convention %.80q is not known", policy.Commits)
	}
	c.holds(policy.Holds)
	c.ignores(policy.Ignore)
	c.folds(policy.Review.Ignore)
}

// moves checks how packages move, of the policy or of a rule.
func (c *checker) moves(at []any, m Moves) {
	below := func(key ...any) []any { return append(slices.Clone(at), key...) }
	if !slices.Contains([]Level{"", Patch, Minor, Major}, m.Level) {
		c.wrong(below("level"), "levels: patch, minor, major", "level %.80q is not known", m.Level)
	}
	for n, expression := range m.Schedule {
		if _, err := ParseWindow([]string{expression}, ""); err != nil {
			c.wrong(below("schedule", n), `minute, hour, day, month, day of the week: "* 6-8 * * 1-5"`, "%v", err)
		}
	}
	if _, err := ParseSoak(m.Soak); err != nil {
		c.wrong(below("soak"), "write it like 3d or 12h", "soak %.80q is not a duration", m.Soak)
	}
	if m.Automerge != nil {
		if !slices.Contains([]string{AutomergeOff, "none", "low", "medium"}, m.Automerge.Risk) {
			c.wrong(below("automerge", "risk"), "risks: off, none, low, medium; what is riskier needs a person", "risk %.80q cannot be merged by itself", m.Automerge.Risk)
		}
		if !slices.Contains([]string{"", "merge", "squash", "rebase"}, m.Automerge.Method) {
			c.wrong(below("automerge", "method"), "methods: merge, squash, rebase", "method %.80q is not known", m.Automerge.Method)
		}
	}
	c.names(below("reviewers"), m.Reviewers)
	c.names(below("assignees"), m.Assignees)
	c.names(below("labels"), m.Labels)
}

// names checks what goes to a forge as it is.
func (c *checker) names(at []any, list []string) {
	for n, name := range list {
		if strings.TrimSpace(name) == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			c.wrong(append(slices.Clone(at), n), "", "%.80q is no name", name)
		}
	}
}

func (c *checker) groups(groups []Group) {
	seen := map[string]bool{}
	for n, g := range groups {
		at := []any{"policy", "groups", n}
		if g.Name == "" || len(g.Packages) == 0 {
			c.wrong(at, "", "a group needs a name and packages")
		} else if !isLabel(g.Name) {
			c.wrong(append(slices.Clone(at), "name"), "1 to 63 of a-z, 0-9 and -, first and last no -", "group %.80q cannot name a branch", g.Name)
		}
		if seen[g.Name] {
			c.wrong(append(slices.Clone(at), "name"), "join them", "group %.80s is listed twice", g.Name)
		}
		seen[g.Name] = true
		c.patterns(append(at, "packages"), g.Packages)
	}
}

func (c *checker) rule(at []any, r Rule) {
	c.patterns(append(slices.Clone(at), "packages"), r.Packages)
	for n, name := range r.Clusters {
		c.clusterNamed(append(slices.Clone(at), "clusters", n), name)
	}
	for n, name := range r.Groups {
		if !slices.ContainsFunc(c.workspace.Policy.Groups, func(g Group) bool { return g.Name == name }) {
			c.wrong(append(slices.Clone(at), "groups", n), "groups are listed under policy.groups", "group %.80q is not known", name)
		}
	}
	c.moves(at, r.Moves)
}

func (c *checker) patterns(at []any, patterns []string) {
	for n, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			c.wrong(append(slices.Clone(at), n), "a package, or a pattern with *", "pattern %.80q cannot be read", pattern)
		}
	}
}

func (c *checker) clusterNamed(at []any, name string) {
	if !slices.Contains(clusterNames(c.workspace), name) {
		c.wrong(at, "clusters: "+strings.Join(clusterNames(c.workspace), ", "), "cluster %.80q is not known", name)
	}
}

func (c *checker) pins(list string, pins []Pin) {
	for n, p := range pins {
		at := []any{"policy", list, n}
		c.label(append(slices.Clone(at), "package"), "package name", p.Package)
		if _, err := catalog.ParseRange(p.Version); p.Version == "" || err != nil {
			c.wrong(append(slices.Clone(at), "version"), `give a range: "<2"`, "%s of %s: version %.80q is no range", list, p.Package, p.Version)
		}
		if p.Reason == "" {
			c.wrong(at, "say why, for whoever reads it next", "%s of %s give no reason", list, p.Package)
		}
		for m, name := range p.Clusters {
			c.clusterNamed(append(slices.Clone(at), "clusters", m), name)
		}
		c.day(append(slices.Clone(at), "until"), "until", p.Until)
	}
}

func (c *checker) ignores(ignores []Ignore) {
	for n, i := range ignores {
		at := []any{"policy", "ignore", n}
		if i.Reason == "" {
			c.wrong(at, "say why, for whoever reads it next", "an ignore rule gives no reason")
		}
		c.day(append(at, "expires"), "expires", i.Expires)
	}
}

// day checks a date.
func (c *checker) day(at []any, key, text string) {
	if _, err := time.Parse(time.DateOnly, text); text != "" && err != nil {
		c.wrong(at, "write it like 2026-01-31", "%s %.80q is not a day", key, text)
	}
}
