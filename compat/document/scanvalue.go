package document

import (
	"math"
	"strings"
)

// maxKey is how long a key may be, in bytes. Kubernetes allows less wherever it has a limit, and the readers look only 1,024
// characters ahead for the colon.
const maxKey = 512

// aheadKey is a key that keyAhead has found and key takes.
type aheadKey struct {
	event event
	after int // behind the colon
}

// keyAhead says whether a mapping key starts here: a plain or quoted scalar with a colon on the same line.
func (s *scanner) keyAhead() bool {
	if c := s.text[s.at]; c == '"' || c == '\'' {
		e, after, ok := s.quotedOnLine(s.at)
		if !ok || after >= len(s.text) || s.text[after] != ':' || !s.blank(after+1) {
			return false
		}
		s.ahead = aheadKey{event: e, after: after + 1}
		return true
	}
	if !s.plainStart() {
		return false
	}
	for i := s.at; i < len(s.text); i++ {
		switch s.text[i] {
		case '\n', '\t':
			return false
		case '#':
			if s.text[i-1] == ' ' {
				return false
			}
		case ':':
			if s.blank(i + 1) {
				e := event{kind: scalarEvent, line: int32(s.line), indent: int32(s.column()), start: int32(s.at), end: int32(i)}
				s.ahead = aheadKey{event: e, after: i + 1}
				return true
			}
		}
	}
	return false
}

// plainStart says whether a plain scalar can start here.
func (s *scanner) plainStart() bool {
	switch s.text[s.at] {
	case '-', '?', ':':
		return !s.blank(s.at + 1)
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '\t':
		return false
	}
	return true
}

// key takes the key that keyAhead has found. It is false for a duplicate, for << and for a key that is no string.
func (s *scanner) key() bool {
	e := s.ahead.event
	if e.end-e.start > longestKey || s.full() {
		return false
	}
	key := s.decode(&e)
	if len(key) > maxKey {
		return false
	}
	if e.form == plainForm {
		if kind, _ := resolve(key); kind != stringScalar || key == "<<" || s.text[e.end-1] == ' ' {
			return false
		}
	}
	if !s.addKey(key) {
		return false
	}
	s.emit(e)
	s.at = s.ahead.after
	return true
}

// value reads a scalar or a flow collection and moves to the next content.
func (s *scanner) value(parent int) bool {
	switch s.text[s.at] {
	case '"', '\'':
		return s.quotedScalar(parent) && s.rest() && s.nextContent()
	case '|', '>':
		return s.blockScalar(parent)
	case '[', '{':
		return s.flowValue() && s.rest() && s.nextContent()
	}
	return s.plainScalar(parent)
}

// plainScalar reads a plain scalar with its continuation lines, which stand deeper than parent.
func (s *scanner) plainScalar(parent int) bool {
	if !s.plainStart() {
		return false
	}
	e := event{kind: scalarEvent, line: int32(s.line), indent: int32(s.column()), start: int32(s.at)}
	commented, ok := s.plainLine()
	e.end = int32(s.at)
	for ok && !commented && s.continues(parent) {
		commented, ok = s.plainLine()
		e.end, e.folded = int32(s.at), true
	}
	if !ok || s.infinite(s.text[e.start:e.end]) {
		return false
	}
	s.emit(e)
	return s.rest() && s.nextContent()
}

// plainLine moves behind the last character of a plain scalar on this line. It is not ok when a colon would make a key of it.
func (s *scanner) plainLine() (commented, ok bool) {
	last := s.at
	for i := s.at; i < len(s.text); i++ {
		switch s.text[i] {
		case '\n':
			s.at = last
			return false, true
		case '\t':
			return false, false
		case ' ':
			continue
		case '#':
			if s.text[i-1] == ' ' {
				s.at = last
				return true, true
			}
		case ':':
			if s.blank(i + 1) {
				return false, false
			}
		}
		last = i + 1
	}
	s.at = last
	return false, true
}

// continues moves to the next line of a multi-line scalar: the next one that is not empty, if it stands deeper than parent and
// is no comment. Else it stays.
func (s *scanner) continues(parent int) bool {
	at, line := s.endOfLine(s.at), s.line
	for at < len(s.text) {
		start := at + 1
		line++
		at = start
		for at < len(s.text) && s.text[at] == ' ' {
			at++
		}
		if at == len(s.text) {
			return false
		}
		if s.text[at] == '\n' {
			continue
		}
		if at-start <= parent || s.text[at] == '#' {
			return false
		}
		s.at, s.line, s.lineStart = at, line, start
		return true
	}
	return false
}

// infinite finds the numbers that JSON cannot hold.
func (s *scanner) infinite(text string) bool {
	if c := text[0]; c != '.' && c != '-' && c != '+' {
		return false
	}
	_, value := resolve(text)
	f, ok := value.(float64)
	return ok && (math.IsNaN(f) || math.IsInf(f, 0))
}

// quotedOnLine reads a quoted scalar that ends on the line where it starts.
func (s *scanner) quotedOnLine(at int) (e event, after int, ok bool) {
	quote := s.text[at]
	e = event{kind: scalarEvent, form: singleForm, line: int32(s.line), indent: int32(at - s.lineStart), start: int32(at + 1)}
	if quote == '"' {
		e.form = doubleForm
	}
	for i := at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\n':
			return e, 0, false
		case c == quote && quote == '\'' && i+1 < len(s.text) && s.text[i+1] == '\'':
			e.folded = true
			i++
		case c == quote:
			e.end = int32(i)
			return e, i + 1, true
		case c == '\\' && quote == '"':
			size := escapeSize(s.text[i:])
			if size == 0 || s.text[i+1] == '\n' {
				return e, 0, false
			}
			e.folded = true
			i += size - 1
		}
	}
	return e, 0, false
}

