package compat

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// RuleLimit is a CEL rule of a definition that API servers take in a new definition only from some minor on.
type RuleLimit struct {
	Path   []string        // keys and indexes down to it, as document.Lookup takes them
	Since  knowledge.Minor // the first that takes it, of those that were asked for; zero when none does
	Reason string          // why the others do not
}

// minors are those that take the rule.
func (l RuleLimit) minors(known *knowledge.Knowledge) knowledge.Minors {
	if l.Since == 0 {
		return 0
	}
	return knowledge.Between(l.Since, known.Newest)
}

// varies reports whether API servers of some minors may refuse the rules of a definition that those of others take.
func (c *checker) varies(doc *document.Document) bool {
	switch {
	case c.schemas == nil || doc.Raw != nil && !bytes.Contains(doc.Raw, []byte("x-kubernetes-validations")):
		return false
	case !doc.Verbatim:
		return true
	}
	fractions := hasFractions(doc.Raw)
	for rules := range ruleTexts(doc.Raw) {
		if c.varying()(rules, fractions) {
			return true
		}
	}
	return false
}

// expressions are the rules of one definition that not every known minor takes.
type expressions struct {
	definition *Definition
	root       *piece
	limits     []RuleLimit
	left       int // rules that were not looked at
}

// judgeRules judges the CEL rules of the definitions in the tree by what API servers take in a new definition, and returns which
// minors they allow. Definitions are read again, as they are not kept in memory; those of the same bytes once.
func (c *checker) judgeRules(ctx context.Context, report *Report) ([]limit, error) {
	var work []*expressions
	of := make([]*expressions, len(report.Definitions))
	first := map[uint64]*expressions{} // of each content
	for i := range report.Definitions {
		d := &report.Definitions[i]
		if !d.varies {
			continue
		}
		if of[i] = first[d.digest]; of[i] == nil {
			of[i] = &expressions{definition: d}
			work = append(work, of[i])
		}
		if !d.listed {
			first[d.digest] = of[i]
		}
	}
	group, compiling := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, e := range work {
		group.Go(func() error {
			if err := compiling.Err(); err != nil {
				return err
			}
			return c.compileRules(e)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var limits []limit
	for i, e := range of {
		if e == nil {
			continue
		}
		d := &report.Definitions[i]
		if e.left > 0 {
			f := newFinding(NotValidated, d.Object, fmt.Sprintf("%d of its rules were not held to what API servers take in a new definition: there are too many", e.left))
			f.File, f.Line = d.File, d.Line
			report.Findings = append(report.Findings, f)
		}
		for _, l := range e.together() {
			limits = append(limits, limit{l.minors(c.known), c.ruleBound(d, l)})
			if f, found := c.judgeRule(d, l); found {
				report.Findings = append(report.Findings, f)
			}
		}
	}
	return limits, nil
}

func (c *checker) compileRules(e *expressions) error {
	var err error
	if e.root, err = reread(e.definition); err != nil {
		return err
	}
	value, err := document.Value(e.root.doc.Root())
	if err != nil {
		return fmt.Errorf("read %s in %s: %w", e.definition.Object, e.definition.File, err)
	}
	e.limits, e.left = c.schemas.Rules(value, c.known.Minors())
	return nil
}

// ruleLimit is rules that are taken from the same minor on for the same reason.
type ruleLimit struct {
	RuleLimit
	line int // of the first rule, from that of its definition on
	more int // other rules
}

// together puts the rules together that need the same for the same reason, in the order of the first of each.
func (e *expressions) together() []ruleLimit {
	var out []ruleLimit
	for _, l := range e.limits {
		same := func(o ruleLimit) bool { return o.Since == l.Since && o.Reason == l.Reason }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].more++
			continue
		}
		line := lineOf(e.root.doc.Root(), l.Path)
		out = append(out, ruleLimit{l, max(line+e.root.shift-e.definition.Line, 0), 0})
	}
	return out
}

// ruleBound is a finding for the interval.
func (c *checker) ruleBound(d *Definition, l ruleLimit) finding.Finding {
	if l.Since == 0 {
		return l.find(d, fmt.Sprintf("no API server up to Kubernetes %s takes this rule in a new definition", c.known.Newest))
	}
	return l.find(d, fmt.Sprintf("API servers take this rule in a new definition from Kubernetes %s on", l.Since))
}

// judgeRule is what is to be said about rules at the minor.
func (c *checker) judgeRule(d *Definition, l ruleLimit) (finding.Finding, bool) {
	switch {
	case l.Since == 0:
		return c.ruleBound(d, l), true
	case l.Since <= c.at:
		return finding.Finding{}, false
	}
	f := l.find(d, fmt.Sprintf("API servers take this rule in a new definition from Kubernetes %s on, not %s", l.Since, c.at))
	f.Until = (l.Since - 1).String()
	return f, true
}

func (l ruleLimit) find(d *Definition, message string) finding.Finding {
	others := ""
	switch {
	case l.more == 1:
		others = " (and 1 more rule)"
	case l.more > 1:
		others = fmt.Sprintf(" (and %d more rules)", l.more)
	}
	f := newFinding(RuleNotYet, d.Object, fmt.Sprintf("%s: %s: %s%s", strings.Join(l.Path, "."), message, l.Reason, others))
	f.File, f.Line = d.File, d.Line+l.line
	return f
}
