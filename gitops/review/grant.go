package review

import (
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
		size := len(texts(rule, "apiGroups"))*len(texts(rule, "resources"))*max(1, len(texts(rule, "resourceNames"))) + len(texts(rule, "nonResourceURLs"))
		if len(found)+len(texts(rule, "verbs"))*size > maxGrants {
			return nil, false
		}
		found = append(found, rightsIn(rule)...)
	}
	return found, true
}

// rightsIn are the grants of one rule.
func rightsIn(rule *yaml.Node) []grant {
	names, verbs := texts(rule, "resourceNames"), texts(rule, "verbs")
	if len(names) == 0 {
		names = []string{""}
	}
	var found []grant
	for _, verb := range verbs {
		for _, url := range texts(rule, "nonResourceURLs") {
			found = append(found, grant{url: url, verb: verb})
		}
	}
	return append(found, product(texts(rule, "apiGroups"), texts(rule, "resources"), names, verbs)...)
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
