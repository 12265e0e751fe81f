package finding

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// assignment is a name, the sign that gives it a value, and the quote in which that stands: in a text that is itself quoted, with
// backslashes.
var assignment = regexp.MustCompile(`(?i)([\w.-]*(?:pass|pwd|token|secret|key|authorization|dockerc)[\w.-]*)(\\*["'])?[ \t]*(=>?|:=|:)([ \t]*)(\\*["'])?`)

// assigned are the values that secretive names are given in a text.
func assigned(text string) []Span {
	var spans []Span
	for at := 0; at < len(text); {
		end := lineEnd(text, at) // an assignment does not go over it, but its value may
		if !mayAssign(text[at:end]) {
			at = end + 1
			continue
		}
		m := assignment.FindStringSubmatchIndex(text[at:end])
		if m == nil {
			at = end + 1
			continue
		}
		part := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return text[at+m[2*n] : at+m[2*n+1]]
		}
		a := assigner{text: text, from: at + m[0], start: at + m[1], sign: part(3), quote: part(5)}
		tight := a.sign == ":" && part(2)+part(4)+a.quote == "" && !a.ends() // host:port and image:tag are no assignments
		if tight || !Secretive(strings.Trim(part(1), "-.")) {
			at += m[3]
			continue
		}
		span, next := a.value()
		if !Refers(strings.TrimSpace(text[span.Start:span.End])) {
			spans = append(spans, span)
		}
		at = next
	}
	return spans
}

// mayAssign is a quick test for the lines in which something secretive may be assigned; it may say yes to others.
func mayAssign(line string) bool {
	if !strings.ContainsAny(line, "=:") {
		return false
	}
	for i := 0; i < len(line); i++ {
		for _, hint := range hintsBy(line[i]) {
			if len(line)-i >= len(hint) && strings.EqualFold(line[i:i+len(hint)], hint) {
				return true
			}
		}
		if line[i] >= utf8.RuneSelf { // some fold to letters of a hint
			return true
		}
	}
	return false
}

// hintsBy are the parts of secretive names, see assignment, that start with a letter.
func hintsBy(letter byte) []string {
	switch letter {
	case 'p', 'P':
		return []string{"pass", "pwd"}
	case 't', 'T':
		return []string{"token"}
	case 's', 'S':
		return []string{"secret"}
	case 'k', 'K':
		return []string{"key"}
	case 'a', 'A':
		return []string{"authorization"}
	case 'd', 'D':
		return []string{"dockerc"}
	}
	return nil
}

// assigner is one assignment in a text: its name starts at from, its value at start.
type assigner struct {
	text        string
	from, start int
	sign, quote string
}

// ends reports whether nothing follows on the line.
func (a assigner) ends() bool {
	return a.start == len(a.text) || a.text[a.start] == '\n' || a.text[a.start] == '\r'
}

// value is the value, and where to look on. Without a quote it goes to the end of the line, but for one in a command or a query.
func (a assigner) value() (span Span, next int) {
	if a.quote != "" {
		if n := strings.Index(a.text[a.start:], a.quote); n >= 0 {
			return Span{a.start, a.start + n}, a.start + n + len(a.quote)
		}
		return Span{a.start, len(a.text)}, len(a.text)
	}
	begin, end := strings.LastIndexByte(a.text[:a.from], '\n')+1, lineEnd(a.text, a.start)
	if a.sign != ":" && (strings.TrimSpace(a.text[begin:a.from]) != "" || a.text[a.from] == '-') {
		if n := strings.IndexAny(a.text[a.start:end], " \t;&\"'`\\,"); n >= 0 {
			end = a.start + n
		}
		return Span{a.start, end}, end
	}
	span = Span{a.start, a.start + len(strings.TrimRight(a.text[a.start:end], "\r"))}
	if rest := strings.TrimSpace(a.text[a.start:end]); a.sign == ":" && (rest == "" || rest[0] == '|' || rest[0] == '>') {
		if last := blockEnd(a.text, end, indentOf(a.text[begin:])); last > end {
			return Span{min(end+1, last), last}, last
		}
	}
	return span, end
}

func lineEnd(text string, from int) int {
	if n := strings.IndexByte(text[from:], '\n'); n >= 0 {
		return from + n
	}
	return len(text)
}

// blockEnd is where the lines after the one that ends at a place are indented as deep, or less, for the first time.
func blockEnd(text string, end, indent int) int {
	for end < len(text) {
		next := lineEnd(text, end+1)
		if line := text[end+1 : next]; strings.TrimSpace(line) != "" && indentOf(line) <= indent {
			break
		}
		end = next
	}
	return end
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
