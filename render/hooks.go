package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/argocd"
	"gkops.dev/gkops/render/flux"
)

// The annotations of Helm, which mean nothing to Flux and something else to Argo CD.
const (
	hookAnnotation   = "helm.sh/hook"
	hookWeight       = "helm.sh/hook-weight"
	hookDelete       = "helm.sh/hook-delete-policy"
	hookLog          = "helm.sh/hook-output-log-policy"
	policyAnnotation = "helm.sh/resource-policy"
)

// translate says in the engine's words what Helm's annotations say, and names what cannot be said.
func (b *build) translate(c Cluster, objects []*object) error {
	ordinary := map[string]*object{}
	for _, o := range objects {
		if o.sourceAnnotation(hookAnnotation) == "" {
			ordinary[b.chartKey(o)] = o
		}
	}
	weights := map[string][]string{}
	for _, workloads := range []bool{false, true} { // what a workload needs may be a hook too, and is known then
		for _, o := range objects {
			if o.isWorkload() != workloads {
				continue
			}
			if err := b.translateHook(c, o, ordinary); err != nil {
				return err
			}
			if o.hook != "" && !o.dropped && workloads {
				weights[o.hook] = append(weights[o.hook], strconv.Itoa(o.weight))
			}
		}
	}
	for _, part := range []string{Before, After} {
		if c.Engine == ArgoCD {
			break // waves order them, see wave
		}
		if different := distinct(weights[part]); len(different) > 1 {
			b.findings = append(b.findings, finding.Finding{
				Rule: "hook-order", Severity: finding.Warning,
				Message: fmt.Sprintf("instance %s: the hooks of part %s have different weights (%s), and run at the same time here", b.Name, part, strings.Join(different, ", ")),
			})
		}
	}
	return nil
}

// translateHook gives a hook its part, or drops it; ordinary are the objects of the chart that are none.
func (b *build) translateHook(c Cluster, o *object, ordinary map[string]*object) error {
	if o.sourceAnnotation(policyAnnotation) == "keep" {
		o.keep = true
	}
	hook := o.sourceAnnotation(hookAnnotation)
	if hook == "" {
		return nil
	}
	part := b.placeOfHook(o, hook, ordinary)
	if part == "" {
		o.dropped = true
		return nil
	}
	if twin := ordinary[b.chartKey(o)]; twin != nil {
		// The chart has the object as a hook and as an ordinary one: it is there once, as early as it is needed.
		o.dropped = true
		if part == Before {
			twin.hook, twin.weight = part, weightOf(o)
		}
		return nil
	}
	return b.hooked(c, o, part)
}

// weightOf is the weight of a hook; one that is no number is 0, as for Helm.
func weightOf(o *object) int {
	weight, err := strconv.Atoi(strings.TrimSpace(o.sourceAnnotation(hookWeight)))
	if err != nil {
		return 0
	}
	return weight
}

// wave is the wave of an object: that of its part, and for a hook of Argo CD one more for every lower weight in the part, as far as the next
// part of the cluster leaves room.
func (b *build) wave(o *object, waves map[string]int) int {
	wave := waves[partID(b.Name, o.part)]
	if b.engine != ArgoCD || o.hook == "" {
		return wave
	}
	weights := b.weights(o.part)
	for _, other := range waves {
		if other > wave && other < wave+len(weights) {
			return wave
		}
	}
	return wave + slices.Index(weights, o.weight)
}

// weights are those of the hooks of a part, lowest first.
func (b *build) weights(part string) []int {
	var weights []int
	for _, o := range b.in(part) {
		if o.hook != "" {
			weights = append(weights, o.weight)
		}
	}
	slices.Sort(weights)
	return slices.Compact(weights)
}

// sayUnordered tells where the waves of the parts leave no room for the weights of hooks.
func (b *build) sayUnordered(waves map[string]int) {
	for _, part := range []string{Before, After} {
		weights, base := b.weights(part), waves[partID(b.Name, part)]
		if b.engine != ArgoCD || len(weights) < 2 {
			continue
		}
		last := slices.MaxFunc(b.in(part), func(x, y *object) int { return cmp.Compare(b.wave(x, waves), b.wave(y, waves)) })
		if b.wave(last, waves) == base {
			b.findings = append(b.findings, finding.Finding{
				Rule: "hook-order", Severity: finding.Warning,
				Message: fmt.Sprintf("instance %s: the hooks of part %s have %d weights, the waves of the parts leave no room for them, and they run at the same time here", b.Name, part, len(weights)),
			})
		}
	}
}

// chartKey tells the objects of a chart apart before they have their namespace.
func (b *build) chartKey(o *object) string {
	id := o.id
	if id.Namespace == "" {
		id.Namespace = o.fill
	}
	return id.Key()
}

