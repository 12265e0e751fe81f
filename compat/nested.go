package compat

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// nested judges what an object says about other objects: references by apiVersion and kind (scaleTargetRef, ownerReferences,
// health checks, targets of patches), rules of RBAC and of webhooks, and manifests inside of texts.
func (c *checker) nested(p *piece, out *result) {
	root := p.doc.Root()
	n := nestedCheck{c: c, p: place{piece: p, object: p.doc.Object(), line: p.doc.Line + p.shift}, out: out}
	switch group := n.p.object.Group(); {
	case group == "rbac.authorization.k8s.io" && strings.HasSuffix(n.p.object.Kind, "Role"):
		n.rbac(root)
	case group == "admissionregistration.k8s.io":
		n.admission(root)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		n.names = append(n.names[:0], root.Content[i].Value...)
		n.walk(root.Content[i].Value, root.Content[i+1])
	}
}

type nestedCheck struct {
	c     *checker
	p     place
	out   *result
	names []byte
}

// walk looks at everything below a key.
func (n *nestedCheck) walk(key string, node *yaml.Node) {
	before := len(n.names)
	switch node.Kind {
	case yaml.MappingNode:
		n.reference(key, node)
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			most := n.p.most
			if n.p.object.Kind == "HelmRelease" && name == "values" {
				n.p.most = finding.Warning // what the chart makes of it nobody knows
			}
			n.names = append(append(n.names, '.'), name...)
			n.walk(name, node.Content[i+1])
			n.names, n.p.most = n.names[:before], most
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			n.names = append(strconv.AppendInt(append(n.names, '['), int64(i), 10), ']')
			n.walk(key, item)
			n.names = n.names[:before]
		}
	case yaml.ScalarNode:
		switch text, encoded := n.decoded(node); {
		case encoded && looksLikeManifest(text):
			n.embedded(node, text, 0)
		case looksLikeManifest(node.Value):
			n.embedded(node, node.Value, firstLine(node))
		}
	}
}

// reference judges a mapping that names a kind: by apiVersion and kind, or, in a patch, by group, version and kind.
func (n *nestedCheck) reference(key string, node *yaml.Node) {
	kind := text(node, "kind")
	if kind == "" {
		return
	}
	gvk := knowledge.ParseGVK(text(node, "apiVersion"), kind)
	if gvk.Version == "" && key == "target" {
		gvk = knowledge.GVK{Group: text(node, "group"), Version: text(node, "version"), Kind: kind}
	}
	if gvk.Version == "" {
		return
	}
	p := n.p.at(node, string(n.names))
	if row := n.c.known.Kind(gvk); row != nil {
		n.c.kind(p, row, n.out)
		return
	}
	if gvk.Group != "" && !n.c.known.Group(gvk.Group) {
		use := Use{GVK: gvk, Object: n.p.object, File: n.p.doc.File, Line: p.line, Path: p.path, Within: n.p.within}
		n.out.uses = append(n.out.uses, use)
	}
}

// text is the string at a path, empty when there is none.
func text(node *yaml.Node, path ...string) string {
	found := document.Lookup(node, path...)
	if found == nil || found.Kind != yaml.ScalarNode {
		return ""
	}
	value, err := document.Value(found)
	if err != nil {
		return ""
	}
	s, _ := value.(string)
	return s
}

// texts are the strings of a list.
func texts(node *yaml.Node, path ...string) []string {
	list := document.Lookup(node, path...)
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	var out []string
	for i := range list.Content {
		out = append(out, text(list, strconv.Itoa(i)))
	}
	return out
}

// looksLikeManifest reports whether a text of several lines has apiVersion and kind at the start of lines, or is a JSON object
// that has both.
func looksLikeManifest(s string) bool {
	if !strings.Contains(s, "apiVersion") || !strings.Contains(s, "kind") {
		return false
	}
	if strings.HasPrefix(strings.TrimSpace(s), "{") {
		return strings.Contains(s, `"apiVersion"`) && strings.Contains(s, `"kind"`)
	}
	return atLineStart(s, "apiVersion:") && atLineStart(s, "kind:")
}

// atLineStart reports whether a word starts a line, perhaps the first key of a list item.
func atLineStart(s, word string) bool {
	return strings.HasPrefix(s, word) || strings.Contains(s, "\n"+word) || strings.Contains(s, "- "+word)
}

// firstLine is how many lines below its node a text begins.
func firstLine(node *yaml.Node) int {
	if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return 1
	}
	return 0
}

// decoded is the text of a value that is written in base64: those of data of a Secret, and of binaryData of a ConfigMap.
func (n *nestedCheck) decoded(node *yaml.Node) (string, bool) {
	name := string(n.names)
	inSecret := n.p.object.Kind == "Secret" && strings.HasPrefix(name, "data.")
	if n.p.object.APIVersion != "v1" || !inSecret && !strings.HasPrefix(name, "binaryData.") {
		return "", false
	}
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(node.Value), ""))
	return string(text), err == nil && utf8.Valid(text)
}

// embedded judges the manifests in a text that begins so many lines below its node. Its findings name the text and the object that
// holds it. The lines of what was encoded are that of the node.
func (n *nestedCheck) embedded(node *yaml.Node, text string, below int) {
	shift := n.p.shift + node.Line - 1 + below
	encoded := text != node.Value
	within := fmt.Sprintf("%s of %s", n.names, named(n.p.object))
	if n.p.within != "" {
		within = n.p.within + ", " + within
	}
	if strings.Count(within, " of ") > 3 {
		return
	}
	pieces, faults := readPieces(n.p.doc.File, []byte(text))
	for _, fault := range faults {
		if fault.Line += shift; encoded {
			fault.Line = shift + 1
		}
		f := unparsable(Embedded, fault)
		f.Object, f.Message = n.p.object, within+": "+f.Message
		n.out.findings = append(n.out.findings, f)
	}
	inside := result{}
	for i := range pieces {
		pieces[i].shift += shift
		pieces[i].within = within
		n.c.piece(&pieces[i], &inside)
	}
	for i := range inside.findings {
		f := &inside.findings[i]
		if encoded {
			f.Line = shift + 1
		}
		if n.p.most == finding.Warning && f.Severity == finding.Error {
			f.Severity = finding.Warning
		}
	}
	n.out.findings = append(n.out.findings, inside.findings...)
	if n.p.most == "" {
		n.out.limits = append(n.out.limits, inside.limits...)
	}
	n.out.uses = append(n.out.uses, inside.uses...)
}

// named is an object in a message: "ConfigMap web/manifests".
func named(o finding.Object) string {
	name := o.Name
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	return strings.TrimSpace(o.Kind + " " + name)
}
