package review

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// hook is one webhook of a configuration.
type hook struct {
	name string
	path fieldPath
	node *yaml.Node
}

// webhooks compares what a configuration of webhooks is asked about.
func (c *change) webhooks() {
	if !c.is("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration") {
		return
	}
	before, after := hooksOf(c.base), hooksOf(c.head)
	for _, h := range after {
		i := slices.IndexFunc(before, func(b hook) bool { return b.name == h.name })
		if i < 0 {
			c.hookCame(h)
			continue
		}
		c.hookChanged(before[i], h)
	}
	for _, h := range before {
		if !slices.ContainsFunc(after, func(a hook) bool { return a.name == h.name }) {
			c.hookRow(Removed, h.name, "", "", "")
		}
	}
}

func hooksOf(doc *document.Document) []hook {
	if doc == nil {
		return nil
	}
	list := document.Lookup(doc.Root(), "webhooks")
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	var all []hook
	for i, at := range itemPaths(pathOf("webhooks"), list) {
		all = append(all, hook{scalarOf(list.Content[i], "name"), at, list.Content[i]})
	}
	return all
}

func (c *change) hookRow(change Change, name, field, old, new string) {
	c.tables.Webhooks = append(c.tables.Webhooks, WebhookChange{Change: change, Object: c.object(), File: c.doc().File, Webhook: name, Field: field, Old: old, New: new})
}

// fails reports whether requests are refused while the webhook does not answer; that is the default.
func (h hook) fails() bool { return scalarOf(h.node, "failurePolicy") != "Ignore" }

// unlimited reports whether the webhook is asked about every namespace and every object.
func (h hook) unlimited() bool {
	for _, name := range []string{"namespaceSelector", "objectSelector"} {
		selector := document.Lookup(h.node, name)
		if selector != nil && len(selector.Content) > 0 {
			return false
		}
	}
	return len(texts(h.node, "matchConditions")) == 0 && document.Lookup(h.node, "matchConditions") == nil
}

// question is one operation on one resource that a webhook is asked about.
type question struct{ operation, group, version, resource, scope string }

// String is the question in a sentence: "CREATE deployments.apps (v1)".
func (q question) String() string {
	text := q.operation + " " + strings.TrimSuffix(q.resource+"."+q.group, ".") + " (" + q.version + ")"
	if q.scope != "*" {
		text += " " + q.scope
	}
	return text
}

// covers reports whether whoever is asked q is asked other too.
func (q question) covers(other question) bool {
	return wildcard(q.operation, other.operation) && wildcard(q.group, other.group) && wildcard(q.version, other.version) &&
		coversResource(q.resource, other.resource) && wildcard(q.scope, other.scope)
}

// asked are the rules of a webhook, one question for each operation on each resource.
func (h hook) asked() []question {
	rules := document.Lookup(h.node, "rules")
	if rules == nil {
		return nil
	}
	var all []question
	for _, rule := range rules.Content {
		scope := cmp.Or(scalarOf(rule, "scope"), "*")
		for _, group := range texts(rule, "apiGroups") {
			for _, version := range texts(rule, "apiVersions") {
				for _, resource := range texts(rule, "resources") {
					for _, operation := range texts(rule, "operations") {
						all = append(all, question{operation, group, version, resource, scope})
					}
				}
			}
		}
	}
	return all
}

// beside are the questions of a list that nothing in another covers, as texts.
func beside(known, all []question) []string {
	var rest []string
	for _, q := range all {
		if !slices.ContainsFunc(known, func(k question) bool { return k.covers(q) }) {
			rest = append(rest, q.String())
		}
	}
	return rest
}

// core reports whether a webhook is asked about what the cluster itself lives on: the core group, workloads, leases, or everything.
func (h hook) core() bool {
	return slices.ContainsFunc(h.asked(), func(q question) bool {
		return slices.Contains([]string{"", "*", "apps", "coordination.k8s.io"}, q.group)
	})
}

func (c *change) hookCame(h hook) {
	c.hookRow(Added, h.name, "", "", listed(beside(nil, h.asked())))
	if !h.fails() {
		return
	}
	risk := Medium
	if h.core() && h.unlimited() {
		risk = High
	}
	c.say(ruleWebhook, risk, h.path, title(c.object())+": the new webhook "+h.name+" refuses what it cannot judge (failurePolicy Fail): "+listed(beside(nil, h.asked())))
}

// hookChanged compares the fields of one webhook.
func (c *change) hookChanged(old, new hook) {
	for _, name := range keysOf(old.node, new.node) {
		a, b := document.Lookup(old.node, name), document.Lookup(new.node, name)
		if canonical(a) == canonical(b) || name == "rules" || name == "clientConfig" {
			continue
		}
		c.hookRow(Changed, new.name, name, short(a), short(b))
	}
	who := title(c.object()) + ": the webhook " + new.name
	if new.fails() && !old.fails() {
		c.say(ruleWebhook, High, new.path.child("failurePolicy"), who+" now refuses what it cannot judge (failurePolicy Ignore -> Fail)")
	}
	if more := beside(old.asked(), new.asked()); len(more) > 0 {
		c.hookRow(Changed, new.name, "rules", "", "also "+listed(more))
		c.say(ruleWebhook, High, new.path.child("rules"), who+" is asked about more: "+listed(more))
	}
	if less := beside(new.asked(), old.asked()); len(less) > 0 {
		c.hookRow(Changed, new.name, "rules", listed(less), "")
	}
	for _, name := range []string{"namespaceSelector", "objectSelector", "matchConditions"} {
		a, b := document.Lookup(old.node, name), document.Lookup(new.node, name)
		if canonical(a) == canonical(b) {
			continue
		}
		risk, what := Medium, "has another "+name
		if a != nil && len(a.Content) > 0 && (b == nil || len(b.Content) == 0) {
			risk, what = High, "has no "+name+" any more"
		}
		c.say(ruleWebhook, risk, new.path.child(name), who+" "+what+": it is asked about other objects than before")
	}
	c.hookClient(old, new, who)
}

// hookClient compares who is asked, but for the certificates that are trusted.
func (c *change) hookClient(old, new hook, who string) {
	for _, path := range [][]string{{"clientConfig", "url"}, {"clientConfig", "service"}} {
		a, b := document.Lookup(old.node, path...), document.Lookup(new.node, path...)
		if canonical(a) != canonical(b) {
			c.hookRow(Changed, new.name, strings.Join(path, "."), short(a), short(b))
			c.say(ruleWebhook, Medium, append(new.path[:len(new.path):len(new.path)], pathOf(path...)...), who+" is answered by somebody else than before: "+answerer(a)+" -> "+answerer(b))
		}
	}
}

// answerer is who answers a webhook, in a sentence.
func answerer(node *yaml.Node) string {
	if node == nil {
		return "nobody there"
	}
	if name := scalarOf(node, "name"); name != "" {
		return "Service " + strings.TrimPrefix(scalarOf(node, "namespace")+"/"+name, "/") + scalarOf(node, "path")
	}
	return short(node)
}

// short is a value in a table cell.
func short(node *yaml.Node) string {
	if node == nil {
		return ""
	}
	text := brief(node)
	if len(text) > 120 {
		return "(" + plural(len(text), "character", "characters") + ")"
	}
	return text
}
