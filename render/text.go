package render

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// fitting is the value for a place of an object. Where Kubernetes takes nothing but strings (data of ConfigMaps and Secrets, labels
// and annotations, environment variables, arguments) a boolean or a number becomes the string of it, because the API server
// would refuse the object otherwise.
func fitting(o *object, pointer string, node *yaml.Node) *yaml.Node {
	if node == nil {
		return nil
	}
	path := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if takesText(o, path) {
		return asText(node)
	}
	if node.Kind == yaml.MappingNode && takesText(o, append(path, "x")) || node.Kind == yaml.SequenceNode && takesText(o, append(path, "0")) {
		return contentAsText(node)
	}
	return node
}

// takesText reports whether the place takes a string.
func takesText(o *object, path []string) bool {
	if len(path) < 2 {
		return false
	}
	parent, last := path[len(path)-2], path[len(path)-1]
	if len(path) == 2 && (o.is("", "ConfigMap") || o.is("", "Secret")) && (parent == "data" || parent == "stringData" || parent == "binaryData") {
		return true
	}
	switch parent {
	case "labels", "annotations":
		return len(path) >= 3 && path[len(path)-3] == "metadata"
	case "args", "command", "matchLabels", "nodeSelector":
		return !o.custom || parent == "matchLabels"
	}
	return last == "value" && len(path) >= 3 && path[len(path)-3] == "env"
}

// asText is a scalar as a string that says so.
func asText(node *yaml.Node) *yaml.Node {
	if node.Kind != yaml.ScalarNode || node.Tag == "!!str" {
		return node
	}
	return document.String(plainText(node))
}

// plainText is how a scalar prints: "true", "465", nothing for null.
func plainText(node *yaml.Node) string {
	if node.Tag == "!!null" {
		return ""
	}
	return node.Value
}

func contentAsText(node *yaml.Node) *yaml.Node {
	copied := document.Clone(node)
	first, step := 1, 2
	if node.Kind == yaml.SequenceNode {
		first, step = 0, 1
	}
	for i := first; i < len(copied.Content); i += step {
		copied.Content[i] = asText(copied.Content[i])
	}
	return copied
}
