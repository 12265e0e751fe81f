package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// The grades of a fault: what the engine cannot do, or would destroy; and what it may not do at once, but does in the end.
const (
	Error   = finding.Error
	Warning = finding.Warning
)

// The rules that a tree can break. docs/order.md has each of them with its source.
const (
	NamespaceLate       = "namespace-late"        // an object before its Namespace
	DefinitionLate      = "definition-late"       // a custom resource before its CustomResourceDefinition
	WebhookDown         = "webhook-down"          // an object that a webhook must admit whose server is not up
	ConverterDown       = "converter-down"        // a custom resource that a webhook must convert whose server is not up
	APIDown             = "api-down"              // an object of an aggregated API whose server is not up
	ReferenceLate       = "reference-late"        // pods that can never start, because what they use waits for them
	ControllerEarly     = "controller-early"      // a workload before the definitions of its own package
	Cycle               = "cycle"                 // Kustomizations that wait for each other
	DependencyMissing   = "dependency-missing"    // a Kustomization that waits for one that is not there
	DependencyUnordered = "dependency-unordered"  // a dependency that does not order upgrades
	DependencyNew       = "dependency-new"        // a Kustomization that had nothing to wait for may start before it knows that it has
	TwoOwners           = "two-owners"            // one object twice
	Unread              = "unread"                // a file that no owner reads
	Substituted         = "substituted"           // ${x} in an object whose owner substitutes
	Recreated           = "recreated"             // an object that is deleted and made again, because its owner changes
	FolderReused        = "folder-reused"         // a folder that another owner had
	DataPruned          = "data-pruned"           // an object that holds data is deleted without a guard
	PrunedTogether      = "pruned-together"       // a custom resource is deleted and its controller with it or before it
	DefinitionPruned    = "definition-pruned"     // a definition is deleted and its custom resources stay in Git
	NamespacePruned     = "namespace-pruned"      // a Namespace is deleted and objects in it stay in Git
	BackendPruned       = "backend-pruned"        // a webhook stays and its server is deleted
	TooLarge            = "too-large"             // an object that a client-side apply cannot hold
	SourceTooLarge      = "source-too-large"      // a source that the repository server refuses
	SourcesNew          = "sources-new"           // an Application may apply a revision with the list of sources that it had before
	RetryWithoutRefresh = "retry-without-refresh" // an Application that never takes up a fix
	JobChanged          = "job-changed"           // a Job that is there gets another pod template, which no API server takes
	KindMissing         = "kind-missing"          // a custom resource whose kind may not be there at the dry run
	ApplicationEmpty    = "application-empty"     // an Application whose last objects nobody deletes
	HooksMixed          = "hooks-mixed"           // Helm hooks beside an Argo CD hook, which switches them off
)

// Fault is one thing that would go wrong: which object, where it stands, why, and what to do.
type Fault struct {
	finding.Finding
	Hint string
}

// String is the fault on one line, with its place first.
func (f Fault) String() string {
	what := f.Message
	if f.Object.Kind != "" {
		what = f.Object.String() + ": " + what
	}
	return fmt.Sprintf("%s:%d: %s [%s]", f.File, f.Line, what, f.Rule)
}

// Told is the fault as a finding, with what to do in its message.
func (f Fault) Told() finding.Finding {
	told := f.Finding
	told.Message += "; " + f.Hint
	return told
}

func newFault(rule string, severity finding.Severity, o *Object, message, hint string) Fault {
	return Fault{finding.Finding{Rule: rule, Severity: severity, Object: o.ID, File: o.File, Line: o.Line, Message: message}, hint}
}

func (t *Tree) fault(o *Object, rule string, severity finding.Severity, message, hint string) {
	t.faults = append(t.faults, newFault(rule, severity, o, message, hint))
}

func sortFaults(faults []Fault) []Fault {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(faults, func(a, b Fault) bool { return a == b })
}

// OrderError says that an engine could not apply a tree in the order that it has, or would lose what is in the cluster. Faults are
// graded Error; there is at least one.
type OrderError struct {
	Engine string
	Faults []Fault
}

// Refuse is an *OrderError with the faults of a timeline that are graded Error, nil when it has none.
func (t *Timeline) Refuse() error {
	grave := slices.DeleteFunc(slices.Clone(t.Faults), func(f Fault) bool { return f.Severity != Error })
	if len(grave) == 0 {
		return nil
	}
	return &OrderError{Engine: t.Engine, Faults: grave}
}

// mostFaults is how many faults an error names.
const mostFaults = 10

// Error names the faults, one a line.
func (e *OrderError) Error() string {
	name := map[string]string{Flux: "Flux", ArgoCD: "Argo CD"}[e.Engine]
	lines := []string{name + " could not apply this"}
	for n, f := range e.Faults {
		if n == mostFaults {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Faults)-n))
			break
		}
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// Hint is what to do about the first fault of each rule.
func (e *OrderError) Hint() string {
	var hints []string
	for _, f := range e.Faults {
		if !slices.Contains(hints, f.Hint) && len(hints) < 3 {
			hints = append(hints, f.Hint)
		}
	}
	return strings.Join(hints, "; ")
}

// Rules are all rules, sorted.
func Rules() []string {
	return []string{
		APIDown, ApplicationEmpty, BackendPruned, ControllerEarly, ConverterDown, Cycle, DataPruned, DefinitionLate, DefinitionPruned, DependencyMissing,
		DependencyUnordered, FolderReused, HooksMixed, JobChanged, KindMissing, NamespaceLate, NamespacePruned, PrunedTogether, Recreated, ReferenceLate,
		RetryWithoutRefresh, SourceTooLarge, Substituted, TooLarge, TwoOwners, Unread, WebhookDown,
	}
}
