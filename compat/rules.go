package compat

import (
	"fmt"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// The rules, by the names that findings carry.
const (
	Unparsable     = "unparsable"
	Incomplete     = "incomplete"
	Removed        = "removed"
	NotYet         = "not-yet"
	UnknownKind    = "unknown-kind"
	FieldNotYet    = "field-not-yet"
	FieldRemoved   = "field-removed"
	FieldType      = "field-type"
	VersionGone    = "crd-version-gone"
	Duplicate      = "crd-duplicate"
	Breaking       = "crd-breaking"
	Invalid        = "custom-resource-invalid"
	NotValidated   = "custom-resource-not-validated"
	InvalidCRD     = "crd-invalid"
	RuleNotYet     = "crd-rule-not-yet"
	StoredAtRisk   = "stored-version-at-risk"
	UnknownField   = "unknown-field"
	OffByDefault   = "off-by-default"
	Missing        = "crd-missing"
	Deprecated     = "deprecated"
	WillBeRemoved  = "will-be-removed"
	Embedded       = "embedded-unparsable"
	Outside        = "unknown-kubernetes"
	IgnoreExpired  = "ignore-expired"
	IgnoreUnused   = "ignore-unused"
	IgnoreNoReason = "ignore-without-reason"
)

// Rule is one thing that a check looks for.
type Rule struct {
	Name     string           `json:"name"`
	Severity finding.Severity `json:"severity"` // of its findings, unless one says otherwise
	Summary  string           `json:"summary"`
}

// Rules is every rule, the gravest first.
func Rules() []Rule {
	const e, w, i = finding.Error, finding.Warning, finding.Info
	return []Rule{
		{Unparsable, e, "A file or document cannot be read, so nothing is known about its objects."},
		{Incomplete, e, "An object lacks what every object has: its API version, its kind or its name."},
		{Removed, e, "The API version of an object or reference is no longer served."},
		{NotYet, e, "The API version is served only by newer Kubernetes versions."},
		{UnknownKind, e, "No known Kubernetes version serves this kind in a group of its own."},
		{FieldNotYet, e, "A field exists only in newer Kubernetes versions."},
		{FieldRemoved, e, "A field no longer exists."},
		{FieldType, e, "The value of a field has a type that the API server refuses."},
		{VersionGone, e, "A custom resource uses a version that its definition does not serve."},
		{Duplicate, e, "One custom resource definition is in the tree more than once."},
		{Breaking, e, "A change of a custom resource definition breaks objects that were valid."},
		{Invalid, e, "A custom resource does not fit the schema of its definition."},
		{InvalidCRD, e, "A custom resource definition cannot be used."},
		{RuleNotYet, e, "A rule of a custom resource definition uses what only newer API servers take in a new rule."},
		{StoredAtRisk, e, "A version that may still be stored in the cluster is dropped."},
		{NotValidated, w, "A custom resource, or a rule of a definition, was not judged: it would have taken too long."},
		{UnknownField, w, "No known Kubernetes version has this field: a typing error, or dropped in silence."},
		{OffByDefault, w, "The API is served only when the API server is told to."},
		{Missing, w, "No definition of a custom resource is in the tree."},
		{WillBeRemoved, w, "A newer Kubernetes version removes the API version."},
		{Deprecated, w, "The API version is deprecated."},
		{IgnoreExpired, w, "An ignore rule has run out."},
		{IgnoreNoReason, w, "An ignore rule gives no reason and is not used."},
		{Embedded, i, "A text inside of an object looks like a manifest and cannot be read as one."},
		{Outside, i, "The Kubernetes version lies outside of what is known."},
		{IgnoreUnused, i, "An ignore rule matches nothing."},
	}
}

func newFinding(rule string, object finding.Object, message string) finding.Finding {
	f := finding.Finding{Rule: rule, Severity: finding.Error, Object: object, Message: message}
	rules := Rules()
	if i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == rule }); i >= 0 {
		f.Severity = rules[i].Severity
	}
	return f
}

// Threshold is the severity from which findings count, given by its own name or by that of a rule: "warning", "removed".
func Threshold(name string) (finding.Severity, error) {
	switch s := finding.Severity(name); s {
	case finding.Error, finding.Warning, finding.Info:
		return s, nil
	}
	for _, rule := range Rules() {
		if rule.Name == name {
			return rule.Severity, nil
		}
	}
	return "", fmt.Errorf("%q is neither a severity (error, warning, info) nor a rule", name)
}

// Over is the findings at or over a severity.
func Over(findings []finding.Finding, threshold finding.Severity) []finding.Finding {
	order := []finding.Severity{finding.Info, finding.Warning, finding.Error}
	least := slices.Index(order, threshold)
	var over []finding.Finding
	for _, f := range findings {
		if slices.Index(order, f.Severity) >= least {
			over = append(over, f)
		}
	}
	return over
}
