package review

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// isDefinition reports whether an object defines a kind.
func isDefinition(doc *document.Document) bool {
	object := doc.Object()
	return object.Kind == "CustomResourceDefinition" && object.Group() == "apiextensions.k8s.io"
}

// find notes the values below a node that have the name of a secret: a field or a key of that name, the value of an entry that is
// named so, and an argument after such a flag. The external-secrets of this world call a key secretKey.
func (p privacy) find(node *yaml.Node, external bool) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i].Value, node.Content[i+1]
			if finding.Secretive(key) && (key != "secretKey" || !external) {
				p.mark(value)
			}
			p.find(value, external)
		}
		if finding.Secretive(scalarOf(node, "name")) || finding.Secretive(scalarOf(node, "key")) {
			p.mark(document.Lookup(node, "value"))
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			p.find(item, external)
			if i > 0 && secretFlag(node.Content[i-1]) && !strings.HasPrefix(item.Value, "-") {
				p.mark(item)
			}
		}
	}
}

// mark notes a value, or all that a list has, unless it only says where the secret is.
func (p privacy) mark(node *yaml.Node) {
	switch {
	case node == nil:
	case node.Kind == yaml.SequenceNode:
		for _, item := range node.Content {
			p.mark(item)
		}
	case node.Kind == yaml.ScalarNode && !finding.Refers(strings.TrimSpace(node.Value)):
		p.passwords[node] = true
	}
}

// secretFlag reports whether an argument is a flag whose value, a secret, is the next argument.
func secretFlag(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && strings.HasPrefix(node.Value, "-") && !strings.ContainsAny(node.Value, "= ") && finding.Secretive(strings.TrimLeft(node.Value, "-"))
}

// holds reports whether a value, or a part of it, is hidden for what it is named.
func (p privacy) holds(node *yaml.Node) bool {
	return !p.described && (p.passwords[node] || len(finding.Secrets(node.Value)) > 0)
}

// lines hides the lines, from 0, of a document that show a value which is hidden for its name; a value may go on to the line of the
// next, and that of the last to the end of the document.
func (p privacy) lines(root *yaml.Node, end int, hide func(from, to int)) {
	if p.described {
		return
	}
	var starts []int
	var hidden []*yaml.Node
	var walk func(node *yaml.Node)
	walk = func(node *yaml.Node) {
		starts = append(starts, node.Line)
		if node.Kind == yaml.ScalarNode && p.holds(node) {
			hidden = append(hidden, node)
		}
		for _, child := range node.Content {
			walk(child)
		}
	}
	walk(root)
	slices.Sort(starts)
	for _, node := range hidden {
		to := end
		if n, _ := slices.BinarySearch(starts, node.Line+1); n < len(starts) {
			to = starts[n] - 1
		}
		hide(node.Line-1, to)
	}
}
