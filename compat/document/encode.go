package document

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Encode writes the document in its canonical form: block style, two spaces of indentation, lists not indented below their key,
// no line ever folded, scalars in their original style where that can hold them, comments kept, no separator. What it writes
// means the same to kubectl, and encoding what Parse reads of it gives the same bytes.
func (d *Document) Encode() ([]byte, error) {
	if d.Root().Kind != yaml.MappingNode {
		return nil, fmt.Errorf("encode %s: the root is %s, not a mapping", d.File, describe(d.Root()))
	}
	return Encode(d.Root())
}

// Encode writes a node of this package, see Document.Encode.
func Encode(node *yaml.Node) ([]byte, error) {
	e := encoder{}
	if err := e.root(node); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return e.out, nil
}

type encoder struct {
	out []byte
}

func (e *encoder) root(node *yaml.Node) error {
	e.comment(node.HeadComment, 0)
	var err error
	switch {
	case node.Kind == yaml.ScalarNode, len(node.Content) == 0:
		if err = e.scalarOrEmpty(node, 0); err == nil {
			e.lineEnd(node.LineComment)
		}
	case node.Kind == yaml.MappingNode:
		err = e.mapping(node, 0, false)
	case node.Kind == yaml.SequenceNode:
		err = e.sequence(node, 0, false)
	default:
		err = fault(node.Line, "%s cannot be written", describe(node))
	}
	e.comment(node.FootComment, 0)
	return err
}

// mapping writes entries at an indentation. When started, the first line already has its indentation (and "- ").
func (e *encoder) mapping(node *yaml.Node, indent int, started bool) error {
	if len(node.Content)%2 != 0 {
		return fault(node.Line, "a mapping has a key without a value")
	}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if !started {
			e.comment(key.HeadComment, indent)
			e.spaces(indent)
		}
		started = false
		if err := e.entry(key, value, indent); err != nil {
			return err
		}
	}
	return nil
}

// longestKey is how long a key may be as written: readers look 1,024 characters ahead for the colon.
const longestKey = 1000

func (e *encoder) entry(key, value *yaml.Node, indent int) error {
	if key.Kind != yaml.ScalarNode {
		return fault(key.Line, "a mapping key is %s, not a string", describe(key))
	}
	start := len(e.out)
	e.flowScalar(key)
	if len(e.out)-start > longestKey {
		return fault(key.Line, "the key %q is too long", shorten(key.Value))
	}
	e.out = append(e.out, ':')
	if value.Kind == yaml.ScalarNode || len(value.Content) == 0 {
		e.out = append(e.out, ' ')
		if err := e.scalarOrEmpty(value, indent); err != nil {
			return err
		}
		if !e.atLineStart() {
			e.lineEnd(joinLine(oneLine(key.LineComment), oneLine(value.LineComment)))
		}
		return nil
	}
	e.lineEnd(key.LineComment)
	switch value.Kind {
	case yaml.MappingNode:
		return e.mapping(value, indent+2, false)
	case yaml.SequenceNode:
		return e.sequence(value, indent, false)
	}
	return fault(value.Line, "%s cannot be written", describe(value))
}

func (e *encoder) sequence(node *yaml.Node, indent int, started bool) error {
	for _, item := range node.Content {
		if !started {
			e.comment(item.HeadComment, indent)
			e.comment(firstHead(item), indent)
			e.spaces(indent)
		}
		started = false
		e.out = append(e.out, '-', ' ')
		if err := e.item(item, indent); err != nil {
			return err
		}
	}
	return nil
}

// firstHead collects the comments that stand before the first line of an item, which "- " leaves no other place for.
func firstHead(item *yaml.Node) string {
	if len(item.Content) == 0 {
		return ""
	}
	first := item.Content[0]
	if item.Kind == yaml.MappingNode {
		return first.HeadComment
	}
	return joinComments(first.HeadComment, firstHead(first))
}

