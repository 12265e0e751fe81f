package review

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// inClear calls to attention what Git now gives to everybody who can read it: values of a Secret that are new or other than before,
// and private keys, wherever they stand. An empty value, which something in the cluster fills, is none.
func (c *change) inClear() {
	if c.is("apiextensions.k8s.io", "CustomResourceDefinition") {
		return
	}
	before, now := clearValues(c.base), clearValues(c.head)
	var values, keys []string
	for _, path := range slices.Sorted(maps.Keys(now)) {
		switch {
		case before[path] == now[path]:
		case now[path].key:
			keys = append(keys, path)
		default:
			values = append(values, path)
		}
	}
	if len(keys) > 0 {
		c.say(ruleInClear, High, nil, "a private key is in clear: "+listed(keys))
	}
	if len(values) > 0 {
		c.say(ruleInClear, Medium, nil, "a Secret has its values in Git: "+listed(values))
	}
}

// clearValue is a value that should not be in Git, and whether it is a private key.
type clearValue struct {
	text string
	key  bool
}

// clearValues are the values of an object that should not be in Git, by their path.
func clearValues(doc *document.Document) map[string]clearValue {
	found := map[string]clearValue{}
	if doc == nil {
		return found
	}
	secret := privacyOf(doc)
	var walk func(path fieldPath, node *yaml.Node)
	walk = func(path fieldPath, node *yaml.Node) {
		switch node.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(node.Content); i += 2 {
				walk(path.child(node.Content[i].Value), node.Content[i+1])
			}
		case yaml.SequenceNode:
			for i, item := range node.Content {
				walk(path.at(i), item)
			}
		case yaml.AliasNode:
			walk(path, node.Alias)
		case yaml.ScalarNode:
			encoded := secret.secret && path[0].key == "data"
			key := holdsKey(node.Value, encoded)
			inData := len(path) == 2 && (path[0].key == "data" && secret.secret || path[0].key == "stringData")
			if key || inData && node.Value != "" && node.Tag != "!!null" {
				found[path.String()] = clearValue{text: node.Value, key: key}
			}
		}
	}
	walk(nil, doc.Root())
	return found
}

// holdsKey reports whether a text is, or holds, a private key; as data of a Secret it is encoded.
func holdsKey(text string, encoded bool) bool {
	if encoded {
		decoded, err := base64.StdEncoding.DecodeString(text)
		return err == nil && strings.Contains(string(decoded), "PRIVATE KEY-----")
	}
	return strings.Contains(text, "PRIVATE KEY-----")
}
