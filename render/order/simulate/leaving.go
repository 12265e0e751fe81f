package simulate

import (
	"fmt"
	"strings"
)

// checkLeaving finds what is deleted and should not be, or not yet.
func (t *Timeline) checkLeaving() {
	if t.before == nil {
		return
	}
	controllers := t.controllers()
	for n := range t.Events {
		e := &t.Events[n]
		if e.Action != Prune {
			continue
		}
		o := e.Object
		t.checkData(e)
		if o.defines != nil {
			t.checkDefinition(e)
		}
		if o.isNamespace() {
			t.checkNamespace(e)
		}
		for _, c := range controllers[typeKey(o.ID.Group(), o.ID.Kind)] {
			if !t.Before(e, c) {
				t.fault(o, PrunedTogether, Error, fmt.Sprintf("it leaves together with %s, which may be gone first: "+
					"a finalizer of it then hangs for good", c.Object.ID),
					"let it leave one revision before its controller")
				break
			}
		}
	}
}

// controllers are, by kind of custom resource, the events that delete what serves it: the last workloads of the package that defines it.
func (t *Timeline) controllers() map[string][]*Event {
	packages := map[string][]*Event{}
	for n := range t.Events {
		if e := &t.Events[n]; e.Action == Prune && e.Object.Controls() {
			packages[e.Object.instance()] = append(packages[e.Object.instance()], e)
		}
	}
	for _, o := range t.after.Objects {
		if o.Controls() {
			delete(packages, o.instance())
		}
	}
	all := map[string][]*Event{}
	for _, o := range t.before.Objects {
		if o.defines != nil {
			all[typeKey(o.defines.group, o.defines.kind)] = packages[o.instance()]
		}
	}
	return all
}

// checkData: what holds data is guarded in the cluster before it leaves Git, unless its deletion was announced by a revision that says so.
func (t *Timeline) checkData(e *Event) {
	if e.Object.HoldsData() && e.Object.annotations[Announced] != "true" {
		t.fault(e.Object, DataPruned, Error, "it leaves Git without a guard that the cluster knows: the engine deletes it, with all its data",
			"guard it one revision before, or withdraw it with 'gkops remove --purge'")
	}
}

// Announced is the annotation that says, one revision before, that an object is to be deleted with its data.
const Announced = "gkops.dev/purge"

func (t *Timeline) checkDefinition(e *Event) {
	for _, o := range t.after.Objects {
		if o.ID.Group() == e.Object.defines.group && o.ID.Kind == e.Object.defines.kind {
			t.fault(o, DefinitionPruned, Error, fmt.Sprintf("it stays in Git, and %s is deleted: so is it, and it can never be applied again", e.Object.ID),
				"take the custom resources out first")
			return
		}
	}
}

func (t *Timeline) checkNamespace(e *Event) {
	for _, o := range t.after.Objects {
		if o.ID.Namespace == e.Object.ID.Name {
			t.fault(o, NamespacePruned, Error, fmt.Sprintf("it stays in Git, and its Namespace %s is deleted with everything in it", e.Object.ID.Name),
				"keep the Namespace while something is in it")
			return
		}
	}
}

// cut splits an apiVersion into group and version.
func cut(apiVersion string) (group, version string) {
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		return "", group
	}
	return group, version
}

// splitDot splits the name of an APIService, "v1.group".
func splitDot(name string) (version, group string, found bool) { return strings.Cut(name, ".") }
