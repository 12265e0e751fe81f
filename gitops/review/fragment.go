package review

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// canonical is a text that two nodes share exactly when they mean the same to kubectl. A value that JSON cannot hold (.nan)
// stands for itself.
func canonical(node *yaml.Node) string {
	if node == nil {
		return ""
	}
	if node.Kind == yaml.ScalarNode {
		return scalarText(node)
	}
	data, err := document.Canonical(node)
	if err == nil {
		return string(data)
	}
	var text strings.Builder
	text.WriteString(fmt.Sprint(node.Kind))
	for _, child := range node.Content {
		text.WriteString("\x00" + canonical(child))
	}
	return text.String()
}

// scalarText is the JSON of a scalar, or its spelling when JSON cannot hold it.
func scalarText(node *yaml.Node) string {
	value, err := document.Value(node)
	if err != nil {
		return node.Value
	}
	if text, ok := value.(string); ok && plain(text) {
		return `"` + text + `"`
	}
	data, err := json.Marshal(value)
	if err != nil {
		return node.Value
	}
	return string(data)
}

// fragment writes part of an object as YAML: the value at a path, behind its key or as a list item. What may not be shown is
// replaced by its size, comments are dropped, and a value is always spelled the same way.
func fragment(secrets privacy, path fieldPath, node *yaml.Node) string {
	clean := show(secrets, path, node)
	if len(path) > 0 {
		if last := path[len(path)-1]; last.item {
			clean = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{clean}}
		} else {
			clean = &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{document.String(last.key), clean}}
		}
	}
	data, err := document.Encode(clean)
	if err != nil {
		return "(cannot be written as YAML)\n"
	}
	return string(data)
}

// show copies a node for people.
func show(secrets privacy, path fieldPath, node *yaml.Node) *yaml.Node {
	if secrets.hides(path, node) {
		return document.String(fmt.Sprintf("(%s, not shown)", bytesOf(secrets.size(path, node))))
	}
	switch node.Kind {
	case yaml.ScalarNode:
		return respell(node, secrets.described)
	case yaml.MappingNode:
		shown := &yaml.Node{Kind: yaml.MappingNode}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i].Value
			shown.Content = append(shown.Content, document.String(key), show(secrets, path.child(key), node.Content[i+1]))
		}
		return shown
	case yaml.SequenceNode:
		shown := &yaml.Node{Kind: yaml.SequenceNode}
		for i, item := range node.Content {
			shown.Content = append(shown.Content, show(secrets, path.at(i), item))
		}
		return shown
	}
	return document.String("(cannot be shown)")
}

// respell is a scalar without comments, quotes and styles that it does not need. Of a text that explains, nothing is hidden.
func respell(node *yaml.Node, explains bool) *yaml.Node {
	value, err := document.Value(node)
	if text, ok := value.(string); ok && explains {
		return document.String(text)
	} else if ok {
		return document.String(finding.Veil(text))
	}
	if err != nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: node.Value}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: scalarText(node)}
}

func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
