package document

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// normalizer copies a tree of the YAML library into one with a single meaning: aliases and merge keys are resolved, keys are the
// strings that kubectl makes of them, every scalar has the tag of what kubectl reads, explicit tags are gone, and comments stand
// where Encode writes them.
type normalizer struct {
	offset  int // added to lines
	visits  int // as the reader of kubectl counts them
	aliased int
	within  []*yaml.Node // the anchors being expanded
	pending []string     // comments whose place is before the next key or item
}

// The reader of kubectl refuses a document when more than 99 of 100 visits come from aliases; maxAliased keeps it in the range
// where that share is constant.
const maxAliased = 200_000

func (n *normalizer) document(document *yaml.Node) (*yaml.Node, error) {
	if len(document.Content) == 0 {
		return nil, nil
	}
	n.comment(document.HeadComment)
	root, err := n.node(document.Content[0], 0)
	if err != nil {
		return nil, err
	}
	if isNull(root) {
		return nil, nil
	}
	n.comment(document.FootComment)
	root.FootComment = n.take()
	return root, nil
}

// node copies one node.
func (n *normalizer) node(in *yaml.Node, depth int) (*yaml.Node, error) {
	if err := n.count(in); err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fault(in.Line+n.offset, "the document is nested more than %d deep", maxDepth)
	}
	switch in.Kind {
	case yaml.AliasNode:
		return n.alias(in, depth)
	case yaml.MappingNode:
		return n.mapping(in, depth)
	case yaml.SequenceNode:
		return n.sequence(in, depth)
	}
	return n.scalar(in)
}

// count bounds what aliases may blow up, with the rule of kubectl's reader and one of its own for the total.
func (n *normalizer) count(in *yaml.Node) error {
	n.visits++
	if len(n.within) > 0 {
		n.aliased++
	}
	if n.aliased > maxAliased || n.aliased > 100 && n.visits > 1000 && float64(n.aliased)/float64(n.visits) > 0.99 {
		return fault(in.Line+n.offset, "aliases blow the document up to more than %d values", n.aliased-1)
	}
	if n.visits > 2*maxNodes {
		return fault(in.Line+n.offset, "the document has more than %d values", maxNodes)
	}
	return nil
}

func (n *normalizer) alias(in *yaml.Node, depth int) (*yaml.Node, error) {
	for _, open := range n.within {
		if open == in.Alias {
			return nil, fault(in.Line+n.offset, "the anchor &%s contains itself", in.Value)
		}
	}
	n.within = append(n.within, in.Alias)
	out, err := n.node(in.Alias, depth+1)
	n.within = n.within[:len(n.within)-1]
	return out, err
}

func (n *normalizer) scalar(in *yaml.Node) (*yaml.Node, error) {
	out := &yaml.Node{Kind: yaml.ScalarNode, Value: in.Value, Style: in.Style & quoted, Line: in.Line + n.offset, Column: in.Column}
	n.comment(in.HeadComment)
	out.LineComment = comment(in.LineComment)
	if in.Style&yaml.TaggedStyle != 0 {
		return out, n.tagged(in, out)
	}
	kind := stringScalar
	if out.Style == 0 {
		kind, _ = resolve(out.Value)
	}
	out.Tag = kind.tag()
	return out, n.finite(out)
}

// tagged gives a scalar the meaning of its explicit tag and drops the tag.
func (n *normalizer) tagged(in, out *yaml.Node) error {
	kind, _ := resolve(in.Value)
	switch tag := in.ShortTag(); {
	case tag == "!!str":
		if out.Tag = tag; kind != stringScalar && out.Style == 0 {
			out.Style = yaml.DoubleQuotedStyle
		}
		return nil
	case tag == kind.tag(), tag == "!!float" && kind == intScalar:
		out.Tag, out.Style = kind.tag(), 0
		return n.finite(out)
	case tag == "!!int", tag == "!!float", tag == "!!bool", tag == "!!null":
		return fault(out.Line, "the tag %s does not fit %q", tag, shorten(in.Value))
	default:
		return fault(out.Line, "the tag %s is not supported", tag)
	}
}

func (n *normalizer) finite(node *yaml.Node) error {
	if node.Tag == "!!float" {
		if _, err := scalarValue(node); err != nil {
			return err
		}
	}
	return nil
}

func (n *normalizer) sequence(in *yaml.Node, depth int) (*yaml.Node, error) {
	if err := n.collectionTag(in, "!!seq"); err != nil {
		return nil, err
	}
	out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: in.Line + n.offset, Column: in.Column, Style: in.Style & yaml.FlowStyle}
	n.comment(in.HeadComment)
	n.comment(in.LineComment)
	for _, child := range in.Content {
		n.comment(child.HeadComment)
		head := n.take()
		item, err := n.node(withoutHead(child), depth+1)
		if err != nil {
			return nil, err
		}
		item.HeadComment = joinComments(head, item.HeadComment)
		out.Content = append(out.Content, item)
		n.comment(child.FootComment)
	}
	n.comment(in.FootComment)
	return out, nil
}

// withoutHead is a node whose head comment has been placed already.
func withoutHead(in *yaml.Node) *yaml.Node {
	if in.HeadComment == "" {
		return in
	}
	out := *in
	out.HeadComment = ""
	return &out
}

func (n *normalizer) mapping(in *yaml.Node, depth int) (*yaml.Node, error) {
	if err := n.collectionTag(in, "!!map"); err != nil {
		return nil, err
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: in.Line + n.offset, Column: in.Column, Style: in.Style & yaml.FlowStyle}
	n.comment(in.HeadComment)
	n.comment(in.LineComment)
	m := mappingCopy{normalizer: n, out: out, depth: depth}
	for i := 0; i+1 < len(in.Content); i += 2 {
		if err := m.entry(in.Content[i], in.Content[i+1]); err != nil {
			return nil, err
		}
	}
	n.comment(in.FootComment)
	m.dropOverridden()
	return out, nil
}

func (n *normalizer) collectionTag(in *yaml.Node, want string) error {
	if in.Style&yaml.TaggedStyle != 0 && in.ShortTag() != want {
		return fault(in.Line+n.offset, "the tag %s is not supported here", in.ShortTag())
	}
	return nil
}

// comment keeps a comment for the next place that can hold one.
func (n *normalizer) comment(text string) {
	if text = comment(text); text != "" {
		n.pending = append(n.pending, text)
	}
}

// take is what has been kept.
func (n *normalizer) take() string {
	text := strings.Join(n.pending, "\n")
	n.pending = n.pending[:0]
	return text
}

func joinComments(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

// comment brings a comment into the form that Encode writes: every line starts with #, none is empty.
func comment(text string) string {
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	kept := lines[:0]
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if line[0] != '#' {
			line = "# " + line
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}
