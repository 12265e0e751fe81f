package helm_test

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/helm"
)

// compare pairs the objects by what they are called and when Helm runs them, in their order among those that are alike in that.
func compare(want, got []document.Document, unsteady []helm.Unsteady) []string {
	var all []string
	type key struct {
		finding.Object
		hook string
	}
	byID := func(documents []document.Document) map[key][]*yaml.Node {
		found := map[key][]*yaml.Node{}
		for i := range documents {
			id := key{Object: documents[i].Object()}
			if hook := document.Lookup(documents[i].Root(), "metadata", "annotations", "helm.sh/hook"); hook != nil {
				id.hook = hook.Value
			}
			found[id] = append(found[id], documents[i].Root())
		}
		return found
	}
	theirs, mine := byID(want), byID(got)
	for id, nodes := range theirs {
		if len(mine[id]) != len(nodes) {
			all = append(all, fmt.Sprintf("%s: helm has %d of them, here are %d", id.Object, len(nodes), len(mine[id])))
			continue
		}
		for i := range nodes {
			a, b := flat(nodes[i], "", map[string]string{}), flat(mine[id][i], "", map[string]string{})
			for path, value := range a {
				if b[path] != value && !allowed(id.Object, path, unsteady) {
					all = append(all, fmt.Sprintf("%s %s: helm has %.200q, here is %.200q", id.Object, path, value, b[path]))
				}
			}
			for path, value := range b {
				if _, there := a[path]; !there && !allowed(id.Object, path, unsteady) {
					all = append(all, fmt.Sprintf("%s %s: here is %.200q", id.Object, path, value))
				}
			}
		}
	}
	for id := range mine {
		if theirs[id] == nil {
			all = append(all, fmt.Sprintf("%s: helm has none", id.Object))
		}
	}
	return all
}

func allowed(id finding.Object, path string, unsteady []helm.Unsteady) bool {
	return slices.ContainsFunc(unsteady, func(u helm.Unsteady) bool { return u.Object == id && strings.HasPrefix(path, u.Field) })
}

// flat is every scalar of a node by its path, as kubectl reads it.
func flat(node *yaml.Node, path string, into map[string]string) map[string]string {
	switch node.Kind {
	case yaml.MappingNode:
		if len(node.Content) == 0 {
			into[path] = "{}"
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			next := node.Content[i].Value
			if path != "" {
				next = path + "." + next
			}
			flat(node.Content[i+1], next, into)
		}
	case yaml.SequenceNode:
		if len(node.Content) == 0 {
			into[path] = "[]"
		}
		for i := range node.Content {
			flat(node.Content[i], fmt.Sprintf("%s[%d]", path, i), into)
		}
	default:
		value, err := document.Value(node)
		into[path] = fmt.Sprintf("%T %v %v", value, value, err)
	}
	return into
}
