package workspace

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// order is where a new key goes: behind those that stand before it here. Keys that are not named go to the end.
func order(key string) []string {
	keys := []string{
		"apiVersion", "kind", "engine", "granularity", "source", "registries", "mirrors", "clusters",
		"package", "name", "as", "kubernetes", "follows", "url", "type", "namespace", "repoURL", "revision", "project", "version", "registry",
		"packages", "policy", "values", "valuesFrom", "patches", "images", "labels",
		"level", "timeZone", "schedule", "soak", "automerge", "limits", "commits", "reviewers", "assignees",
		"groups", "rules", "pins", "skips", "holds", "ignore", "rule", "path", "object", "reason", "until", "expires",
	}
	if n := slices.Index(keys, key); n >= 0 {
		return keys[:n]
	}
	return nil
}

// setEntry gives a key of the mapping at a path another value, or adds it.
func (t *text) setEntry(path []any, key string, value *yaml.Node) ([]byte, error) {
	mapping, err := t.mapping(path)
	if err != nil {
		return nil, err
	}
	if flow(mapping.node) || len(mapping.node.Content) == 0 {
		return t.setFlow(mapping, key, value)
	}
	at := mapping.child(key)
	if at == nil {
		return t.addEntry(mapping, key, value), nil
	}
	if simple(at.node) && value.Kind == yaml.ScalarNode && !literal(value) && at.node.Line == at.key.Line && at.end(t) == at.key.Line+1 {
		from := t.offset(at.node)
		to, err := t.flowEnd(from, false)
		if err != nil {
			return nil, err
		}
		return t.splice(from, to, scalar(value, false)), nil
	}
	lines := indented(entryLines(key, value), at.key.Column-1)
	return t.splice(t.offset(at.key), t.start(at.end(t)), strings.TrimLeft(joinLines(lines), " ")), nil
}

