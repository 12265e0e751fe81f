package review

import (
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
	for i, node := range list.Content {
		all = append(all, hook{scalarOf(node, "name"), itemPath(pathOf("webhooks"), list, i), node})
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

// asked are the rules of a webhook, one text for each operation on each resource.
func (h hook) asked() []string {
	rules := document.Lookup(h.node, "rules")
	if rules == nil {
		return nil
	}
	var all []string
	for _, rule := range rules.Content {
		scope := scalarOf(rule, "scope")
		for _, group := range texts(rule, "apiGroups") {
			for _, version := range texts(rule, "apiVersions") {
				for _, resource := range texts(rule, "resources") {
					for _, operation := range texts(rule, "operations") {
						name := strings.TrimSuffix(resource+"."+group, ".")
						text := operation + " " + name + " (" + version + ")"
						if scope != "" && scope != "*" {
							text += " " + scope
						}
						all = append(all, text)
					}
				}
			}
		}
	}
	return all
}

// core reports whether a webhook is asked about what the cluster itself lives on.
func (h hook) core() bool {
	return slices.ContainsFunc(h.asked(), func(text string) bool {
		_, resource, _ := strings.Cut(text, " ")
		resource, _, _ = strings.Cut(resource, " ")
		return strings.Contains(resource, "*") || !strings.Contains(resource, ".") || strings.HasSuffix(resource, ".apps") || strings.HasSuffix(resource, ".coordination.k8s.io")
	})
}

func (c *change) hookCame(h hook) {
	c.hookRow(Added, h.name, "", "", listed(h.asked()))
	if !h.fails() {
		return
	}
	risk := Medium
	if h.core() && h.unlimited() {
		risk = High
	}
	c.say(ruleWebhook, risk, h.path, title(c.object())+": the new webhook "+h.name+" refuses what it cannot judge (failurePolicy Fail): "+listed(h.asked()))
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
	if more := missingIn(old.asked(), new.asked()); len(more) > 0 {
		c.hookRow(Changed, new.name, "rules", "", "also "+listed(more))
		c.say(ruleWebhook, High, new.path.child("rules"), who+" is asked about more: "+listed(more))
	}
	if less := missingIn(new.asked(), old.asked()); len(less) > 0 {
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
			c.say(ruleWebhook, Medium, append(new.path[:len(new.path):len(new.path)], pathOf(path...)...), who+" is answered by somebody else than before")
		}
	}
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
