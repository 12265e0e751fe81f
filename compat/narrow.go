package compat

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// schema compares two schemas of one place and tells what the new one refuses or forgets though the old one took it.
func (c *comparison) schema(old, now *yaml.Node, path string) {
	if !c.types(old, now, path) {
		return
	}
	c.enum(old, now, path)
	c.required(old, now, path)
	c.bounds(old, now, path)
	c.exact(old, now, path)
	c.rules(old, now, path)
	c.properties(old, now, path)
	if a, b := document.Lookup(old, "items"), document.Lookup(now, "items"); a != nil && b != nil {
		c.schema(a, b, path+"[]")
	}
	c.additional(old, now, path)
}

// narrow tells that something valid becomes invalid.
func (c *comparison) narrow(node *yaml.Node, path, message string) *finding.Finding {
	where := c.version
	if path != "" {
		where += ": " + strings.TrimPrefix(path, ".")
	}
	return c.add(Breaking, c.line(node), where+": "+message)
}

// types compares the types; false when they differ so that nothing below can be compared.
func (c *comparison) types(old, now *yaml.Node, path string) bool {
	was, is := schemaType(old), schemaType(now)
	switch {
	case was == is, was == "integer" && is == "number", is == "integer or string" && (was == "integer" || was == "string"):
		return true
	case is == "anything":
		return false
	case was == "anything" && isTrue(old, "x-kubernetes-preserve-unknown-fields") && is == "object":
		c.narrow(now, path, "anything was valid, now only an object is")
		return true
	}
	c.narrow(now, path, fmt.Sprintf("the type changes from %s to %s", was, is))
	return false
}

func schemaType(node *yaml.Node) string {
	if isTrue(node, "x-kubernetes-int-or-string") {
		return "integer or string"
	}
	if t := text(node, "type"); t != "" {
		return t
	}
	return "anything"
}

func (c *comparison) enum(old, now *yaml.Node, path string) {
	is := values(now, "enum")
	if is == nil {
		return
	}
	was := values(old, "enum")
	if was == nil {
		c.narrow(document.Lookup(now, "enum"), path, "only these values are valid now: "+strings.Join(is, ", "))
		return
	}
	var gone []string
	for _, value := range was {
		if !slices.Contains(is, value) {
			gone = append(gone, value)
		}
	}
	if len(gone) > 0 {
		c.narrow(document.Lookup(now, "enum"), path, "no longer valid: "+strings.Join(gone, ", "))
	}
}

// values are the canonical texts of a list, nil when there is none.
func values(node *yaml.Node, key string) []string {
	list := document.Lookup(node, key)
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	out := []string{}
	for _, item := range list.Content {
		canonical, err := document.Canonical(item)
		if err == nil {
			out = append(out, string(canonical))
		}
	}
	return out
}

func (c *comparison) required(old, now *yaml.Node, path string) {
	was := texts(old, "required")
	for _, name := range texts(now, "required") {
		if slices.Contains(was, name) || document.Lookup(now, "properties", name, "default") != nil {
			continue
		}
		c.narrow(document.Lookup(now, "required"), path, fmt.Sprintf("%s becomes required and has no default", name))
	}
}

// bounds compares limits: lower ones may only go down, upper ones only up.
func (c *comparison) bounds(old, now *yaml.Node, path string) {
	for _, key := range []string{"minimum", "minLength", "minItems", "minProperties"} {
		c.bound(old, now, path, key, func(was, is float64) bool { return is > was })
	}
	for _, key := range []string{"maximum", "maxLength", "maxItems", "maxProperties"} {
		c.bound(old, now, path, key, func(was, is float64) bool { return is < was })
	}
	for _, key := range []string{"exclusiveMinimum", "exclusiveMaximum", "uniqueItems"} {
		if !isTrue(old, key) && isTrue(now, key) {
			c.narrow(document.Lookup(now, key), path, key+" becomes true")
		}
	}
}

