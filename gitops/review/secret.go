package review

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// visibility says how much of a field may enter a report.
type visibility int

const (
	shown   visibility = iota
	keyed              // the keys below it are shown, their values are not
	unshown            // neither
)

// privacy knows which fields of one object may be shown. In a Secret that is only what names and types it: annotations too can
// hold a copy of all data. Every kind may have stringData, and whoever has it keeps secrets in data as well. Elsewhere a value is
// hidden for its name, see passwords, and so is a part of a text, see finding.Secrets.
type privacy struct {
	secret, stringData bool
	passwords          map[*yaml.Node]bool
	described          bool // it is a definition: names are those of fields, and texts explain them
}

func privacyOf(docs ...*document.Document) privacy {
	p := privacy{passwords: map[*yaml.Node]bool{}}
	for _, doc := range docs {
		if doc == nil {
			continue
		}
		p.secret = p.secret || strings.EqualFold(doc.Object().Kind, "Secret")
		p.stringData = p.stringData || document.Lookup(doc.Root(), "stringData") != nil
		if p.described = isDefinition(doc); !p.described {
			p.find(doc.Root(), strings.HasSuffix(doc.Object().Group(), "external-secrets.io"))
		}
	}
	return p
}

// of is the visibility of the field at a path.
func (p privacy) of(path fieldPath) visibility {
	if len(path) == 0 || !p.secret && !p.stringData {
		return shown
	}
	if slices.Contains([]string{"data", "stringData"}, path[0].key) {
		return below(path, 1)
	}
	if !p.secret || slices.Contains([]string{"apiVersion", "kind", "type", "immutable"}, path[0].key) {
		return shown
	}
	if path[0].key != "metadata" {
		return unshown
	}
	if len(path) == 1 || slices.Contains([]string{"name", "namespace", "labels"}, path[1].key) {
		return shown
	}
	if path[1].key == "annotations" {
		return below(path, 2)
	}
	return unshown
}

// below is keyed for a path of that length, and unshown for what it leads to.
func below(path fieldPath, length int) visibility {
	if len(path) == length {
		return keyed
	}
	return unshown
}

// hides reports whether the value at a path may not be shown, for the place where it is or for what it looks like. What should
// have keys and has none is hidden whole.
func (p privacy) hides(path fieldPath, node *yaml.Node) bool {
	switch p.of(path) {
	case unshown:
		return true
	case keyed:
		return node.Kind != yaml.MappingNode
	}
	return node.Kind == yaml.ScalarNode && (p.passwords[node] || strings.Contains(node.Value, "PRIVATE KEY-----") || holdsSecret(node.Value))
}

// embeddedSecret finds the manifest of a Secret inside of a text, such as a file in a ConfigMap or what was last applied.
var embeddedSecret = regexp.MustCompile(`(?m)^[\s-]*kind:\s*["']?Secret["']?\s*$|\\*"kind\\*"\s*:\s*\\*"Secret\\*"`)

// size is how many bytes a hidden value has; of the data of a Secret, how many they are when decoded.
func (p privacy) size(path fieldPath, node *yaml.Node) int {
	if node == nil {
		return 0
	}
	if node.Kind != yaml.ScalarNode {
		return len(canonical(node))
	}
	if (p.secret || p.stringData) && len(path) == 2 && path[0].key == "data" {
		if decoded, err := base64.StdEncoding.DecodeString(node.Value); err == nil {
			return len(decoded)
		}
	}
	return len(node.Value)
}

// holdsSecret reports whether a text holds the manifest of a Secret.
func holdsSecret(text string) bool {
	return strings.Contains(text, "Secret") && embeddedSecret.MatchString(text)
}
