package render

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// object is one object of an instance on its way into the tree.
type object struct {
	doc     document.Document
	id      finding.Object // what the API server calls it; no namespace when it is cluster-scoped
	place   Place
	fill    string // the namespace that the manifest's entry gives to objects without one
	cluster bool   // cluster-scoped
	custom  bool   // not served by Kubernetes itself
	orphan  bool   // custom, and the tree does not define its kind

	// changed says that the nodes differ from doc.Raw by more than what metadata adds.
	changed  bool
	metadata additions

	charted bool   // it comes from a chart, which has named and placed it itself
	hook    string // the part that it is in because it is a hook of a chart; empty for no hook
	weight  int    // of the hook among those of its part
	keep    bool   // the chart asks to leave it in the cluster
	dropped bool   // it is left out

	part    string
	natural string // the part that it would be in, when it stays where it was before
	file    string // name of its file in the part
	data    []byte // that file
}

// additions are what gkops adds to metadata. They are kept apart from the nodes so that an object that needs nothing else keeps the
// bytes of its source.
type additions struct {
	namespace           string
	labels, annotations map[string]string
}

func (a additions) empty() bool {
	return a.namespace == "" && len(a.labels) == 0 && len(a.annotations) == 0
}

func newObject(doc document.Document, fill string) *object {
	id := doc.Object()
	return &object{doc: doc, id: id, place: Place{File: doc.File, Line: doc.Line}, fill: fill, custom: !builtin(id.Group())}
}

// is reports whether the object has one of these kinds of a group.
func (o *object) is(group string, kinds ...string) bool {
	if o.id.Group() != group {
		return false
	}
	for _, kind := range kinds {
		if o.id.Kind == kind {
			return true
		}
	}
	return false
}

func (o *object) isNamespace() bool { return o.is("", "Namespace") }

func (o *object) isCRD() bool { return o.is("apiextensions.k8s.io", "CustomResourceDefinition") }

// isWorkload reports whether the object runs containers.
func (o *object) isWorkload() bool {
	return o.is("apps", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet") || o.is("batch", "Job", "CronJob") ||
		o.is("", "Pod", "ReplicationController") || o.is("extensions", "Deployment", "DaemonSet", "ReplicaSet")
}

// holdsData reports whether deleting the object loses what cannot be made again from Git.
func (o *object) holdsData() bool {
	return o.isCRD() || o.is("", "Namespace", "PersistentVolume", "PersistentVolumeClaim") || o.is("apps", "StatefulSet")
}

// label adds a label.
func (o *object) label(key, value string) {
	if o.metadata.labels == nil {
		o.metadata.labels = map[string]string{}
	}
	o.metadata.labels[key] = value
}

// annotate adds an annotation.
func (o *object) annotate(key, value string) {
	if o.metadata.annotations == nil {
		o.metadata.annotations = map[string]string{}
	}
	o.metadata.annotations[key] = value
}

// annotateList adds items to an annotation that is a comma-separated list, keeping those that the source has.
func (o *object) annotateList(key string, items ...string) {
	have := o.metadata.annotations[key]
	if have == "" {
		have = o.sourceAnnotation(key)
	}
	var list []string
	for item := range strings.SplitSeq(have, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	for _, item := range items {
		name, _, _ := strings.Cut(item, "=")
		list = append(without(list, name), item)
	}
	o.annotate(key, strings.Join(list, ","))
}

// without drops the items "name" and "name=...".
func without(list []string, name string) []string {
	kept := list[:0]
	for _, item := range list {
		if itemName, _, _ := strings.Cut(item, "="); itemName != name {
			kept = append(kept, item)
		}
	}
	return kept
}

// sourceAnnotation is an annotation that the source has.
func (o *object) sourceAnnotation(key string) string {
	if !o.mentions(key) {
		return ""
	}
	return scalar(document.Lookup(o.doc.Root(), "metadata", "annotations", key))
}

// mentions reports whether a text may be in the object; it saves reading the nodes of those that do not have it.
func (o *object) mentions(text string) bool {
	return o.changed || !o.doc.Verbatim || bytes.Contains(o.doc.Raw, []byte(text))
}

// setNamespace puts the object into a namespace. An object that has another one already is changed, one that has none is added to.
func (o *object) setNamespace(namespace string) error {
	if o.id.Namespace == namespace {
		return nil
	}
	if o.id.Namespace == "" || o.metadata.namespace != "" {
		o.id.Namespace, o.metadata.namespace = namespace, namespace
		return nil
	}
	o.id.Namespace, o.changed = namespace, true
	return document.SetString(o.doc.Root(), namespace, "metadata", "namespace")
}

// complete is a copy of the nodes with everything that gkops adds to metadata.
func (o *object) complete() (*yaml.Node, error) {
	root := document.Clone(o.doc.Root())
	return root, o.metadata.apply(root)
}

// apply writes the additions into nodes.
func (a additions) apply(root *yaml.Node) error {
	if a.namespace != "" {
		if err := document.SetString(root, a.namespace, "metadata", "namespace"); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.labels)) {
		if err := document.SetString(root, a.labels[key], "metadata", "labels", key); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.annotations)) {
		if err := document.SetString(root, a.annotations[key], "metadata", "annotations", key); err != nil {
			return err
		}
	}
	return nil
}

// scalar is the text of a scalar node, empty for everything else.
func scalar(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}