// quotedScalar reads a quoted scalar, also one of several lines; it refuses tabs in those and lines that are not indented.
func (s *scanner) quotedScalar(parent int) bool {
	if e, after, ok := s.quotedOnLine(s.at); ok {
		s.emit(e)
		s.at = after
		return true
	}
	quote := s.text[s.at]
	e := event{kind: scalarEvent, form: singleForm, folded: true, line: int32(s.line), indent: int32(s.column()), start: int32(s.at + 1)}
	if quote == '"' {
		e.form = doubleForm
	}
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\t':
			return false
		case c == '\n':
			if !s.quotedLine(i, parent) {
				return false
			}
			i = s.at - 1
		case c == quote && quote == '\'' && i+1 < len(s.text) && s.text[i+1] == '\'':
			i++
		case c == quote:
			e.end = int32(i)
			s.emit(e)
			s.at = i + 1
			return true
		case c == '\\' && quote == '"':
			size := escapeSize(s.text[i:])
			if size == 0 {
				return false
			}
			if s.text[i+1] != '\n' {
				i += size - 1
			}
		}
	}
	return false
}

// quotedLine moves to the next line of a quoted scalar that is not empty.
func (s *scanner) quotedLine(at, parent int) bool {
	for at < len(s.text) && s.text[at] == '\n' {
		at++
		s.line++
		s.lineStart, s.at = at, at
		s.skipSpaces()
		at = s.at
	}
	return s.at < len(s.text) && s.column() > parent
}

// escapeSize is the length of the escape that a text starts with, 0 when it is none that all readers know.
func escapeSize(text string) int {
	if len(text) < 2 {
		return 0
	}
	size := 0
	switch text[1] {
	case '0', 'a', 'b', 't', 'n', 'v', 'f', 'r', 'e', ' ', '"', '\\', 'N', '_', 'L', 'P', '\n':
		return 2
	case 'x':
		size = 4
	case 'u':
		size = 6
	case 'U':
		size = 10
	}
	if size == 0 || len(text) < size {
		return 0
	}
	if r, ok := hexRune(text[2:size]); !ok || r > 0x10ffff || r >= 0xd800 && r <= 0xdfff {
		return 0
	}
	return size
}

func hexRune(digits string) (rune, bool) {
	var r uint32
	for i := range len(digits) {
		r <<= 4
		switch c := digits[i]; {
		case c >= '0' && c <= '9':
			r |= uint32(c - '0')
		case c >= 'a' && c <= 'f':
			r |= uint32(c-'a') + 10
		case c >= 'A' && c <= 'F':
			r |= uint32(c-'A') + 10
		default:
			return 0, false
		}
	}
	return rune(r), r <= 0x10ffff
}

// blockScalar reads a literal or folded scalar: its header, then the lines that are indented deeper than parent.
func (s *scanner) blockScalar(parent int) bool {
	e := event{kind: scalarEvent, form: literalForm, line: int32(s.line), indent: int32(s.column())}
	if s.text[s.at] == '>' {
		e.form = foldedForm
	}
	s.at++
	explicit := s.blockHeader(&e)
	at := s.emit(e)
	if !s.rest() {
		return false
	}
	return s.blockLines(&s.tape[at], parent, explicit) && s.nextContent()
}

// blockHeader reads the chomping and the indentation indicator, in either order.
func (s *scanner) blockHeader(e *event) (explicit int) {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '+' && e.chomp == 0:
			e.chomp = 1
		case c == '-' && e.chomp == 0:
			e.chomp = -1
		case c >= '1' && c <= '9' && explicit == 0:
			explicit = int(c - '0')
		default:
			return explicit
		}
	}
	return explicit
}

// blockLines finds the lines of a block scalar whose header has been read.
func (s *scanner) blockLines(e *event, parent, explicit int) bool {
	start := min(s.at+1, len(s.text))
	indent := parent + explicit
	if explicit == 0 {
		var ok bool
		if indent, ok = s.blockIndent(start, parent); !ok {
			return false
		}
	}
	at := start
	for at < len(s.text) {
		spaces := at
		for spaces < len(s.text) && spaces-at < indent && s.text[spaces] == ' ' {
			spaces++
		}
		if spaces == len(s.text) {
			at = spaces
			break
		}
		if s.text[spaces] != '\n' && spaces-at < indent {
			if s.text[spaces] == '\t' {
				return false
			}
			break
		}
		at = min(s.endOfLine(spaces)+1, len(s.text))
	}
	e.start, e.end, e.indent = int32(start), int32(at), int32(indent)
	e.folded = true
	s.line += strings.Count(s.text[min(s.at, len(s.text)):at], "\n")
	s.at, s.lineStart = at, at
	return true
}

// blockIndent finds the indentation of a block scalar from its first line that is not empty.
func (s *scanner) blockIndent(start, parent int) (int, bool) {
	deepest := 0
	for at := start; at < len(s.text); {
		spaces := at
		for spaces < len(s.text) && s.text[spaces] == ' ' {
			spaces++
		}
		column := spaces - at
		if spaces == len(s.text) {
			deepest = max(deepest, column)
			break
		}
		switch s.text[spaces] {
		case '\n':
			deepest = max(deepest, column)
			at = spaces + 1
			continue
		case '\t':
			return 0, false
		}
		if column <= parent {
			break
		}
		return column, deepest <= column
	}
	return max(parent+1, deepest), true
}
