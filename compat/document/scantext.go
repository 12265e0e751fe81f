package document

import (
	"strings"
	"unicode/utf8"
)

// decode is the value of a scalar event.
func (s *scan) decode(e *event) string {
	text := s.text[e.start:e.end]
	if !e.folded {
		return text
	}
	switch e.form {
	case singleForm:
		return unfold(text, func(out []byte, line string) []byte {
			return append(out, strings.ReplaceAll(line, "''", "'")...)
		})
	case doubleForm:
		return decodeDouble(text)
	case jsonForm:
		return decodeJSON(text)
	case literalForm, foldedForm:
		return decodeBlock(text, e)
	}
	return unfold(text, func(out []byte, line string) []byte { return append(out, line...) })
}

// unfold joins the lines of a plain or single quoted scalar: one line break is a space, each further one a line feed. Blanks
// around line breaks go.
func unfold(text string, add func([]byte, string) []byte) string {
	out := make([]byte, 0, len(text))
	breaks := 0
	for first := true; ; first = false {
		line, rest, more := strings.Cut(text, "\n")
		if !first {
			line = strings.TrimLeft(line, " ")
		}
		if more {
			line = strings.TrimRight(line, " ")
		}
		if line != "" || first || !more {
			out = appendBreaks(out, breaks)
			out = add(out, line)
			breaks = 0
		}
		if !more {
			return string(out)
		}
		breaks++
		text = rest
	}
}

// appendBreaks writes what folding makes of line breaks.
func appendBreaks(out []byte, breaks int) []byte {
	if breaks == 1 {
		return append(out, ' ')
	}
	for ; breaks > 1; breaks-- {
		out = append(out, '\n')
	}
	return out
}

// decodeDouble reads a double quoted scalar. A break behind a backslash joins lines without a space.
func decodeDouble(text string) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\\' && text[i+1] == '\n':
			end, breaks := skipBreaks(text, i+1)
			for ; breaks > 1; breaks-- {
				out = append(out, '\n')
			}
			i = end
		case c == '\\':
			size := escapeSize(text[i:])
			out = utf8.AppendRune(out, escaped(text[i+1:i+size]))
			i += size
		case c == ' ':
			end := i
			for end < len(text) && text[end] == ' ' {
				end++
			}
			if end == len(text) || text[end] != '\n' {
				out = append(out, text[i:end]...)
			}
			i = end
		case c == '\n':
			end, breaks := skipBreaks(text, i)
			out = appendBreaks(out, breaks)
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return string(out)
}

// skipBreaks moves over line breaks and the blanks behind them, and counts the breaks.
func skipBreaks(text string, i int) (end, breaks int) {
	for i < len(text) && (text[i] == '\n' || text[i] == ' ') {
		if text[i] == '\n' {
			breaks++
		}
		i++
	}
	return i, breaks
}

// escaped is the character of an escape, without its backslash.
func escaped(escape string) rune {
	switch escape[0] {
	case '0':
		return 0
	case 'a':
		return '\a'
	case 'b':
		return '\b'
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'v':
		return '\v'
	case 'f':
		return '\f'
	case 'r':
		return '\r'
	case 'e':
		return 0x1b
	case 'N':
		return 0x85
	case '_':
		return 0xa0
	case 'L':
		return 0x2028
	case 'P':
		return 0x2029
	case 'x', 'u', 'U':
		r, _ := hexRune(escape[1:])
		return r
	}
	return rune(escape[0])
}

// decodeBlock reads the lines of a literal or folded scalar.
func decodeBlock(text string, e *event) string {
	out := make([]byte, 0, len(text))
	indent := int(e.indent)
	pending, trailing := "", 0 // the break behind the last line, and empty lines since
	indented := false          // the last line started with a blank
	for text != "" {
		line, rest, broken := strings.Cut(text, "\n")
		text = rest
		if len(line) <= indent {
			if broken {
				trailing++
			}
			continue
		}
		line = line[indent:]
		blank := line[0] == ' ' || line[0] == '\t'
		if e.form == foldedForm && pending != "" && !indented && !blank {
			if trailing == 0 {
				out = append(out, ' ')
			}
		} else {
			out = append(out, pending...)
		}
		for ; trailing > 0; trailing-- {
			out = append(out, '\n')
		}
		out = append(out, line...)
		indented, pending = blank, ""
		if broken {
			pending = "\n"
		}
	}
	if e.chomp >= 0 {
		out = append(out, pending...)
	}
	for ; e.chomp > 0 && trailing > 0; trailing-- {
		out = append(out, '\n')
	}
	return string(out)
}
