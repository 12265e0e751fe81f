package render

import (
	"bytes"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// outlineDepth is the greatest indentation that facts are read from: a field of a version of a CustomResourceDefinition whose list is
// indented.
const outlineDepth = 6

// outline is the nodes of an object as far down as facts of a CustomResourceDefinition are read. Of a large plain block document only the
// lines of little indentation are parsed: nearly all bytes of a definition are its schemas.
func outline(o *object) *yaml.Node {
	if o.pristine() {
		if shallow, ok := shallowLines(o.doc.Raw); ok {
			if doc, err := document.ParseOne(o.doc.File, shallow); err == nil {
				return doc.Root()
			}
		}
	}
	return o.doc.Root()
}

// shallowLines leaves out the lines that are indented more than outlineDepth. What a line that is left starts then seems to be empty or ends
// there. It reports false when a value of such a line goes on below it in quotes or brackets, which would not end.
func shallowLines(raw []byte) ([]byte, bool) {
	out := make([]byte, 0, 4096)
	for len(raw) > 0 {
		line := raw
		if next := bytes.IndexByte(raw, '\n'); next >= 0 {
			line = raw[:next+1]
		}
		raw = raw[len(line):]
		text := bytes.TrimLeft(line, " ")
		if len(line)-len(text) > outlineDepth {
			continue
		}
		if !complete(bytes.TrimSpace(text)) {
			return nil, false
		}
		out = append(out, line...)
	}
	return out, true
}

// complete reports whether a line of a block document holds all of its value when that is in quotes or brackets.
func complete(line []byte) bool {
	for bytes.HasPrefix(line, []byte("- ")) {
		line = bytes.TrimLeft(line[2:], " ")
	}
	if len(line) == 0 || line[0] == '#' {
		return true
	}
	value := line
	if colon := bytes.Index(line, []byte(": ")); colon >= 0 {
		value = bytes.TrimLeft(line[colon+2:], " ")
	}
	return closed(value) && (line[0] != '"' && line[0] != '\'' || closed(line))
}

// closed reports whether a value that opens a quote or bracket closes it at its end.
func closed(value []byte) bool {
	if len(value) == 0 {
		return true
	}
	last := value[len(value)-1]
	switch value[0] {
	case '"', '\'':
		return len(value) > 1 && last == value[0]
	case '[':
		return last == ']'
	case '{':
		return last == '}'
	}
	return true
}

// jsonBounds says between which numbers of bytes a plain block document has as JSON, without reading it. Collections in one line make it
// less sure, and are small. The indentation of a line may be part of a text; in a CustomResourceDefinition next to nothing is.
func jsonBounds(raw []byte, definition bool) (low, high int) {
	for len(raw) > 0 {
		line := raw
		if next := bytes.IndexByte(raw, '\n'); next >= 0 {
			line = raw[:next+1]
		}
		raw = raw[len(line):]
		text := bytes.TrimSpace(line)
		if len(text) > 2 && text[0] != '#' {
			low += len(text) - 2 // "- " and "|-" have no place in JSON
		}
		if !definition {
			text = line
		}
		// Two pairs of quotes and a comma, or one pair, two braces and a comma; or the whole line in a text.
		high += len(text) + 6 + bytes.Count(text, []byte{'"'}) + bytes.Count(text, []byte{'\\'})
	}
	return low, high
}
