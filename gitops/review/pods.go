package review

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// podSpec is what describes pods somewhere in an object: a mapping with a list of containers.
type podSpec struct {
	path fieldPath
	node *yaml.Node
}

// container is one container of a podSpec.
type container struct {
	path fieldPath
	name string
	node *yaml.Node
}

// podSpecs finds whatever describes pods, also in kinds that are not Kubernetes' own. A definition of a kind describes none.
func podSpecs(doc *document.Document) []podSpec {
	if doc == nil || doc.Object().Kind == "CustomResourceDefinition" || doc.Object().Kind == "Secret" {
		return nil
	}
	var found []podSpec
	var walk func(path fieldPath, node *yaml.Node)
	walk = func(path fieldPath, node *yaml.Node) {
		switch node.Kind {
		case yaml.MappingNode:
			if list := document.Lookup(node, "containers"); list != nil && list.Kind == yaml.SequenceNode && holdContainers(list) {
				found = append(found, podSpec{path, node})
			}
			for i := 0; i+1 < len(node.Content); i += 2 {
				walk(path.child(node.Content[i].Value), node.Content[i+1])
			}
		case yaml.SequenceNode:
			for i, at := range itemPaths(path, node) {
				walk(at, node.Content[i])
			}
		}
	}
	walk(fieldPath{}, doc.Root())
	return found
}

func holdContainers(list *yaml.Node) bool {
	return slices.ContainsFunc(list.Content, func(item *yaml.Node) bool {
		return item.Kind == yaml.MappingNode && (document.Lookup(item, "image") != nil || document.Lookup(item, "name") != nil)
	})
}

// itemPaths lead to the items of a list: by what tells them apart, as hunks do it, else by their places.
func itemPaths(path fieldPath, list *yaml.Node) []fieldPath {
	by, named := identify(path, list.Content)
	paths := make([]fieldPath, len(list.Content))
	for i, item := range list.Content {
		if paths[i] = path.at(i); named {
			paths[i] = path.matching(by.of(item))
		}
	}
	return paths
}

// containers are all containers of a pod.
func (p podSpec) containers() []container {
	var all []container
	for _, kind := range []string{"initContainers", "containers", "ephemeralContainers"} {
		list := document.Lookup(p.node, kind)
		if list == nil || list.Kind != yaml.SequenceNode {
			continue
		}
		for i, at := range itemPaths(p.path.child(kind), list) {
			if item := list.Content[i]; item.Kind == yaml.MappingNode {
				all = append(all, container{at, scalarOf(item, "name"), item})
			}
		}
	}
	return all
}

// twins pairs what describes pods in head with what did at the same place in base, nil when nothing did.
func (c *change) twins() [][2]*podSpec {
	before, after := podSpecs(c.base), podSpecs(c.head)
	places := make(map[string]*podSpec, len(before))
	for i := range before {
		places[before[i].path.String()] = &before[i]
	}
	pairs := make([][2]*podSpec, len(after))
	for i := range after {
		pairs[i] = [2]*podSpec{places[after[i].path.String()], &after[i]}
	}
	return pairs
}

// rolling are the kinds whose pods are replaced when the template changes. A CronJob or a Job is none: its next run uses it.
var rolling = []string{"Deployment", "DaemonSet", "StatefulSet", "ReplicationController", "Rollout"}

// pods notes images, and workloads whose pods are replaced.
func (c *change) pods() {
	c.images()
	if c.base == nil || c.head == nil || !slices.Contains(rolling, c.object().Kind) {
		return
	}
	d := differ{secrets: privacyOf(c.base, c.head)}
	old, new := document.Lookup(c.base.Root(), "spec", "template"), document.Lookup(c.head.Root(), "spec", "template")
	if old == nil || new == nil {
		return
	}
	d.node(pathOf("spec", "template"), old, new)
	var reasons []string
	checksums := true
	for _, hunk := range d.hunks {
		reason := rolledBy(hunk.path)
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
		checksums = checksums && reason == "checksum"
	}
	if len(reasons) == 0 {
		return
	}
	if checksums {
		reasons = []string{"checksum only"}
	}
	slices.SortFunc(reasons, func(a, b string) int { return slices.Index(rollReasons, a) - slices.Index(rollReasons, b) })
	c.tables.Rollouts = append(c.tables.Rollouts, Rollout{Object: c.object(), File: c.doc().File, Reasons: reasons})
}

// rollReasons are the reasons of a rollout, the most telling first.
var rollReasons = []string{"image", "args", "env", "ports", "resources", "probes", "security", "volumes", "containers", "scheduling", "labels", "annotations", "checksum", "checksum only", "other fields"}

// rolledBy is the reason that a field of a pod template gives.
func rolledBy(path fieldPath) string {
	below := path[2:] // spec.template
	switch {
	case checksum(path):
		return "checksum"
	case len(below) > 1 && below[0].key == "metadata" && slices.Contains([]string{"labels", "annotations"}, below[1].key):
		return below[1].key
	case len(below) < 2 || below[0].key != "spec":
		return "other fields"
	}
	kind, known := podFields[below[1].key]
	if !slices.Contains([]string{"containers", "initContainers"}, below[1].key) {
		if known {
			return kind
		}
		return "other fields"
	}
	if len(below) < 4 {
		return "containers"
	}
	if kind, known := podFields[below[3].key]; known {
		return kind
	}
	return "other fields"
}

// podFields sorts the fields of pods and containers by what they are about.
var podFields = map[string]string{
	"image": "image", "imagePullPolicy": "image", "args": "args", "command": "args", "workingDir": "args", "env": "env", "envFrom": "env",
	"ports": "ports", "resources": "resources", "livenessProbe": "probes", "readinessProbe": "probes", "startupProbe": "probes", "lifecycle": "probes",
	"securityContext": "security", "serviceAccountName": "security", "automountServiceAccountToken": "security", "hostNetwork": "security",
	"hostPID": "security", "hostIPC": "security", "volumes": "volumes", "volumeMounts": "volumes", "volumeDevices": "volumes",
	"affinity": "scheduling", "tolerations": "scheduling", "nodeSelector": "scheduling", "topologySpreadConstraints": "scheduling", "priorityClassName": "scheduling",
}

// checksum reports whether a field is an annotation of a pod template that holds a checksum, so that its pods are replaced when
// something else changes.
func checksum(path fieldPath) bool {
	n := len(path)
	if n < 4 || path[n-2].key != "annotations" || path[n-3].key != "metadata" || path[n-4].key != "template" {
		return false
	}
	return checksumKey(path[n-1].key)
}
