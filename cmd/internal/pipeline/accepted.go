package pipeline

import (
	"fmt"
	"io/fs"
	"time"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/gitops/review"
	"gkops.dev/gkops/gitops/workspace"
)

// reviewRules are what a tree says of its reviews: which fields are folded and which findings are accepted. A review takes those of its
// base, so that a change cannot hide itself. What cannot be read hides nothing.
type reviewRules struct {
	folds    []review.Ignore
	findings []compat.Ignore
}

func rulesOf(base fs.FS, warn func(string)) reviewRules {
	var rules reviewRules
	if base == nil {
		return rules
	}
	if data, err := fs.ReadFile(base, compat.IgnoreFile); err == nil {
		if rules.findings, err = compat.ParseIgnores(compat.IgnoreFile, data); err != nil {
			warn(fmt.Sprintf("the review accepts nothing by %s of its base: %v", compat.IgnoreFile, err))
		}
	}
	data, err := fs.ReadFile(base, workspace.FileName)
	if err != nil {
		return rules
	}
	w, err := workspace.Parse(workspace.FileName, data)
	if err != nil {
		warn(fmt.Sprintf("the review ignores nothing by %s of its base: %v", workspace.FileName, err))
		return rules
	}
	for _, i := range w.Policy.Review.Ignore {
		rules.folds = append(rules.folds, review.Ignore{Path: i.Path, Kind: i.Kind, Namespace: i.Namespace, Name: i.Name, Reason: i.Reason, Where: i.Where()})
	}
	rules.findings = append(rules.findings, IgnoreRules(w)...)
	return rules
}

// accept takes the findings out of a report that rules accept, and returns them. Without a clock no rule has run out.
func accept(report *compat.Report, rules []compat.Ignore, now func() time.Time) ([]review.Accepted, error) {
	if report == nil || len(rules) == 0 {
		return nil, nil
	}
	today := time.Time{}
	if now != nil {
		today = now()
	}
	kept, ignored, err := compat.Apply(report.Findings, rules, today)
	if err != nil {
		return nil, fmt.Errorf("accept findings: %w", err)
	}
	report.Findings = kept
	var accepted []review.Accepted
	for _, i := range ignored {
		accepted = append(accepted, review.Accepted{Finding: i.Finding, Reason: i.Reason, Where: i.Where})
	}
	return accepted, nil
}
