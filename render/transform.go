package render

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// transform copies fields of the instance, or of objects of the package, to where the package wants them.
func (b *build) transform() error {
	for _, t := range b.Manifest.Transformations {
		source, err := b.source(t.Source)
		if err != nil {
			return err
		}
		for _, target := range t.Targets {
			if err := b.transformTo(source, target); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *build) transformTo(source *yaml.Node, target catalog.Target) error {
	if target.Resource == nil {
		return b.chartTarget("", target)
	}
	matched, err := b.match("", *target.Resource, target.Patch.Path)
	if err != nil {
		return err
	}
	value := source
	if target.ValueTemplate != "" {
		if source.Kind != yaml.ScalarNode {
			return b.targetError("", *target.Resource, target.Patch.Path, Place{}, "its template needs a single value, and the source is none", nil)
		}
		if value, err = values.ExpandText("of a transformation", target.ValueTemplate, plainText(source)); err != nil {
			return fmt.Errorf("instance %s: %w", b.Name, err)
		}
	}
	return b.patch("", target, matched, value)
}

// source is the field that a transformation reads, before any prefix is on the names of the package.
func (b *build) source(from catalog.TransformationSource) (*yaml.Node, error) {
	path, err := parseJSONPath(from.Path)
	if err != nil {
		return nil, fmt.Errorf("instance %s: transformation of package %s: %w", b.Name, b.Package, err)
	}
	if from.Resource == nil {
		itself := mapping("metadata", mapping("name", document.String(b.Name), "namespace", document.String(b.Namespace)))
		if node := document.Lookup(itself, path...); node != nil {
			return node, nil
		}
		return nil, fmt.Errorf("instance %s: transformation of package %s: an instance has metadata.name and metadata.namespace, not %s",
			b.Name, b.Package, from.Path)
	}
	matched, err := b.match("", *from.Resource, from.Path)
	if err != nil {
		return nil, err
	}
	if len(matched) > 1 {
		return nil, b.targetError("", *from.Resource, from.Path, matched[1].place, "the source is more than one object", nil)
	}
	if node := document.Lookup(matched[0].doc.Root(), path...); node != nil {
		return document.Clone(node), nil
	}
	return nil, b.targetError("", *from.Resource, from.Path, matched[0].place, "the source has no such field", nil)
}

// parseJSONPath reads the part of JSONPath that packages use: "{ $.a.b[0]['c.d'] }". Wildcards, filters and functions are errors.
func parseJSONPath(text string) ([]string, error) {
	inner := strings.TrimSpace(text)
	if strings.HasPrefix(inner, "{") != strings.HasSuffix(inner, "}") {
		return nil, fmt.Errorf("path %q: the braces do not match", text)
	}
	inner = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(inner, "{"), "}"))
	inner = strings.TrimPrefix(inner, "$")
	if inner != "" && inner[0] != '.' && inner[0] != '[' {
		inner = "." + inner
	}
	var path []string
	for inner != "" {
		segment, rest, err := jsonPathSegment(inner)
		if err != nil {
			return nil, fmt.Errorf("path %q: %w", text, err)
		}
		path, inner = append(path, segment), rest
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("path %q names no field", text)
	}
	return path, nil
}

func jsonPathSegment(text string) (segment, rest string, err error) {
	if text[0] == '.' {
		end := strings.IndexAny(text[1:], ".[")
		if end < 0 {
			end = len(text) - 1
		}
		segment, rest = text[1:1+end], text[1+end:]
		if segment == "" || strings.ContainsAny(segment, "*?@()$,:'\" ") {
			return "", "", fmt.Errorf("%q is not a field; wildcards, filters and slices are not supported", text)
		}
		return segment, rest, nil
	}
	if text[0] != '[' {
		return "", "", fmt.Errorf("%q is neither .field nor [index]", text)
	}
	end := strings.IndexByte(text, ']')
	if len(text) > 1 && (text[1] == '\'' || text[1] == '"') {
		closing := strings.Index(text[2:], string(text[1])+"]")
		if closing < 0 {
			return "", "", fmt.Errorf("%q is not closed", text)
		}
		return text[2 : 2+closing], text[2+closing+2:], nil
	}
	if end < 0 {
		return "", "", fmt.Errorf("%q is not closed", text)
	}
	if n, err := strconv.Atoi(text[1:end]); err != nil || n < 0 {
		return "", "", fmt.Errorf("%q is not an index; wildcards, filters and slices are not supported", text[:end+1])
	}
	return text[1:end], text[end+1:], nil
}
