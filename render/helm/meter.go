package helm

import (
	"errors"
	"fmt"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// meterAll lets every template of a chart and its subcharts count what it does, see meter.
func meterAll(c *chart.Chart) {
	for _, f := range c.Templates {
		f.Data = []byte(meter(string(f.Data)))
	}
	for _, dependency := range c.Dependencies() {
		meterAll(dependency)
	}
}

// meter puts calls of the budget into a template, which give nothing: at the start of its text and of every body of range, define and block a
// turn with the bytes of that body; behind every action, what it prints or keeps in a variable; around every text that tpl makes a template of, so that it
// is metered too. Nothing else changes, and no line moves. What cannot be read is left to the engine, which says what is wrong with it.
func meter(text string) string {
	m := &metered{pieces: []string{""}, bodies: []body{{loop: true}}}
	for text != "" {
		literal, rest, found := strings.Cut(text, "{{")
		m.literal(literal)
		if !found {
			break
		}
		action, after, ok := cutAction(rest)
		if !ok {
			m.pieces = append(m.pieces, "{{"+rest)
			break
		}
		m.action(action)
		text = after
	}
	for len(m.bodies) > 0 {
		m.end()
	}
	return strings.Join(m.pieces, "")
}

// metered is a template on its way.
type metered struct {
	pieces []string
	bodies []body // that are open, the whole text first
}

// body is what stands between an action and its end.
type body struct {
	loop  bool
	at    int    // the piece that the turn goes to
	trim  string // how the action before it ends, which the turn has to end like
	bytes int
}

func (m *metered) literal(text string) {
	m.pieces = append(m.pieces, text)
	for i := len(m.bodies) - 1; i >= 0; i-- {
		if m.bodies[i].loop {
			m.bodies[i].bytes += len(text)
			return
		}
	}
}

// end closes the innermost body.
func (m *metered) end() {
	last := m.bodies[len(m.bodies)-1]
	m.bodies = m.bodies[:len(m.bodies)-1]
	if last.loop {
		m.pieces[last.at] = fmt.Sprintf("{{%s %d%s}}", turnFunction, last.bytes, last.trim)
	}
}

// action takes what stands between the braces.
func (m *metered) action(text string) {
	content, trim := text, ""
	if len(text) > 1 && strings.HasSuffix(text, "-") && strings.ContainsAny(text[len(text)-2:len(text)-1], " \t\r\n") {
		content, trim = text[:len(text)-2], text[len(text)-2:]
	}
	start := strings.TrimLeft(strings.TrimPrefix(content, "-"), " \t\r\n")
	word := start[:len(start)-len(strings.TrimLeft(start, "abcdefghijklmnopqrstuvwxyz"))]
	switch word {
	case "range", "define", "block", "if", "with":
		m.pieces = append(m.pieces, "{{"+meterTpl(content)+trim+"}}", "")
		m.bodies = append(m.bodies, body{loop: word != "if" && word != "with", at: len(m.pieces) - 1, trim: trim})
	case "end":
		m.pieces = append(m.pieces, "{{"+text+"}}")
		if len(m.bodies) > 1 {
			m.end()
		}
	case "else", "template", "break", "continue":
		m.pieces = append(m.pieces, "{{"+meterTpl(content)+trim+"}}")
	default:
		content = meterTpl(content)
		switch {
		case start == "" || strings.HasPrefix(start, "/*"):
		case assigns(start):
			content += " | " + keptFunction
		default:
			content += " | " + gaveFunction
		}
		m.pieces = append(m.pieces, "{{"+content+trim+"}}")
	}
}

// assigns reports whether an action sets a variable, and so prints nothing.
func assigns(action string) bool {
	if !strings.HasPrefix(action, "$") {
		return false
	}
	rest := strings.TrimLeft(action[1:], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
	rest = strings.TrimLeft(rest, " \t\r\n")
	return strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "=")
}

// cutAction is the text up to the braces that end an action, and what follows them.
func cutAction(text string) (action, after string, ok bool) {
	if start := strings.TrimPrefix(text, "- "); strings.HasPrefix(strings.TrimLeft(start, " \t\r\n"), "/*") {
		stop := strings.Index(text, "*/")
		if stop < 0 {
			return "", "", false
		}
		end := strings.Index(text[stop:], "}}")
		if end < 0 {
			return "", "", false
		}
		return text[:stop+end], text[stop+end+2:], true
	}
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], "}}") {
			return text[:i], text[i+2:], true
		}
		i = skip(text, i)
	}
	return "", "", false
}

// skip is the index behind a quoted text at an index, or behind one byte.
func skip(text string, at int) int {
	quote := text[at]
	if quote != '"' && quote != '\'' && quote != '`' {
		return at + 1
	}
	for i := at + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// meterTpl puts the first argument of every call of tpl through the function that meters it.
func meterTpl(action string) string {
	var out strings.Builder
	done := 0
	for i := 0; i < len(action); {
		if !callsTpl(action, i) {
			i = skip(action, i)
			continue
		}
		start := i + len("tpl")
		for start < len(action) && strings.IndexByte(" \t\r\n", action[start]) >= 0 {
			start++
		}
		end := operand(action, start)
		if end > start {
			out.WriteString(action[done:start] + "(" + textFunction + " " + meterTpl(action[start:end]) + ")")
			done = end
		}
		i = max(end, start)
	}
	return out.String() + action[done:]
}

// callsTpl reports whether the word tpl stands at an index.
func callsTpl(action string, at int) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$"
	rest, found := strings.CutPrefix(action[at:], "tpl")
	return found && rest != "" && strings.IndexByte(" \t\r\n", rest[0]) >= 0 && (at == 0 || strings.IndexByte(letters, action[at-1]) < 0)
}

// operand is the index behind one argument.
func operand(action string, at int) int {
	depth := 0
	for at < len(action) {
		switch c := action[at]; {
		case c == '(':
			depth++
			at++
		case c == ')' && depth > 0:
			depth--
			at++
		case depth == 0 && strings.IndexByte(" \t\r\n)|", c) >= 0:
			return at
		default:
			at = skip(action, at)
		}
	}
	return at
}

// unmetered is an error of the engine without what meter put into the action that it shows.
func unmetered(err error) error {
	text := strings.NewReplacer(" | "+gaveFunction, "", " | "+keptFunction, "").Replace(err.Error())
	for {
		before, rest, found := strings.Cut(text, "("+textFunction+" ")
		if !found {
			return errors.New(text)
		}
		end := operand("("+rest, 0) - 1
		text = before + strings.TrimSuffix(rest[:end], ")") + rest[end:]
	}
}
