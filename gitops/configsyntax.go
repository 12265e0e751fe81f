package gitops

import (
	"regexp"
	"strings"
)

// configParser reads the syntax of Git's settings, one setting at a time.
type configParser struct {
	text    string
	line    int
	section string
	found   setting
	fault   string
}

// next finds the next setting. It is false at the end, and at a fault.
func (p *configParser) next() bool {
	for {
		p.text = strings.TrimLeft(p.text, " \t\r\ufeff")
		switch {
		case p.text == "":
			return false
		case p.text[0] == '\n':
			p.text = p.text[1:]
			p.line++
		case p.text[0] == '#' || p.text[0] == ';':
			p.text = p.text[len(p.rest()):]
		case p.text[0] == '[':
			if !p.head() {
				return false
			}
		default:
			return p.assignment()
		}
	}
}

// rest is what is left of the line.
func (p *configParser) rest() string {
	line, _, _ := strings.Cut(p.text, "\n")
	return line
}

// head reads [section], [section "Subsection"] or the old [section.subsection].
func (p *configParser) head() bool {
	line := p.rest()
	match := regexp.MustCompile(`^\[([-.0-9A-Za-z]+)(?:[ \t]+"((?:[^"\\]|\\.)*)")?[ \t]*\]`).FindStringSubmatch(line)
	if match == nil {
		p.fault = "a section that cannot be read"
		return false
	}
	p.section = strings.ToLower(match[1])
	if strings.Contains(match[0], `"`) {
		p.section += "." + regexp.MustCompile(`\\(.)`).ReplaceAllString(match[2], "$1")
	}
	p.text = p.text[len(match[0]):]
	return true
}

// assignment reads "name = value"; a name alone means true.
func (p *configParser) assignment() bool {
	match := regexp.MustCompile(`^([A-Za-z][-0-9A-Za-z]*)[ \t]*`).FindStringSubmatch(p.rest())
	if match == nil || p.section == "" {
		p.fault = "a line that cannot be read"
		return false
	}
	p.found = setting{key: p.section + "." + strings.ToLower(match[1]), value: "true"}
	p.text = p.text[len(match[0]):]
	if !strings.HasPrefix(p.text, "=") {
		return true
	}
	p.text = strings.TrimLeft(p.text[1:], " \t")
	return p.assigned()
}

// assigned reads a value: quotes, escapes, comments and lines that go on.
func (p *configParser) assigned() bool {
	var value strings.Builder
	quoted, kept := false, 0 // kept is how much of value stays when the line ends in blanks
	for n := 0; n <= len(p.text); n++ {
		end := n == len(p.text)
		switch {
		case end || p.text[n] == '\n' || !quoted && (p.text[n] == '#' || p.text[n] == ';'):
			if quoted {
				p.fault = "a quoted value that does not end"
				return false
			}
			p.found.value = value.String()[:kept]
			p.text = p.text[n:]
			p.text = p.text[len(p.rest()):]
			return true
		case p.text[n] == '"':
			quoted = !quoted
			kept = value.Len()
		case p.text[n] == '\\':
			n++
			if !p.escape(&value, n) {
				return false
			}
			kept = value.Len()
		case p.text[n] == '\r' && n+1 < len(p.text) && p.text[n+1] == '\n':
		default:
			value.WriteByte(p.text[n])
			if quoted || p.text[n] != ' ' && p.text[n] != '\t' {
				kept = value.Len()
			}
		}
	}
	return true
}

// escape reads what follows a backslash.
func (p *configParser) escape(value *strings.Builder, n int) bool {
	escapes := map[byte]string{'n': "\n", 't': "\t", 'b': "\b", '"': `"`, '\\': `\`, '\n': ""}
	if n < len(p.text) {
		if text, known := escapes[p.text[n]]; known {
			value.WriteString(text)
			if p.text[n] == '\n' {
				p.line++
			}
			return true
		}
	}
	p.fault = "an escape that is not known"
	return false
}

// globbed matches a path with a pattern of Git: "*" and "?" stop at a slash, "**" does not; a pattern that ends with a slash
// matches everything below.
func globbed(pattern, path string, fold bool) bool {
	if strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	var expression strings.Builder
	expression.WriteString("^")
	if fold {
		expression.WriteString("(?i)")
	}
	for n := 0; n < len(pattern); n++ {
		switch {
		case strings.HasPrefix(pattern[n:], "**/"):
			expression.WriteString("(.*/)?")
			n += 2
		case strings.HasPrefix(pattern[n:], "**"):
			expression.WriteString(".*")
			n++
		case pattern[n] == '*':
			expression.WriteString("[^/]*")
		case pattern[n] == '?':
			expression.WriteString("[^/]")
		default:
			expression.WriteString(regexp.QuoteMeta(pattern[n : n+1]))
		}
	}
	matches, err := regexp.MatchString(expression.String()+"$", path)
	return err == nil && matches
}
