package simulate

import (
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// Object is one object of a tree, with what its bytes say of when it can be applied.
type Object struct {
	ID   finding.Object
	File string
	Line int

	owner               int // in Tree.Owners
	annotations, labels map[string]string
	size                int // bytes of its file

	defines    *definition // of a CustomResourceDefinition
	webhooks   []webhook   // of a webhook configuration
	aggregates *service    // of an APIService: who answers for its group
	runs       bool        // it is ready only when its pods are
	makes      string      // the name of a Secret that a controller makes of it
	depth      *depth      // what few objects are asked for
}

// depth is what is read from the whole of an object when it is asked for.
type depth struct {
	file string
	data []byte
	read sync.Once
	root *yaml.Node // nil when it cannot be read
}

// whole is the root of the whole object, nil when it cannot be read.
func (o *Object) whole() *yaml.Node {
	d := o.depth
	d.read.Do(func() {
		if doc, err := document.ParseOne(d.file, d.data); err == nil {
			d.root = doc.Root()
		}
	})
	return d.root
}

// selector are the labels of the pods that a Service sends requests to.
func (o *Object) selector() map[string]string { return texts(o.whole(), "spec", "selector") }

// pods are the labels of the pods that a workload makes.
func (o *Object) pods() map[string]string { return texts(o.template(), "metadata", "labels") }

// uses are the objects that the pods of a workload cannot start without.
func (o *Object) uses() []use { return usesOf(document.Lookup(o.template(), "spec")) }

func (o *Object) template() *yaml.Node {
	if o.ID.Kind == "Pod" {
		return o.whole()
	}
	return document.Lookup(o.whole(), "spec", "template")
}

// definition is what a CustomResourceDefinition says.
type definition struct {
	group, kind, plural string
	storage             string   // the version that is stored
	converter           *service // who converts between versions, nil when nobody does
}

// service names a Service.
type service struct{ namespace, name string }

// use is an object that pods refer to, and that must be there before they can start.
type use struct{ kind, name string }

// ReadObject reads one object. Only those parts of it are read that decide on order: of most kinds the metadata. It returns a
// *document.SyntaxError.
func ReadObject(file string, data []byte) (*Object, error) {
	o, plain := plainHead(data)
	var root *yaml.Node
	if !plain || o.told() {
		var err error
		if o, root, err = readDocument(file, data); err != nil {
			return nil, err
		}
	}
	o.File, o.size, o.depth = file, len(data), &depth{file: file, data: data}
	o.facts(root)
	return o, nil
}

// told reports whether more than the metadata of an object decides on order.
func (o *Object) told() bool {
	return o.is("apiextensions.k8s.io", "CustomResourceDefinition") || o.is("apiregistration.k8s.io", "APIService") || o.isWebhooks() ||
		o.is("cert-manager.io", "Certificate") || o.is("external-secrets.io", "ExternalSecret")
}

func (o *Object) isWebhooks() bool {
	return o.is("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
}

// Controls reports whether the object may be a controller: it makes pods that go on.
func (o *Object) Controls() bool { return o.runs && o.ID.Kind != "Job" }

// readDocument reads an object as YAML, without schemas where it can.
func readDocument(file string, data []byte) (*Object, *yaml.Node, error) {
	doc, err := document.ParseOne(file, relevant(data))
	if err != nil || doc.CheckObject() != nil {
		if doc, err = document.ParseOne(file, data); err != nil {
			return nil, nil, err
		}
	}
	if err := doc.CheckObject(); err != nil {
		return nil, nil, err
	}
	root := doc.Root()
	return &Object{
		ID: doc.Object(), Line: doc.Line, annotations: texts(root, "metadata", "annotations"), labels: texts(root, "metadata", "labels"),
	}, root, nil
}

// facts reads what a kind says of order.
func (o *Object) facts(root *yaml.Node) {
	spec := document.Lookup(root, "spec")
	switch {
	case o.is("apiextensions.k8s.io", "CustomResourceDefinition"):
		o.defines = readDefinition(spec)
	case o.isWebhooks():
		o.webhooks = readWebhooks(root, strings.HasSuffix(o.ID.APIVersion, "/v1beta1"))
	case o.is("apiregistration.k8s.io", "APIService"):
		o.aggregates = readService(document.Lookup(spec, "service"))
	case o.is("cert-manager.io", "Certificate"):
		o.makes = text(spec, "secretName")
	case o.is("external-secrets.io", "ExternalSecret"):
		if o.makes = text(spec, "target", "name"); o.makes == "" {
			o.makes = o.ID.Name
		}
	case o.is("bitnami.com", "SealedSecret"):
		o.makes = o.ID.Name
	default:
		o.runs = o.is("apps", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet") || o.is("batch", "Job") || o.is("", "Pod", "ReplicationController")
	}
}

// usesOf are the objects that pods of a spec cannot start without.
func usesOf(spec *yaml.Node) []use {
	var all []use
	add := func(kind string, reference *yaml.Node, key string) {
		if name := text(reference, key); name != "" && text(reference, "optional") != "true" && !slices.Contains(all, use{kind, name}) {
			all = append(all, use{kind, name})
		}
	}
	add("ServiceAccount", spec, "serviceAccountName")
	for _, volume := range items(document.Lookup(spec, "volumes")) {
		add("ConfigMap", document.Lookup(volume, "configMap"), "name")
		add("Secret", document.Lookup(volume, "secret"), "secretName")
		add("PersistentVolumeClaim", document.Lookup(volume, "persistentVolumeClaim"), "claimName")
		for _, source := range items(document.Lookup(volume, "projected", "sources")) {
			add("ConfigMap", document.Lookup(source, "configMap"), "name")
			add("Secret", document.Lookup(source, "secret"), "name")
		}
	}
	for _, list := range []string{"initContainers", "containers"} {
		for _, container := range items(document.Lookup(spec, list)) {
			for _, from := range items(document.Lookup(container, "envFrom")) {
				add("ConfigMap", document.Lookup(from, "configMapRef"), "name")
				add("Secret", document.Lookup(from, "secretRef"), "name")
			}
			for _, variable := range items(document.Lookup(container, "env")) {
				add("ConfigMap", document.Lookup(variable, "valueFrom", "configMapKeyRef"), "name")
				add("Secret", document.Lookup(variable, "valueFrom", "secretKeyRef"), "name")
			}
		}
	}
	return all
}

func readDefinition(spec *yaml.Node) *definition {
	d := &definition{group: text(spec, "group"), kind: text(spec, "names", "kind"), plural: text(spec, "names", "plural"), storage: text(spec, "version")}
	for _, version := range items(document.Lookup(spec, "versions")) {
		if text(version, "storage") == "true" {
			d.storage = text(version, "name")
		}
	}
	if conversion := document.Lookup(spec, "conversion"); text(conversion, "strategy") == "Webhook" {
		d.converter = readService(document.Lookup(conversion, "webhook", "clientConfig", "service"))
		if d.converter == nil { // v1beta1
			d.converter = readService(document.Lookup(conversion, "webhookClientConfig", "service"))
		}
	}
	return d
}

func readService(node *yaml.Node) *service {
	if name := text(node, "name"); name != "" {
		return &service{text(node, "namespace"), name}
	}
	return nil
}

// texts are the entries of a mapping of strings.
func texts(node *yaml.Node, steps ...string) map[string]string {
	found := document.Lookup(node, steps...)
	if found == nil || found.Kind != yaml.MappingNode || len(found.Content) == 0 {
		return nil
	}
	all := make(map[string]string, len(found.Content)/2)
	for n := 0; n+1 < len(found.Content); n += 2 {
		all[found.Content[n].Value] = found.Content[n+1].Value
	}
	return all
}

// is reports whether the object has one of these kinds of a group.
func (o *Object) is(group string, kinds ...string) bool {
	return o.ID.Group() == group && slices.Contains(kinds, o.ID.Kind)
}

func (o *Object) isNamespace() bool { return o.is("", "Namespace") }

// Defines is the kind that a CustomResourceDefinition defines, its group, and its plural name; all empty for other objects.
func (o *Object) Defines() (group, kind, plural string) {
	if o.defines == nil {
		return "", "", ""
	}
	return o.defines.group, o.defines.kind, o.defines.plural
}

// HoldsData reports whether deleting the object loses what cannot be made again from Git.
func (o *Object) HoldsData() bool {
	return o.defines != nil || o.is("", "Namespace", "PersistentVolume", "PersistentVolumeClaim") || o.is("apps", "StatefulSet")
}

// instance is the folder of the package instance that an object belongs to: a part is a folder below it.
func (o *Object) instance() string {
	folder := o.File
	for range 2 {
		cut := strings.LastIndexByte(folder, '/')
		if cut < 0 {
			return folder
		}
		folder = folder[:cut]
	}
	return folder
}

// listed reports whether a comma-separated annotation has an item.
func (o *Object) listed(annotation, item string) bool {
	for one := range strings.SplitSeq(o.annotations[annotation], ",") {
		if strings.TrimSpace(one) == item {
			return true
		}
	}
	return false
}

// typeKey names a kind whatever its version is.
func typeKey(group, kind string) string { return group + "/" + kind }
