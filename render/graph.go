package render

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/order"
)

// planner finds what waits for what.
type planner struct {
	graph     *order.Graph
	builds    []*build
	byName    map[string]*build
	providers map[string]*build // kindKey of a custom kind to the instance that defines it
	owners    map[string]string // namespace to owner
}

// plan makes the graph over the parts of all instances.
func plan(builds []*build, owners map[string]string) *planner {
	p := &planner{graph: &order.Graph{}, builds: builds, byName: map[string]*build{}, providers: map[string]*build{}, owners: owners}
	for _, owner := range owners {
		if owner == ClusterOwner {
			p.graph.Add(NamespacesPart)
		}
	}
	for _, b := range builds {
		p.byName[b.Name] = b
		for _, crd := range b.provides {
			p.providers[crd.Kind+"."+crd.Group] = b
		}
	}
	for _, b := range builds {
		p.within(b)
		p.requirements(b)
		for _, o := range b.objects {
			p.namespace(b, o)
			p.kind(b, o)
		}
	}
	return p
}

// within orders the parts of one instance.
func (p *planner) within(b *build) {
	parts := b.parts()
	for i, part := range parts {
		p.graph.Add(partID(b.Name, part))
		if i > 0 {
			p.graph.Connect(order.Edge{
				From: partID(b.Name, part), To: partID(b.Name, parts[i-1]), Why: "the parts of an instance follow each other",
			})
		}
	}
}

// parts are the parts that the instance has, in order.
func (b *build) parts() []string {
	var parts []string
	for _, part := range partNames() {
		if slices.ContainsFunc(b.objects, func(o *object) bool { return o.part == part }) {
			parts = append(parts, part)
		}
	}
	return parts
}

// requirements lets the first part with more than definitions wait for the last parts of what the instance requires.
func (p *planner) requirements(b *build) {
	parts := b.parts()
	if len(parts) > 0 && parts[0] == CRDs {
		parts = parts[1:]
	}
	if len(parts) == 0 {
		return
	}
	for _, last := range p.last(b.Requires, map[string]bool{b.Name: true}) {
		p.graph.Connect(order.Edge{From: partID(b.Name, parts[0]), To: last, Why: "instance " + b.Name + " requires it"})
	}
}

// last are the last parts of instances; one without parts stands for what it requires itself.
func (p *planner) last(names []string, seen map[string]bool) []string {
	var last []string
	for _, name := range names {
		b := p.byName[name]
		if b == nil || seen[name] {
			continue
		}
		seen[name] = true
		if parts := b.parts(); len(parts) > 0 {
			last = append(last, partID(name, parts[len(parts)-1]))
			continue
		}
		last = append(last, p.last(b.Requires, seen)...)
	}
	return last
}

// namespace lets an object's part wait for the part that has its namespace.
func (p *planner) namespace(b *build, o *object) {
	owner := p.owners[o.id.Namespace]
	if owner == "" || owner == b.Name {
		return
	}
	to := NamespacesPart
	if owner != ClusterOwner {
		to = partID(owner, CRDs)
	}
	p.graph.Connect(order.Edge{
		From: partID(b.Name, o.part), To: to, Why: fmt.Sprintf("%s %s is in namespace %s", o.id.Kind, o.id.Name, o.id.Namespace),
	})
}

// kind lets a custom resource's part wait for the definition of its kind, and for the controller. The latter edge is soft when
// nothing of the controller is called to admit or convert the resource.
func (p *planner) kind(b *build, o *object) {
	provider := p.providers[kindKey(o.id)]
	if !o.custom || provider == nil || provider == b {
		return
	}
	why := fmt.Sprintf("%s %s is of a kind that instance %s defines", o.id.Kind, o.id.Name, provider.Name)
	for _, part := range provider.parts() {
		if part != Config {
			soft := part != CRDs && !provider.serves(o.id)
			p.graph.Connect(order.Edge{From: partID(b.Name, o.part), To: partID(provider.Name, part), Why: why, Soft: soft})
		}
	}
}

// serves reports whether a webhook of the instance is called for a custom resource.
func (b *build) serves(id finding.Object) bool {
	for _, o := range b.objects {
		if o.is("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration") && admits(o, id.Group()) {
			return true
		}
		if !o.isCRD() || !o.mentions("conversion") {
			continue
		}
		spec := document.Lookup(outline(o), "spec")
		if scalar(document.Lookup(spec, "conversion", "strategy")) == "Webhook" &&
			scalar(document.Lookup(spec, "group")) == id.Group() && scalar(document.Lookup(spec, "names", "kind")) == id.Kind {
			return true
		}
	}
	return false
}

// admits reports whether a webhook configuration has a rule for a group.
func admits(o *object, group string) bool {
	webhooks := document.Lookup(o.doc.Root(), "webhooks")
	for _, webhook := range content(webhooks) {
		for _, rule := range content(document.Lookup(webhook, "rules")) {
			for _, g := range content(document.Lookup(rule, "apiGroups")) {
				if g.Value == group || g.Value == "*" {
					return true
				}
			}
		}
	}
	return false
}

func content(list *yaml.Node) []*yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}

// relax takes soft edges away when there is no order with them.
func (p *planner) relax() []order.Edge {
	if _, err := p.graph.Sort(); err == nil {
		return nil
	}
	return p.graph.Relax()
}

// relaxed says which edges gave way because of a cycle.
func relaxed(edges []order.Edge) []finding.Finding {
	var findings []finding.Finding
	for _, e := range edges {
		findings = append(findings, finding.Finding{
			Rule: "order-relaxed", Severity: finding.Info,
			Message: fmt.Sprintf("%s does not wait for %s, although %s: they would wait for each other, and no webhook is called for it", e.From, e.To, e.Why),
		})
	}
	return findings
}
