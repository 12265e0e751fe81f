package simulate

import (
	"bytes"
	"strings"
)

// plainHead reads the identity, labels and annotations of a block document whose metadata is written plainly: one line per entry, with values
// that are plain or simply quoted. Nearly all are, and reading them as YAML costs more than all else that is done with them. It reports false for
// everything else.
func plainHead(data []byte) (o *Object, ok bool) {
	if topLevel(data, "kind") == "" {
		return nil, false
	}
	p := headReader{object: &Object{Line: firstLine(data)}}
	for line := range lines(head(data)) {
		if !p.line(string(bytes.TrimRight(line, " \r\n"))) {
			return nil, false
		}
	}
	id := p.object.ID
	return p.object, id.APIVersion != "" && id.Kind != "" && id.Name != ""
}

// firstLine is the number of the first line that is neither empty nor a comment.
func firstLine(data []byte) int {
	number := 0
	for line := range lines(data) {
		number++
		if line[0] != '#' && line[0] != '\n' && !bytes.HasPrefix(line, []byte("---")) {
			return number
		}
	}
	return 1
}

// headReader reads the blocks of apiVersion, kind and metadata line by line.
type headReader struct {
	object *Object
	inside bool // in metadata
	first  int  // the indentation of metadata's entries, 0 before the first
	within map[string]string
	inner  int  // the indentation of the entries of within, 0 before the first
	skips  bool // in an entry of metadata that does not matter
}

func (p *headReader) line(line string) bool {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	switch {
	case text == "" || text[0] == '#' || text == "---":
		return true
	case indent == 0:
		return p.top(text)
	case !p.inside:
		return false
	}
	if p.first == 0 {
		p.first = indent
	}
	switch {
	case indent == p.first && !(p.skips && text[0] == '-'):
		return p.entry(text)
	case p.skips:
		return indent >= p.first
	}
	return p.text(text, indent)
}

// top reads an entry of the root.
func (p *headReader) top(text string) bool {
	key, value, ok := pair(text)
	p.inside = key == "metadata"
	switch key {
	case "metadata":
		return ok && value == "" && p.first == 0
	case "apiVersion":
		p.object.ID.APIVersion = value
	case "kind":
		p.object.ID.Kind = value
	}
	return ok
}

// entry reads an entry of metadata.
func (p *headReader) entry(text string) bool {
	key, value, ok := pair(text)
	p.within, p.inner, p.skips = nil, 0, false
	switch key {
	case "name":
		p.object.ID.Name = value
		return ok && value != ""
	case "namespace":
		p.object.ID.Namespace = value
		return ok && value != ""
	case "labels", "annotations":
		if !ok || value != "" {
			return false
		}
		p.within = map[string]string{}
		if key == "labels" {
			p.object.labels = p.within
		} else {
			p.object.annotations = p.within
		}
		return true
	}
	p.skips = true
	return true
}

// text reads an entry of labels or annotations.
func (p *headReader) text(text string, indent int) bool {
	if p.within == nil || indent < p.first || p.inner != 0 && indent != p.inner {
		return false
	}
	p.inner = indent
	key, value, ok := pair(text)
	if !ok || value == "" {
		return false
	}
	p.within[key] = value
	return true
}

// pair splits "key: value" when both are plain, or the value simply quoted and not empty.
func pair(text string) (key, value string, ok bool) {
	key, value, found := strings.Cut(text, ":")
	if !found || !isWord(key) {
		return key, "", false
	}
	if value == "" {
		return key, "", true
	}
	if value[0] != ' ' {
		return key, "", false
	}
	value = strings.TrimLeft(value, " ")
	switch value[0] {
	case '"', '\'':
		inner := value[1:]
		end := strings.IndexByte(inner, value[0])
		if end < 1 || end != len(inner)-1 || strings.IndexByte(inner, '\\') >= 0 {
			return key, "", false
		}
		return key, inner[:end], true
	case '|', '>', '&', '*', '!', '{', '[', '%', '@', '`', '#', '?', '-', '~', ',', ']', '}':
		return key, "", false
	}
	return key, value, !strings.Contains(value, " #") && !strings.Contains(value, ": ") && value[len(value)-1] != ':' && value != "null"
}

// isWord reports whether a plain key is the text that it looks like, and not a number, a truth value or something that YAML gives a meaning to.
func isWord(key string) bool {
	switch strings.ToLower(key) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	first := key[0]
	return (first >= 'a' && first <= 'z' || first >= 'A' && first <= 'Z') && !strings.ContainsAny(key, "\"' \t{}[]&*!|>%@`#?,\\")
}
