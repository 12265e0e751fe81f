package document

import (
	"bytes"
	"iter"
)

// chunk is what stands between two document separators.
type chunk struct {
	raw         []byte // without separators and without blank lines at both ends; empty when it holds nothing but comments
	line        int    // of the first byte of raw (and of parsed)
	contentLine int    // of the first byte of text
	text        []byte // raw from its first content on: after comments and blank lines
	parsed      []byte // what the YAML library is given: raw, or raw with its "--- " when content stands behind that
	inline      bool   // content stands behind the separator; behind ... that is an error
}

// json says whether a chunk may be a stream of JSON objects.
func (c chunk) json() bool {
	return c.text[0] == '{' && len(bytes.TrimLeft(c.raw, " \t\r")) == len(c.text)
}

// split cuts a stream at its separators: a line that starts with --- or ... followed by a blank or the end of the line. In YAML
// such a line ends a document wherever it stands, also in a quoted scalar (which then is broken).
func split(data []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		start, line := 0, 1 // of the chunk
		inline := -1        // offset of the separator with content behind it
		find := separators{data: data, dashes: -1, dots: -1}
		for at := find.next(0); at < len(data); at = find.next(start) {
			if c, ok := newChunk(data, start, at, line, inline); ok && !yield(c) {
				return
			}
			end, next := lineEnd(data, at)
			line += bytes.Count(data[start:at], []byte("\n"))
			start, inline = next, -1
			if rest := bytes.TrimLeft(data[at+3:end], " \t\r"); len(rest) > 0 && rest[0] != '#' {
				start, inline = at+3, at
			} else if next > end {
				line++
			}
		}
		if c, ok := newChunk(data, start, len(data), line, inline); ok {
			yield(c)
		}
	}
}

// separators finds the lines that separate documents.
type separators struct {
	data         []byte
	dashes, dots int // where the next --- and ... may be, -1 before the first look
}

// next is the offset of the first separator from an offset on, or the end of the data.
func (s *separators) next(from int) int {
	for {
		s.dashes = s.mark(s.dashes, from, "---")
		s.dots = s.mark(s.dots, from, "...")
		at := min(s.dashes, s.dots)
		if at == len(s.data) {
			return at
		}
		if end, _ := lineEnd(s.data, at); separator(s.data[at:end]) {
			return at
		}
		from = at + 1
	}
}

// mark is the first offset from an offset on where a line starts with the mark; known is the last answer.
func (s *separators) mark(known, from int, mark string) int {
	if known >= from {
		return known
	}
	if from == 0 && bytes.HasPrefix(s.data, []byte(mark)) {
		return 0
	}
	from = max(from-1, 0)
	if i := bytes.Index(s.data[from:], []byte("\n"+mark)); i >= 0 {
		return from + i + 1
	}
	return len(s.data)
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
