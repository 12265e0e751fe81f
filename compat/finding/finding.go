// Package finding is the word that checks and reviews share: one thing that has to be said about one object.
//
// It knows how a finding is named, ordered and graded. It refuses to know how one is found or how it is shown.
package finding

import (
	"cmp"
	"slices"
	"strings"
)

// Object names one Kubernetes object. Namespace is empty for a cluster-scoped one.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// Group is the API group of the object, empty for the core group.
func (o Object) Group() string {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// Key identifies the object whatever its API version is: group, kind, namespace and name, as the API server does.
func (o Object) Key() string {
	return o.Group() + "/" + o.Kind + "/" + o.Namespace + "/" + o.Name
}

// String is the object as people name it: "Deployment web/api (apps/v1)".
func (o Object) String() string {
	name := o.Name
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	return o.Kind + " " + name + " (" + o.APIVersion + ")"
}

// Severity grades a finding.
type Severity string

// The severities, from the one that stops a change to the one that is only worth knowing.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Finding is one thing that a check or a review has to say.
type Finding struct {
	Rule        string   `json:"rule"`
	Severity    Severity `json:"severity"`
	Message     string   `json:"message"`
	File        string   `json:"file,omitempty"`
	Line        int      `json:"line,omitempty"` // 1-based, 0 when unknown
	Object      Object   `json:"object"`
	Since       string   `json:"since,omitempty"` // Kubernetes minor, "1.25"
	Until       string   `json:"until,omitempty"`
	Replacement string   `json:"replacement,omitempty"`
}

// Sort orders findings by file, line, rule and object, so that the same findings are always told in the same order.
func Sort(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Object.Key(), b.Object.Key()), cmp.Compare(a.Message, b.Message),
		)
	})
}
