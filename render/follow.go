package render

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// injections are annotations that name another object as "namespace/name", which kustomize knows nothing of.
func injections() []string {
	return []string{"cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret"}
}

// follow brings what kustomize does not follow to the new namespace and names: annotations of cert-manager. What still names an old
// namespace in a text is reported, because nobody can know what it is for.
func (b *build) follow(before map[string]bool) error {
	for _, o := range b.objects {
		if o.charted {
			continue
		}
		for _, key := range injections() {
			namespace, name, found := strings.Cut(o.sourceAnnotation(key), "/")
			if !found || !before[namespace] && namespace != b.Namespace {
				continue
			}
			if prefixed := b.prefix() + name; b.hasName(prefixed) {
				name = prefixed
			}
			o.changed = true
			if err := document.SetString(o.doc.Root(), b.Namespace+"/"+name, "metadata", "annotations", key); err != nil {
				return b.objectError(o, err)
			}
		}
		for namespace := range before {
			if namespace != b.Namespace && o.mentions("."+namespace+".svc") && holdsText(o.doc.Root(), "."+namespace+".svc") {
				b.say(o, "namespace-mentioned", finding.Warning,
					"a text still names namespace %s, which the objects of instance %s left for %s", namespace, b.Name, b.Namespace)
			}
		}
	}
	return nil
}

// hasName reports whether an object of the instance, or one that is made at run time, has the name.
func (b *build) hasName(name string) bool {
	if slices.ContainsFunc(b.objects, func(o *object) bool { return o.id.Name == name }) {
		return true
	}
	return slices.ContainsFunc(b.transitive(), func(node *yaml.Node) bool {
		return b.prefix()+scalar(document.Lookup(node, "metadata", "name")) == name
	})
}

// left are the namespaces that the instance's objects leave.
func (b *build) left() map[string]bool {
	namespaces := map[string]bool{}
	for _, o := range b.objects {
		if o.id.Namespace != "" && !o.charted {
			namespaces[o.id.Namespace] = true
		}
	}
	return namespaces
}

func holdsText(node *yaml.Node, text string) bool {
	if node.Kind == yaml.ScalarNode {
		return strings.Contains(node.Value, text)
	}
	return slices.ContainsFunc(node.Content, func(child *yaml.Node) bool { return holdsText(child, text) })
}
