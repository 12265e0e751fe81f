package review

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// scale calls to attention what runs nothing, or cannot be moved, any more.
func (c *change) scale() {
	if replicas := document.Lookup(c.head.Root(), "spec", "replicas"); replicas != nil && canonical(replicas) == "0" && (c.base == nil || c.field("spec", "replicas") != "0") {
		risk := High
		if c.base == nil {
			risk = Medium
		}
		c.say(ruleZero, risk, pathOf("spec", "replicas"), title(c.object())+" has 0 replicas"+c.before("spec", "replicas"))
	}
	if c.is("batch", "CronJob") && isTrue(c.head.Root(), "spec", "suspend") && c.field("spec", "suspend") != "true" {
		c.say(ruleZero, Medium, pathOf("spec", "suspend"), title(c.object())+" is suspended")
	}
	if c.is("policy", "PodDisruptionBudget") {
		c.budget()
	}
}

// field is what a field was before, empty when it was not there.
func (c *change) field(path ...string) string {
	if c.base == nil {
		return ""
	}
	return canonical(document.Lookup(c.base.Root(), path...))
}

// before says what a field was, for the end of a sentence.
func (c *change) before(path ...string) string {
	if c.base == nil {
		return ""
	}
	if was := scalarOf(c.base.Root(), path...); was != "" {
		return ", before it had " + was
	}
	return ""
}

// budget judges the two bounds of a PodDisruptionBudget.
func (c *change) budget() {
	is := func(node *yaml.Node, values ...string) bool {
		return node != nil && slices.Contains(values, node.Value)
	}
	differs := func(name string) bool {
		return c.field("spec", name) != canonical(document.Lookup(c.head.Root(), "spec", name))
	}
	most, least := document.Lookup(c.head.Root(), "spec", "maxUnavailable"), document.Lookup(c.head.Root(), "spec", "minAvailable")
	switch {
	case is(most, "0", "0%") && differs("maxUnavailable"):
		c.say(ruleDisruption, Medium, pathOf("spec", "maxUnavailable"), title(c.object())+" allows no pod to be moved (maxUnavailable "+most.Value+"): nodes cannot be drained")
	case is(least, "100%") && differs("minAvailable"):
		c.say(ruleDisruption, Medium, pathOf("spec", "minAvailable"), title(c.object())+" allows no pod to be moved (minAvailable 100%): nodes cannot be drained")
	case is(least, "0", "0%") && differs("minAvailable"):
		c.say(ruleDisruption, Medium, pathOf("spec", "minAvailable"), title(c.object())+" protects no pod (minAvailable "+least.Value+")")
	case is(most, "100%") && differs("maxUnavailable"):
		c.say(ruleDisruption, Medium, pathOf("spec", "maxUnavailable"), title(c.object())+" protects no pod (maxUnavailable 100%)")
	}
}

// exposure calls a Service to attention that can be reached from outside and could not before.
func (c *change) exposure() {
	if !c.is("", "Service") {
		return
	}
	kind := scalarOf(c.head.Root(), "spec", "type")
	old := ""
	if c.base != nil {
		old = scalarOf(c.base.Root(), "spec", "type")
	}
	if kind != old && (kind == "LoadBalancer" || kind == "NodePort" && old != "LoadBalancer") {
		c.say(ruleExposed, Medium, pathOf("spec", "type"), title(c.object())+" can be reached from outside of the cluster (type "+kind+")")
	}
	if more := missingIn(textsOf(c.base, "externalIPs"), textsOf(c.head, "externalIPs")); len(more) > 0 {
		c.say(ruleExposed, Medium, pathOf("spec", "externalIPs"), title(c.object())+" takes addresses of its own: "+listed(more))
	}
}

func textsOf(doc *document.Document, name string) []string {
	if doc == nil {
		return nil
	}
	return texts(document.Lookup(doc.Root(), "spec"), name)
}
