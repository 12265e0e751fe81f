package compat

import (
	"fmt"
	"path"
	"strings"
	"time"

	"gkops.dev/gkops/compat/finding"
)

// Ignore says which findings do not count, and why. Empty Path, Rule and Object match everything.
type Ignore struct {
	Path    string `json:"path,omitempty" yaml:"path,omitempty"`       // pattern of path.Match, with ** for any number of folders
	Rule    string `json:"rule,omitempty" yaml:"rule,omitempty"`       // "removed"
	Object  string `json:"object,omitempty" yaml:"object,omitempty"`   // "Kind/name" or "Kind/namespace/name"
	Reason  string `json:"reason" yaml:"reason"`                       // must be given
	Expires string `json:"expires,omitempty" yaml:"expires,omitempty"` // last day, "2026-12-31"; empty is never
	Where   string `json:"-" yaml:"-"`                                 // where the rule was written, "gkops.yaml:12"
}

// Ignored is a finding that does not count.
type Ignored struct {
	Finding finding.Finding `json:"finding"`
	Reason  string          `json:"reason"`
	Expires string          `json:"expires,omitempty"`
	Where   string          `json:"-"` // of the rule, "gkops.yaml:12"
}

// Apply takes away what is ignored on a day and adds a finding for every rule that has run out, that gives no reason, or that
// matches nothing. Its error is an expiry or a pattern that cannot be read.
func Apply(findings []finding.Finding, rules []Ignore, today time.Time) (kept []finding.Finding, ignored []Ignored, err error) {
	kept = []finding.Finding{}
	used := make([]bool, len(rules))
	active := make([]bool, len(rules))
	for i, rule := range rules {
		note, on, err := rule.check(today)
		if err != nil {
			return nil, nil, err
		}
		active[i] = on
		if !on {
			kept = append(kept, note)
		}
	}
	for _, f := range findings {
		by := -1
		for i, rule := range rules {
			if active[i] && rule.matches(f) {
				by, used[i] = i, true
				break
			}
		}
		if by < 0 {
			kept = append(kept, f)
			continue
		}
		ignored = append(ignored, Ignored{Finding: f, Reason: rules[by].Reason, Expires: rules[by].Expires, Where: rules[by].Where})
	}
	for i, rule := range rules {
		if active[i] && !used[i] {
			kept = append(kept, rule.note(IgnoreUnused, "the ignore rule for %s matches nothing"))
		}
	}
	finding.Sort(kept)
	return kept, ignored, nil
}

// check says whether a rule holds on a day, and if not what to say about it.
func (g Ignore) check(today time.Time) (finding.Finding, bool, error) {
	if _, err := path.Match(strings.ReplaceAll(g.Path, "**", "*"), ""); err != nil {
		return finding.Finding{}, false, fmt.Errorf("ignore rule for %s: %w", g.subject(), err)
	}
	if strings.TrimSpace(g.Reason) == "" {
		return g.note(IgnoreNoReason, "the ignore rule for %s gives no reason and is not used"), false, nil
	}
	if g.Expires == "" {
		return finding.Finding{}, true, nil
	}
	last, err := time.Parse(time.DateOnly, g.Expires)
	if err != nil {
		return finding.Finding{}, false, fmt.Errorf("ignore rule for %s: expires %q is no day: want 2026-12-31", g.subject(), g.Expires)
	}
	if today.UTC().Truncate(24 * time.Hour).After(last) {
		return g.note(IgnoreExpired, "the ignore rule for %s ran out on "+g.Expires+" ("+strings.ReplaceAll(g.Reason, "%", "%%")+")"), false, nil
	}
	return finding.Finding{}, true, nil
}

// note is a finding about the rule itself.
func (g Ignore) note(rule, format string) finding.Finding {
	f := newFinding(rule, finding.Object{}, fmt.Sprintf(format, g.subject()))
	f.File, f.Line = splitWhere(g.Where)
	return f
}

func (g Ignore) subject() string {
	var parts []string
	for _, part := range []string{g.Rule, g.Path, g.Object} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, " in ")
}

// splitWhere takes "gkops.yaml:12" apart.
func splitWhere(where string) (string, int) {
	file, after, found := strings.Cut(where, ":")
	line := 0
	if found {
		fmt.Sscan(after, &line)
	}
	return file, line
}

func (g Ignore) matches(f finding.Finding) bool {
	if g.Rule != "" && g.Rule != f.Rule {
		return false
	}
	if g.Path != "" && !matchPath(strings.Split(g.Path, "/"), strings.Split(f.File, "/")) {
		return false
	}
	return g.Object == "" || g.Object == f.Object.Kind+"/"+f.Object.Name || g.Object == f.Object.Kind+"/"+f.Object.Namespace+"/"+f.Object.Name
}

// matchPath matches segment by segment; ** stands for any number of segments. A pattern that ends early matches what is below.
func matchPath(pattern, name []string) bool {
	if len(pattern) == 0 || len(pattern) == 1 && pattern[0] == "" {
		return true
	}
	if pattern[0] == "**" {
		for skip := 0; skip <= len(name); skip++ {
			if matchPath(pattern[1:], name[skip:]) {
				return true
			}
		}
		return false
	}
	if len(name) == 0 {
		return false
	}
	same, err := path.Match(pattern[0], name[0])
	return err == nil && same && matchPath(pattern[1:], name[1:])
}
