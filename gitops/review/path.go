package review

import (
	"strconv"
	"strings"
)

// fieldPath leads from the root of an object to a field.
type fieldPath []segment

// segment is one step: the key of a mapping, the index of an item, or the fields that tell the item from others.
type segment struct {
	key   string
	index int // of a list item, when match is empty and item is set
	item  bool
	match []field
}

// field is a name and a value that tell a list item from others.
type field struct{ name, value string }

// child is a new path to a key below p; p is not touched.
func (p fieldPath) child(key string) fieldPath {
	return append(p[:len(p):len(p)], segment{key: key})
}

// to is the path one step on, for a walk that goes through one field after the other: it may share its memory with the paths to the
// other fields, so that who keeps it clones it.
func (p fieldPath) to(step segment) fieldPath { return append(p, step) }

func (p fieldPath) at(index int) fieldPath {
	return append(p[:len(p):len(p)], segment{item: true, index: index})
}

func (p fieldPath) matching(match []field) fieldPath {
	return append(p[:len(p):len(p)], segment{item: true, match: match})
}

// parent is the path to what holds the field.
func (p fieldPath) parent() fieldPath {
	if len(p) == 0 {
		return p
	}
	return p[:len(p)-1]
}

// name is the last mapping key on the path, which names the list that an item is in.
func (p fieldPath) name() string {
	for i := len(p) - 1; i >= 0; i-- {
		if !p[i].item {
			return p[i].key
		}
	}
	return ""
}

// String is the path as people write it: spec.containers[name=web].args[1], metadata.labels["helm.sh/chart"].
func (p fieldPath) String() string {
	var text strings.Builder
	for _, s := range p {
		switch {
		case len(s.match) > 0:
			text.WriteByte('[')
			for i, f := range s.match {
				if i > 0 {
					text.WriteByte(',')
				}
				text.WriteString(f.name + "=" + quoteUnlessPlain(f.value))
			}
			text.WriteByte(']')
		case s.item:
			text.WriteString("[" + strconv.Itoa(s.index) + "]")
		case plain(s.key):
			if text.Len() > 0 {
				text.WriteByte('.')
			}
			text.WriteString(s.key)
		default:
			text.WriteString("[" + strconv.Quote(s.key) + "]")
		}
	}
	return text.String()
}

func quoteUnlessPlain(value string) string {
	if value != "" && strings.IndexFunc(value, func(r rune) bool { return !plainRune(r) && r != '.' && r != '/' && r != ':' && r != '*' }) < 0 {
		return value
	}
	return strconv.Quote(value)
}

func plain(key string) bool {
	return key != "" && strings.IndexFunc(key, func(r rune) bool { return !plainRune(r) }) < 0
}

func plainRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '$'
}
