package review

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// aim is the place in an object that an attention is about: a hunk, and a line of it; -1 where it is about more than that.
type aim struct{ hunk, line int }

// aimer finds places in one object. It reads the text of a hunk once, however many places are asked for.
type aimer struct {
	hunks []Hunk
	lines [][]Line // of each hunk
	roots map[string]*yaml.Node
}

func newAimer(hunks []Hunk, lines [][]Line) *aimer {
	return &aimer{hunks: hunks, lines: lines, roots: map[string]*yaml.Node{}}
}

// at finds the place of a field: the hunk of the field, else the one that holds it, else the first inside it in which
// something comes. Where several hunks are inside, no line of them is singled out.
func (a *aimer) at(path string) aim {
	if path == "" {
		return aim{-1, -1}
	}
	holder, within, inner := -1, -1, 0
	for i, hunk := range a.hunks {
		switch {
		case hunk.Path == path:
			return aim{i, firstChange(a.lines[i])}
		case hunk.Path == "" || inside(path, hunk.Path):
			if holder < 0 || len(hunk.Path) > len(a.hunks[holder].Path) {
				holder = i
			}
		case inside(hunk.Path, path):
			if within < 0 || !comes(a.lines[within]) && comes(a.lines[i]) {
				within = i
			}
			inner++
		}
	}
	switch {
	case holder >= 0:
		return aim{holder, a.find(holder, path)}
	case inner == 1:
		return aim{within, firstChange(a.lines[within])}
	}
	return aim{within, -1}
}

// comes reports whether a line comes.
func comes(lines []Line) bool {
	return slices.ContainsFunc(lines, func(l Line) bool { return l.Op == Insert })
}

// firstChange is the index of the first line that comes, else of the first that goes or stands for one; -1 when there is none.
func firstChange(lines []Line) int {
	if i := slices.IndexFunc(lines, func(l Line) bool { return l.Op == Insert }); i >= 0 {
		return i
	}
	return slices.IndexFunc(lines, func(l Line) bool { return l.Op != Keep && l.Op != Gap })
}

// find is the index of the line of a field below a hunk's own, in what comes or else in what goes.
func (a *aimer) find(hunk int, path string) int {
	h := a.hunks[hunk]
	for _, side := range []struct {
		text string
		op   Op
	}{{h.New, Insert}, {h.Old, Delete}} {
		number := lineOf(a.root(side.text), h.below(path))
		texts := split(side.text)
		if number == 0 || number > len(texts) {
			continue
		}
		if i := lineWith(a.lines[hunk], number, texts[number-1], side.op); i >= 0 {
			return i
		}
	}
	return firstChange(a.lines[hunk])
}

// root is a text as YAML, nil when it is none.
func (a *aimer) root(text string) *yaml.Node {
	root, known := a.roots[text]
	if known {
		return root
	}
	var doc yaml.Node
	if text != "" && yaml.Unmarshal([]byte(text), &doc) == nil && len(doc.Content) > 0 {
		root = doc.Content[0]
	}
	a.roots[text] = root
	return root
}

// below are the steps that lead from the text of the hunk to a field: the text starts with the key or the item itself.
func (h Hunk) below(path string) []string {
	rest := steps(strings.TrimPrefix(path, h.Path))
	if len(h.path) == 0 {
		return rest
	}
	if last := h.path[len(h.path)-1]; !last.item {
		return append([]string{h.path[len(h.path)-1:].String()}, rest...)
	}
	return append([]string{"[0]"}, rest...)
}

// lineWith is the index of a numbered line of one side. Where lines are left out numbers do not fit, and the text has to do.
func lineWith(lines []Line, number int, text string, op Op) int {
	seen := 0
	whole := !slices.ContainsFunc(lines, func(l Line) bool { return l.Op == Gap })
	for i, line := range lines {
		if line.Op != op && line.Op != Keep {
			continue
		}
		seen++
		if line.Text == text && (whole && seen == number || !whole && line.Op == op) {
			return i
		}
	}
	return -1
}

// lineOf is the number of the line, from 1, at which a field starts; 0 when it is not there. Where the last steps are not there, it is
// the line of the deepest that is.
func lineOf(node *yaml.Node, path []string) int {
	line := 0
	for _, step := range path {
		if node == nil {
			break
		}
		at, value := take(node, step)
		if value == nil {
			break
		}
		node, line = value, at
	}
	return line
}

// take goes one step of a path, and gives the line of the key or of the item with its value.
func take(node *yaml.Node, step string) (line int, value *yaml.Node) {
	inner, bracketed := strings.CutPrefix(step, "[")
	inner = strings.TrimSuffix(inner, "]")
	if node.Kind == yaml.SequenceNode && bracketed {
		i := slices.IndexFunc(node.Content, func(item *yaml.Node) bool { return answers(item, inner) })
		if n, err := strconv.Atoi(inner); err == nil && n >= 0 && n < len(node.Content) {
			i = n
		}
		if i < 0 {
			return 0, nil
		}
		return node.Content[i].Line, node.Content[i]
	}
	key := step
	if unquoted, err := strconv.Unquote(inner); bracketed && err == nil {
		key = unquoted
	}
	if node.Kind != yaml.MappingNode {
		return 0, nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i].Line, node.Content[i+1]
		}
	}
	return 0, nil
}

// answers reports whether an item has all fields that a step names, as in name=web,protocol=TCP. What the item leaves to a default
// is taken for it.
func answers(item *yaml.Node, match string) bool {
	if item.Kind != yaml.MappingNode {
		return false
	}
	named := false
	for match != "" {
		name, rest, found := strings.Cut(match, "=")
		if !found {
			return false
		}
		value, after, _ := strings.Cut(rest, ",")
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			after = strings.TrimPrefix(rest[len(quoted):], ",")
			value, _ = strconv.Unquote(quoted)
		}
		match = after
		node := document.Lookup(item, name)
		if node == nil {
			continue
		}
		if brief(node) != value {
			return false
		}
		named = true
	}
	return named
}
