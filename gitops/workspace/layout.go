package workspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// nodeOf turns a value of this package into nodes, fields in the order of their struct, map keys sorted.
func nodeOf(value any) (*yaml.Node, error) {
	data, err := jsonOf(value)
	if err != nil {
		return nil, fmt.Errorf("write %T: %w", value, err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("write %T: %w", value, err)
	}
	return doc.Content[0], nil
}

// stringNode is a node for a string, as nodeOf makes it.
func stringNode(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
}

// scalar is a scalar on one line. What stands plain in the file stays plain. Another string is quoted when something could take
// it for anything else, also when it looks like a number or a version.
func scalar(n *yaml.Node, inFlow bool) string {
	if n.Style == 0 {
		return n.Value
	}
	numeric := strings.TrimLeft(n.Value, "v+-.")
	if plain := numeric == "" || numeric[0] < '0' || numeric[0] > '9'; plain && !(inFlow && strings.ContainsAny(n.Value, ",[]{}:#\"'")) {
		if text, err := document.Encode(document.String(n.Value)); err == nil {
			if line := strings.TrimSuffix(string(text), "\n"); !strings.Contains(line, "\n") && line != "" {
				return line
			}
		}
	}
	return quote(n.Value)
}

func quote(s string) string {
	quoted, err := jsonOf(s)
	if err != nil {
		panic("a string has a JSON form: " + err.Error())
	}
	return string(quoted)
}

// jsonOf is a value as JSON that is YAML too: what YAML does not take in a quoted string is escaped.
func jsonOf(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	escaped := make([]byte, 0, out.Len())
	for _, r := range strings.TrimSuffix(out.String(), "\n") {
		if r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
			continue
		}
		escaped = utf8.AppendRune(escaped, r)
	}
	return escaped, nil
}

// inline is a node with brackets, on one line.
func inline(n *yaml.Node) string {
	var parts []string
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, scalar(n.Content[i], true)+": "+inline(n.Content[i+1]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case yaml.SequenceNode:
		for _, item := range n.Content {
			parts = append(parts, inline(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return scalar(n, true)
}

// entryLines is an entry of a mapping in block style, lists indented by two below their key.
func entryLines(key string, value *yaml.Node) []string {
	name := scalar(stringNode(key), false) + ":"
	switch {
	case value.Kind == yaml.ScalarNode && literal(value):
		return literalLines(name, value.Value)
	case value.Kind == yaml.ScalarNode, len(value.Content) == 0:
		return []string{name + " " + inlineOrScalar(value)}
	case value.Kind == yaml.SequenceNode:
		return append([]string{name}, indented(listLines(value), 2)...)
	}
	return append([]string{name}, indented(mappingLines(value), 2)...)
}

func inlineOrScalar(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return scalar(n, false)
	}
	return inline(n)
}

func mappingLines(n *yaml.Node) []string {
	var lines []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		lines = append(lines, entryLines(n.Content[i].Value, n.Content[i+1])...)
	}
	return lines
}

func listLines(n *yaml.Node) []string {
	var lines []string
	for _, item := range n.Content {
		lines = append(lines, itemLines(item)...)
	}
	return lines
}

// itemLines is one item of a list, with its dash.
func itemLines(item *yaml.Node) []string {
	if item.Kind != yaml.MappingNode || len(item.Content) == 0 {
		return []string{"- " + inline(item)}
	}
	lines := indented(mappingLines(item), 2)
	lines[0] = "- " + strings.TrimPrefix(lines[0], "  ")
	return lines
}

// literal reports whether a string is best written as a literal block: several lines of plain text.
func literal(n *yaml.Node) bool {
	s := n.Value
	if n.Style == 0 || !strings.Contains(s, "\n") || strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") {
		return false
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if strings.TrimRight(line, " \t") != line || strings.HasPrefix(line, "\t") {
			return false
		}
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f) })
}

func literalLines(name, s string) []string {
	header := name + " |"
	if !strings.HasSuffix(s, "\n") {
		header += "-"
	} else if strings.HasSuffix(s, "\n\n") {
		header += "+"
	}
	return append([]string{header}, indented(strings.Split(strings.TrimSuffix(s, "\n"), "\n"), 2)...)
}

func indented(lines []string, by int) []string {
	out := make([]string, len(lines))
	for n, line := range lines {
		if line != "" {
			line = strings.Repeat(" ", by) + line
		}
		out[n] = line
	}
	return out
}

func joinLines(lines []string) string { return strings.Join(lines, "\n") + "\n" }
