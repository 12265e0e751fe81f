package document

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Lookup is the node at a path of mapping keys, nil when it is absent or something on the way is not a mapping. In a list a
// segment is the index.
func Lookup(node *yaml.Node, path ...string) *yaml.Node {
	for _, segment := range path {
		if node = child(node, segment); node == nil {
			return nil
		}
	}
	return node
}

func child(node *yaml.Node, segment string) *yaml.Node {
	switch {
	case node == nil:
		return nil
	case node.Kind == yaml.MappingNode:
		if i := keyIndex(node, segment); i >= 0 {
			return node.Content[i+1]
		}
	case node.Kind == yaml.SequenceNode:
		if i, err := strconv.Atoi(segment); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i]
		}
	}
	return nil
}

// keyIndex is the place of a key in a mapping's Content, -1 when it is absent.
func keyIndex(node *yaml.Node, key string) int {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// SetString sets the string at a path of mapping keys and makes the mappings on the way, also in place of null. An existing
// string keeps its style where it can. It returns a *PatchError when the path is empty or something on the way is not a mapping.
func SetString(node *yaml.Node, value string, path ...string) error {
	if len(path) == 0 {
		return &PatchError{Op: "set", Reason: "the path is empty"}
	}
	for i, segment := range path[:len(path)-1] {
		next := child(node, segment)
		if next == nil {
			next = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			node.Content = append(node.Content, String(segment), next)
		}
		if isNull(next) {
			*next = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: next.Line, Column: next.Column}
		}
		if next.Kind != yaml.MappingNode {
			return &PatchError{Op: "set", Pointer: pointer(path), Reason: pointer(path[:i+1]) + " is " + describe(next) + ", not a mapping"}
		}
		node = next
	}
	last := path[len(path)-1]
	if node.Kind != yaml.MappingNode {
		return &PatchError{Op: "set", Pointer: pointer(path), Reason: "the document is " + describe(node) + ", not a mapping"}
	}
	if existing := child(node, last); existing != nil {
		replaceString(existing, value)
		return nil
	}
	node.Content = append(node.Content, String(last), String(value))
	return nil
}

func replaceString(node *yaml.Node, value string) {
	style := node.Style & (yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle)
	if node.Kind != yaml.ScalarNode {
		style = 0
	}
	*node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Style: style, Line: node.Line, Column: node.Column,
		HeadComment: node.HeadComment, LineComment: node.LineComment}
}

// String is a new node that means the string, whatever it looks like; Encode quotes it where it must.
func String(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

func isNull(node *yaml.Node) bool {
	if node.Kind != yaml.ScalarNode || isString(node) {
		return false
	}
	kind, _ := resolve(node.Value)
	return kind == nullScalar
}
