package document

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
