package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// What Argo CD reads from objects.
const (
	argoWave     = "argocd.argoproj.io/sync-wave"
	argoOptions  = "argocd.argoproj.io/sync-options"
	argoHook     = "argocd.argoproj.io/hook"
	argoTracking = "argocd.argoproj.io/tracking-id"
	helmHook     = "helm.sh/hook"
	helmWeight   = "helm.sh/hook-weight"
)

// annotationLimit is how many bytes the annotations of an object may have; a client-side apply writes the whole object into one.
const annotationLimit = 262144

// task is one thing to do in a sync.
type task struct {
	object *Object
	prune  bool
	phase  int // phasePreSync, phaseSync or phasePostSync
	wave   int
}

const (
	phasePreSync = iota - 1
	phaseSync
	phasePostSync
)

// argocd predicts one sync of the Application: phase by phase, wave by wave, in each wave what is deleted first, all at once, then kind by kind, and what
// has no place among the kinds name by name. Between waves it waits for health. Waves of what is deleted run in reverse.
func (t *Timeline) argocd() {
	if len(t.after.Owners) == 0 {
		t.abandoned()
		return
	}
	t.checkEmpty()
	t.checkSources()
	tasks := t.applies()
	prunes := t.prunes()
	reverse(prunes)
	tasks = append(tasks, prunes...)
	pruneLast(tasks)
	sortTasks(tasks)
	tasks = pulledForward(tasks)
	step, gate, began := 0, 0, 0
	for n, one := range tasks {
		if n > 0 {
			last := tasks[n-1]
			if last.phase != one.phase || last.wave != one.wave {
				gate++
			}
			if one.comesAfter(tasks[began:n]) {
				step, began = step+1, n
			}
		}
		e := Event{Object: one.object, Action: t.action(one.object), Owner: t.after.Owners[0].Name, Step: step, Gate: gate,
			Stage: fmt.Sprintf("%s %d", []string{"PreSync", "Sync", "PostSync"}[one.phase+1], one.wave)}
		if one.prune {
			e.Action = t.pruneAction(one.object)
		}
		t.Events = append(t.Events, e)
	}
}

// abandoned: an Application that is gone deletes nothing, since it has no finalizer.
func (t *Timeline) abandoned() {
	for _, o := range t.leaving() {
		t.Events = append(t.Events, Event{Object: o, Action: Orphan, Owner: t.before.ownerOf(o).Name, Stage: "gone", gone: true})
	}
	if len(t.Events) > 0 {
		app := t.before.Owners[0]
		t.Faults = append(t.Faults, newFault(ApplicationEmpty, Error, &Object{File: app.File, Line: app.Line},
			"the Application leaves together with its last objects, which nobody deletes then", "keep it, with a source that holds no object and automated.allowEmpty"))
	}
}

// checkEmpty: an automated sync does not delete the last of an Application's objects, unless it is told to.
func (t *Timeline) checkEmpty() {
	app := &t.after.Owners[0]
	if len(t.after.Objects) == 0 && len(t.leaving()) > 0 && !app.allowsEmpty {
		t.Faults = append(t.Faults, newFault(ApplicationEmpty, Error, &Object{File: app.File, Line: app.Line},
			"nothing is left of what the Application applied, and it does not delete the last of it by itself", "set syncPolicy.automated.allowEmpty: true"))
	}
}

// checkSources: a revision comes to the Application and to the one that changes it at the same time. With the sources of before, when all of them
// are still there, it applies what it knows, and what is new only afterwards, whatever the waves say.
func (t *Timeline) checkSources() {
	if t.before == nil || len(t.before.Objects) == 0 {
		return
	}
	app, had := &t.after.Owners[0], t.before.Owners[0].Paths
	at := slices.IndexFunc(app.Paths, func(folder string) bool { return !slices.Contains(had, folder) })
	if at < 0 || slices.ContainsFunc(had, func(folder string) bool { return !t.after.holds(folder) }) {
		return
	}
	t.Faults = append(t.Faults, newFault(SourcesNew, Warning, &Object{File: app.File, Line: app.Line},
		fmt.Sprintf("source %s is new, and Argo CD may apply the others before it knows of it, in whatever wave they are", app.Paths[at]),
		"nothing, where nothing else needs what is new; or let a source that is named after the list of them go with every change of it"))
}

// applies are the tasks of what the tree has.
func (t *Timeline) applies() []task {
	own := slices.ContainsFunc(t.after.Objects, func(o *Object) bool { return o.annotations[argoHook] != "" })
	var tasks []task
	for _, o := range t.after.Objects {
		t.checkSize(o)
		hook, helm := o.annotations[argoHook], o.annotations[helmHook]
		if own && hook == "" && helm != "" {
			t.fault(o, HooksMixed, Error, "it is a Helm hook ("+helm+"), and an Argo CD hook elsewhere in the Application switches Helm hooks off: it is applied like any other object",
				"give it the annotation "+argoHook+" of its phase")
			helm = ""
		}
		for _, phase := range phases(hook, helm) {
			tasks = append(tasks, task{object: o, phase: phase, wave: waveOf(o)})
		}
	}
	return tasks
}

