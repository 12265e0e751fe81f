package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/order"
)

// What kustomize-controller reads from objects.
const (
	fluxPrune      = "kustomize.toolkit.fluxcd.io/prune"
	fluxForce      = "kustomize.toolkit.fluxcd.io/force"
	fluxSubstitute = "kustomize.toolkit.fluxcd.io/substitute"
	fluxDisabled   = "disabled"
)

// The stages of one Kustomization.
const (
	definitions = iota
	classes
	rest
	webhooks
	pruning
)

// flux predicts what kustomize-controller does. Every Kustomization applies in stages, deletes what left it, and is ready when what it
// applied is healthy; it starts when those that it waits for are ready at the same revision. One that is gone deletes all that it had, at
// any time: its finalizer knows no dependencies.
func (t *Timeline) flux() {
	t.checkOwners()
	for _, o := range t.after.Objects {
		stage := fluxStage(o)
		e := Event{Object: o, Action: t.action(o), Owner: t.after.ownerOf(o).Name, Step: stage, Gate: min(stage, rest), owner: o.owner,
			Stage: []string{"definitions", "classes", "rest", "webhooks"}[stage]}
		if t.moves(o) {
			e.Action = Recreate
		}
		t.Events = append(t.Events, e)
		t.checkSubstitution(o)
	}
	for _, o := range t.leaving() {
		was := t.before.ownerOf(o)
		e := Event{Object: o, Action: Prune, Owner: was.Name, Step: pruning, Gate: rest, Stage: "prune"}
		if now := t.after.owned(was.Name); now != nil {
			e.owner = slices.IndexFunc(t.after.Owners, func(owner Owner) bool { return owner.Name == was.Name })
		} else {
			e.gone, e.Stage = true, "finalizer"
		}
		if o.annotations[fluxPrune] == fluxDisabled || !was.prunes {
			e.Action = Orphan
		}
		t.Events = append(t.Events, e)
	}
	t.sortEvents()
	t.checkNewDependencies()
}

// fluxStage is the stage of a Kustomization in which an object is applied.
func fluxStage(o *Object) int {
	switch {
	case o.defines != nil, o.isNamespace(), o.is("rbac.authorization.k8s.io", "ClusterRole"):
		return definitions
	case strings.HasSuffix(o.ID.Kind, "Class"):
		return classes
	case o.isWebhooks():
		return webhooks
	}
	return rest
}

// moves reports whether an object is deleted and made again because its owner changes. The owner that it had deletes it, unless it is guarded
// already or the new owner is sure to have taken it before.
func (t *Timeline) moves(o *Object) bool {
	was := t.before.object(o.ID.Key())
	if was == nil {
		return false
	}
	old, now := t.before.ownerOf(was), t.after.ownerOf(o)
	if old.Name == now.Name || !old.prunes || was.annotations[fluxPrune] == fluxDisabled {
		return false
	}
	still := slices.IndexFunc(t.after.Owners, func(owner Owner) bool { return owner.Name == old.Name })
	if still >= 0 && t.waits[still][o.owner] {
		return false
	}
	how := "at the same time as"
	if still >= 0 && t.waits[o.owner][still] {
		how = "before"
	}
	t.fault(o, Recreated, Error,
		fmt.Sprintf("it moves from Kustomization %s to %s: "+
			"the first deletes it %s the second applies it, with all that hangs on it", old.Name, now.Name, how),
		"leave it in the part that it is in, or guard it ("+fluxPrune+": "+fluxDisabled+") one revision before it moves")
	return true
}

// checkSubstitution: an owner that substitutes replaces every ${x}, also those of scripts.
func (t *Timeline) checkSubstitution(o *Object) {
	if t.after.ownerOf(o).substitutes && o.annotations[fluxSubstitute] != fluxDisabled && strings.Contains(string(t.after.files[o.File]), "${") {
		t.fault(o, Substituted, Error, "it has ${...}, which its Kustomization substitutes or fails on",
			"annotate it with "+fluxSubstitute+": "+fluxDisabled+", or take postBuild out of the Kustomization")
	}
}

// checkOwners finds what makes Kustomizations hang, or hand objects to each other.
func (t *Timeline) checkOwners() {
	for n := range t.after.Owners {
		o := &t.after.Owners[n]
		for _, d := range o.DependsOn {
			t.checkDependency(n, d)
		}
		t.checkFolder(o)
	}
	t.checkCycle()
}

