package render

import (
	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// graft gives what a build made of a node in the words of its source: the order of keys, the spelling and the comments of what has the
// same meaning stay, so that a patch of one field is a change of one line. Kustomize sorts keys in some of its ways.
func graft(source, built *yaml.Node) *yaml.Node {
	if source == nil || source.Kind != built.Kind {
		return built
	}
	switch built.Kind {
	case yaml.MappingNode:
		return graftMapping(source, built)
	case yaml.SequenceNode:
		return graftSequence(source, built)
	}
	if sameScalar(source, built) {
		return source
	}
	built.HeadComment, built.LineComment = source.HeadComment, source.LineComment
	return built
}

func graftMapping(source, built *yaml.Node) *yaml.Node {
	out := *built
	out.HeadComment, out.LineComment, out.FootComment = source.HeadComment, source.LineComment, source.FootComment
	out.Content = make([]*yaml.Node, 0, len(built.Content))
	for i := 0; i+1 < len(source.Content); i += 2 {
		key := source.Content[i]
		if value := document.Lookup(built, key.Value); value != nil {
			out.Content = append(out.Content, key, graft(source.Content[i+1], value))
		}
	}
	for i := 0; i+1 < len(built.Content); i += 2 {
		if key := built.Content[i]; document.Lookup(source, key.Value) == nil {
			out.Content = append(out.Content, key, built.Content[i+1])
		}
	}
	return &out
}

// graftSequence pairs items by their name where they have one, else by their place.
func graftSequence(source, built *yaml.Node) *yaml.Node {
	out := *built
	out.Content = make([]*yaml.Node, len(built.Content))
	for i, item := range built.Content {
		var pair *yaml.Node
		if name := scalar(document.Lookup(item, "name")); item.Kind == yaml.MappingNode && name != "" {
			pair = itemNamed(source, name)
		} else if i < len(source.Content) {
			pair = source.Content[i]
		}
		out.Content[i] = graft(pair, item)
	}
	return &out
}

func itemNamed(list *yaml.Node, name string) *yaml.Node {
	for _, item := range list.Content {
		if item.Kind == yaml.MappingNode && scalar(document.Lookup(item, "name")) == name {
			return item
		}
	}
	return nil
}

func sameScalar(a, b *yaml.Node) bool {
	left, err := document.Value(a)
	if err != nil {
		return false
	}
	right, err := document.Value(b)
	return err == nil && left == right
}
