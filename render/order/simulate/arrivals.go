package simulate

import "fmt"

// checkArrivals finds what comes before something that it needs: its Namespace, its definition, what its pods use.
func (t *Timeline) checkArrivals() {
	kinds, usable := t.definitions(), t.usable()
	for n := range t.Events {
		e := &t.Events[n]
		if !e.arrives() {
			continue
		}
		if e.Object.ID.Namespace != "" {
			t.needs(e, t.after.object("/Namespace//"+e.Object.ID.Namespace), NamespaceLate, "it is applied before its Namespace is sure to be there",
				"let its part wait for the part of the Namespace")
		}
		definition := kinds[typeKey(e.Object.ID.Group(), e.Object.ID.Kind)]
		t.needs(e, definition, DefinitionLate, "it is applied before the definition of its kind is sure to be there",
			"let its part wait for the part of the definition")
		t.checkKind(e, definition)
		t.checkUses(e, usable)
	}
	t.checkControllers()
}

// arrives reports whether an object is applied that was not as it is before.
func (e *Event) arrives() bool {
	return e.Action == Create || e.Action == Update || e.Action == Recreate
}

// definitions are the definitions of the new tree by kind.
func (t *Timeline) definitions() map[string]*Object {
	kinds := map[string]*Object{}
	for _, o := range t.after.Objects {
		if o.defines != nil {
			kinds[typeKey(o.defines.group, o.defines.kind)] = o
		}
	}
	return kinds
}

// fresh is the event that brings an object into the cluster, nil when it was there before and stays.
func (t *Timeline) fresh(o *Object) *Event {
	if o == nil {
		return nil
	}
	if e := t.made[o.ID.Key()]; e != nil && (e.Action == Create || e.Action == Recreate) {
		return e
	}
	return nil
}

// needs says a fault when an object is applied and one that it needs is not sure to be there.
func (t *Timeline) needs(e *Event, needed *Object, rule, why, hint string) {
	f := t.fresh(needed)
	if f == nil || f == e || t.Before(f, e) {
		return
	}
	t.fault(e.Object, rule, Error, fmt.Sprintf("%s: %s is in %s (%s), and it is in %s (%s)", why, needed.ID, f.Owner, f.Stage, e.Owner, e.Stage), hint)
}

// checkKind: Argo CD tries everything first, and fails a sync with a kind that nobody knows yet, unless the definition is part of the sync.
func (t *Timeline) checkKind(e *Event, definition *Object) {
	own := e.Object.ID.Group() == "argoproj.io" && e.Object.ID.Kind == "Application" // Argo CD brings it
	if t.Engine != ArgoCD || definition != nil || own || builtin(e.Object.ID.Group()) || e.Object.listed(argoOptions, "SkipDryRunOnMissingResource=true") {
		return
	}
	t.fault(e.Object, KindMissing, Error, "no definition of its kind is in this tree: while there is none in the cluster, the trial before the sync fails, and nothing is applied",
		"annotate it with "+argoOptions+": SkipDryRunOnMissingResource=true")
}

// checkUses: pods wait for what they use, and a later gate waits for them. Only where something that comes later could be used are the
// pods read.
func (t *Timeline) checkUses(e *Event, usable map[string][]*Event) {
	if !e.Object.runs {
		return
	}
	for _, late := range usable[e.Object.ID.Namespace] {
		if !t.Ready(e, late) {
			continue
		}
		for _, u := range e.Object.uses() {
			if late.Object.gives(u) {
				t.fault(e.Object, ReferenceLate, Error, fmt.Sprintf("its pods cannot start without %s %s, "+
					"and %s is applied only when they are healthy", u.kind, u.name, late.Object.ID),
					"apply both in one part, or the "+u.kind+" before")
			}
		}
	}
}

// usable are the objects that pods may need and that were not there before, by namespace.
func (t *Timeline) usable() map[string][]*Event {
	all := map[string][]*Event{}
	for n := range t.Events {
		e := &t.Events[n]
		if (e.Object.makes != "" || e.Object.is("", "ServiceAccount", "ConfigMap", "Secret", "PersistentVolumeClaim")) && t.fresh(e.Object) == e {
			all[e.Object.ID.Namespace] = append(all[e.Object.ID.Namespace], e)
		}
	}
	return all
}

// gives reports whether an object is, or becomes, one that pods use.
func (o *Object) gives(u use) bool {
	return o.ID.Kind == u.kind && o.ID.Name == u.name && o.ID.Group() == "" || u.kind == "Secret" && o.makes == u.name
}

// checkControllers: a workload that comes before the definitions of its own package never gets healthy when they wait for it, and fails for a
// while when nothing orders the two.
func (t *Timeline) checkControllers() {
	defined := map[string][]*Event{}
	for n := range t.Events {
		if e := &t.Events[n]; e.Object.defines != nil && t.fresh(e.Object) == e {
			defined[e.Object.instance()] = append(defined[e.Object.instance()], e)
		}
	}
	for n := range t.Events {
		e := &t.Events[n]
		if !e.Object.runs || !e.arrives() {
			continue
		}
		for _, d := range defined[e.Object.instance()] {
			if t.Before(d, e) {
				continue
			}
			severity, why := Warning, "it may start before "+d.Object.ID.String()+" of its own package is there"
			if t.Ready(e, d) {
				severity, why = Error, "it starts before "+d.Object.ID.String()+" of its own package, which is applied only when it is healthy"
			}
			t.fault(e.Object, ControllerEarly, severity, why, "let its part wait for the part of the definition")
			break
		}
	}
}

// builtin reports whether Kubernetes serves a group itself, in any version that packages still mention.
func builtin(group string) bool {
	switch group {
	case "", "apps", "autoscaling", "batch", "extensions", "policy", "admissionregistration.k8s.io", "apiextensions.k8s.io",
		"apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "certificates.k8s.io", "coordination.k8s.io",
		"discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io",
		"rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "settings.k8s.io", "storage.k8s.io", "storagemigration.k8s.io",
		"auditregistration.k8s.io", "imagepolicy.k8s.io":
		return true
	}
	return false
}
