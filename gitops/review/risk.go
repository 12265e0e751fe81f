package review

import (
	"fmt"
	"slices"
)

// Risk grades a change. It is the highest of what the kinds that change give (ownRisk), what each attention gives, and Low for a file
// that holds no object; the table is in docs/review.md. In doubt it says more. Nothing may be merged without a person that is over
// what the workspace's policy allows.
type Risk int

// The risks, in order.
const (
	None Risk = iota
	Low
	Medium
	High
	Blocked
)

var riskNames = [...]string{"none", "low", "medium", "high", "blocked"}

// String is the word for the risk, "none" to "blocked".
func (r Risk) String() string {
	if r < None || r > Blocked {
		return fmt.Sprintf("Risk(%d)", int(r))
	}
	return riskNames[r]
}

// MarshalText is String.
func (r Risk) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String writes.
func (r *Risk) UnmarshalText(text []byte) error {
	i := slices.Index(riskNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("risk %q is not one of none, low, medium, high, blocked", text)
	}
	*r = Risk(i)
	return nil
}

// ownRisk is what the change of this object weighs before any rule looks inside. What a user ignores weighs as if it was shown.
func (o Object) ownRisk() Risk {
	group, kind := o.Object.Group(), o.Object.Kind
	ignored := slices.ContainsFunc(o.Hunks, func(h Hunk) bool { return h.Fact == FactIgnored })
	switch {
	case o.Change == MetadataOnly && !ignored:
		return Low
	case o.Change == Removed, !slices.Contains(ownGroups, group), slices.Contains(farReaching, kind):
		return Medium
	case o.Change != Added && kind == "StatefulSet":
		return Medium
	}
	return Low
}

// ownGroups are the API groups of Kubernetes itself (kubernetes 1.35, staging/src/k8s.io/api).
var ownGroups = []string{
	"", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps", "autoscaling", "batch",
	"certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io",
	"networking.k8s.io", "node.k8s.io", "policy", "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
}

// farReaching are kinds of Kubernetes itself whose objects act on what others own.
var farReaching = []string{
	"APIService", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
	"MutatingWebhookConfiguration", "PriorityClass", "Role", "RoleBinding", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
	"ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
}
