package review

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// Hunk is one field that differs.
type Hunk struct {
	Path     string    `json:"path"` // spec.containers[name=web].image; empty for a whole object
	Change   Change    `json:"change"`
	Old      string    `json:"old,omitempty"` // as YAML, with the key of the field or the dash of the item
	New      string    `json:"new,omitempty"`
	Redacted *Redacted `json:"redacted,omitempty"` // instead of Old and New, when the values may not be shown
	Noise    bool      `json:"noise,omitempty"`    // counted instead of shown, see Fact
	Fact     string    `json:"fact,omitempty"`     // what noise is counted as
	Risk     Risk      `json:"risk,omitempty"`     // of the attention that the field, or something in it, needs

	path    fieldPath
	ignored int // the rule of the user, when Fact is FactIgnored
}

// Redacted is what may be said of a value that may not be shown.
type Redacted struct {
	OldBytes int `json:"oldBytes"`
	NewBytes int `json:"newBytes"`
}

// Heading is the path of what holds the field, empty for the root.
func (h Hunk) Heading() string { return h.path.parent().String() }

// Name is the last step of the path, empty for a whole object.
func (h Hunk) Name() string {
	if len(h.path) == 0 {
		return ""
	}
	return h.path[len(h.path)-1:].String()
}

// differ collects the hunks between two versions of one object.
type differ struct {
	secrets privacy
	schema  *yaml.Node // of a custom resource, when a tree defines it
	hunks   []Hunk
}

// hunks are the differences between two objects, one of which may be nil, in the order of the fields.
func hunks(base, head *document.Document, known definitions) []Hunk {
	d := differ{secrets: privacyOf(base, head), schema: known.schema(head)}
	switch {
	case base == nil:
		d.add(nil, nil, head.Root())
	case head == nil:
		d.add(nil, base.Root(), nil)
	default:
		d.node(nil, base.Root(), head.Root())
	}
	return d.hunks
}

// add notes a difference; one of the nodes may be nil.
func (d *differ) add(path fieldPath, old, new *yaml.Node) {
	path = slices.Clone(path)
	hunk := Hunk{Path: path.String(), Change: Changed, path: path, Fact: noise(path, old, new)}
	hunk.Noise = hunk.Fact != ""
	hidden := false
	switch {
	case old == nil:
		hunk.Change = Added
	case new == nil:
		hunk.Change = Removed
	}
	for _, node := range []*yaml.Node{old, new} {
		hidden = hidden || node != nil && d.secrets.hides(path, node)
	}
	if hidden {
		hunk.Redacted = &Redacted{OldBytes: d.secrets.size(path, old), NewBytes: d.secrets.size(path, new)}
		d.hunks = append(d.hunks, hunk)
		return
	}
	if old != nil {
		hunk.Old = fragment(d.secrets, path, old)
	}
	if new != nil {
		hunk.New = fragment(d.secrets, path, new)
	}
	if hunk.Old == hunk.New { // what differs is inside, and hidden
		hunk.Old, hunk.New = "", ""
		hunk.Redacted = &Redacted{OldBytes: d.secrets.size(path, old), NewBytes: d.secrets.size(path, new)}
	}
	d.hunks = append(d.hunks, hunk)
}

// node compares two values at one path.
func (d *differ) node(path fieldPath, old, new *yaml.Node) {
	switch {
	case d.secrets.hides(path, old), d.secrets.hides(path, new):
		if !same(old, new) {
			d.add(path, old, new)
		}
	case old.Kind == yaml.MappingNode && new.Kind == yaml.MappingNode:
		d.mapping(path, old, new)
	case old.Kind == yaml.SequenceNode && new.Kind == yaml.SequenceNode:
		d.list(path, old.Content, new.Content)
	case !same(old, new):
		d.add(path, old, new)
	}
}

// same reports whether two values mean the same; it looks at what they mean only where they are spelled in two ways.
func same(old, new *yaml.Node) bool {
	if old == nil || new == nil || old.Kind != new.Kind || len(old.Content) != len(new.Content) {
		return canonical(old) == canonical(new)
	}
	switch old.Kind {
	case yaml.ScalarNode:
		return sameSpelling(old, new) || scalarText(old) == scalarText(new)
	case yaml.SequenceNode:
		return slices.EqualFunc(old.Content, new.Content, same)
	case yaml.MappingNode:
		return sameFields(old, new)
	}
	return canonical(old) == canonical(new)
}

// sameFields compares two mappings of as many fields.
func sameFields(old, new *yaml.Node) bool {
	var values map[string]*yaml.Node // needed from the first field on that stands at another place
	for i := 0; i+1 < len(old.Content); i += 2 {
		key, value := old.Content[i].Value, new.Content[i+1]
		if new.Content[i].Value != key {
			if values == nil {
				values = index(new)
			}
			value = values[key]
		}
		if value == nil || !same(old.Content[i+1], value) {
			return false
		}
	}
	return true
}

// sameSpelling is a quick test for what is the same; it may say no to what is.
func sameSpelling(old, new *yaml.Node) bool {
	return old.Value == new.Value && old.Style == new.Style && old.Tag == new.Tag
}

// mapping compares two mappings, first the fields of the old one, then the new ones.
func (d *differ) mapping(path fieldPath, old, new *yaml.Node) {
	values := index(new)
	known := make(map[string]bool, len(old.Content)/2)
	for i := 0; i+1 < len(old.Content); i += 2 {
		key := old.Content[i].Value
		known[key] = true
		if value := values[key]; value != nil {
			d.node(path.to(segment{key: key}), old.Content[i+1], value)
			continue
		}
		d.add(path.child(key), old.Content[i+1], nil)
	}
	for i := 0; i+1 < len(new.Content); i += 2 {
		if key := new.Content[i].Value; !known[key] {
			d.add(path.child(key), nil, new.Content[i+1])
		}
	}
}

func index(mapping *yaml.Node) map[string]*yaml.Node {
	values := make(map[string]*yaml.Node, len(mapping.Content)/2)
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		values[mapping.Content[i].Value] = mapping.Content[i+1]
	}
	return values
}

// Sizes says what may be said of a hidden value.
func (r Redacted) Sizes(change Change) string {
	switch change {
	case Added:
		return fmt.Sprintf("added (%s)", bytesOf(r.NewBytes))
	case Removed:
		return fmt.Sprintf("removed (%s)", bytesOf(r.OldBytes))
	}
	return fmt.Sprintf("changed (%d -> %s)", r.OldBytes, bytesOf(r.NewBytes))
}
