package review

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// grant is one thing that a rule allows: a verb on a resource of a group, or on a URL. An empty name means all objects.
type grant struct{ group, resource, name, url, verb string }

// on is what the verb is allowed on: "secrets", "deployments.apps/scale", "/metrics".
func (g grant) on() string {
	if g.url != "" {
		return g.url
	}
	text := g.resource
	if g.group != "" {
		resource, sub, nested := strings.Cut(g.resource, "/")
		text = resource + "." + g.group
		if nested {
			text += "/" + sub
		}
	}
	if g.name != "" {
		text += " named " + g.name
	}
	return text
}

// told joins grants for a sentence, the verbs of one resource together: "secrets (list, watch), * (any verb)".
func told(grants []grant) string {
	verbs := map[string][]string{}
	var order []string
	for _, g := range grants {
		on, verb := g.on(), g.verb
		if verb == "*" {
			verb = "any verb"
		}
		if verbs[on] == nil {
			order = append(order, on)
		}
		if !slices.Contains(verbs[on], verb) {
			verbs[on] = append(verbs[on], verb)
		}
	}
	for i, on := range order {
		order[i] = on + " (" + strings.Join(verbs[on], ", ") + ")"
	}
	return listed(order)
}

// covers reports whether whoever has g may do what other allows.
func (g grant) covers(other grant) bool {
	if !wildcard(g.verb, other.verb) || (g.url != "") != (other.url != "") {
		return false
	}
	if g.url != "" {
		prefix, star := strings.CutSuffix(g.url, "*")
		return g.url == other.url || star && strings.HasPrefix(other.url, prefix)
	}
	return wildcard(g.group, other.group) && coversResource(g.resource, other.resource) && (g.name == "" || g.name == other.name)
}

func wildcard(pattern, value string) bool { return pattern == "*" || pattern == value }

// coversResource knows "*", "pods/*" and "*/scale".
func coversResource(pattern, resource string) bool {
	if wildcard(pattern, resource) {
		return true
	}
	kind, sub, nested := strings.Cut(pattern, "/")
	otherKind, otherSub, otherNested := strings.Cut(resource, "/")
	return nested && otherNested && wildcard(kind, otherKind) && wildcard(sub, otherSub)
}

// dangerous reports whether the grant leads to more than it says: all of something, the secrets, or the rights of others.
func (g grant) dangerous() bool {
	switch {
	case g.verb == "*", g.resource == "*", g.group == "*", strings.Contains(g.url, "*"):
		return true
	case slices.Contains([]string{"escalate", "bind", "impersonate"}, g.verb):
		return true
	case g.resource == "secrets" && g.group == "":
		return true
	case slices.Contains([]string{"pods/exec", "pods/attach", "pods/ephemeralcontainers", "nodes/proxy", "serviceaccounts/token"}, g.resource):
		return !slices.Contains([]string{"list", "watch"}, g.verb)
	}
	return strings.Contains(g.resource, "*")
}

// maxGrants bounds what is compared: more than any real role allows.
const maxGrants = 20_000

// grants are what a role allows, in the order of its rules; false when they are too many to compare.
func grants(doc *document.Document) ([]grant, bool) {
	if doc == nil {
		return nil, true
	}
	rules := document.Lookup(doc.Root(), "rules")
	if rules == nil {
		return nil, true
	}
	var found []grant
	for _, rule := range rules.Content {
		groups, resources := texts(rule, "apiGroups"), texts(rule, "resources")
		names, urls, verbs := texts(rule, "resourceNames"), texts(rule, "nonResourceURLs"), texts(rule, "verbs")
		if len(names) == 0 {
			names = []string{""}
		}
		if len(found)+len(verbs)*(len(groups)*len(resources)*len(names)+len(urls)) > maxGrants {
			return nil, false
		}
		for _, verb := range verbs {
			for _, url := range urls {
				found = append(found, grant{url: url, verb: verb})
			}
		}
		found = append(found, product(groups, resources, names, verbs)...)
	}
	return found, true
}

