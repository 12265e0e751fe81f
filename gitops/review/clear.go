package review

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// inClear calls to attention what Git now gives to everybody who can read it: values of a Secret that are new or other than before,
// and private keys and passwords, wherever they stand. An empty value, which something in the cluster fills, is none.
func (c *change) inClear() {
	if c.is("apiextensions.k8s.io", "CustomResourceDefinition") {
		return
	}
	before, now := clearValues(c.base), clearValues(c.head)
	fresh := map[clearKind][]string{}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		if before[path] != now[path] {
			fresh[now[path].kind] = append(fresh[now[path].kind], path)
		}
	}
	for _, told := range []struct {
		kind clearKind
		risk Risk
		what string
	}{
		{privateKey, High, "a private key is in clear"},
		{ofSecret, Medium, "a Secret has its values in Git"},
		{password, Medium, "what is named or written like a password is in clear"},
	} {
		if paths := fresh[told.kind]; len(paths) > 0 {
			c.say(ruleInClear, told.risk, nil, told.what+": "+listed(paths))
			if len(paths) == 1 {
				c.found[len(c.found)-1].Path = paths[0]
			}
		}
	}
}

// clearKind is what a value is that should not be in Git.
type clearKind int

const (
	privateKey clearKind = iota + 1
	ofSecret
	password
)

// clearValue is a value that should not be in Git.
type clearValue struct {
	text string
	kind clearKind
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
			for i, at := range itemPaths(path, node) {
				walk(at, node.Content[i])
			}
		case yaml.ScalarNode:
			if kind := secret.kindOf(path, node); kind != 0 {
				found[path.String()] = clearValue{node.Value, kind}
			}
		}
	}
	walk(nil, doc.Root())
	return found
}

// kindOf is what a value is that should not be in Git, zero for any other.
func (p privacy) kindOf(path fieldPath, node *yaml.Node) clearKind {
	inData := len(path) == 2 && (path[0].key == "data" && p.secret || path[0].key == "stringData")
	switch {
	case encrypted.MatchString(node.Value):
		return 0
	case holdsKey(node.Value, p.secret && path[0].key == "data"):
		return privateKey
	case inData && node.Value != "" && node.Tag != "!!null":
		return ofSecret
	case !p.secret && !p.stringData && p.holds(node):
		return password
	}
	return 0
}

// encrypted is a value as SOPS writes it (https://getsops.io/docs): what is in Git is no secret in clear.
var encrypted = regexp.MustCompile(`^ENC\[AES256_GCM,data:[A-Za-z0-9+/=]*,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:\w+\]$`)

// holdsKey reports whether a text is, or holds, a private key; as data of a Secret it is encoded.
func holdsKey(text string, encoded bool) bool {
	if encoded {
		decoded, err := base64.StdEncoding.DecodeString(text)
		return err == nil && strings.Contains(string(decoded), "PRIVATE KEY-----")
	}
	return strings.Contains(text, "PRIVATE KEY-----")
}
