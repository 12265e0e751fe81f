package render

import (
	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// needs names an ordinary object of the chart that the pods of a hook cannot start without, "ServiceAccount web"; empty for none. Helm has such an
// object before an upgrade, from the version before, and never before an installation.
func (b *build) needs(o *object, ordinary map[string]*object) string {
	namespace := o.id.Namespace
	if namespace == "" {
		namespace = o.fill
	}
	for _, r := range references(podSpec(o)) {
		id := finding.Object{APIVersion: "v1", Kind: r.kind, Namespace: namespace, Name: r.name}
		if found := ordinary[id.Key()]; found != nil && found.hook == "" {
			return r.kind + " " + r.name
		}
	}
	return ""
}

// podSpec is the specification of the pods of a workload.
func podSpec(o *object) *yaml.Node {
	spec := document.Lookup(o.doc.Root(), "spec")
	if job := document.Lookup(spec, "jobTemplate", "spec"); job != nil {
		spec = job
	}
	if template := document.Lookup(spec, "template", "spec"); template != nil {
		return template
	}
	return spec
}

// reference is an object that pods do not start without.
type reference struct{ kind, name string }

func references(pod *yaml.Node) []reference {
	var all []reference
	add := func(kind string, node *yaml.Node, path ...string) {
		name := scalar(document.Lookup(node, path...))
		if name != "" && scalar(document.Lookup(node, path[0], "optional")) != "true" {
			all = append(all, reference{kind, name})
		}
	}
	add("ServiceAccount", pod, "serviceAccountName")
	for _, volume := range content(document.Lookup(pod, "volumes")) {
		add("ConfigMap", volume, "configMap", "name")
		add("Secret", volume, "secret", "secretName")
		add("PersistentVolumeClaim", volume, "persistentVolumeClaim", "claimName")
	}
	for _, list := range []string{"initContainers", "containers"} {
		for _, container := range content(document.Lookup(pod, list)) {
			for _, from := range content(document.Lookup(container, "envFrom")) {
				add("ConfigMap", from, "configMapRef", "name")
				add("Secret", from, "secretRef", "name")
			}
			for _, variable := range content(document.Lookup(container, "env")) {
				from := document.Lookup(variable, "valueFrom")
				add("ConfigMap", from, "configMapKeyRef", "name")
				add("Secret", from, "secretKeyRef", "name")
			}
		}
	}
	return all
}
