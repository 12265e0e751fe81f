package document

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// PatchError is a patch that does not fit the document.
type PatchError struct {
	Op      string
	Pointer string
	Reason  string // names the segment that does not exist
}

// Error is `op "pointer": reason`.
func (e *PatchError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.Op, e.Pointer, e.Reason)
}

// Patch applies one operation of RFC 6902 (add, replace, remove or test) to the nodes below root; order and comments of what it
// does not touch stay. The value is copied. It returns a *PatchError and changes nothing when the pointer or the value does not fit.
func Patch(root *yaml.Node, op, pointer string, value *yaml.Node) error {
	p := patch{op: op, pointer: pointer, value: value}
	switch op {
	case "add", "replace", "test":
		if value == nil {
			return p.wrong("it needs a value")
		}
	case "remove":
	default:
		return p.wrong("the operation is unknown: use add, replace, remove or test")
	}
	segments, err := p.segments()
	if err != nil {
		return err
	}
	if len(segments) == 0 {
		return p.applyRoot(root)
	}
	parent := root
	for i, segment := range segments[:len(segments)-1] {
		next := child(parent, segment)
		if next == nil || !p.canonicalIndex(parent, segment) {
			return p.wrong("%s does not exist", p.join(segments[:i+1]))
		}
		parent = next
	}
	return p.apply(parent, segments)
}

type patch struct {
	op, pointer string
	value       *yaml.Node
}

func (p patch) wrong(format string, args ...any) error {
	return &PatchError{Op: p.op, Pointer: p.pointer, Reason: fmt.Sprintf(format, args...)}
}

func (p patch) join(segments []string) string { return pointer(segments) }

// segments splits the pointer and undoes its escapes.
func (p patch) segments() ([]string, error) {
	if p.pointer == "" {
		return nil, nil
	}
	if p.pointer[0] != '/' {
		return nil, p.wrong("a pointer starts with a slash")
	}
	segments := strings.Split(p.pointer[1:], "/")
	for i, segment := range segments {
		for rest := segment; ; {
			_, after, found := strings.Cut(rest, "~")
			if !found {
				break
			}
			if after == "" || after[0] != '0' && after[0] != '1' {
				return nil, p.wrong("%q has a ~ that is not ~0 or ~1", segment)
			}
			rest = after
		}
		segments[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
	}
	return segments, nil
}

// canonicalIndex refuses list indices such as 01 or +1, which RFC 6901 does not allow.
func (p patch) canonicalIndex(parent *yaml.Node, segment string) bool {
	if parent.Kind != yaml.SequenceNode {
		return true
	}
	i, err := strconv.Atoi(segment)
	return err == nil && i >= 0 && strconv.Itoa(i) == segment
}

func (p patch) applyRoot(root *yaml.Node) error {
	switch p.op {
	case "remove":
		return p.wrong("the whole document cannot be removed")
	case "test":
		return p.test(root)
	}
	*root = *Clone(p.value)
	return nil
}

func (p patch) apply(parent *yaml.Node, segments []string) error {
	last := segments[len(segments)-1]
	switch parent.Kind {
	case yaml.MappingNode:
		return p.applyMapping(parent, last, segments)
	case yaml.SequenceNode:
		return p.applySequence(parent, last, segments)
	}
	return p.wrong("%s is %s, not a mapping or a list", p.join(segments[:len(segments)-1]), describe(parent))
}

func (p patch) applyMapping(parent *yaml.Node, key string, segments []string) error {
	i := keyIndex(parent, key)
	if i < 0 {
		if p.op != "add" {
			return p.wrong("%s does not exist", p.join(segments))
		}
		parent.Content = append(parent.Content, String(key), Clone(p.value))
		return nil
	}
	switch p.op {
	case "test":
		return p.test(parent.Content[i+1])
	case "remove":
		parent.Content = append(parent.Content[:i:i], parent.Content[i+2:]...)
	default:
		parent.Content[i+1] = Clone(p.value)
	}
	return nil
}

func (p patch) applySequence(parent *yaml.Node, segment string, segments []string) error {
	count := len(parent.Content)
	if p.op == "add" && segment == "-" {
		parent.Content = append(parent.Content, Clone(p.value))
		return nil
	}
	i, err := strconv.Atoi(segment)
	if err != nil || !p.canonicalIndex(parent, segment) {
		return p.wrong("%s is a list and %q is not an index", p.join(segments[:len(segments)-1]), segment)
	}
	if i > count || i == count && p.op != "add" {
		return p.wrong("%s does not exist: the list has %d items", p.join(segments), count)
	}
	switch p.op {
	case "add":
		rest := append([]*yaml.Node{Clone(p.value)}, parent.Content[i:]...)
		parent.Content = append(parent.Content[:i:i], rest...)
	case "remove":
		parent.Content = append(parent.Content[:i:i], parent.Content[i+1:]...)
	case "replace":
		parent.Content[i] = Clone(p.value)
	case "test":
		return p.test(parent.Content[i])
	}
	return nil
}

func (p patch) test(node *yaml.Node) error {
	have, err := Canonical(node)
	if err != nil {
		return p.wrong("the document has no such value: %v", err)
	}
	want, err := Canonical(p.value)
	if err != nil {
		return p.wrong("the value cannot be read: %v", err)
	}
	if !bytes.Equal(have, want) {
		return p.wrong("the value is %s, not %s", shorten(string(have)), shorten(string(want)))
	}
	return nil
}

// pointer writes a path as a JSON pointer.
func pointer(path []string) string {
	var out strings.Builder
	for _, segment := range path {
		out.WriteByte('/')
		out.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(segment))
	}
	return out.String()
}

// Clone is a deep copy of a node, so that a change to one does not show in the other.
func Clone(node *yaml.Node) *yaml.Node {
	if node == nil {
		return nil
	}
	out := *node
	out.Content = make([]*yaml.Node, len(node.Content))
	for i, item := range node.Content {
		out.Content[i] = Clone(item)
	}
	if len(out.Content) == 0 {
		out.Content = nil
	}
	return &out
}