// simple reports whether a node is a scalar that starts with its first character.
func simple(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Anchor == "" && n.Style&(yaml.TaggedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 && (n.Value != "" || n.Style != 0)
}

// mapping finds the mapping at a path.
func (t *text) mapping(path []any) (*place, error) {
	at, err := t.find(path)
	if err != nil {
		return nil, err
	}
	switch {
	case at == nil || at.node.Kind != yaml.MappingNode:
		return nil, t.cannot(0, describe(path)+" is no mapping")
	case at.node.Anchor != "":
		return nil, t.cannot(at.node.Line, describe(path)+" is an anchor")
	}
	return at, nil
}

// addEntry adds a key to a block mapping, behind the last key that goes before it.
func (t *text) addEntry(mapping *place, key string, value *yaml.Node) []byte {
	content := mapping.node.Content
	behind := len(content) - 2
	if before := order(key); before != nil {
		for n := 0; n < len(content); n += 2 {
			if slices.Contains(before, content[n].Value) {
				behind = n
			}
		}
	}
	previous := mapping.child(content[behind].Value)
	at := t.start(previous.end(t))
	return t.splice(at, at, joinLines(indented(entryLines(key, value), mapping.node.Column-1)))
}

// setFlow sets a key of a mapping in brackets. One that stands empty behind its key becomes a block.
func (t *text) setFlow(mapping *place, key string, value *yaml.Node) ([]byte, error) {
	changed := *mapping.node
	changed.Content = slices.Clone(changed.Content)
	if at := mapping.child(key); at != nil {
		changed.Content[at.index+1] = value
	} else {
		changed.Content = append(changed.Content, stringNode(key), value)
	}
	if len(mapping.node.Content) == 0 {
		return t.openBlock(mapping, &changed)
	}
	return t.rewriteFlow(mapping.node, inline(&changed))
}

// rewriteFlow replaces what stands in brackets.
func (t *text) rewriteFlow(n *yaml.Node, with string) ([]byte, error) {
	from := t.offset(n)
	to, err := t.flowEnd(from, true)
	if err != nil {
		return nil, err
	}
	for line := range strings.SplitSeq(string(t.data[from:to]), "\n") {
		if strings.Contains(line, "#") {
			return nil, t.cannot(n.Line, "there is a comment within brackets")
		}
	}
	return t.splice(from, to, with), nil
}

// openBlock replaces empty brackets behind a key by a block below it.
func (t *text) openBlock(at *place, value *yaml.Node) ([]byte, error) {
	from := t.offset(at.node)
	to, err := t.flowEnd(from, false)
	if err != nil {
		return nil, err
	}
	if at.parent == nil || flow(at.parent.node) || at.key == nil {
		return t.splice(from, to, inline(value)), nil
	}
	lines := indented(entryLines(at.key.Value, value)[1:], at.key.Column-1)
	rest := strings.TrimSuffix(string(t.data[to:t.start(t.lineOf(from)+1)]), "\n")
	rest = strings.TrimRight(rest, "\r")
	for from > 0 && t.data[from-1] == ' ' {
		from--
	}
	return t.splice(from, t.start(t.lineOf(from)+1), rest+"\n"+joinLines(lines)), nil
}

// dropEntry takes a key out of the mapping at a path.
func (t *text) dropEntry(path []any, key string) ([]byte, error) {
	mapping, err := t.mapping(path)
	if err != nil {
		return nil, err
	}
	at := mapping.child(key)
	if at == nil {
		return t.data, nil
	}
	if flow(mapping.node) {
		changed := *mapping.node
		changed.Content = slices.Delete(slices.Clone(changed.Content), at.index, at.index+2)
		return t.rewriteFlow(mapping.node, inline(&changed))
	}
	if len(mapping.node.Content) == 2 {
		return nil, t.cannot(at.key.Line, describe(path)+" would be empty")
	}
	prefix := t.start(at.key.Line)
	if strings.TrimLeft(string(t.data[prefix:t.offset(at.key)]), " ") == "" {
		return t.splice(t.start(t.headed(at.key.Line, at.key.Column-1)), t.start(at.end(t)), ""), nil
	}
	following := mapping.node.Content[at.index+2]
	return t.splice(t.offset(at.key), t.offset(following), ""), nil
}

// addItem adds an item at the end of the list under a key of the mapping at a path, and makes the list when there is none.
func (t *text) addItem(path []any, key string, item *yaml.Node) ([]byte, error) {
	mapping, err := t.mapping(path)
	if err != nil {
		return nil, err
	}
	list := mapping.child(key)
	if list == nil {
		return t.setEntry(path, key, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{item}})
	}
	if list.node.Kind != yaml.SequenceNode {
		return nil, t.cannot(list.node.Line, describe(append(slices.Clone(path), key))+" is no list")
	}
	changed := *list.node
	changed.Content = append(slices.Clone(changed.Content), item)
	switch {
	case len(list.node.Content) == 0:
		return t.openBlock(list, &changed)
	case flow(list.node):
		return t.rewriteFlow(list.node, inline(&changed))
	}
	last := list.child(len(list.node.Content) - 1)
	lines := indented(itemLines(item), list.node.Column-1)
	if t.spaced(list, last) {
		lines = append([]string{""}, lines...)
	}
	at := t.start(last.end(t))
	return t.splice(at, at, joinLines(lines)), nil
}

// spaced reports whether the items of a list are set apart by blank lines.
func (t *text) spaced(list, last *place) bool {
	first := last.first(t)
	return last.index > 0 && strings.TrimSpace(t.line(t.headed(first, list.node.Column-1)-1)) == ""
}

// dropItem takes an item out of the list at a path, with the comment directly above it and those inside it. A list that loses its last item stays
// as [].
func (t *text) dropItem(path []any, index int) ([]byte, error) {
	list, err := t.find(path)
	if err != nil {
		return nil, err
	}
	if list == nil || list.node.Kind != yaml.SequenceNode || list.key == nil {
		return nil, t.cannot(0, describe(path)+" is no list")
	}
	if flow(list.node) {
		changed := *list.node
		changed.Content = slices.Delete(slices.Clone(changed.Content), index, index+1)
		return t.rewriteFlow(list.node, inline(&changed))
	}
	item := list.child(index)
	first, end := t.headed(item.first(t), list.node.Column-1), t.trailed(item.end(t), list.node.Column-1)
	if len(list.node.Content) == 1 {
		key := t.offset(list.key)
		colon := key + 1 + bytes.IndexByte(t.data[key:], ':')
		between := string(t.data[colon:t.start(first)])
		return t.splice(colon, t.start(end), " []"+between), nil
	}
	blankBelow := end > t.count() || strings.TrimSpace(t.line(end)) == ""
	if index > 0 && blankBelow && strings.TrimSpace(t.line(first-1)) == "" {
		first--
	}
	return t.splice(t.start(first), t.start(end), ""), nil
}
