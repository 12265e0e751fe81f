package workspace

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// text is a YAML file that is edited as text: nodes say where something is, and bytes between two places are replaced. After a
// replacement the nodes are stale, so every step reads the file again; it is small.
type text struct {
	data  []byte
	root  *yaml.Node
	lines []int // where each line starts, and the end of the file
}

// newText reads the file. It has been parsed before, so an error here is not the user's.
func newText(data []byte) (*text, error) {
	if len(data) > 0 && data[len(data)-1] != '\n' {
		data = append(bytes.Clone(data), '\n')
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil || len(doc.Content) != 1 {
		return nil, fmt.Errorf("read %s for an edit: %w", FileName, err)
	}
	t := &text{data: data, root: doc.Content[0], lines: []int{0}}
	for n, c := range data {
		if c == '\n' {
			t.lines = append(t.lines, n+1)
		}
	}
	return t, nil
}

// newline is the line end of the file.
func (t *text) newline() string {
	if end := bytes.IndexByte(t.data, '\n'); end > 0 && t.data[end-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// splice is the file with other text between two places. Line ends become those of the file.
func (t *text) splice(from, to int, with string) []byte {
	with = strings.ReplaceAll(with, "\n", t.newline())
	return append(append(bytes.Clone(t.data[:from]), with...), t.data[to:]...)
}

// cannot is the error for a place that a person has to edit.
func (t *text) cannot(line int, reason string) error {
	return &document.SyntaxError{
		File: FileName, Line: line, Reason: reason + ", which gkops does not edit", Hint: "edit the file by hand and run 'gkops render'",
	}
}

// line is the text of a 1-based line without its end; lines after the last are empty.
func (t *text) line(n int) string {
	if n < 1 || n >= len(t.lines) {
		return ""
	}
	return strings.TrimRight(string(t.data[t.lines[n-1]:t.lines[n]]), "\r\n")
}

// count is the number of lines.
func (t *text) count() int { return len(t.lines) - 1 }

// start is where a 1-based line starts.
func (t *text) start(line int) int { return t.lines[min(line, len(t.lines))-1] }

// offset is where a node starts. Columns count characters.
func (t *text) offset(n *yaml.Node) int {
	at := t.start(n.Line)
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(t.data[at:])
		at += size
	}
	return at
}

// place is a node with the way to it from the root.
type place struct {
	node   *yaml.Node
	key    *yaml.Node // the key of an entry, nil for an item of a list
	index  int        // in the content of the parent: of the key, or of the item
	parent *place
}

// find follows keys and list positions from the root; nil when there is no such node.
func (t *text) find(path []any) (*place, error) {
	at := &place{node: t.root}
	for _, step := range path {
		next := at.child(step)
		if next == nil {
			return nil, nil
		}
		if next.node.Kind == yaml.AliasNode {
			return nil, t.cannot(next.node.Line, fmt.Sprintf("%v comes from an anchor", step))
		}
		at = next
	}
	return at, nil
}

func (p *place) child(step any) *place {
	switch step := step.(type) {
	case int:
		if p.node.Kind == yaml.SequenceNode && step < len(p.node.Content) {
			return &place{node: p.node.Content[step], index: step, parent: p}
		}
	case string:
		for n := 0; p.node.Kind == yaml.MappingNode && n < len(p.node.Content); n += 2 {
			if p.node.Content[n].Value == step {
				return &place{node: p.node.Content[n+1], key: p.node.Content[n], index: n, parent: p}
			}
		}
	}
	return nil
}

// flow reports whether the node is written with brackets.
func flow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// first is the line where an entry or item starts: that of its key, or of its dash.
func (p *place) first(t *text) int {
	if p.key != nil {
		return p.key.Line
	}
	if p.parent == nil {
		return p.node.Line
	}
	for line := p.node.Line; line >= 1; line-- {
		text := t.line(line)
		if strings.TrimLeft(text, " ") != text[min(p.parent.node.Column-1, len(text)):] {
			continue
		}
		if strings.HasPrefix(strings.TrimLeft(text, " "), "-") {
			return line
		}
	}
	return p.node.Line
}

// next is the line where something else starts after the place, one behind the last line when nothing does.
func (p *place) next(t *text) int {
	for at := p; at.parent != nil; at = at.parent {
		siblings, step := at.parent.node.Content, 1
		if at.key != nil {
			step = 2
		}
		if at.index+step >= len(siblings) {
			continue
		}
		sibling := &place{node: siblings[at.index+step], index: at.index + step, parent: at.parent}
		if at.key != nil {
			return siblings[at.index+step].Line
		}
		return sibling.first(t)
	}
	for line := p.node.Line; line <= t.count(); line++ {
		if text := t.line(line); text == "..." || strings.HasPrefix(text, "... ") {
			return line
		}
	}
	return t.count() + 1
}

// end is the line behind the last line of the place; blank lines and comments that follow are not part of it.
func (p *place) end(t *text) int {
	last := deepest(p.node)
	limit := p.next(t)
	if p.key != nil && last.Line < p.key.Line {
		last = p.key
	}
	if last.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return t.blockEnd(last, limit)
	}
	for line := limit - 1; line > last.Line; line-- {
		if text := strings.TrimSpace(t.line(line)); text != "" && text[0] != '#' {
			return line + 1
		}
	}
	return last.Line + 1
}

// deepest is the last leaf of a node.
func deepest(n *yaml.Node) *yaml.Node {
	for len(n.Content) > 0 {
		n = n.Content[len(n.Content)-1]
	}
	return n
}

// blockEnd is the line behind a literal or folded scalar.
func (t *text) blockEnd(n *yaml.Node, limit int) int {
	end, indent := n.Line+1, 0
	for line := n.Line + 1; line < limit; line++ {
		text := t.line(line)
		content := strings.TrimLeft(text, " ")
		if content == "" {
			continue
		}
		if indent == 0 {
			indent = len(text) - len(content)
		}
		if indent == 0 || len(text)-len(content) < indent {
			break
		}
		end = line + 1
	}
	if keep := strings.Contains(t.line(n.Line), "|+") || strings.Contains(t.line(n.Line), ">+"); keep {
		for end < limit && strings.TrimSpace(t.line(end)) == "" {
			end++
		}
	}
	return end
}

// headed is the first line of the comment that stands directly above a line, at the same indentation; the line itself when there
// is none.
func (t *text) headed(line, indent int) int {
	for line > 1 {
		above := t.line(line - 1)
		if len(above) <= indent || strings.TrimLeft(above, " ") != above[indent:] || above[indent] != '#' {
			return line
		}
		line--
	}
	return line
}

// trailed is the line behind the comments that directly follow an item and stand deeper than its dash.
func (t *text) trailed(line, indent int) int {
	for line <= t.count() {
		text := t.line(line)
		content := strings.TrimLeft(text, " ")
		if !strings.HasPrefix(content, "#") || len(text)-len(content) <= indent {
			break
		}
		line++
	}
	return line
}

// flowEnd is the place behind the scalar or bracket that starts at an offset.
func (t *text) flowEnd(from int, inFlow bool) (int, error) {
	depth := 0
	for at := from; at < len(t.data); at++ {
		c := t.data[at]
		switch {
		case (c == '"' || c == '\'') && (at == from || depth > 0 && bytes.IndexByte([]byte("[{,: \n"), t.data[at-1]) >= 0):
			closing, err := t.quoteEnd(at)
			if err != nil || depth == 0 {
				return closing, err
			}
			at = closing - 1
		case c == '[' || c == '{':
			if at == from || depth > 0 {
				depth++
			}
		case (c == ']' || c == '}') && depth > 0:
			if depth--; depth == 0 {
				return at + 1, nil
			}
		case depth > 0:
		case c == '\n' || c == '#' && t.data[at-1] == ' ', inFlow && bytes.IndexByte([]byte(",]}"), c) >= 0:
			return from + len(bytes.TrimRight(t.data[from:at], " \t\r")), nil
		}
	}
	return 0, t.cannot(t.lineOf(from), "a value does not end")
}

func (t *text) quoteEnd(from int) (int, error) {
	quote := t.data[from]
	for at := from + 1; at < len(t.data); at++ {
		switch {
		case quote == '"' && t.data[at] == '\\':
			at++
		case t.data[at] != quote:
		case quote == '\'' && at+1 < len(t.data) && t.data[at+1] == quote:
			at++
		default:
			return at + 1, nil
		}
	}
	return 0, t.cannot(t.lineOf(from), "a quoted value does not end")
}

// lineOf is the 1-based line of an offset.
func (t *text) lineOf(at int) int { return 1 + bytes.Count(t.data[:at], []byte{'\n'}) }

// describe names a path in messages: packages[2].values.
func describe(path []any) string {
	var out strings.Builder
	for n, step := range path {
		switch step := step.(type) {
		case int:
			out.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			if n > 0 {
				out.WriteByte('.')
			}
			out.WriteString(step)
		}
	}
	return out.String()
}