// placeOfHook is the part that a hook goes to, empty for one that is left out.
func (b *build) placeOfHook(o *object, hook string, ordinary map[string]*object) string {
	var before, after, other, unknown, test []string
	for event := range strings.SplitSeq(hook, ",") {
		switch event = strings.ToLower(strings.TrimSpace(event)); event {
		case "pre-install", "pre-upgrade":
			before = append(before, event)
		case "post-install", "post-upgrade":
			after = append(after, event)
		case "test", "test-success":
			test = append(test, event)
		case "pre-delete", "post-delete", "pre-rollback", "post-rollback":
			other = append(other, event)
		default:
			unknown = append(unknown, event)
		}
	}
	switch {
	case len(unknown) > 0:
		b.say(o, "hook-unknown", finding.Warning, "%s %s is a hook that Helm does not know either (%s): it is left out, as Helm does", o.id.Kind, o.id.Name, strings.Join(unknown, ", "))
		return ""
	case len(before)+len(after) == 0 && len(other) == 0:
		b.say(o, "hook-test", finding.Info, "the test %s of the chart is left out: it is for 'helm test'", o.id.Name)
		return ""
	case len(before)+len(after) == 0:
		b.say(o, "hook-dropped", finding.Warning, "%s %s is left out: Helm runs it at %s, and no engine has that moment for one package", o.id.Kind, o.id.Name, strings.Join(other, ", "))
		return ""
	case len(other) > 0 && o.isWorkload():
		b.say(o, "hook-dropped", finding.Warning, "%s %s does not run at %s: no engine has that moment for one package", o.id.Kind, o.id.Name, strings.Join(other, ", "))
	}
	if len(before) == 0 {
		return After
	}
	if o.isWorkload() {
		return b.placeOfEarly(o, before, after, b.needs(o, ordinary))
	}
	return Before
}

// placeOfEarly is placeOfHook for a workload that Helm runs before the rest. One that needs an object of the rest cannot, where there is no version
// before that has it.
func (b *build) placeOfEarly(o *object, before, after []string, need string) string {
	all := strings.Join(slices.Concat(before, after), ", ")
	switch {
	case need != "" && len(after) > 0:
		b.say(o, "hook-twice", finding.Warning, "%s %s is a hook before and after (%s): it runs after only, because it needs %s", o.id.Kind, o.id.Name, all, need)
		return After
	case need != "" && !slices.Contains(before, "pre-install"):
		b.say(o, "hook-dropped", finding.Warning,
			"%s %s is left out: Helm runs it at pre-upgrade alone, with %s of the version before, and no engine has that moment for one package", o.id.Kind, o.id.Name, need)
		return ""
	case len(after) > 0:
		b.say(o, "hook-twice", finding.Warning, "%s %s is a hook before and after (%s): it runs before only", o.id.Kind, o.id.Name, all)
	}
	return Before
}

// hooked makes of a hook what the engine runs: for Flux an ordinary object, made anew when it changes; for Argo CD a hook of the sync, in the
// wave of its part. Helm's annotations go, since Argo CD would read them in its own way.
func (b *build) hooked(c Cluster, o *object, part string) error {
	o.hook, o.weight = part, weightOf(o)
	policy := o.sourceAnnotation(hookDelete)
	notes := document.Lookup(o.doc.Root(), "metadata", "annotations")
	for _, key := range []string{hookAnnotation, hookWeight, hookDelete, hookLog} {
		removeKey(notes, key)
	}
	if len(notes.Content) == 0 {
		removeKey(document.Lookup(o.doc.Root(), "metadata"), "annotations")
	}
	if err := o.repeat(); err != nil {
		return b.objectError(o, err)
	}
	if !o.runsOnce() {
		return nil
	}
	if c.Engine == ArgoCD {
		o.annotate(argocd.HookAnnotation, argocd.SyncHook)
		o.annotate(argocd.HookDeleteAnnotation, deletePolicies(policy))
		return nil
	}
	o.annotate(flux.ForceAnnotation, flux.Enabled)
	if spec := document.Lookup(o.doc.Root(), "spec"); document.Lookup(spec, "ttlSecondsAfterFinished") != nil {
		removeKey(spec, "ttlSecondsAfterFinished")
		b.say(o, "hook-ttl", finding.Info, "Job %s stays after it is done: Flux would make it again, and run it again, when it is gone", o.id.Name)
	}
	return nil
}

// runsOnce reports whether the object is done at some time.
func (o *object) runsOnce() bool { return o.is("batch", "Job") || o.is("", "Pod") }

// deletePolicies are Helm's policies as Argo CD calls them.
func deletePolicies(policy string) string {
	var all []string
	for one := range strings.SplitSeq(policy, ",") {
		switch strings.ToLower(strings.TrimSpace(one)) {
		case "before-hook-creation":
			all = append(all, "BeforeHookCreation")
		case "hook-succeeded":
			all = append(all, "HookSucceeded")
		case "hook-failed":
			all = append(all, "HookFailed")
		}
	}
	if len(all) == 0 {
		return "BeforeHookCreation"
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}
