package document

import (
	"go.yaml.in/yaml/v3"
)

// builder makes nodes of a tape, all of them in two allocations.
type builder struct {
	*scan
	offset  int // added to lines
	nodes   []yaml.Node
	links   []*yaml.Node
	pending string // comments on lines of their own, for what follows
}

// build is the root of a scanned document.
func (s *scan) build(offset int) *yaml.Node {
	b := builder{scan: s, offset: offset, nodes: make([]yaml.Node, s.nodes), links: make([]*yaml.Node, s.nodes)}
	at := b.comments(0)
	empty := b.tape[at].count == 0
	head := ""
	if empty {
		head = b.take()
	}
	root, at := b.node(at)
	root.HeadComment = head
	if line, after := b.lineComment(at); empty {
		root.LineComment, at = line, after
	} else {
		b.pending, at = joinComments(b.pending, line), after
	}
	b.comments(at)
	root.FootComment = b.take()
	return root
}

// comments keeps the comments from a place on the tape and returns the place behind them.
func (b *builder) comments(at int) int {
	for at < len(b.tape) && b.tape[at].kind == headComment {
		b.pending = joinComments(b.pending, b.span(at))
		at++
	}
	return at
}

func (b *builder) span(at int) string { return comment(b.text[b.tape[at].start:b.tape[at].end]) }

func (b *builder) take() string {
	text := b.pending
	b.pending = ""
	return text
}

// lineComment is the comment at a place on the tape, if there is one of this kind.
func (b *builder) lineComment(at int) (string, int) {
	if at < len(b.tape) && b.tape[at].kind == lineComment {
		return b.span(at), at + 1
	}
	return "", at
}

func (b *builder) node(at int) (*yaml.Node, int) {
	e := &b.tape[at]
	node := &b.nodes[0]
	b.nodes = b.nodes[1:]
	node.Line, node.Column = int(e.line)+b.offset, int(e.indent)+1
	switch e.kind {
	case mapStart:
		return node, b.mapping(node, e, at+1)
	case seqStart:
		return node, b.sequence(node, e, at+1)
	}
	b.scalar(node, e)
	return node, at + 1
}

func (b *builder) scalar(node *yaml.Node, e *event) {
	node.Kind = yaml.ScalarNode
	node.Value = b.decode(e)
	node.Tag = "!!str"
	switch e.form {
	case plainForm:
		kind, _ := resolve(node.Value)
		node.Tag = kind.tag()
	case singleForm:
		node.Style = yaml.SingleQuotedStyle
	case doubleForm:
		node.Style = yaml.DoubleQuotedStyle
	case literalForm:
		node.Style = yaml.LiteralStyle
	case foldedForm:
		node.Style = yaml.FoldedStyle
	}
}

// content takes room for the children of a collection.
func (b *builder) content(node *yaml.Node, e *event) {
	if e.flow {
		node.Style = yaml.FlowStyle
	}
	if count := int(e.count); count > 0 {
		node.Content = b.links[:0:count]
		b.links = b.links[count:]
	}
}

func (b *builder) sequence(node *yaml.Node, e *event, at int) int {
	node.Kind, node.Tag = yaml.SequenceNode, "!!seq"
	b.content(node, e)
	for {
		at = b.comments(at)
		if b.tape[at].kind == seqEnd {
			return at + 1
		}
		head := b.take()
		var item *yaml.Node
		var line string
		item, at = b.node(at)
		line, at = b.lineComment(at)
		if item.Kind == yaml.ScalarNode || len(item.Content) == 0 {
			item.LineComment = line
		} else {
			head = joinComments(head, line)
		}
		item.HeadComment = joinComments(head, item.HeadComment)
		node.Content = append(node.Content, item)
	}
}

func (b *builder) mapping(node *yaml.Node, e *event, at int) int {
	node.Kind, node.Tag = yaml.MappingNode, "!!map"
	b.content(node, e)
	for {
		at = b.comments(at)
		if b.tape[at].kind == mapEnd {
			return at + 1
		}
		at = b.entry(node, at)
	}
}

// entry reads a key, a value and the comments between and behind them.
func (b *builder) entry(node *yaml.Node, at int) int {
	head := b.take()
	var key, value *yaml.Node
	var line string
	key, at = b.node(at)
	key.LineComment, at = b.lineComment(at)
	at = b.comments(at)
	if kind := b.tape[at].kind; kind == scalarEvent || b.tape[at].flow {
		head = joinComments(head, b.take())
	}
	value, at = b.node(at)
	line, at = b.lineComment(at)
	if value.Kind == yaml.ScalarNode || len(value.Content) == 0 {
		value.LineComment = joinLine(key.LineComment, line)
		key.LineComment = ""
	} else {
		key.LineComment = joinLine(key.LineComment, line)
	}
	key.HeadComment = head
	node.Content = append(node.Content, key, value)
	return at
}
