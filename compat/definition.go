package compat

import (
	"bytes"
	"hash/maphash"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// Definition is what a CustomResourceDefinition makes the API server serve.
type Definition struct {
	Name, Group, Kind, Plural string
	Namespaced                bool
	Versions                  []Version // as listed
	Object                    finding.Object
	File                      string
	Line                      int
	From                      string // whose it is, "metrics-crds v1.4.0", where the caller knows; of Target.Earlier it is told

	digest uint64 // of the document's bytes, to tell twins from different definitions; it holds for one check
	source File   // to read it again; Read is nil for one that was read from documents
	varies bool   // API servers of some minors may refuse its rules
	listed bool   // it has no bytes of its own
}

// Version is one version of a definition.
type Version struct {
	Name                        string
	Served, Storage, Deprecated bool
	Line                        int
}

// Version is the version with a name, nil when there is none.
func (d *Definition) Version(name string) *Version {
	for i := range d.Versions {
		if d.Versions[i].Name == name {
			return &d.Versions[i]
		}
	}
	return nil
}

// customDefinition notes a CustomResourceDefinition, and judges its fields where they may depend on the minor. The bytes of
// most definitions are looked at once: they are nine tenths of what people apply.
func (c *checker) customDefinition(p *piece, row *knowledge.Kind, out *result) {
	d := Definition{Object: detached(p.doc.Object()), File: p.doc.File, Line: p.doc.Line + p.shift, digest: c.digest(p.doc)}
	d.Name = d.Object.Name
	quick := p.doc.Verbatim && scanDefinition(p.doc.Raw, &d, d.Line)
	if !quick {
		d.Versions = nil
		readDefinition(p.doc.Root(), &d, p.shift)
	}
	if p.within == "" {
		d.varies, d.listed = c.varies(p.doc), p.doc.Raw == nil
		out.definitions = append(out.definitions, d)
	}
	if row != nil && row.Type != nil && (!quick || newFields(p.doc.Raw)) {
		c.fields(place{piece: p, object: d.Object, line: d.Line}, row, out)
	}
}

// digest is the same for definitions of the same bytes, or, where a list holds them, of the same content.
func (c *checker) digest(doc *document.Document) uint64 {
	if doc.Raw != nil {
		return maphash.Bytes(c.seed, doc.Raw)
	}
	content, err := document.Canonical(doc.Root())
	if err != nil {
		return maphash.String(c.seed, err.Error())
	}
	return maphash.Bytes(c.seed, content)
}

// newFields reports whether a definition, a plain block document, may use a field that some known minors lack.
func newFields(raw []byte) bool {
	if bytes.Contains(raw, []byte("selectableFields:")) {
		return true
	}
	for rules := range ruleTexts(raw) {
		for _, name := range []string{"messageExpression:", "optionalOldSelf:", "fieldPath:", "reason:"} {
			if bytes.Contains(rules, []byte(name)) {
				return true
			}
		}
	}
	return false
}

// readDefinition reads the facts from the nodes.
func readDefinition(root *yaml.Node, d *Definition, shift int) {
	spec := document.Lookup(root, "spec")
	d.Group = text(spec, "group")
	d.Kind, d.Plural = text(spec, "names", "kind"), text(spec, "names", "plural")
	d.Namespaced = text(spec, "scope") == "Namespaced"
	versions := document.Lookup(spec, "versions")
	if versions != nil && versions.Kind == yaml.SequenceNode {
		for _, node := range versions.Content {
			d.Versions = append(d.Versions, Version{Name: text(node, "name"), Served: isTrue(node, "served"), Storage: isTrue(node, "storage"),
				Deprecated: isTrue(node, "deprecated"), Line: node.Line + shift})
		}
	}
	if old := text(spec, "version"); old != "" && len(d.Versions) == 0 {
		d.Versions = []Version{{Name: old, Served: true, Storage: true, Line: d.Line}}
	}
}

func isTrue(node *yaml.Node, key string) bool {
	value, err := document.Value(document.Lookup(node, key))
	b, _ := value.(bool)
	return err == nil && b
}

// detached is an object whose names do not keep the text of its file in memory.
func detached(o finding.Object) finding.Object {
	return finding.Object{APIVersion: strings.Clone(o.APIVersion), Kind: strings.Clone(o.Kind),
		Namespace: strings.Clone(o.Namespace), Name: strings.Clone(o.Name)}
}
