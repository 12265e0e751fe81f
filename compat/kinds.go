package compat

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// place is where something was found.
type place struct {
	*piece
	object finding.Object
	line   int
	path   string           // inside of the object, empty for the object itself
	most   finding.Severity // no finding here is graver; empty sets no bound
}

// at is the place of a node inside of the object.
func (p place) at(node *yaml.Node, path string) place {
	p.path = path
	if node.Line != 0 {
		p.line = node.Line + p.shift
	}
	return p
}

// find makes a finding of a rule at the place.
func (p place) find(rule, message string) finding.Finding {
	if p.path != "" {
		message = p.path + ": " + message
	}
	if p.within != "" {
		message = p.within + ": " + message
	}
	f := newFinding(rule, p.object, message)
	f.File, f.Line = p.doc.File, p.line
	if p.most == finding.Info || p.most == finding.Warning && f.Severity == finding.Error {
		f.Severity = p.most
	}
	return f
}

// servedAt reports whether a kind is served at a minor, beyond the known minors by its promises.
func (c *checker) servedAt(row *knowledge.Kind, at knowledge.Minor) bool {
	switch {
	case at > c.known.Newest:
		return row.Served.Has(c.known.Newest)
	case at < c.known.Oldest:
		return row.Introduced <= at && (row.Removed == 0 || at < row.Removed)
	}
	return row.Served.Has(at)
}

// kind judges a use of a built-in kind and notes which minors it allows.
func (c *checker) kind(p place, row *knowledge.Kind, out *result) {
	if row == nil {
		return
	}
	f, found := c.judgeKind(p, row)
	if found {
		out.findings = append(out.findings, f)
	}
	if p.most == "" {
		c.limit(row.Served, c.bound(p, row), out)
	}
}

// judgeKind is the gravest thing to say about a kind at the minor.
func (c *checker) judgeKind(p place, row *knowledge.Kind) (finding.Finding, bool) {
	switch {
	case row.Removed > c.known.Newest && row.Removed <= c.at:
		return c.going(p, row), true
	case !c.servedAt(row, c.at) && row.Removed != 0 && row.Removed <= c.at:
		return c.removed(p, row), true
	case !c.servedAt(row, c.at):
		return c.notYet(p, row), true
	case c.at >= c.known.Oldest && !row.Default.Has(c.known.Clamp(c.at)):
		f := p.find(OffByDefault, fmt.Sprintf("%s is served by Kubernetes %s only when the API server is told to", row.GVK, c.at))
		f.Since = row.Introduced.String()
		return f, true
	case row.Deprecated == 0 || row.Deprecated > c.at:
		return finding.Finding{}, false
	case row.Removed > c.at:
		return c.going(p, row), true
	}
	f := p.find(Deprecated, fmt.Sprintf("%s is deprecated since Kubernetes %s%s", row.GVK, row.Deprecated, c.instead(row, c.at)))
	f.Since, f.Replacement = row.Deprecated.String(), c.replacement(row, c.at)
	return f, true
}

func (c *checker) going(p place, row *knowledge.Kind) finding.Finding {
	f := p.find(WillBeRemoved, fmt.Sprintf("%s is deprecated since Kubernetes %s and %s in %s%s", row.GVK, row.Deprecated,
		c.will(row), row.Removed, c.instead(row, row.Removed)))
	f.Since, f.Replacement = row.Removed.String(), c.replacement(row, row.Removed)
	return f
}

func (c *checker) will(row *knowledge.Kind) string {
	if row.Removed > c.known.Newest {
		return "shall be removed"
	}
	return "is removed"
}

func (c *checker) removed(p place, row *knowledge.Kind) finding.Finding {
	f := p.find(Removed, fmt.Sprintf("%s is gone since Kubernetes %s%s", row.GVK, row.Removed, c.instead(row, c.at)))
	f.Since, f.Replacement = row.Removed.String(), c.replacement(row, c.at)
	return f
}

func (c *checker) notYet(p place, row *knowledge.Kind) finding.Finding {
	first := row.Served.After(c.at)
	if first == 0 {
		first = row.Introduced
	}
	f := p.find(NotYet, fmt.Sprintf("%s is served from Kubernetes %s on, not by %s%s", row.GVK, first, c.at, c.or(row)))
	f.Until, f.Replacement = (first - 1).String(), c.replacement(row, c.at)
	return f
}

// bound is a finding for the interval: why a kind bounds it on either side.
func (c *checker) bound(p place, row *knowledge.Kind) finding.Finding {
	message := fmt.Sprintf("%s is not served by any Kubernetes from %s on%s", row.GVK, c.known.Oldest, c.or(row))
	if row.Served != 0 {
		message = fmt.Sprintf("%s is served by Kubernetes %s%s", row.GVK, row.Served, c.or(row))
	}
	f := p.find(Removed, message)
	f.Replacement = c.replacement(row, c.at)
	return f
}

func (c *checker) replacement(row *knowledge.Kind, at knowledge.Minor) string {
	next, found := c.known.Replacement(row, at)
	if !found {
		return ""
	}
	return next.String()
}

// or is the end of a message that names another version to use, empty when there is none.
func (c *checker) or(row *knowledge.Kind) string {
	if next := c.replacement(row, c.at); next != "" {
		return ": use " + next
	}
	return ""
}

// instead is the end of a message that names the replacement.
func (c *checker) instead(row *knowledge.Kind, at knowledge.Minor) string {
	if next := c.replacement(row, at); next != "" {
		return ": use " + next
	}
	return ": nothing replaces it"
}
