package review

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// schemaChange is what differs between two schemas, as far as objects that were valid notice it, and where the first of it is.
type schemaChange struct {
	added             int
	gone, tighter     []string
	goneAt, tighterAt fieldPath
	told              map[string]int // what was said of the end of a path, with its place in tighter
	more              []int          // how often again, for each of tighter
}

// tighten notes that a field takes less than before. Schemas repeat themselves: what holds for the same field at other places is
// counted.
func (s *schemaChange) tighten(path string, at fieldPath, what string) {
	steps := strings.Split(path, ".")
	key := strings.Join(steps[max(0, len(steps)-2):], ".") + " " + what
	if s.told == nil {
		s.told, s.tighterAt = map[string]int{}, slices.Clone(at)
	}
	if n, known := s.told[key]; known {
		s.more[n]++
		return
	}
	s.told[key] = len(s.tighter)
	s.tighter, s.more = append(s.tighter, orRoot(path)+" "+what), append(s.more, 0)
}

// limited is what takes less, with how often it does.
func (s *schemaChange) limited() []string {
	for n, more := range s.more {
		if more > 0 {
			s.tighter[n] += fmt.Sprintf(" (and at %s)", plural(more, "other place", "other places"))
		}
	}
	return s.tighter
}

// compare walks two schemas of the same field. The path is that of the field in a custom resource, at is the place of its schema.
func (s *schemaChange) compare(path string, at fieldPath, old, new *yaml.Node) {
	s.limits(path, at, old, new)
	before, after := fieldsOf(old), fieldsOf(new)
	kept := 0
	for i := 0; before != nil && i+1 < len(before.Content); i += 2 {
		key := before.Content[i].Value
		below, belowAt := strings.TrimPrefix(path+"."+key, "."), at.to(segment{key: "properties"}).to(segment{key: key})
		now := document.Lookup(after, key)
		if now != nil {
			kept++
			s.compare(below, belowAt, before.Content[i+1], now)
			continue
		}
		if open(new) {
			continue
		}
		if len(s.gone) == 0 {
			s.goneAt = slices.Clone(belowAt)
		}
		s.gone = append(s.gone, below)
	}
	if after != nil {
		s.added += len(after.Content)/2 - kept
	}
	if after != nil && open(old) && !open(new) {
		s.tighten(path, at, "takes only the fields that are listed")
	}
	for _, inner := range [...]struct{ key, suffix string }{{"items", "[]"}, {"additionalProperties", ".*"}} {
		a, b := document.Lookup(old, inner.key), document.Lookup(new, inner.key)
		if a != nil && b != nil && a.Kind == yaml.MappingNode && b.Kind == yaml.MappingNode {
			s.compare(path+inner.suffix, at.to(segment{key: inner.key}), a, b)
		}
	}
}

// fieldsOf are the properties of a schema, nil when it lists none.
func fieldsOf(schema *yaml.Node) *yaml.Node {
	if fields := document.Lookup(schema, "properties"); fields != nil && fields.Kind == yaml.MappingNode {
		return fields
	}
	return nil
}

// open reports whether a schema keeps fields that it does not list.
func open(schema *yaml.Node) bool {
	extra := document.Lookup(schema, "additionalProperties")
	return isTrue(schema, "x-kubernetes-preserve-unknown-fields") || extra != nil && canonical(extra) != "false"
}

// limits compares what a schema asks of one value.
func (s *schemaChange) limits(path string, at fieldPath, old, new *yaml.Node) {
	if a, b := scalarOf(old, "type"), scalarOf(new, "type"); a != b && b != "" && a != "" {
		s.tighten(path, at.child("type"), "is "+b+" instead of "+a)
	}
	was := setOf(texts(old, "required"))
	for _, key := range texts(new, "required") {
		if !was[key] {
			s.tighten(strings.TrimPrefix(path+"."+key, "."), at.child("required"), "is required")
		}
	}
	if allowed := texts(new, "enum"); len(allowed) > 0 {
		for _, value := range missingIn(allowed, texts(old, "enum")) {
			s.tighten(path, at.child("enum"), "may not be "+value)
		}
		if document.Lookup(old, "enum") == nil {
			s.tighten(path, at.child("enum"), "is one of "+listed(allowed))
		}
	}
	for _, key := range []string{"maximum", "minimum", "maxLength", "minLength", "maxItems", "minItems", "pattern", "format", "maxProperties"} {
		a, b := document.Lookup(old, key), document.Lookup(new, key)
		if b == nil || same(a, b) || a != nil && wider(key, a.Value, b.Value) {
			continue
		}
		s.tighten(path, at.child(key), "has "+key+" "+short(b))
	}
	s.validations(path, at.to(segment{key: "x-kubernetes-validations"}), document.Lookup(old, "x-kubernetes-validations"), document.Lookup(new, "x-kubernetes-validations"))
}

// validations finds rules that hold now and did not.
func (s *schemaChange) validations(path string, at fieldPath, old, new *yaml.Node) {
	if new == nil || new.Kind != yaml.SequenceNode {
		return
	}
	known := map[string]bool{}
	if old != nil {
		for _, rule := range old.Content {
			known[scalarOf(rule, "rule")] = true
		}
	}
	for _, rule := range new.Content {
		if text := document.Lookup(rule, "rule"); text != nil && !known[text.Value] {
			s.tighten(path, at, "must hold "+short(text))
		}
	}
}

// wider reports whether a bound takes everything that it took before. What cannot be compared is not taken for wider.
func wider(key, old, new string) bool {
	a, okA := number(old)
	b, okB := number(new)
	if !okA || !okB {
		return false
	}
	if strings.HasPrefix(key, "max") {
		return b >= a
	}
	return strings.HasPrefix(key, "min") && b <= a
}

func setOf[T comparable](values []T) map[T]bool {
	set := make(map[T]bool, len(values))
	for _, value := range values {
		set[value] = true
	}
	return set
}