// phases are the phases of a sync in which an object is applied: none for a hook of another time.
func phases(hook, helm string) []int {
	if hook == "" && helm == "" {
		return []int{phaseSync}
	}
	known := map[string]int{"PreSync": phasePreSync, "Sync": phaseSync, "PostSync": phasePostSync}
	if hook == "" {
		hook = helm
		known = map[string]int{
			"pre-install": phasePreSync, "pre-upgrade": phasePreSync, "post-install": phasePostSync, "post-upgrade": phasePostSync, "crd-install": phasePreSync,
		}
	}
	found := map[int]bool{}
	for name := range strings.SplitSeq(hook, ",") {
		if phase, ok := known[strings.TrimSpace(name)]; ok {
			found[phase] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func waveOf(o *Object) int {
	text, found := o.annotations[argoWave]
	if !found {
		text = o.annotations[helmWeight]
	}
	wave, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return wave
}

// prunes are the tasks of what the tree before has alone. Hooks are deleted by their own rules.
func (t *Timeline) prunes() []task {
	var tasks []task
	for _, o := range t.leaving() {
		if o.annotations[argoHook] == "" {
			tasks = append(tasks, task{object: o, prune: true, wave: waveOf(o)})
		}
	}
	return tasks
}

// reverse swaps the waves of prunes: the last comes first.
func reverse(prunes []task) {
	seen := map[int]bool{}
	for _, one := range prunes {
		seen[one.wave] = true
	}
	waves := slices.Sorted(maps.Keys(seen))
	for n := range prunes {
		at, _ := slices.BinarySearch(waves, prunes[n].wave)
		prunes[n].wave = waves[len(waves)-1-at]
	}
}

// pruneLast puts off what is to be deleted last.
func pruneLast(tasks []task) {
	last := 0
	for _, one := range tasks {
		if one.phase == phaseSync {
			last = max(last, one.wave)
		}
	}
	for n, one := range tasks {
		if one.prune && one.object.listed(argoOptions, "PruneLast=true") {
			tasks[n].wave = last + 1
		}
	}
}

func sortTasks(tasks []task) {
	slices.SortStableFunc(tasks, func(a, b task) int {
		return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.wave, b.wave), compareBool(b.prune, a.prune),
			cmp.Compare(argoKind(a.object.ID.Kind), argoKind(b.object.ID.Kind)), cmp.Compare(a.object.ID.Name, b.object.ID.Name),
			cmp.Compare(a.object.ID.Kind, b.object.ID.Kind))
	})
}

// comesAfter reports whether a task is sure to come when those of a step, which are before it, are over. Neighbours of one kind are applied at
// once; two kinds without a place of their own and with one name come in either order.
func (t task) comesAfter(step []task) bool {
	last := step[len(step)-1]
	if last.phase != t.phase || last.wave != t.wave || last.prune != t.prune {
		return true
	}
	return !t.prune && !slices.ContainsFunc(step, func(other task) bool {
		kind, name := other.object.ID.Kind, other.object.ID.Name
		return kind == t.object.ID.Kind || argoKind(kind) == argoKind(t.object.ID.Kind) && name == t.object.ID.Name
	})
}

// argoKind orders kinds within a wave; kinds without a place of their own come last.
func argoKind(kind string) int {
	order := [...]string{
		"Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget", "ServiceAccount", "Secret", "SecretList",
		"ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole", "ClusterRoleList",
		"ClusterRoleBinding", "ClusterRoleBindingList", "Role", "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod",
		"ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService",
	}
	if at := slices.Index(order[:], kind); at >= 0 {
		return at
	}
	return len(order)
}

// pulledForward brings every Namespace and definition before the first object that needs it, into that one's phase and wave.
func pulledForward(tasks []task) []task {
	needs := func(o *Object) []string {
		return []string{"namespace " + o.ID.Namespace, "kind " + typeKey(o.ID.Group(), o.ID.Kind)}
	}
	gives := func(o *Object) string {
		switch {
		case o.isNamespace():
			return "namespace " + o.ID.Name
		case o.defines != nil:
			return "kind " + typeKey(o.defines.group, o.defines.kind)
		}
		return ""
	}
	for pass := range 2 { // Namespaces, then definitions
		first := map[string]int{}
		for n, one := range tasks {
			if one.prune {
				continue
			}
			given := gives(one.object)
			if given == "" || one.object.isNamespace() != (pass == 0) {
				if need := needs(one.object)[pass]; !hasKey(first, need) {
					first[need] = n
				}
				continue
			}
			at, needed := first[given]
			if !needed {
				continue
			}
			one.phase, one.wave = tasks[at].phase, tasks[at].wave
			tasks = slices.Insert(slices.Delete(tasks, n, n+1), at, one)
			for need, place := range first {
				if place >= at {
					first[need] = place + 1
				}
			}
		}
	}
	return tasks
}

func hasKey(m map[string]int, key string) bool {
	_, found := m[key]
	return found
}

// pruneAction is what becomes of an object that leaves Git: one with a guard stays, and so does a definition, which Argo CD does not track
// unless Git itself says its tracking id.
func (t *Timeline) pruneAction(o *Object) Action {
	owner := t.before.ownerOf(o)
	tracked := o.defines == nil || strings.HasPrefix(o.annotations[argoTracking], owner.tracking+":")
	if !owner.prunes || !tracked || o.listed(argoOptions, "Prune=false") {
		return Orphan
	}
	return Prune
}

// checkSize: a client-side apply writes the object into an annotation of itself.
func (t *Timeline) checkSize(o *Object) {
	if o.size < annotationLimit/4 || t.after.ownerOf(o).serverSide || o.listed(argoOptions, "ServerSideApply=true") || o.listed(argoOptions, "Replace=true") {
		return
	}
	if size := o.jsonSize(); size > annotationLimit {
		t.fault(o, TooLarge, Error, fmt.Sprintf("it has %d bytes as JSON, "+
			"and a client-side apply can write no more than %d into its annotation", size, annotationLimit),
			"annotate it with "+argoOptions+": ServerSideApply=true")
	}
}
