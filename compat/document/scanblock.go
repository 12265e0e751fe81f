package document

import "strings"

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
