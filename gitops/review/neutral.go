package review

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// neutral is a text of a package on one line of a terminal or of a fence: what would move the cursor, hide or turn text, or end
// the line is written as an escape, and so is the start of an HTML comment, which programs take for their own marks.
func neutral(text string) string {
	text = strings.ReplaceAll(text, "<!--", `\u003c!--`)
	if strings.IndexFunc(text, acts) < 0 && utf8.ValidString(text) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\t':
			out.WriteString("\t")
		case r < 0x10000 && acts(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		case acts(r):
			fmt.Fprintf(&out, `\U%08x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// acts reports whether a character does something instead of being seen: controls, formats such as the bidirectional ones,
// line and paragraph separators.
func acts(r rune) bool {
	return r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co))
}