// checkCycle: no Kustomization of a cycle, or that waits for one, is ever applied.
func (t *Timeline) checkCycle() {
	var g order.Graph
	for _, o := range t.after.Owners {
		for _, d := range o.DependsOn {
			g.Connect(order.Edge{From: o.Name, To: d.Name, Why: "dependsOn"})
		}
	}
	var cycle *order.CycleError
	if _, err := g.Sort(); !errors.As(err, &cycle) {
		return
	}
	names := make([]string, 0, len(cycle.Edges))
	for _, edge := range cycle.Edges {
		names = append(names, edge.To)
	}
	first := t.after.owned(cycle.Edges[0].From)
	t.faultAt(first, first.Line, Cycle, "it waits for "+strings.Join(names, ", that for ")+": none of them is ever applied", "take one dependsOn of the cycle away")
}

func (t *Timeline) checkDependency(owner int, d Dependency) {
	o := &t.after.Owners[owner]
	switch to := t.after.owned(d.Name); {
	case to == nil:
		t.faultAt(o, d.Line, DependencyMissing, "it waits for "+d.Name+", which is not there, and so for ever", "take the dependency away")
	case d.custom:
		t.faultAt(o, d.Line, DependencyUnordered,
			"it waits for "+d.Name+" by an expression, which takes the place of the checks of readiness and revision", "take readyExpr away")
	case to.source != o.source:
		t.faultAt(o, d.Line, DependencyUnordered,
			"it waits for "+d.Name+", which reads another source: that orders a first install and no upgrade", "let both read one source")
	}
}

// checkNewDependencies: all Kustomizations of a source start when its revision comes, each by the rules that the cluster has of it. One that
// has to wait for something else is at work before the one that applies Kustomizations has told it so, unless it cannot be built any more. What it
// waits for already holds it only until that is at the revision.
func (t *Timeline) checkNewDependencies() {
	if t.before == nil {
		return
	}
	for n := range t.after.Owners {
		now := &t.after.Owners[n]
		was := t.before.owned(now.Name)
		if was == nil || !t.builds(was) || !slices.ContainsFunc(t.Events, func(e Event) bool { return e.owner == n && (e.Action == Create || e.Action == Update) }) {
			continue
		}
		for _, d := range now.DependsOn {
			if slices.ContainsFunc(was.DependsOn, func(old Dependency) bool { return old.Name == d.Name }) {
				continue
			}
			f := newFault(DependencyNew, Warning, &Object{File: now.File, Line: d.Line},
				fmt.Sprintf("Kustomization %s: it waits for %s from this revision on, and Flux may start it before it knows that; what fails then is tried again", now.Name, d.Name),
				"nothing, or merge what it waits for in a revision before")
			t.Faults = append(t.Faults, f)
			break
		}
	}
}

// builds reports whether a Kustomization of before can still be built: the folder and the components that it names are there.
func (t *Timeline) builds(was *Owner) bool {
	return t.after.hasFolder(was.Paths[0]) && !slices.ContainsFunc(was.components, func(folder string) bool { return !t.after.hasFolder(folder) })
}

// checkFolder: a folder that another owner had makes the two delete what the other applied.
func (t *Timeline) checkFolder(o *Owner) {
	if t.before == nil {
		return
	}
	for _, was := range t.before.Owners {
		switch {
		case was.Name != o.Name && was.Paths[0] == o.Paths[0]:
			t.faultAt(o, o.Line, FolderReused, fmt.Sprintf("it reads %s, which Kustomization %s has had: "+
				"both are at work on it when the revision comes", o.Paths[0], was.Name),
				"keep the Kustomization's name, or take a new folder")
		case was.Name == o.Name && was.Paths[0] != o.Paths[0] && t.builds(&was):
			t.faultAt(o, o.Line, FolderReused, fmt.Sprintf("its folder moves from %s, which is still there with other content: "+
				"what it finds there first it applies, and deletes the rest", was.Paths[0]),
				"let the old folder be gone in the revision that changes the path")
		}
	}
}

func (t *Timeline) fault(o *Object, rule string, severity finding.Severity, message, hint string) {
	t.Faults = append(t.Faults, newFault(rule, severity, o, message, hint))
}

func (t *Timeline) faultAt(o *Owner, line int, rule, message, hint string) {
	t.Faults = append(t.Faults, newFault(rule, Error, &Object{File: o.File, Line: line}, "Kustomization "+o.Name+": "+message, hint))
}
