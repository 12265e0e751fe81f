package helm

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// Unsteady is a field that differs from render to render, because the chart makes it up. Field is empty for a whole object.
type Unsteady struct {
	Object finding.Object
	Field  string // "data.password"
}

// unsteady compares two renders.
func unsteady(first, second []document.Document) ([]Unsteady, error) {
	if len(first) != len(second) {
		return nil, fmt.Errorf("the chart gives %d objects once and %d another time", len(first), len(second))
	}
	var all []Unsteady
	for i := range first {
		a, b := first[i].Object(), second[i].Object()
		if a != b {
			all = append(all, Unsteady{Object: a, Field: "metadata.name"})
			continue
		}
		for _, field := range differences(first[i].Root(), second[i].Root(), "") {
			all = append(all, Unsteady{Object: a, Field: field})
		}
	}
	return all, nil
}

// differences are the paths where two nodes differ.
func differences(a, b *yaml.Node, path string) []string {
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) || a.Kind == yaml.ScalarNode {
		if a.Kind != b.Kind || a.Value != b.Value || len(a.Content) != len(b.Content) {
			return []string{path}
		}
		return nil
	}
	var all []string
	for i := range a.Content {
		switch {
		case a.Kind == yaml.SequenceNode:
			all = append(all, differences(a.Content[i], b.Content[i], fmt.Sprintf("%s[%d]", path, i))...)
		case i%2 == 0 && a.Content[i].Value != b.Content[i].Value:
			return append(all, path)
		case i%2 == 1:
			all = append(all, differences(a.Content[i], b.Content[i], dotted(path, a.Content[i-1].Value))...)
		}
	}
	return all
}

func dotted(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// repair reads a document that says a key twice as Kubernetes does: the last one counts. It is false for a document with another fault.
func repair(name, text string) ([]document.Document, bool) {
	var object map[string]any
	if sigsyaml.Unmarshal([]byte(text), &object) != nil || len(object) == 0 {
		return nil, false
	}
	root, err := nodeOf(object)
	if err != nil {
		return nil, false
	}
	documents, err := document.Parse(name, root)
	return documents, err == nil
}

// nodeOf writes plain values with sorted keys.
func nodeOf(object map[string]any) ([]byte, error) { return sigsyaml.Marshal(object) }

// Keys are the keys of what a chart made up, sorted, for messages.
func Keys(made map[string]string) []string { return slices.Sorted(maps.Keys(made)) }
