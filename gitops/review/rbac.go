package review

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
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
func told(grants []grant) string { return listed(gathered(grants)) }

// gathered are grants as texts, the verbs of one resource together, in the order in which the resources are first met.
func gathered(grants []grant) []string {
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
	return order
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

// rights says when an object of RBAC allows more than before, and what differs. A role that is new says so only when it is
// dangerous.
func (c *change) rights() {
	switch {
	case c.is("rbac.authorization.k8s.io", "Role", "ClusterRole"):
		c.role()
	case c.is("rbac.authorization.k8s.io", "RoleBinding", "ClusterRoleBinding"):
		c.binding()
	}
}

// row notes what an object of RBAC allows otherwise than before.
func (c *change) row(added, removed []string, risk Risk) {
	row := Rights{Change: Changed, Object: c.object(), File: c.doc().File, Added: append([]string{}, added...), Removed: append([]string{}, removed...), Risk: risk}
	switch {
	case c.base == nil:
		row.Change = Added
	case c.head == nil:
		row.Change = Removed
	}
	if len(added)+len(removed) > 0 {
		c.tables.Rights = append(c.tables.Rights, row)
	}
}

func (c *change) role() {
	name := title(c.object())
	rules := fieldPath{}.child("rules")
	before, ok := grants(c.base)
	after, ok2 := grants(c.head)
	if !ok || !ok2 {
		c.say(ruleRBAC, High, rules, fmt.Sprintf("%s has more than %d grants: too many to compare", name, maxGrants))
		c.row([]string{"too many grants to compare"}, nil, High)
		return
	}
	dangerous, more := parted(beyond(before, after), grant.dangerous)
	risk := Low
	if len(more) > 0 && c.base != nil {
		risk = Medium
		c.say(ruleRBAC, Medium, rules, name+" has new rights: "+told(more))
	}
	if len(dangerous) > 0 {
		risk = High
		c.say(ruleRBAC, High, rules, name+" has new rights: "+told(dangerous))
	}
	c.row(gathered(slices.Concat(dangerous, more)), gathered(beyond(after, before)), risk)
	if c.base == nil || c.head == nil {
		return
	}
	aggregation := canonical(document.Lookup(c.head.Root(), "aggregationRule"))
	if aggregation != "" && aggregation != canonical(document.Lookup(c.base.Root(), "aggregationRule")) {
		c.say(ruleRBAC, Medium, fieldPath{}.child("aggregationRule"), name+" collects its rights from other roles than before")
	}
}

// beyond are the grants of one list that nothing in another covers.
func beyond(known, all []grant) []grant {
	exact := make(map[grant]bool, len(known))
	var broad []grant
	for _, g := range known {
		exact[g] = true
		if g.broad() {
			broad = append(broad, g)
		}
	}
	var rest []grant
	for _, g := range all {
		unnamed := g
		unnamed.name = ""
		if !exact[g] && !exact[unnamed] && !slices.ContainsFunc(broad, func(b grant) bool { return b.covers(g) }) {
			rest = append(rest, g)
		}
	}
	return rest
}

// broad reports whether a grant may cover others than those of its own spelling.
func (g grant) broad() bool { return strings.Contains(g.group+g.resource+g.url+g.verb, "*") }

func parted(all []grant, first func(grant) bool) (those, rest []grant) {
	for _, g := range all {
		if first(g) {
			those = append(those, g)
			continue
		}
		rest = append(rest, g)
	}
	return those, rest
}

func (c *change) binding() {
	role := roleOf(c.doc())
	before, after := subjects(c.base), subjects(c.head)
	if c.base != nil && c.head != nil && roleOf(c.base) != role {
		before = nil
	}
	came, went := missingIn(before, after), missingIn(after, subjects(c.base))
	risk := Low
	if c.base != nil && len(came) > 0 {
		risk = Medium
	}
	message := listed(came) + " may now do what " + role + " allows"
	everyone := slices.ContainsFunc(came, func(subject string) bool {
		return slices.Contains([]string{"User system:anonymous", "Group system:unauthenticated", "Group system:authenticated", "Group system:serviceaccounts"}, subject)
	})
	switch {
	case len(came) == 0:
	case role == "ClusterRole cluster-admin":
		risk = High
		message += ": everything"
		if c.object().Kind == "RoleBinding" {
			message += " in namespace " + c.object().Namespace
		}
	case everyone:
		risk = High
		message += ": that is everyone"
	}
	if len(came) > 0 && risk > Low {
		c.say(ruleRBAC, risk, fieldPath{}.child("subjects"), message)
	}
	c.row(suffixed(came, role), suffixed(went, role), risk)
}

// missingIn are the texts of a list that another has not.
func missingIn(known, all []string) []string {
	have := setOf(known)
	return slices.DeleteFunc(slices.Clone(all), func(text string) bool { return have[text] })
}

func suffixed(subjects []string, role string) []string {
	for i := range subjects {
		subjects[i] += " as " + role
	}
	return subjects
}

func roleOf(doc *document.Document) string {
	reference := document.Lookup(doc.Root(), "roleRef")
	return scalarOf(reference, "kind") + " " + scalarOf(reference, "name")
}

func subjects(doc *document.Document) []string {
	if doc == nil {
		return nil
	}
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
