// Package document reads and writes YAML with one meaning: the one that kubectl gives it.
//
// It knows how a stream is split into documents, what a scalar means (the YAML 1.1 rules of sigs.k8s.io/yaml), which input is
// ambiguous and therefore refused (duplicate keys, alias bombs, tags that nobody can apply), and how to write a document so that
// its meaning stays. It refuses to know what the objects are for, where files come from, and anything about clusters: bytes in,
// documents or a *SyntaxError with file and line out.
package document

import (
	"fmt"
	"sync"
	"sync/atomic"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/finding"
)

// Document is one YAML document, or one object of a List or of a JSON stream, with a mapping at its root. Copies share the same
// root node. Reading a Document from several goroutines is safe as long as nobody changes the nodes.
type Document struct {
	File string // as given to Parse
	Line int    // 1-based line of its first content in File
	Raw  []byte // its bytes in File without separators; nil when it has none of its own (an item of a List)

	// Verbatim says that Raw is a plain block document without anchors, aliases, merge keys, tags, directives, tabs as
	// indentation or carriage returns: written as it stands behind a header comment or a separator, it means the same.
	Verbatim bool

	body *body
}

// body is what the copies of one document share.
type body struct {
	build sync.Once
	parse func() *yaml.Node // nil when root was set at once
	root  atomic.Pointer[yaml.Node]
	head  finding.Object // valid while root is unset
}

// New makes a document of a root mapping that was built by a program.
func New(file string, root *yaml.Node) *Document {
	d := newDocument(file, root)
	return &d
}

func newDocument(file string, root *yaml.Node) Document {
	d := Document{File: file, Line: root.Line, body: &body{}}
	d.body.root.Store(root)
	return d
}

// Root is the mapping at the root, with aliases and merge keys resolved, keys as kubectl reads them, scalar styles and comments
// kept. It is parsed on first use; every call returns the same node, and changes to it show in Object, Decode and Encode.
func (d *Document) Root() *yaml.Node {
	if root := d.body.root.Load(); root != nil {
		return root
	}
	d.body.build.Do(func() { d.body.root.Store(d.body.parse()) })
	return d.body.root.Load()
}

// Object is the identity that the document gives itself; what is missing or not a string is empty.
func (d *Document) Object() finding.Object {
	root := d.body.root.Load()
	if root == nil {
		return d.body.head
	}
	return finding.Object{
		APIVersion: text(Lookup(root, "apiVersion")),
		Kind:       text(Lookup(root, "kind")),
		Namespace:  text(Lookup(root, "metadata", "namespace")),
		Name:       text(Lookup(root, "metadata", "name")),
	}
}

// CheckObject says what keeps the document from being a Kubernetes object that can be named and tracked: a *SyntaxError when
// apiVersion, kind or metadata.name is missing or not a string.
func (d *Document) CheckObject() error {
	object := d.Object()
	missing := func(line int, reason, hint string) error {
		return &SyntaxError{File: d.File, Line: line, Reason: reason, Hint: hint}
	}
	if object.APIVersion == "" || object.Kind == "" {
		return d.missing("apiVersion", "kind")
	}
	if object.Name != "" {
		return nil
	}
	metadata := Lookup(d.Root(), "metadata")
	if generate := Lookup(metadata, "generateName"); generate != nil && Lookup(metadata, "name") == nil {
		return missing(generate.Line, fmt.Sprintf("%s has generateName and no name", object.Kind),
			"an object in Git needs a fixed metadata.name: the server would make a new one on every apply")
	}
	if metadata != nil && metadata.Kind == yaml.MappingNode {
		return d.missing("metadata", "name")
	}
	return d.missing("metadata")
}

// missing names the first problem among keys: for ("metadata", "name") the key below metadata, else keys of the root.
func (d *Document) missing(keys ...string) error {
	at, prefix, line := d.Root(), "", d.Line
	if keys[0] == "metadata" && len(keys) > 1 {
		at, prefix, keys = Lookup(at, "metadata"), "metadata.", keys[1:]
		line = at.Line
	}
	for _, key := range keys {
		node := Lookup(at, key)
		if node == nil {
			return &SyntaxError{File: d.File, Line: line, Reason: prefix + key + " is missing",
				Hint: "every Kubernetes object has apiVersion, kind and metadata.name"}
		}
		if key == "metadata" || text(node) == "" {
			wanted := "a string that is not empty"
			if key == "metadata" {
				wanted = "a mapping with a name"
			}
			return &SyntaxError{File: d.File, Line: node.Line, Reason: fmt.Sprintf("%s%s is %s, not %s", prefix, key, describe(node), wanted)}
		}
	}
	return nil
}

// text is the string that a node means, empty when it is none.
func text(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode || !isString(node) {
		return ""
	}
	return node.Value
}
