package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// chartValues are the values of a release over the chart's own, in this order: the package's, the transformations of the package, the
// values that the package defines, and what the user gives for the chart itself. Later ones win, key by key.
func (b *build) chartValues(c Chart) (map[string]any, error) {
	root, err := nodeOfValues(c.Values)
	if err != nil {
		return nil, fmt.Errorf("instance %s: values of chart %s: %w", b.Name, c.Name, err)
	}
	if b.Manifest != nil {
		if err := b.transformChart(c, root); err != nil {
			return nil, err
		}
		if err := b.defineChart(c, root); err != nil {
			return nil, err
		}
	}
	plain, err := mapOf(root)
	if err != nil {
		return nil, fmt.Errorf("instance %s: values of chart %s: %w", b.Name, c.Name, err)
	}
	given, err := values.Plain(c.Given)
	if err != nil {
		return nil, fmt.Errorf("instance %s: values of chart %s: %w", b.Name, c.Name, err)
	}
	return values.Merge(plain, given), nil
}

// transformChart copies what an instance knows of itself into the values.
func (b *build) transformChart(c Chart, root *yaml.Node) error {
	for _, t := range b.Manifest.Transformations {
		for _, target := range t.Targets {
			if target.ChartName != c.Name {
				continue
			}
			if t.Source.Resource != nil {
				return &TargetError{Instance: b.Name, Target: chartTargetName(target), Reason: "a value of a chart cannot come from an object"}
			}
			source, err := b.source(t.Source)
			if err != nil {
				return err
			}
			if target.ValueTemplate != "" {
				if source, err = values.ExpandText("of a transformation", target.ValueTemplate, plainText(source)); err != nil {
					return fmt.Errorf("instance %s: %w", b.Name, err)
				}
			}
			if err := b.patchValues("", target, root, source); err != nil {
				return err
			}
		}
	}
	return nil
}

// defineChart writes the values that are set where their definitions say.
func (b *build) defineChart(c Chart, root *yaml.Node) error {
	for _, name := range slices.Sorted(maps.Keys(b.Values)) {
		value := b.Values[name]
		for _, target := range b.Manifest.ValueDefinitions[name].Targets {
			if target.ChartName != c.Name || value.Reference != nil {
				continue
			}
			node, err := value.Expand(name, target.ValueTemplate)
			if err != nil {
				return fmt.Errorf("instance %s: %w", b.Name, err)
			}
			if err := b.patchValues(name, target, root, node); err != nil {
				return err
			}
		}
	}
	return nil
}

// patchValues applies one operation to values. Mappings on the way that are not there are made: the chart's own values may have them.
func (b *build) patchValues(name string, target catalog.Target, root, value *yaml.Node) error {
	op, pointer := target.Patch.Op, target.Patch.Path
	segments := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := range segments {
		segments[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(segments[i])
	}
	there := document.Lookup(root, segments...) != nil
	switch {
	case op == "remove" && !there:
		return nil
	case op == "replace" && !there:
		op = "add"
	}
	if op == "add" {
		makeParents(root, segments[:len(segments)-1])
	}
	if err := document.Patch(root, op, pointer, document.Clone(value)); err != nil {
		return &TargetError{Instance: b.Name, Value: name, Target: chartTargetName(target), Reason: err.Error()}
	}
	return nil
}

func chartTargetName(target catalog.Target) string {
	return "chart " + target.ChartName + " " + target.Patch.Path
}

// makeParents makes the mappings of a path that are not there.
func makeParents(node *yaml.Node, path []string) {
	for _, key := range path {
		next := document.Lookup(node, key)
		if next == nil {
			if _, err := strconv.Atoi(key); err == nil || node.Kind != yaml.MappingNode {
				return // the place in a list: the patch says what is wrong
			}
			next = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			node.Content = append(node.Content, document.String(key), next)
		}
		node = next
	}
}

// nodeOfValues is a mapping of values as nodes.
func nodeOfValues(plain map[string]any) (*yaml.Node, error) {
	if len(plain) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, nil
	}
	data, err := sigsyaml.Marshal(plain)
	if err != nil {
		return nil, err
	}
	doc, err := document.ParseOne("values", data)
	if err != nil {
		return nil, err
	}
	return doc.Root(), nil
}

// mapOf is the reverse of nodeOfValues.
func mapOf(root *yaml.Node) (map[string]any, error) {
	value, err := document.Value(root)
	if err != nil {
		return nil, err
	}
	plain, _ := value.(map[string]any)
	return values.Plain(plain)
}
