package render

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// natural is the namespace of an object of a cluster-scoped package that names none.
func (b *build) natural(o *object) string {
	switch {
	case o.fill != "":
		return o.fill
	case b.Manifest != nil && b.Manifest.DefaultNamespace != "":
		return b.Manifest.DefaultNamespace
	case b.Namespace != "":
		return b.Namespace
	}
	return "default"
}

// moves reports whether all namespaced objects of the instance go to its own namespace.
func (b *build) moves() bool { return b.Namespaced || b.MoveNamespace }

// destination is the namespace that a namespaced object ends up in.
func (b *build) destination(o *object) string {
	switch {
	case b.moves() && !o.charted:
		return b.Namespace
	case o.id.Namespace != "":
		return o.id.Namespace
	}
	return b.natural(o)
}

// settle gives every object its scope and its namespace, its name prefix and its labels, and applies the user's overrides.
func (r *builder) settle(b *build) error {
	r.scope(b)
	if b.moves() && b.Namespace == "" {
		return &ObjectError{Instance: b.Name, Reason: "the instance has no namespace to move its objects to", Hint: "name one with -n"}
	}
	for _, o := range b.objects {
		if !o.cluster && o.id.Namespace == "" && (!b.Namespaced || o.charted) {
			if err := o.setNamespace(b.natural(o)); err != nil {
				return b.objectError(o, err)
			}
		}
	}
	if err := b.mergeTwins(); err != nil {
		return err
	}
	before := b.left()
	if err := r.rename(b); err != nil {
		return err
	}
	if b.moves() {
		if err := b.follow(before); err != nil {
			return err
		}
	}
	if err := r.override(b); err != nil {
		return err
	}
	for _, o := range b.objects {
		if err := b.completeSubjects(o); err != nil {
			return b.objectError(o, err)
		}
		b.addLabels(o)
	}
	b.inspect()
	return nil
}

func (b *build) objectError(o *object, err error) error {
	return &ObjectError{Instance: b.Name, Object: o.id, Place: o.place, Reason: err.Error()}
}

// scope says of every object whether it is in a namespace. A cluster-scoped one has none, whatever its source says: the API server
// ignores it.
func (r *builder) scope(b *build) {
	missing := map[string]bool{}
	for _, o := range b.objects {
		var known bool
		if o.cluster, known = r.scopes.clusterScoped(o.id); o.cluster {
			o.id.Namespace = ""
		}
		if o.orphan = !known || r.scopes.elsewhere[kindKey(o.id)]; known || missing[kindKey(o.id)] {
			continue
		}
		missing[kindKey(o.id)] = true
		scope := "namespaced"
		if o.cluster {
			scope = "cluster-scoped"
		}
		b.say(o, "crd-missing", finding.Warning,
			"no package of the plan defines %s in group %s: it must be in the cluster already, and is taken as %s by its name", o.id.Kind, o.id.Group(), scope)
	}
}

// addLabels adds the user's common labels, and the instance's own to a namespaced package, where several instances share a namespace.
func (b *build) addLabels(o *object) {
	if b.Namespaced && !o.charted {
		o.label("gkops.dev/instance", shorten(b.Name, maxLabel))
	}
	for key, value := range b.Labels {
		o.label(key, value)
	}
}

// completeSubjects names the namespace of service accounts that a binding grants something to: the API server refuses a subject
// without one, which kubectl users get from -n.
func (b *build) completeSubjects(o *object) error {
	if !o.is("rbac.authorization.k8s.io", "RoleBinding", "ClusterRoleBinding") {
		return nil
	}
	namespace := o.id.Namespace
	if o.cluster {
		namespace = b.natural(o)
		if b.moves() {
			namespace = b.Namespace
		}
	}
	subjects := document.Lookup(o.doc.Root(), "subjects")
	if subjects == nil || subjects.Kind != yaml.SequenceNode {
		return nil
	}
	for _, subject := range subjects.Content {
		if scalar(document.Lookup(subject, "kind")) != "ServiceAccount" || scalar(document.Lookup(subject, "namespace")) != "" {
			continue
		}
		o.changed = true
		if err := document.SetString(subject, namespace, "namespace"); err != nil {
			return err
		}
	}
	return nil
}

// mergeTwins keeps one of objects that are the same twice, and refuses two that differ.
func (b *build) mergeTwins() error {
	first := make(map[string]*object, len(b.objects))
	kept := b.objects[:0]
	for _, o := range b.objects {
		id := o.id
		if !o.cluster {
			id.Namespace = b.destination(o)
		}
		twin := first[id.Key()]
		if twin == nil {
			first[id.Key()] = o
			kept = append(kept, o)
			continue
		}
		same, err := identical(twin, o)
		if err != nil {
			return b.objectError(o, err)
		}
		if !same {
			return &ObjectError{
				Instance: b.Name, Object: o.id, Place: o.place,
				Reason: fmt.Sprintf("differs from the same object at %s", twin.place),
				Hint:   "the package is faulty: it may have one of the two only",
			}
		}
	}
	b.objects = kept
	return nil
}

func identical(a, b *object) (bool, error) {
	left, err := a.canonical()
	if err != nil {
		return false, err
	}
	right, err := b.canonical()
	return bytes.Equal(left, right), err
}

// canonical is the object as JSON with sorted keys, with everything that gkops adds to it.
func (o *object) canonical() ([]byte, error) {
	root, err := o.complete()
	if err != nil {
		return nil, err
	}
	return document.Canonical(root)
}
