package document

import (
	"bytes"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// mappingCopy is one mapping on its way through the normalizer.
type mappingCopy struct {
	*normalizer
	out      *yaml.Node
	depth    int
	explicit keySet
	merged   map[string]int // place in out.Content of the keys that only a merge has given so far
	replaced map[int]bool   // places in out.Content of merged keys that an explicit one has overridden
	merges   int            // line of the << of this mapping
}

// entry copies a key and its value, or merges what << names.
func (m *mappingCopy) entry(key, value *yaml.Node) error {
	if isMerge(key) {
		return m.merge(key, value)
	}
	m.comment(key.HeadComment)
	head := m.take()
	name, err := m.key(key)
	if err != nil {
		return err
	}
	if err := m.explicit.add(name.Value, name.Line); err != nil {
		return err
	}
	m.override(name.Value)
	copied, err := m.value(name, value)
	if err != nil {
		return err
	}
	name.HeadComment = joinComments(head, name.HeadComment)
	m.out.Content = append(m.out.Content, name, copied)
	m.comment(key.FootComment)
	m.comment(value.FootComment)
	return nil
}

// value copies a value and moves its comments to where Encode writes them.
func (m *mappingCopy) value(name, in *yaml.Node) (*yaml.Node, error) {
	m.comment(in.HeadComment)
	if head := m.take(); head != "" {
		name.HeadComment = joinComments(name.HeadComment, head)
	}
	in = withoutHead(in)
	if in.Kind == yaml.AliasNode || in.Kind == yaml.ScalarNode {
		out, err := m.node(in, m.depth+1)
		if err == nil && out.Kind == yaml.ScalarNode && name.LineComment != "" {
			out.LineComment, name.LineComment = joinLine(name.LineComment, out.LineComment), ""
		}
		return out, err
	}
	if line := comment(in.LineComment); line != "" {
		plain := *in
		plain.LineComment = ""
		name.LineComment, in = joinLine(name.LineComment, line), &plain
	}
	return m.node(in, m.depth+1)
}

func joinLine(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// key copies a key and makes it the string that kubectl makes of it.
func (m *mappingCopy) key(in *yaml.Node) (*yaml.Node, error) {
	out, err := m.node(withoutHead(in), m.depth+1)
	if err != nil {
		return nil, err
	}
	if out.Kind != yaml.ScalarNode {
		return nil, fault(in.Line+m.offset, "a mapping key is %s, not a string", describe(out))
	}
	if len(out.Value) > maxKey {
		return nil, longKey(out.Line, out.Value)
	}
	if isString(out) {
		return out, nil
	}
	name, ok := keyText(out.Value)
	if !ok {
		return nil, &SyntaxError{Line: out.Line, Reason: "a mapping key is " + describe(out) + ", not a string", Hint: "quote it"}
	}
	out.Value, out.Tag, out.Style = name, "!!str", yaml.DoubleQuotedStyle
	return out, nil
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Style&quoted == 0 && (key.Style&yaml.TaggedStyle == 0 || key.Tag == "!!merge")
}

// merge adds the entries that << names. A later explicit key overrides a merged one; a merged one that would change an earlier
// explicit key is refused, because kubectl takes the merged value and the engines the explicit one.
func (m *mappingCopy) merge(key, value *yaml.Node) error {
	if m.merges != 0 {
		return fault(key.Line+m.offset, "the key \"<<\" is given twice, first in line %d", m.merges)
	}
	m.merges = key.Line + m.offset
	m.comment(key.HeadComment)
	m.comment(value.HeadComment)
	sources := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		sources = value.Content
	}
	for _, source := range sources {
		if target := unalias(source); target == nil || target.Kind != yaml.MappingNode {
			return fault(m.merges, "<< needs a mapping or a list of mappings")
		}
		if err := m.mergeFrom(source); err != nil {
			return err
		}
	}
	return nil
}

// same says whether two values are identical.
func same(a, b *yaml.Node) bool {
	left, err := Canonical(a)
	if err != nil {
		return false
	}
	right, err := Canonical(b)
	return err == nil && bytes.Equal(left, right)
}

func unalias(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// mergeFrom adds the entries of one mapping that no earlier one has given.
func (m *mappingCopy) mergeFrom(source *yaml.Node) error {
	copied, err := m.node(source, m.depth+1)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(copied.Content); i += 2 {
		name := copied.Content[i].Value
		if first, found := m.explicit.find(name); found {
			if same(Lookup(m.out, name), copied.Content[i+1]) {
				continue
			}
			return &SyntaxError{Line: m.merges, Reason: "<< overrides the key " + name + ", which is given before it with another value",
				Hint: "put << first: the key in line " + strconv.Itoa(m.explicit.lines[first]) + " then overrides it for every reader"}
		}
		if _, found := m.merged[name]; found {
			continue
		}
		if m.merged == nil {
			m.merged = map[string]int{}
		}
		m.merged[name] = len(m.out.Content)
		m.out.Content = append(m.out.Content, copied.Content[i], copied.Content[i+1])
	}
	return nil
}

// override marks the merged entry of a key as replaced, if there is one.
func (m *mappingCopy) override(name string) {
	place, found := m.merged[name]
	if !found {
		return
	}
	if m.replaced == nil {
		m.replaced = map[int]bool{}
	}
	m.replaced[place] = true
	delete(m.merged, name)
}

func (m *mappingCopy) dropOverridden() {
	if len(m.replaced) == 0 {
		return
	}
	kept := m.out.Content[:0]
	for i := 0; i+1 < len(m.out.Content); i += 2 {
		if !m.replaced[i] {
			kept = append(kept, m.out.Content[i], m.out.Content[i+1])
		}
	}
	m.out.Content = kept
}
