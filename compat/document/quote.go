package document

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// flowScalar writes a scalar on the current line: plain, single quoted or double quoted, in its own style where that holds it.
func (e *encoder) flowScalar(node *yaml.Node) {
	style := node.Style & quoted
	switch {
	case style == 0 && !isString(node):
		if node.Value == "" {
			e.out = append(e.out, "null"...)
			return
		}
		e.out = append(e.out, node.Value...)
	case style == 0 && plainSafe(node.Value):
		e.out = append(e.out, node.Value...)
	case printable(node.Value, false) && (style == yaml.SingleQuotedStyle || style == 0 && strings.Contains(node.Value, "\"")):
		e.singleQuoted(node.Value)
	default:
		e.doubleQuoted(node.Value)
	}
}

func (e *encoder) singleQuoted(value string) {
	e.out = append(e.out, '\'')
	e.out = append(e.out, strings.ReplaceAll(value, "'", "''")...)
	e.out = append(e.out, '\'')
}

func (e *encoder) doubleQuoted(value string) {
	e.out = append(e.out, '"')
	for i := 0; i < len(value); {
		r, size := utf8.DecodeRuneInString(value[i:])
		switch {
		case r == '"' || r == '\\':
			e.out = append(e.out, '\\', byte(r))
		case r == '\n':
			e.out = append(e.out, `\n`...)
		case r == '\t':
			e.out = append(e.out, `\t`...)
		case r == '\r':
			e.out = append(e.out, `\r`...)
		case r >= ' ' && r < 0x7f, r >= 0xa0 && printableRune(r):
			e.out = append(e.out, value[i:i+size]...)
		case r <= 0xff:
			e.out = fmt.Appendf(e.out, `\x%02x`, r)
		case r <= 0xffff:
			e.out = fmt.Appendf(e.out, `\u%04x`, r)
		default:
			e.out = fmt.Appendf(e.out, `\U%08x`, r)
		}
		i += size
	}
	e.out = append(e.out, '"')
}

// plainSafe says whether a string may be written without quotes: it reads back as the same string for YAML 1.1 and 1.2 readers,
// as a value and as a key.
func plainSafe(s string) bool {
	if s == "" || !printable(s, false) || strings.ContainsRune(s, '\t') {
		return false
	}
	if kind, _ := resolve(s); kind != stringScalar || looksTyped(s) {
		return false
	}
	if !plainStart(s) || s[len(s)-1] == ' ' || s[len(s)-1] == ':' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] == '#' && s[i-1] == ' ' || s[i] == ' ' && s[i-1] == ':' {
			return false
		}
	}
	return true
}

// plainStart looks at the first characters of a plain scalar.
func plainStart(s string) bool {
	if strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") || s == "=" || s == "<<" {
		return false
	}
	switch s[0] {
	case '-', '?', ':':
		return len(s) > 1 && s[1] != ' '
	case ' ', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	}
	return true
}

// looksTyped finds strings that other readers than kubectl's take for something else: dates, numbers in base 60, 0o17.
func looksTyped(s string) bool {
	if c := s[0]; (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' {
		return false
	}
	dated := len(s) >= 8 && digits(s) == 4 && s[4] == '-'
	return dated || strings.Trim(s, "0123456789+-_:.") == "" && strings.ContainsRune(s, ':') || strings.HasPrefix(s, "0o")
}