func (e *encoder) item(item *yaml.Node, indent int) error {
	switch {
	case item.Kind == yaml.ScalarNode, len(item.Content) == 0:
		if err := e.scalarOrEmpty(item, indent); err != nil {
			return err
		}
		if !e.atLineStart() {
			e.lineEnd(item.LineComment)
		}
		return nil
	case item.Kind == yaml.MappingNode:
		return e.mapping(item, indent+2, true)
	case item.Kind == yaml.SequenceNode:
		return e.sequence(item, indent+2, true)
	}
	return fault(item.Line, "%s cannot be written", describe(item))
}

// scalarOrEmpty writes what fits behind "key: ". A block scalar writes its own line end.
func (e *encoder) scalarOrEmpty(node *yaml.Node, indent int) error {
	switch node.Kind {
	case yaml.MappingNode:
		e.out = append(e.out, "{}"...)
	case yaml.SequenceNode:
		e.out = append(e.out, "[]"...)
	case yaml.ScalarNode:
		if wantsBlock(node) && blockable(node.Value) {
			e.literal(node, indent)
			return nil
		}
		e.flowScalar(node)
	default:
		return fault(node.Line, "%s cannot be written", describe(node))
	}
	return nil
}

func (e *encoder) comment(text string, indent int) {
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		e.spaces(indent)
		if line[0] != '#' {
			e.out = append(e.out, "# "...)
		}
		e.out = append(e.out, line...)
		e.newline()
	}
}

func (e *encoder) lineEnd(text string) {
	if text = oneLine(text); text != "" {
		e.out = append(e.out, ' ')
		e.out = append(e.out, text...)
	}
	e.newline()
}

// oneLine is a comment that fits behind a value.
func oneLine(text string) string {
	if text == "" {
		return ""
	}
	return strings.ReplaceAll(comment(text), "\n", " ")
}

func (e *encoder) spaces(n int) {
	const blanks = "                                                                "
	for n > len(blanks) {
		e.out = append(e.out, blanks...)
		n -= len(blanks)
	}
	e.out = append(e.out, blanks[:n]...)
}

func (e *encoder) newline() { e.out = append(e.out, '\n') }

func (e *encoder) atLineStart() bool { return len(e.out) > 0 && e.out[len(e.out)-1] == '\n' }

// literal writes a block scalar with | whose lines stand at indent+2.
func (e *encoder) literal(node *yaml.Node, indent int) {
	value := node.Value
	e.out = append(e.out, '|')
	if c := value[0]; c == ' ' || c == '\n' || c == '\t' {
		e.out = append(e.out, '2')
	}
	switch {
	case !strings.HasSuffix(value, "\n"):
		e.out = append(e.out, '-')
	case strings.HasSuffix(value, "\n\n"):
		e.out = append(e.out, '+')
	}
	e.lineEnd(node.LineComment)
	for rest := strings.TrimSuffix(value, "\n"); ; {
		line, after, found := strings.Cut(rest, "\n")
		if line != "" {
			e.spaces(indent + 2)
			e.out = append(e.out, line...)
		}
		e.newline()
		if rest = after; !found {
			return
		}
	}
}

// wantsBlock says whether a scalar came as a block scalar, or as a program's string of several lines.
func wantsBlock(node *yaml.Node) bool {
	if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return true
	}
	return node.Style&quoted == 0 && strings.Contains(node.Value, "\n")
}

// blockable says whether a literal block can hold the value as it is.
func blockable(value string) bool {
	if strings.Trim(value, "\n") == "" {
		return false
	}
	return printable(value, true)
}

// printable says whether every character may stand in YAML unescaped; line feeds only when lines is set. Characters that YAML
// 1.1 takes for line breaks may not.
func printable(value string, lines bool) bool {
	for i := 0; i < len(value); {
		c := value[i]
		if c >= ' ' && c < 0x7f {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			if c != '\t' && (c != '\n' || !lines) {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(value[i:])
		if r == utf8.RuneError && size == 1 || !printableRune(r) {
			return false
		}
		i += size
	}
	return true
}

func printableRune(r rune) bool {
	switch {
	case r < 0xa0, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return false
	}
	return r <= 0x10ffff
}
