package render

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/document"
)

// insert adds to the metadata of a plain block document by inserting lines, so that every other byte stays as upstream wrote it. It
// reports false when the document is not written in a way that allows that; the caller then changes the nodes.
//
// The result is checked: the metadata is read again and must mean what the nodes with the additions mean.
func insert(raw []byte, add additions) ([]byte, bool) {
	start, end, found := metadataBlock(raw)
	if !found {
		return nil, false
	}
	before := raw[start:end]
	after, ok := insertLines(before, add)
	if !ok || !sameMeaning(before, after, add) {
		return nil, false
	}
	out := make([]byte, 0, len(raw)+len(after)-len(before))
	out = append(out, raw[:start]...)
	out = append(out, after...)
	return append(out, raw[end:]...), true
}

// metadataBlock finds the lines of the top-level key metadata. It must be there once, with its content on the lines below it.
func metadataBlock(raw []byte) (start, end int, found bool) {
	start = -1
	for at := 0; at < len(raw); {
		line := raw[at:]
		if next := bytes.IndexByte(line, '\n'); next >= 0 {
			line = line[:next+1]
		}
		if bytes.HasPrefix(line, []byte("metadata:")) {
			if start >= 0 {
				return 0, 0, false
			}
			start, end = at, len(raw)
		} else if start >= 0 && end == len(raw) && line[0] != ' ' && line[0] != '\n' && line[0] != '#' {
			end = at
		}
		at += len(line)
	}
	return start, end, start >= 0 && bytes.IndexByte(raw[start:end], '\n') >= 0
}

// insertLines adds the lines of the additions to a metadata block.
func insertLines(block []byte, add additions) ([]byte, bool) {
	lines := strings.SplitAfter(strings.TrimSuffix(string(block), "\n"), "\n")
	lines[len(lines)-1] = strings.TrimSuffix(lines[len(lines)-1], "\n") + "\n"
	first := contentLine(lines, 1)
	if strings.TrimRight(lines[0], " \n") != "metadata:" || first < 0 || indentOf(lines[first]) == 0 {
		return nil, false
	}
	indent := indentOf(lines[first])
	for _, field := range []struct {
		key   string
		texts map[string]string
	}{{"labels", add.labels}, {"annotations", add.annotations}} {
		var ok bool
		if lines, ok = insertTexts(lines, indent, field.key, field.texts); !ok {
			return nil, false
		}
	}
	if add.namespace != "" {
		entry, ok := entryLine(indent, "namespace", add.namespace)
		at := keyLine(lines, indent, "name")
		if !ok || at < 0 || keyLine(lines, indent, "namespace") >= 0 || continues(lines, at) {
			return nil, false
		}
		lines = slices.Insert(lines, at+1, entry)
	}
	return []byte(strings.Join(lines, "")), true
}

// insertTexts adds entries to a mapping of strings below metadata, or the mapping itself before the first key.
func insertTexts(lines []string, indent int, key string, texts map[string]string) ([]string, bool) {
	if len(texts) == 0 {
		return lines, true
	}
	inner, at := indent+2, keyLine(lines, indent, key)
	var added []string
	if at < 0 {
		added = append(added, strings.Repeat(" ", indent)+key+":\n")
		at = contentLine(lines, 1) - 1
	} else {
		if strings.TrimSpace(lines[at]) != key+":" || !continues(lines, at) {
			return nil, false
		}
		inner = indentOf(lines[contentLine(lines, at+1)])
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		entry, ok := entryLine(inner, name, texts[name])
		if !ok || keyLine(lines, inner, name) >= 0 {
			return nil, false
		}
		added = append(added, entry)
	}
	return slices.Insert(lines, at+1, added...), true
}

// entryLine writes one entry; it fails for a text that needs more than a line.
func entryLine(indent int, key, value string) (string, bool) {
	line, err := document.Encode(mapping(key, document.String(value)))
	if err != nil || bytes.Count(line, []byte("\n")) != 1 {
		return "", false
	}
	return strings.Repeat(" ", indent) + string(line), true
}

// contentLine is the next line from i that is neither empty nor a comment, -1 when there is none.
func contentLine(lines []string, i int) int {
	for ; i < len(lines); i++ {
		if text := strings.TrimSpace(lines[i]); text != "" && text[0] != '#' {
			return i
		}
	}
	return -1
}

// keyLine is the line of a key at an indentation, -1 when there is none.
func keyLine(lines []string, indent int, key string) int {
	prefix := strings.Repeat(" ", indent) + key + ":"
	for i, line := range lines {
		if rest, found := strings.CutPrefix(line, prefix); found && strings.HasPrefix(rest+" ", " ") || found && rest == "\n" {
			return i
		}
	}
	return -1
}

// continues reports whether what a line starts goes on below it.
func continues(lines []string, at int) bool {
	next := contentLine(lines, at+1)
	return next >= 0 && indentOf(lines[next]) > indentOf(lines[at])
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// sameMeaning reports whether the block with inserted lines means what the nodes of the block with the additions mean.
func sameMeaning(before, after []byte, add additions) bool {
	want, err := document.ParseOne("", before)
	if err != nil || add.apply(want.Root()) != nil {
		return false
	}
	got, err := document.ParseOne("", after)
	if err != nil {
		return false
	}
	left, err := document.Canonical(want.Root())
	if err != nil {
		return false
	}
	right, err := document.Canonical(got.Root())
	return err == nil && bytes.Equal(left, right)
}