func product(groups, resources, names, verbs []string) []grant {
	var all []grant
	for _, group := range groups {
		for _, resource := range resources {
			for _, name := range names {
				for _, verb := range verbs {
					all = append(all, grant{group: group, resource: resource, name: name, verb: verb})
				}
			}
		}
	}
	return all
}

// texts are the scalars of a list field.
func texts(node *yaml.Node, name string) []string {
	list := document.Lookup(node, name)
	if list == nil {
		return nil
	}
	var values []string
	for _, item := range list.Content {
		values = append(values, item.Value)
	}
	return values
}

// rbacGrowth says when an object of RBAC allows more than before. A role that is new says so only when it is dangerous.
func rbacGrowth(base, head *document.Document, say sayer) {
	object := head.Object()
	if object.Group() != "rbac.authorization.k8s.io" {
		return
	}
	switch object.Kind {
	case "Role", "ClusterRole":
		roleGrowth(base, head, say)
	case "RoleBinding", "ClusterRoleBinding":
		bindingGrowth(base, head, say)
	}
}

func roleGrowth(base, head *document.Document, say sayer) {
	name := title(head.Object())
	before, ok := grants(base)
	after, ok2 := grants(head)
	if !ok || !ok2 {
		say(ruleRBAC, High, fmt.Sprintf("%s has more than %d grants: too many to compare", name, maxGrants))
		return
	}
	var more, dangerous []grant
	for _, g := range after {
		switch covered := slices.ContainsFunc(before, func(old grant) bool { return old.covers(g) }); {
		case covered:
		case g.dangerous():
			dangerous = append(dangerous, g)
		default:
			more = append(more, g)
		}
	}
	if len(dangerous) > 0 {
		say(ruleRBAC, High, name+" has new rights: "+told(dangerous))
	}
	if len(more) > 0 && base != nil {
		say(ruleRBAC, Medium, name+" has new rights: "+told(more))
	}
	aggregation := canonical(document.Lookup(head.Root(), "aggregationRule"))
	if base != nil && aggregation != "" && aggregation != canonical(document.Lookup(base.Root(), "aggregationRule")) {
		say(ruleRBAC, Medium, name+" collects its rights from other roles than before")
	}
}

func bindingGrowth(base, head *document.Document, say sayer) {
	role := roleOf(head)
	before := map[string]bool{}
	if base != nil && roleOf(base) == role {
		for _, subject := range subjects(base) {
			before[subject] = true
		}
	}
	var newcomers []string
	for _, subject := range subjects(head) {
		if !before[subject] {
			newcomers = append(newcomers, subject)
		}
	}
	if len(newcomers) == 0 {
		return
	}
	message := listed(newcomers) + " may now do what " + role + " allows"
	everyone := slices.ContainsFunc(newcomers, func(subject string) bool {
		return slices.Contains([]string{"User system:anonymous", "Group system:unauthenticated", "Group system:authenticated", "Group system:serviceaccounts"}, subject)
	})
	switch {
	case role == "ClusterRole cluster-admin":
		say(ruleRBAC, High, message+": everything, if the binding is for the cluster")
	case everyone:
		say(ruleRBAC, High, message+": that is everyone")
	case base != nil:
		say(ruleRBAC, Medium, message)
	}
}

func roleOf(doc *document.Document) string {
	reference := document.Lookup(doc.Root(), "roleRef")
	return scalarOf(reference, "kind") + " " + scalarOf(reference, "name")
}

func subjects(doc *document.Document) []string {
	list := document.Lookup(doc.Root(), "subjects")
	if list == nil {
		return nil
	}
	var found []string
	for _, subject := range list.Content {
		name := scalarOf(subject, "name")
		if namespace := scalarOf(subject, "namespace"); namespace != "" {
			name = namespace + "/" + name
		}
		found = append(found, scalarOf(subject, "kind")+" "+name)
	}
	return found
}

func scalarOf(node *yaml.Node, path ...string) string {
	if value := document.Lookup(node, path...); value != nil {
		return value.Value
	}
	return ""
}

// title is an object in a sentence.
func title(object finding.Object) string {
	if object.Namespace == "" {
		return object.Kind + " " + object.Name
	}
	return object.Kind + " " + object.Namespace + "/" + object.Name
}
