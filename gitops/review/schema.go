package review

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// definitions are the custom resource definitions of both trees, by the group and kind that they define. Their schemas say what tells
// the items of a list apart.
type definitions map[string]*document.Document

// definitionsOf finds the definitions of the custom resources that change, first those of the head, then those of the base, then those
// that are the same in both.
func definitionsOf(ctx context.Context, pairs []objectPair, sides []parsedPair, trees *input) (definitions, error) {
	wanted := map[string]bool{}
	for _, pair := range pairs {
		if pair.base != nil && pair.head != nil && !slices.Contains(ownGroups, pair.head.Object().Group()) {
			wanted[kindOf(pair.head.Object())] = true
		}
	}
	found := definitions{}
	take := func(docs []document.Document) {
		for i := range docs {
			if key := defined(&docs[i]); wanted[key] {
				found[key] = &docs[i]
				delete(wanted, key)
			}
		}
	}
	for _, side := range sides {
		take(side.head)
	}
	for _, side := range sides {
		take(side.base)
	}
	if len(wanted) == 0 {
		return found, nil
	}
	err := trees.same(ctx, func(name string, data []byte) bool {
		if bytes.Contains(data, []byte("x-kubernetes-list-map-keys")) {
			if docs, err := document.Parse(name, data); err == nil {
				take(docs)
			}
		}
		return len(wanted) > 0
	})
	return found, err
}

// same goes through the manifests that both trees have with the same bytes, until the reader has enough.
func (in *input) same(ctx context.Context, read func(name string, data []byte) bool) error {
	differs := make(map[string]bool, len(in.pairs))
	for _, pair := range in.pairs {
		differs[pair.name] = true
	}
	for _, name := range in.base.sorted() {
		if differs[name] || !in.base.file(name) || !slices.Contains(manifestNames, path.Ext(name)) {
			continue
		}
		data, err := fs.ReadFile(in.baseTree, name)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if !read(name, data) {
			return nil
		}
	}
	return nil
}

func kindOf(object finding.Object) string { return object.Group() + "/" + object.Kind }

// defined is the group and kind that a document defines, empty when it is no definition.
func defined(doc *document.Document) string {
	if object := doc.Object(); object.Kind != "CustomResourceDefinition" || object.Group() != "apiextensions.k8s.io" {
		return ""
	}
	return scalarOf(doc.Root(), "spec", "group") + "/" + scalarOf(doc.Root(), "spec", "names", "kind")
}

// schema is that of an object, in its own version; nil when no tree has it.
func (d definitions) schema(doc *document.Document) *yaml.Node {
	if doc == nil || d[kindOf(doc.Object())] == nil {
		return nil
	}
	version := strings.TrimPrefix(doc.Object().APIVersion, doc.Object().Group()+"/")
	if v := named(versionsOf(d[kindOf(doc.Object())]), version); v != nil {
		return v.schema
	}
	return nil
}

// schemaAt is the schema of what a path leads to in an object of a schema, nil when it is not told.
func schemaAt(schema *yaml.Node, path fieldPath) *yaml.Node {
	for _, step := range path {
		next := document.Lookup(schema, "items")
		if !step.item {
			if next = document.Lookup(schema, "properties", step.key); next == nil {
				next = document.Lookup(schema, "additionalProperties")
			}
		}
		if schema = next; schema == nil || schema.Kind != yaml.MappingNode {
			return nil
		}
	}
	return schema
}

// listKeys is what tells the items of a list apart by its schema: the fields of a list of type map, with their defaults.
func listKeys(schema *yaml.Node) (identity, bool) {
	if scalarOf(schema, "x-kubernetes-list-type") != "map" {
		return identity{}, false
	}
	by := identity{fields: texts(schema, "x-kubernetes-list-map-keys"), optional: true, defaults: map[string]string{}}
	if slices.ContainsFunc(by.fields, finding.Secretive) {
		return identity{}, false // a path would show what is hidden
	}
	for _, name := range by.fields {
		if value := document.Lookup(schema, "items", "properties", name, "default"); value != nil {
			by.defaults[name] = brief(value)
		}
	}
	return by, len(by.fields) > 0
}
