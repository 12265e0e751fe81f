package simulate

import (
	"cmp"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// Action is what happens to an object.
type Action string

// The actions. An object that is kept is applied too, and nothing of it changes.
const (
	Create   Action = "create"
	Update   Action = "update"
	Keep     Action = "keep"
	Recreate Action = "recreate" // deleted by the owner that it had, made again by the one that it has
	Prune    Action = "prune"
	Orphan   Action = "orphan" // it leaves Git and stays in the cluster
)

// Event is what happens to one object at one place of the order.
type Event struct {
	Object *Object
	Action Action
	Owner  string // who does it
	// Step counts what an owner does one after the other; events of one step come in no order. Gate counts where it waits: it goes from
	// one gate to the next when what it applied is healthy.
	Step, Gate int
	Stage      string // what the engine calls the step: "definitions", "classes", "rest", "webhooks", "prune", "Sync 10"

	owner int  // in the tree that the owner is in
	gone  bool // the owner itself is deleted, at any time, and this is part of it
}

// Timeline is what an engine does to bring a cluster from one tree to another. The order is partial: owners that do not wait for each
// other work at the same time. Events are listed in one order that is possible.
type Timeline struct {
	Engine string
	Events []Event
	Faults []Fault // sorted by place

	before, after *Tree
	waits         []map[int]bool // by owner of after: the owners that it waits for, directly or not
	made          map[string]*Event
	gone          map[string]*Event
}

// Predict says what the engine of a tree does with it, coming from a tree before, nil for a first install. Both trees are those of one
// cluster.
func Predict(before, after *Tree) *Timeline {
	t := &Timeline{Engine: after.Engine, before: before, after: after, made: map[string]*Event{}, gone: map[string]*Event{}}
	if t.Engine == "" && before != nil {
		t.Engine = before.Engine
	}
	t.Faults = slices.Clone(after.faults)
	t.waits = t.closure()
	if t.Engine == ArgoCD {
		t.argocd()
	} else {
		t.flux()
	}
	for n := range t.Events {
		e := &t.Events[n]
		into := t.made
		if e.Action == Prune || e.Action == Orphan {
			into = t.gone
		}
		if key := e.Object.ID.Key(); into[key] == nil { // a hook may be of several phases: the first counts
			into[key] = e
		}
	}
	t.checkArrivals()
	t.checkWebhooks()
	t.checkLeaving()
	t.checkChanges()
	t.Faults = sortFaults(t.Faults)
	return t
}

// Before reports whether one event is sure to be over when the other comes.
func (t *Timeline) Before(a, b *Event) bool {
	switch {
	case a.gone || b.gone:
		return false
	case a.owner == b.owner:
		return a.Step < b.Step
	}
	return t.waits[b.owner][a.owner]
}

// Ready reports whether the object of one event is sure to be healthy when the other event comes.
func (t *Timeline) Ready(a, b *Event) bool {
	switch {
	case a.gone || b.gone:
		return false
	case a.owner == b.owner:
		return a.Gate < b.Gate
	}
	return t.waits[b.owner][a.owner] && t.after.Owners[a.owner].waits
}

// Of are the events of an object, by its key: what happens to it in the new tree, and what to the one that it was.
func (t *Timeline) Of(key string) []Event {
	var all []Event
	for _, e := range []*Event{t.gone[key], t.made[key]} {
		if e != nil {
			all = append(all, *e)
		}
	}
	return all
}

// Was is the file that an object had in the tree before, empty when it was not in it.
func (t *Timeline) Was(id finding.Object) string {
	if o := t.before.object(id.Key()); o != nil {
		return o.File
	}
	return ""
}

// closure gives for every owner the owners that it waits for. A dependency counts only when both read one source, otherwise it holds for a
// first install alone, and when no expression of its own says when it is met.
func (t *Timeline) closure() []map[int]bool {
	owners := t.after.Owners
	number := make(map[string]int, len(owners))
	for n, o := range owners {
		number[o.Name] = n
	}
	waits := make([]map[int]bool, len(owners))
	var visit func(n int)
	visit = func(n int) {
		waits[n] = map[int]bool{}
		for _, d := range owners[n].DependsOn {
			to, there := number[d.Name]
			if !there || d.custom || owners[to].source != owners[n].source {
				continue
			}
			if waits[to] == nil {
				visit(to)
			}
			waits[n][to] = true
			for further := range waits[to] {
				waits[n][further] = true
			}
		}
	}
	for n := range owners {
		if waits[n] == nil {
			visit(n)
		}
	}
	return waits
}

// action says what applying an object comes to.
func (t *Timeline) action(o *Object) Action {
	was := t.before.object(o.ID.Key())
	switch {
	case was == nil:
		return Create
	case string(t.before.files[was.File]) != string(t.after.files[o.File]):
		return Update
	}
	return Keep
}

// leaving are the objects of the tree before that the new one does not have.
func (t *Timeline) leaving() []*Object {
	if t.before == nil {
		return nil
	}
	var all []*Object
	for _, o := range t.before.Objects {
		if t.after.object(o.ID.Key()) == nil {
			all = append(all, o)
		}
	}
	return all
}

// sortEvents lists events owner by owner, those that wait after what they wait for.
func (t *Timeline) sortEvents() {
	slices.SortStableFunc(t.Events, func(a, b Event) int {
		return cmp.Or(
			compareBool(a.gone, b.gone), cmp.Compare(t.depth(a), t.depth(b)), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Step, b.Step),
			cmp.Compare(a.Object.ID.Key(), b.Object.ID.Key()))
	})
}

// depth is how many owners an event's owner waits for: more than each of them does.
func (t *Timeline) depth(e Event) int {
	if e.gone {
		return 0
	}
	return len(t.waits[e.owner])
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
