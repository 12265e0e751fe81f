package render

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// kustomizationFile is the name under which gkops writes kustomizations.
const kustomizationFile = "kustomization.yaml"

// buildFolder is where a build lies in the file system in memory.
const buildFolder = "/build"

// run builds a kustomization of objects and gives the nodes of the result, in the order that kustomize gives them.
func (r *builder) run(kustomization types.Kustomization, objects []*object, extra []*yaml.Node) ([]*yaml.Node, error) {
	var stream bytes.Buffer
	for _, o := range objects {
		root, err := o.complete()
		if err != nil {
			return nil, err
		}
		if err := appendDocument(&stream, root); err != nil {
			return nil, fmt.Errorf("%s: %w", o.place, err)
		}
	}
	for _, node := range extra {
		if err := appendDocument(&stream, node); err != nil {
			return nil, err
		}
	}
	kustomization.Resources = []string{"objects.yaml"}
	config, err := kyaml.Marshal(kustomization)
	if err != nil {
		return nil, fmt.Errorf("write kustomization: %w", err)
	}
	files := filesys.MakeFsInMemory()
	for name, data := range map[string][]byte{"objects.yaml": stream.Bytes(), kustomizationFile: config} {
		if err := files.WriteFile(path.Join(buildFolder, name), data); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	return r.kustomize(files, buildFolder)
}

// kustomize builds a folder of a file system in memory: no plugins, no functions, no helm, nothing outside the folder.
func (r *builder) kustomize(files filesys.FileSystem, folder string) ([]*yaml.Node, error) {
	r.kustomizing.Lock()
	defer r.kustomizing.Unlock()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, folder)
	if err != nil {
		return nil, err
	}
	nodes := make([]*yaml.Node, 0, built.Size())
	for _, resource := range built.Resources() {
		nodes = append(nodes, resource.YNode())
	}
	return nodes, nil
}

func appendDocument(stream *bytes.Buffer, node *yaml.Node) error {
	node = document.Clone(node)
	if err := respell(node); err != nil {
		return err
	}
	data, err := document.Encode(node)
	if err != nil {
		return err
	}
	stream.WriteString("---\n")
	stream.Write(data)
	return nil
}

// respell writes plain scalars that kubectl and YAML 1.2 read differently (yes, 0644, 1_000) so that both read the same, because
// kustomize's reader follows the latter.
func respell(node *yaml.Node) error {
	for _, child := range node.Content {
		if err := respell(child); err != nil {
			return err
		}
	}
	if node.Kind != yaml.ScalarNode || node.Style != 0 || node.Tag == plainTag(node.Value) && node.Tag != "!!int" {
		return nil
	}
	value, err := document.Value(node)
	if err != nil {
		return err
	}
	if _, text := value.(string); text {
		node.Style = yaml.DoubleQuotedStyle
		return nil
	}
	if value == nil {
		node.Value = "null"
		return nil
	}
	if plain := fmt.Sprint(value); node.Tag == "!!bool" || node.Tag == "!!int" {
		node.Value = plain
	}
	return nil
}

// plainTag is what YAML 1.2 reads in a plain scalar.
func plainTag(text string) string {
	return (&yaml.Node{Kind: yaml.ScalarNode, Value: text}).ShortTag()
}

// adopt puts the nodes of a build in place of the objects that went in. An object that the build did not change keeps the bytes of
// its source. The objects are told apart by what they are called after the build; named says that for each of them.
func (r *builder) adopt(b *build, objects []*object, built []*yaml.Node, named func(*object) finding.Object) (missing []*object, extra []finding.Object, err error) {
	waiting := make(map[string]*object, len(objects))
	for _, o := range objects {
		waiting[named(o).Key()] = o
	}
	for _, node := range built {
		doc := document.New("", node)
		id := doc.Object()
		if cluster, _ := r.scopes.clusterScoped(id); cluster {
			id.Namespace = ""
		}
		o := waiting[id.Key()]
		if o == nil {
			extra = append(extra, id)
			continue
		}
		delete(waiting, id.Key())
		if err := o.replace(*doc, id); err != nil {
			return nil, nil, b.objectError(o, err)
		}
	}
	for _, o := range objects {
		if waiting[named(o).Key()] == o {
			missing = append(missing, o)
		}
	}
	return missing, extra, nil
}

