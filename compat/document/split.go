package document

import "bytes"

// chunk is what stands between two document separators.
type chunk struct {
	raw         []byte // without separators and without blank lines at both ends; empty when it holds nothing but comments
	line        int    // of the first byte of raw (and of parsed)
	contentLine int    // of the first byte of text
	text        []byte // raw from its first content on: after comments and blank lines
	parsed      []byte // what the YAML library is given: raw, or raw with its "--- " when content stands behind that
	inline      bool   // content stands behind the separator
}

// json says whether a chunk may be a stream of JSON objects.
func (c chunk) json() bool {
	return c.text[0] == '{' && len(bytes.TrimLeft(c.raw, " \t\r")) == len(c.text)
}

// split cuts a stream at its separators: a line that starts with --- or ... followed by a blank or the end of the line. In YAML
// such a line ends a document wherever it stands, also in a quoted scalar (which then is broken).
func split(data []byte) []chunk {
	var chunks []chunk
	start, line := 0, 1 // of the chunk
	inline := -1        // offset of the separator with content behind it
	at, number := 0, 1  // of the current line
	cut := func(end int) {
		if c, ok := newChunk(data, start, end, line, inline); ok {
			chunks = append(chunks, c)
		}
	}
	for at < len(data) {
		end, next := lineEnd(data, at)
		if separator(data[at:end]) {
			cut(at)
			start, line, inline = next, number+1, -1
			if rest := bytes.TrimLeft(data[at+3:end], " \t\r"); data[at] == '-' && len(rest) > 0 && rest[0] != '#' {
				start, line, inline = at+3, number, at
			}
		}
		at, number = next, number+1
	}
	cut(len(data))
	return chunks
}

func lineEnd(data []byte, at int) (end, next int) {
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		return at + i, at + i + 1
	}
	return len(data), len(data)
}

func separator(line []byte) bool {
	if len(line) < 3 || line[0] != '-' && line[0] != '.' {
		return false
	}
	if line[1] != line[0] || line[2] != line[0] {
		return false
	}
	return len(line) == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r'
}

// newChunk trims a chunk and finds its content; false when there is none.
func newChunk(data []byte, start, end, line, inline int) (chunk, bool) {
	if inline >= 0 {
		raw := data[start:end]
		return chunk{raw: raw, line: line, contentLine: line, text: bytes.TrimLeft(raw, " \t"), parsed: data[inline:end], inline: true}, true
	}
	c := chunk{line: line}
	first := true
	for at := start; at < end; {
		stop, next := lineEnd(data[:end], at)
		content := bytes.TrimLeft(data[at:stop], " \t\r")
		switch {
		case len(content) == 0 && first:
			c.line++
		case len(content) == 0, content[0] == '#':
			if first {
				start, first = at, false
			}
		default:
			if first {
				start = at
			}
			c.raw = data[start:end]
			c.parsed = c.raw
			c.text = data[stop-len(content) : end]
			c.contentLine = line
			return c, true
		}
		at, line = next, line+1
	}
	return c, false
}
