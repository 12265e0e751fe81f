package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// openAPI is the part of an OpenAPI v3 document that matters here.
type openAPI struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type schema struct {
	Ref        string             `json:"$ref"`
	AllOf      []*schema          `json:"allOf"`
	OneOf      []*schema          `json:"oneOf"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Items      *schema            `json:"items"`
	Properties map[string]*schema `json:"properties"`
	Additional *schema            `json:"additionalProperties"`
	Kinds      []kindTag          `json:"x-kubernetes-group-version-kind"`
}

type kindTag struct{ Group, Version, Kind string }

func (t kindTag) gvk() gvk { return gvk{t.Group, t.Version, t.Kind} }

// addRelease notes what one minor serves.
func (h *history) addRelease(r release, dir string) error {
	onByDefault, err := readDefaults(dir, r)
	if err != nil {
		return err
	}
	h.last = r.minor
	if err := h.readSchemas(r, dir, onByDefault); err != nil || r.discovery == "" {
		return err
	}
	return h.checkDiscovery(r, dir)
}

// readSchemas reads every OpenAPI document of a minor.
func (h *history) readSchemas(r release, dir string, onByDefault func(gvk, string) bool) error {
	seen := map[string]bool{} // types of this minor
	return filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(r.schemas)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var doc openAPI
		if err := json.Unmarshal(text, &doc); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if err := h.addKinds(r.minor, &doc, onByDefault); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		return h.addTypes(r.minor, &doc, seen)
	})
}

// resourcePath matches the collection of a resource, and no subresource of it.
var resourcePath = regexp.MustCompile(`^/apis?(?:/[^/]+)?/v[^/]+(/namespaces/\{namespace\})?/([a-z]+)(?:/\{name\})?/?$`)

// addKinds notes the resources that have a path of their own.
func (h *history) addKinds(n int, doc *openAPI, onByDefault func(k gvk, plural string) bool) error {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		match := resourcePath.FindStringSubmatch(path)
		if match == nil {
			continue
		}
		for method, text := range doc.Paths[path] {
			if method == "parameters" {
				continue
			}
			var operation struct {
				Kind kindTag `json:"x-kubernetes-group-version-kind"`
			}
			if err := json.Unmarshal(text, &operation); err != nil {
				return fmt.Errorf("%s %s: %w", method, path, err)
			}
			k := operation.Kind.gvk()
			if k.kind == "" || strings.HasPrefix(path, "/api/v1/namespaces/{namespace}/") && k.kind == "Namespace" {
				continue
			}
			h.addKind(n, k, match[2], match[1] != "", onByDefault)
		}
	}
	for name, s := range doc.Components.Schemas {
		if len(s.Kinds) == 1 {
			if r := h.kinds[s.Kinds[0].gvk()]; r != nil {
				r.typ = shortName(name)
			}
		}
	}
	return nil
}

func (h *history) addKind(n int, k gvk, plural string, namespaced bool, onByDefault func(gvk, string) bool) {
	r := h.row(k)
	r.plural = plural
	r.served |= minor(n)
	if onByDefault(k, plural) {
		r.on |= minor(n)
	}
	if namespaced {
		r.scope = "N"
	} else if r.scope == "" {
		r.scope = "C"
	}
}

// addTypes notes the fields of the object types of a document.
func (h *history) addTypes(n int, doc *openAPI, seen map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		s := doc.Components.Schemas[name]
		if seen[name] || len(s.Properties) == 0 {
			continue
		}
		seen[name] = true
		short := shortName(name)
		if h.types[short] == nil {
			h.types[short] = map[field]minors{}
		}
		for property, p := range s.Properties {
			form, err := formOf(p, doc.Components.Schemas, 0)
			if err != nil {
				return fmt.Errorf("%s.%s: %w", name, property, err)
			}
			h.types[short][field{property, form}] |= minor(n)
		}
	}
	return nil
}

// shortName drops what all names of types share.
func shortName(name string) string {
	for _, prefix := range []string{"io.k8s.api.", "io.k8s.apimachinery.pkg.apis.", "io.k8s.apimachinery.pkg.",
		"io.k8s.apiextensions-apiserver.pkg.apis.", "io.k8s.kube-aggregator.pkg.apis."} {
		if short, found := strings.CutPrefix(name, prefix); found {
			return short
		}
	}
	return name
}

// The forms: s string, i integer, n number, b boolean, x integer or string, q string or number, * anything, o any mapping,
// [F list of F, {F mapping to F, #T object of type T, ?F that or anything that is no mapping.
func formOf(s *schema, all map[string]*schema, depth int) (string, error) {
	switch {
	case depth > 20:
		return "", fmt.Errorf("the schema refers to itself")
	case s.Ref == "" && len(s.AllOf) == 1 && s.Type == "":
		return formOf(s.AllOf[0], all, depth+1)
	case s.Ref != "":
		return refForm(strings.TrimPrefix(s.Ref, "#/components/schemas/"), all, depth)
	case s.Format == "int-or-string":
		return "x", nil
	case len(s.OneOf) == 2:
		return "q", nil
	}
	switch s.Type {
	case "string":
		return "s", nil
	case "integer":
		return "i", nil
	case "number":
		return "n", nil
	case "boolean":
		return "b", nil
	case "array":
		inner, err := formOf(s.Items, all, depth+1)
		return "[" + inner, err
	case "object":
		if s.Additional == nil {
			return "o", nil
		}
		inner, err := formOf(s.Additional, all, depth+1)
		return "{" + inner, err
	case "":
		return "*", nil
	}
	return "", fmt.Errorf("the type %q is unknown", s.Type)
}

func refForm(name string, all map[string]*schema, depth int) (string, error) {
	target := all[name]
	if target == nil {
		return "", fmt.Errorf("%s is missing", name)
	}
	short := shortName(name)
	switch {
	case strings.HasSuffix(short, ".JSONSchemaPropsOrBool"), strings.HasSuffix(short, ".JSONSchemaPropsOrArray"):
		return "?#" + short[:strings.LastIndex(short, "Or")], nil
	case len(target.Properties) > 0:
		return "#" + short, nil
	}
	return formOf(target, all, depth+1)
}