// replace takes over what a build made of an object, unless it is what it was.
func (o *object) replace(doc document.Document, id finding.Object) error {
	before, err := o.canonical()
	if err != nil {
		return err
	}
	if o.cluster && scalar(document.Lookup(o.doc.Root(), "metadata", "namespace")) == "" {
		removeKey(document.Lookup(doc.Root(), "metadata"), "namespace")
	}
	after, err := document.Canonical(doc.Root())
	if err != nil {
		return err
	}
	if bytes.Equal(before, after) {
		return nil
	}
	source, err := o.complete()
	if err != nil {
		return err
	}
	doc = *document.New(o.place.File, graft(source, doc.Root()))
	doc.Line = o.place.Line
	o.doc, o.id, o.changed, o.metadata = doc, id, true, additions{}
	return nil
}

// rename moves the objects of a namespaced package, or of one that the user moves, to the instance's namespace. Names of a namespaced package get
// the instance as prefix. References between the objects follow.
func (r *builder) rename(b *build) error {
	if !b.moves() {
		return nil
	}
	var objects []*object
	for _, o := range b.objects {
		if o.charted {
			continue
		}
		if !o.isCRD() || o.mentions("conversion") && document.Lookup(outline(o), "spec", "conversion", "webhook") != nil {
			objects = append(objects, o)
		}
	}
	if len(objects) == 0 {
		return nil
	}
	kustomization := types.Kustomization{Namespace: b.Namespace, NamePrefix: b.prefix()}
	built, err := r.run(kustomization, objects, b.transitive())
	if err != nil {
		return &ObjectError{Instance: b.Name, Place: objects[0].place, Reason: fmt.Sprintf("move to namespace %s: %v", b.Namespace, err)}
	}
	missing, extra, err := r.adopt(b, objects, built, b.renamed)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return &ObjectError{Instance: b.Name, Object: missing[0].id, Place: missing[0].place, Reason: "kustomize lost it when it moved the objects to namespace " + b.Namespace}
	}
	if len(extra) != len(b.transitive()) {
		return &ObjectError{Instance: b.Name, Object: extra[0], Reason: "kustomize made it when it moved the objects to namespace " + b.Namespace}
	}
	return nil
}

// prefix is what the names of a namespaced package's objects start with.
func (b *build) prefix() string {
	if !b.Namespaced {
		return ""
	}
	return b.Name + "-"
}

// renamed is what an object is called after rename.
func (b *build) renamed(o *object) finding.Object {
	id := o.id
	if !o.cluster {
		id.Namespace = b.Namespace
	}
	switch {
	case o.isNamespace():
		id.Name = b.Namespace
	case !o.isCRD() && !o.is("apiregistration.k8s.io", "APIService"):
		id.Name = b.prefix() + id.Name
	}
	return id
}

// transitive are stand-ins for objects that are made at run time and whose names have the prefix: with them in the build,
// references to them get it too.
func (b *build) transitive() []*yaml.Node {
	if b.Manifest == nil || !b.Namespaced {
		return nil
	}
	present := map[string]bool{}
	for _, o := range b.objects {
		present[o.id.Kind+"/"+strings.TrimPrefix(o.id.Name, b.prefix())] = true
	}
	var nodes []*yaml.Node
	for _, ref := range b.Manifest.TransitiveResources {
		if present[ref.Kind+"/"+ref.Name] {
			continue
		}
		present[ref.Kind+"/"+ref.Name] = true
		nodes = append(nodes, mapping(
			"apiVersion", document.String(ref.APIGroup),
			"kind", document.String(ref.Kind),
			"metadata", mapping("name", document.String(ref.Name)),
		))
	}
	return nodes
}