func (c *comparison) bound(old, now *yaml.Node, path, key string, tighter func(was, is float64) bool) {
	is, found := number(now, key)
	if !found {
		return
	}
	was, had := number(old, key)
	switch {
	case !had && !(strings.HasPrefix(key, "min") && is <= 0 && key != "minimum"):
		c.narrow(document.Lookup(now, key), path, fmt.Sprintf("%s becomes %s", key, decimal(is)))
	case had && tighter(was, is):
		c.narrow(document.Lookup(now, key), path, fmt.Sprintf("%s changes from %s to %s", key, decimal(was), decimal(is)))
	}
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func number(node *yaml.Node, key string) (float64, bool) {
	value, err := document.Value(document.Lookup(node, key))
	if err != nil {
		return 0, false
	}
	switch v := value.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// exact compares what cannot be ordered: any change may refuse objects.
func (c *comparison) exact(old, now *yaml.Node, path string) {
	for _, key := range []string{"pattern", "format", "multipleOf", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
		"x-kubernetes-embedded-resource", "allOf", "anyOf", "oneOf", "not"} {
		is := document.Lookup(now, key)
		if is == nil || same(document.Lookup(old, key), is) {
			continue
		}
		f := c.narrow(is, path, key+" changes")
		if key == "allOf" || key == "anyOf" || key == "oneOf" || key == "not" {
			f.Severity = finding.Warning
		}
	}
	if was := text(old, "x-kubernetes-list-type"); was != "" && was != "atomic" && text(now, "x-kubernetes-list-type") == "" {
		c.narrow(now, path, "x-kubernetes-list-type is dropped: who applies the list owns all of it")
	}
	if isTrue(old, "nullable") && !isTrue(now, "nullable") {
		c.narrow(now, path, "null is no longer valid")
	}
	if was := document.Lookup(old, "default"); was != nil && !same(was, document.Lookup(now, "default")) {
		f := c.narrow(now, path, "the default changes")
		f.Severity = finding.Warning
	}
}

func same(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, errX := document.Canonical(a)
	y, errY := document.Canonical(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// rules tells CEL rules that were not there before.
func (c *comparison) rules(old, now *yaml.Node, path string) {
	list := document.Lookup(now, "x-kubernetes-validations")
	if list == nil {
		return
	}
	var was []string
	if before := document.Lookup(old, "x-kubernetes-validations"); before != nil {
		for _, rule := range before.Content {
			was = append(was, strings.Join(strings.Fields(text(rule, "rule")), " "))
		}
	}
	for _, rule := range list.Content {
		if one := strings.Join(strings.Fields(text(rule, "rule")), " "); !slices.Contains(was, one) {
			c.narrow(rule, path, "a new rule must hold: "+one)
		}
	}
}

// properties compares the fields: one that goes is pruned without a word, unless unknown fields are kept; one that comes where
// anything was kept may refuse what is there.
func (c *comparison) properties(old, now *yaml.Node, path string) {
	was, is := document.Lookup(old, "properties"), document.Lookup(now, "properties")
	for name, before := range pairs(was) {
		next := document.Lookup(is, name)
		switch {
		case next != nil:
			c.schema(before, next, path+"."+name)
		case !keepsUnknown(now):
			c.narrow(now, path+"."+name, "the field is dropped: its value is lost")
		}
	}
	if !keepsUnknown(old) {
		return
	}
	before := document.Lookup(old, "additionalProperties")
	if before == nil || before.Kind != yaml.MappingNode {
		before = &yaml.Node{Kind: yaml.MappingNode}
	}
	for name, next := range pairs(is) {
		if document.Lookup(was, name) == nil {
			c.schema(before, next, path+"."+name)
		}
	}
}

// pairs are the keys and values of a mapping in their order, none of anything else.
func pairs(node *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if node == nil || node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if !yield(node.Content[i].Value, node.Content[i+1]) {
				return
			}
		}
	}
}

// keepsUnknown reports whether a schema keeps fields that it does not name.
func keepsUnknown(node *yaml.Node) bool {
	if isTrue(node, "x-kubernetes-preserve-unknown-fields") {
		return true
	}
	more := document.Lookup(node, "additionalProperties")
	return more != nil && (more.Kind == yaml.MappingNode || more.Value == "true")
}

// additional compares what a mapping may hold beside its fields.
func (c *comparison) additional(old, now *yaml.Node, path string) {
	if isTrue(old, "x-kubernetes-preserve-unknown-fields") && !isTrue(now, "x-kubernetes-preserve-unknown-fields") {
		c.narrow(now, path, "unknown fields are no longer kept")
	}
	was, is := document.Lookup(old, "additionalProperties"), document.Lookup(now, "additionalProperties")
	switch {
	case was == nil || was.Value == "false":
	case (is == nil || is.Value == "false") && !isTrue(now, "x-kubernetes-preserve-unknown-fields"):
		c.narrow(now, path, "keys of one's own are no longer kept")
	case is != nil && was.Kind == yaml.MappingNode && is.Kind == yaml.MappingNode:
		c.schema(was, is, path+".*")
	}
}
