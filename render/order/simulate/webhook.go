package simulate

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// webhook is one entry of a webhook configuration that is asked by way of a Service.
type webhook struct {
	name        string
	line        int
	service     service
	strict      bool // what it is not there to answer for is refused
	conditional bool // it has match conditions, which are not evaluated
	rules       []rule
	namespaces  selector
	objects     selector
}

// rule says which objects a webhook is asked about.
type rule struct{ operations, groups, resources []string }

// selector is a label selector.
type selector struct {
	labels       map[string]string
	requirements []requirement
}

type requirement struct {
	key, operator string
	values        []string
}

func readWebhooks(root *yaml.Node, beta bool) []webhook {
	var all []webhook
	for _, node := range items(document.Lookup(root, "webhooks")) {
		target := readService(document.Lookup(node, "clientConfig", "service"))
		if target == nil {
			continue
		}
		policy := text(node, "failurePolicy")
		w := webhook{
			name: text(node, "name"), line: node.Line, service: *target, strict: policy == "Fail" || policy == "" && !beta,
			conditional: len(items(document.Lookup(node, "matchConditions"))) > 0,
			namespaces:  readSelector(document.Lookup(node, "namespaceSelector")),
			objects:     readSelector(document.Lookup(node, "objectSelector")),
		}
		for _, r := range items(document.Lookup(node, "rules")) {
			w.rules = append(w.rules, rule{strs(r, "operations"), strs(r, "apiGroups"), strs(r, "resources")})
		}
		all = append(all, w)
	}
	return all
}

func readSelector(node *yaml.Node) selector {
	s := selector{labels: texts(node, "matchLabels")}
	for _, r := range items(document.Lookup(node, "matchExpressions")) {
		s.requirements = append(s.requirements, requirement{text(r, "key"), text(r, "operator"), strs(r, "values")})
	}
	return s
}

func strs(node *yaml.Node, key string) []string {
	var all []string
	for _, item := range items(document.Lookup(node, key)) {
		all = append(all, item.Value)
	}
	return all
}

// matches reports whether labels satisfy the selector. An empty one takes all.
func (s selector) matches(labels map[string]string) bool {
	for key, value := range s.labels {
		if got, there := labels[key]; !there || got != value {
			return false
		}
	}
	return !slices.ContainsFunc(s.requirements, func(r requirement) bool { return !r.matches(labels) })
}

func (r requirement) matches(labels map[string]string) bool {
	value, there := labels[r.key]
	switch r.operator {
	case "In":
		return there && slices.Contains(r.values, value)
	case "NotIn":
		return !there || !slices.Contains(r.values, value)
	case "Exists":
		return there
	case "DoesNotExist":
		return !there
	}
	return false
}

// asked reports whether the webhook must answer before an object is created. plural is the name of its kind in the API, namespace the labels
// of its namespace; what only match conditions could decide is taken as not asked.
func (w webhook) asked(o *Object, plural string, namespace map[string]string) bool {
	if !w.strict || w.conditional || o.isWebhooks() {
		return false
	}
	if !slices.ContainsFunc(w.rules, func(r rule) bool { return r.matches(o.ID.Group(), plural) }) || !w.objects.matches(o.labels) {
		return false
	}
	return o.ID.Namespace == "" && !o.isNamespace() || w.namespaces.matches(namespace)
}

func (r rule) matches(group, plural string) bool {
	created := slices.Contains(r.operations, "CREATE") || slices.Contains(r.operations, "*")
	inGroup := slices.Contains(r.groups, group) || slices.Contains(r.groups, "*")
	return created && inGroup && slices.ContainsFunc(r.resources, func(resource string) bool {
		return resource == plural || resource == "*" || resource == "*/*"
	})
}

// pluralOf is how the API names a kind of Kubernetes itself.
func pluralOf(kind string) string {
	name := strings.ToLower(kind)
	switch {
	case name == "endpoints":
		return name
	case strings.HasSuffix(name, "s"), strings.HasSuffix(name, "x"):
		return name + "es"
	case strings.HasSuffix(name, "y"):
		return strings.TrimSuffix(name, "y") + "ies"
	}
	return name + "s"
}
