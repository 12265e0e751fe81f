package document

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// expandList appends the objects of a document whose kind ends in List and that has items, else the document itself. An item
// without apiVersion and kind takes them from the list, as it does in kubectl.
func expandList(out []Document, list Document, depth int) ([]Document, error) {
	object := list.Object()
	items := Lookup(list.Root(), "items")
	if !strings.HasSuffix(object.Kind, "List") || items == nil {
		return append(out, list), nil
	}
	if isNull(items) {
		return out, nil
	}
	if items.Kind != yaml.SequenceNode {
		return append(out, list), nil
	}
	if depth > maxDepth {
		return nil, fault(list.Line, "lists are nested more than %d deep", maxDepth)
	}
	itemKind := strings.TrimSuffix(object.Kind, "List")
	for i, item := range items.Content {
		if item.Kind != yaml.MappingNode {
			return nil, fault(item.Line, "item %d of the %s is %s, not an object", i, object.Kind, describe(item))
		}
		if itemKind != "" && child(item, "kind") == nil && child(item, "apiVersion") == nil {
			item.Content = append([]*yaml.Node{String("apiVersion"), String(object.APIVersion), String("kind"), String(itemKind)}, item.Content...)
		}
		doc := newDocument(list.File, item)
		var err error
		if out, err = expandList(out, doc, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}
