package render

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// namespaces knows who owns each namespace of the tree.
type namespaces struct {
	cluster Cluster
	builds  []*build
	byName  map[string]*build    // instance name to build
	shipped map[string][]shipped // namespace to who ships it, by instance
	users   map[string][]string  // namespace to the instances with objects in it

	owners    map[string]string  // namespace to ClusterOwner or instance; reserved ones are not in it
	owned     map[string]*object // what the cluster owns
	conflicts []Conflict
}

type shipped struct {
	build  *build
	object *object
}

// ownNamespaces decides who owns each namespace, moves the objects accordingly and makes those that nobody ships. It changes the
// objects of builds.
func ownNamespaces(c Cluster, builds []*build) (*namespaces, error) {
	n := &namespaces{
		cluster: c, builds: builds, byName: map[string]*build{}, shipped: map[string][]shipped{}, users: map[string][]string{},
		owners: map[string]string{}, owned: map[string]*object{},
	}
	for _, b := range builds {
		n.byName[b.Name] = b
		n.collect(b)
	}
	for _, name := range n.names() {
		if err := n.settle(name); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// collect notes what an instance ships and uses, and drops namespaces that exist in every cluster.
func (n *namespaces) collect(b *build) {
	kept := b.objects[:0]
	for _, o := range b.objects {
		if o.isNamespace() && n.reserved(o.id.Name) {
			b.say(o, "namespace-dropped", finding.Info, "namespace %s is there already: it is left out", o.id.Name)
			continue
		}
		kept = append(kept, o)
		if o.isNamespace() {
			n.shipped[o.id.Name] = append(n.shipped[o.id.Name], shipped{b, o})
		}
		if ns := o.id.Namespace; ns != "" && !slices.Contains(n.users[ns], b.Name) {
			n.users[ns] = append(n.users[ns], b.Name)
		}
	}
	b.objects = kept
}

// reserved reports whether a namespace is there before anything is installed: those of Kubernetes, and the engine's own.
func (n *namespaces) reserved(name string) bool {
	return slices.Contains([]string{"default", "kube-system", "kube-public", "kube-node-lease", n.cluster.engineNamespace()}, name)
}

// names are the namespaces of the tree that are not reserved, sorted.
func (n *namespaces) names() []string {
	all := map[string]bool{}
	for name := range n.shipped {
		all[name] = true
	}
	for name := range n.users {
		if !n.reserved(name) {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// settle finds the owner of one namespace and brings its object there.
func (n *namespaces) settle(name string) error {
	owner := n.owner(name)
	if owner == "" {
		n.sayMissing(name)
		return nil
	}
	n.owners[name] = owner
	if ships := n.shipped[name]; len(ships) == 1 && ships[0].build.Name == owner {
		return nil
	}
	made, err := n.merged(name, owner)
	if err != nil {
		return err
	}
	for _, s := range n.shipped[name] {
		s.build.objects = slices.DeleteFunc(s.build.objects, func(o *object) bool { return o == s.object })
	}
	if owner == ClusterOwner {
		n.owned[name] = made
		return nil
	}
	n.byName[owner].objects = append(n.byName[owner].objects, made)
	return nil
}

// owner says who owns a namespace. The owner of before stays the owner while it is in the plan, because the engine would delete
// the namespace, with everything in it, when it leaves the folder that it is in.
func (n *namespaces) owner(name string) string {
	before, ships := n.cluster.Locked.Owners[name], n.shipped[name]
	if b := n.byName[before]; before == ClusterOwner || b != nil && !slices.Contains(b.Withdrawn, CRDs) {
		return before
	}
	switch {
	case len(ships) == 1:
		return ships[0].build.Name
	case len(ships) == 0 && strings.HasPrefix(name, "kube-"):
		return ""
	}
	return ClusterOwner
}

func (n *namespaces) sayMissing(name string) {
	for _, user := range n.users[name] {
		b := n.byName[user]
		b.findings = append(b.findings, finding.Finding{
			Rule: "namespace-missing", Severity: finding.Warning,
			Message: "instance " + user + " needs namespace " + name + ", which gkops never makes and no package ships",
			Object:  finding.Object{APIVersion: "v1", Kind: "Namespace", Name: name},
		})
	}
}

// merged is the object of a namespace that its owner does not simply ship: the owner's, else the first shipper's, else a new one,
// with the labels and annotations of all shippers.
func (n *namespaces) merged(name, owner string) (*object, error) {
	ships := slices.Clone(n.shipped[name])
	slices.SortStableFunc(ships, func(a, b shipped) int {
		return boolOrder(a.build.Name == owner, b.build.Name == owner)
	})
	if len(ships) == 0 {
		return newNamespace(name), nil
	}
	base := ships[0]
	for _, other := range ships[1:] {
		for _, field := range []string{"labels", "annotations"} {
			if err := n.mergeTexts(base, other, field); err != nil {
				return nil, err
			}
		}
	}
	return base.object, nil
}

// mergeTexts takes over the labels or annotations of another shipper. Two values for one key are a conflict.
func (n *namespaces) mergeTexts(base, other shipped, field string) error {
	have, err := textsOf(base.object, field)
	if err != nil {
		return err
	}
	more, err := textsOf(other.object, field)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(more)) {
		value, there := have[key]
		switch {
		case !there && field == "labels":
			base.object.label(key, more[key])
		case !there:
			base.object.annotate(key, more[key])
		case value != more[key]:
			n.conflicts = append(n.conflicts, Conflict{
				Object: base.object.id, Claims: []Claim{base.build.claim(base.object), other.build.claim(other.object)},
				Reason: "they give " + field + " " + key + " the values " + value + " and " + more[key],
			})
		}
	}
	return nil
}

// textsOf are the labels or annotations of an object with those that gkops adds.
func textsOf(o *object, field string) (map[string]string, error) {
	root, err := o.complete()
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	node := document.Lookup(root, "metadata", field)
	if node == nil || node.Kind != yaml.MappingNode {
		return texts, nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i+1].Kind != yaml.ScalarNode {
			return nil, errors.New(o.place.String() + ": metadata." + field + " is not a mapping of strings")
		}
		texts[node.Content[i].Value] = node.Content[i+1].Value
	}
	return texts, nil
}

func newNamespace(name string) *object {
	root := mapping("apiVersion", document.String("v1"), "kind", document.String("Namespace"), "metadata", mapping("name", document.String(name)))
	o := newObject(*document.New("", root), "")
	o.cluster, o.part = true, CRDs
	o.file = plainName(o.id)
	return o
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// list tells of every namespace who owns and who uses it.
func (n *namespaces) list() []Namespace {
	list := make([]Namespace, 0, len(n.owners))
	for _, name := range slices.Sorted(maps.Keys(n.owners)) {
		list = append(list, Namespace{Name: name, Owner: n.owners[name], Users: n.users[name]})
	}
	return list
}
