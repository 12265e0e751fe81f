package review

import "slices"

// The rules that call something to attention, as Attention.Rule has them.
const (
	ruleUnparsable  = "unparsable"
	ruleNotReviewed = "not-reviewed"
	ruleUnknownKind = "unknown-kind"
	ruleDataLoss    = "data-loss"
	ruleCRDVersion  = "crd-version-gone"
	ruleCRDField    = "crd-field-gone"
	ruleCRDTighter  = "crd-tightened"
	ruleImmutable   = "immutable-field"
	ruleRBAC        = "rbac-growth"
	rulePrivilege   = "privilege"
	ruleWebhook     = "webhook"
	ruleInClear     = "secret-in-git"
	ruleZero        = "scaled-to-zero"
	ruleDisruption  = "disruption-budget"
	ruleExposed     = "exposed"
	ruleRegistry    = "new-registry"
	ruleFloating    = "floating-tag"
	ruleNoDigest    = "no-digest"
	compatPrefix    = "compat-"
)

// Rule is one thing that a review looks for.
type Rule struct {
	Name    string `json:"name"`
	Risk    Risk   `json:"risk"`    // the highest that it gives
	Summary string `json:"summary"` // what it finds
	Why     string `json:"why"`     // why that matters
	Do      string `json:"do"`      // what a reviewer does
}

// Rules are all rules, in the order in which attention of the same risk is told. What the compatibility check found goes by the
// name of its own rule with "compat-" before it, and is told after "unparsable".
func Rules() []Rule {
	return []Rule{
		{ruleUnparsable, Blocked, "A file cannot be read.",
			"Nobody can say what it does, and the engine may refuse the whole folder.", "Mend the file, or find out why it is there."},
		{ruleDataLoss, High, "Something that holds data, or everything of a kind, leaves Git.",
			"An engine that prunes deletes it in the cluster, and what it holds with it.", "Make sure that nothing needs it, has a backup, or is guarded from pruning first."},
		{ruleCRDVersion, High, "A version of a custom resource definition is dropped or served no more.",
			"Objects written in it cannot be applied any more, and stored ones may become unreadable.", "Move every object, in Git and stored, to a served version first."},
		{ruleCRDField, High, "A field leaves the schema of a custom resource definition.",
			"The API server drops its value from every object in silence.", "Look whether your objects use the field, and what stands in for it."},
		{ruleImmutable, High, "A field changes that the API server does not let change.",
			"The apply fails, and with it often the whole step of the engine.", "Plan for the object to be deleted and created again, or keep the field."},
		{rulePrivilege, High, "A container gets more power over its node, or acts as another account.",
			"Whoever breaks into it can break out of it.", "Ask why the package needs it; deny it by a patch when it does not."},
		{ruleRBAC, High, "Somebody may do more than before.",
			"Whoever takes over the account has these rights as well.", "Read the new rights; ask what the package does with them."},
		{ruleWebhook, High, "A webhook is asked about more, or stops what it cannot judge.",
			"While it does not answer, the API server refuses the requests that it matches.", "See that its service runs before, and that system namespaces are left out."},
		{ruleInClear, High, "A value of a Secret, a private key or a password is in Git in clear.",
			"Whoever can read the repository, now or later, has it; taking it out again does not take it back.", "Write a reference instead, and replace what was in clear; leave it only when it is public or a default that is never used."},
		{ruleZero, High, "A workload is scaled to nothing.",
			"What it does is not done any more.", "Make sure that nobody needs it."},
		{ruleNotReviewed, Medium, "Something that acts on a cluster and is not compared here.",
			"This review does not show what it changes.", "Build both sides and compare those; gkops diff --path FOLDER does it for a kustomization."},
		{ruleCRDTighter, Medium, "The schema of a custom resource definition refuses what it took before.",
			"Objects that were valid cannot be changed any more until they fit.", "Check your objects against the new schema before the merge."},
		{ruleDisruption, Medium, "A disruption budget allows no disruption, or protects nothing.",
			"Nodes cannot be drained, or may all be drained at once.", "Compare it with the number of replicas."},
		{ruleExposed, Medium, "A service can be reached from outside of the cluster.",
			"What was reached by pods alone may now be reached by anybody.", "See who can reach it, and whether that is meant."},
		{ruleFloating, Medium, "An image is named by a tag that moves, or by none.",
			"Another image may run tomorrow without a change in Git.", "Name a version, or better a digest."},
		{ruleRegistry, Medium, "Images come from a registry that was not used before.",
			"Somebody else decides what runs, and the cluster may not reach it.", "Make sure that the registry is trusted, mirrored and allowed by your policies."},
		{ruleUnknownKind, Medium, "Objects change whose kind is not Kubernetes' own.",
			"No rule here knows what the change does.", "Read the change; the documentation of the kind says what it means."},
		{ruleNoDigest, Medium, "Images are named by a tag without a digest.",
			"A tag can be moved to another image.", "Pin digests where your policy asks for it."},
	}
}

// explain is the rule of an attention.
func explain(name string) Rule {
	rules := Rules()
	if i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name }); i >= 0 {
		return rules[i]
	}
	return Rule{Name: name, Risk: Blocked, Summary: "A finding of the compatibility check.",
		Why: "The cluster's Kubernetes version, or a definition in this tree, does not take the object as it is.",
		Do:  "Choose a version of the package that fits, or move to the API that replaces it."}
}

// weight is the place of a rule among those of the same risk.
func weight(name string) int {
	rules := Rules()
	if i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name }); i >= 0 {
		return 2 * i
	}
	return 1
}
