package knowledge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const header = "gkops-knowledge 1"

// reader is a table half read.
type reader struct {
	*Knowledge
	sources map[string]string
	shapes  map[string]*Shape
	typeOf  map[*Kind]string
	current *Type
}

// read parses the text of a table.
func read(text string) (*Knowledge, error) {
	rest, found := strings.CutPrefix(text, header+"\n")
	if !found {
		return nil, fmt.Errorf("read the knowledge table: it does not start with %q", header)
	}
	r := reader{
		Knowledge: &Knowledge{served: map[Minor]string{}, kinds: map[GVK]*Kind{}, families: map[family][]*Kind{},
			resources: map[resource][]*Kind{}, groups: map[string]bool{}, types: map[string]*Type{}},
		sources: map[string]string{"0": ""}, shapes: map[string]*Shape{}, typeOf: map[*Kind]string{},
	}
	line := 1
	for one := range strings.Lines(rest) {
		line++
		if err := r.line(strings.TrimSuffix(one, "\n")); err != nil {
			return nil, fmt.Errorf("read the knowledge table: line %d: %w", line, err)
		}
	}
	r.finish()
	return r.Knowledge, nil
}

func (r *reader) line(text string) error {
	if rest, isField := strings.CutPrefix(text, "\t"); isField {
		return r.field(rest)
	}
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "minors":
		return r.minors(rest)
	case "served", "source":
		name, value, _ := strings.Cut(rest, " ")
		if word == "source" {
			r.sources[name] = value
			return nil
		}
		m, err := number(name)
		r.served[m] = value
		return err
	case "kind":
		return r.kind(strings.Split(rest, " "))
	case "type":
		return r.typ(rest)
	}
	return fmt.Errorf("the word %q is unknown", word)
}

func (r *reader) minors(rest string) error {
	first, last, _ := strings.Cut(rest, " ")
	var err error
	if r.Oldest, err = number(first); err != nil {
		return err
	}
	r.Newest, err = number(last)
	return err
}

// number reads a minor; a dash is zero.
func number(text string) (Minor, error) {
	if text == "-" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	return Minor(n), err
}

// ranges reads a set of minors: "24-28,30"; a dash is the empty set.
func ranges(text string) (Minors, error) {
	var set Minors
	if text == "-" {
		return 0, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, found := strings.Cut(part, "-")
		if !found {
			last = first
		}
		a, err := number(first)
		if err != nil {
			return 0, err
		}
		b, err := number(last)
		if err != nil {
			return 0, err
		}
		set |= Between(a, b)
	}
	return set, nil
}

// The columns of a kind.
const (
	apiVersionColumn = iota
	kindColumn
	pluralColumn
	scopeColumn
	servedColumn
	defaultColumn
	introducedColumn
	deprecatedColumn
	removedColumn
	successorColumn
	sourceColumn
	typeColumn
	columns
)

func (r *reader) kind(words []string) error {
	if len(words) != columns {
		return fmt.Errorf("a kind has %d columns, not %d", columns, len(words))
	}
	kind := &Kind{GVK: ParseGVK(words[apiVersionColumn], words[kindColumn]), Plural: words[pluralColumn],
		Namespaced: words[scopeColumn] == "N", source: r.sources[words[sourceColumn]]}
	for i, into := range map[int]*Minor{introducedColumn: &kind.Introduced, deprecatedColumn: &kind.Deprecated, removedColumn: &kind.Removed} {
		m, err := number(words[i])
		if err != nil {
			return err
		}
		*into = m
	}
	for i, into := range map[int]*Minors{servedColumn: &kind.Served, defaultColumn: &kind.Default} {
		set, err := ranges(words[i])
		if err != nil {
			return err
		}
		*into = set
	}
	if i := strings.LastIndexByte(words[successorColumn], '/'); i >= 0 {
		kind.successor = ParseGVK(words[successorColumn][:i], words[successorColumn][i+1:])
	}
	r.kinds[kind.GVK] = kind
	r.groups[kind.Group] = true
	r.typeOf[kind] = words[typeColumn]
	return nil
}

func (r *reader) typ(rest string) error {
	name, minors, _ := strings.Cut(rest, " ")
	set, err := ranges(minors)
	r.current = &Type{Name: name, Minors: set}
	r.types[name] = r.current
	return err
}

// field reads "name shape" or "name shape minors".
func (r *reader) field(rest string) error {
	if r.current == nil {
		return fmt.Errorf("a field without a type")
	}
	name, rest, _ := strings.Cut(rest, " ")
	text, minors, found := strings.Cut(rest, " ")
	if text == "" {
		return fmt.Errorf("the field %s has no shape", name)
	}
	f := Field{Name: name, Minors: r.current.Minors, Shape: r.shapes[text]}
	if f.Shape == nil {
		f.Shape = shapeText(text)
		r.shapes[text] = f.Shape
	}
	if found {
		set, err := ranges(minors)
		if err != nil {
			return err
		}
		f.Minors = set
	}
	r.current.fields = append(r.current.fields, f)
	return nil
}

// finish links types, and indexes kinds.
func (r *reader) finish() {
	for _, shape := range r.shapes {
		shape.resolve(r.types)
	}
	for _, kind := range r.kinds {
		kind.Type = r.types[r.typeOf[kind]]
		of, res := family{kind.Group, kind.Kind}, resource{kind.Group, kind.Plural}
		r.families[of] = append(r.families[of], kind)
		r.resources[res] = append(r.resources[res], kind)
	}
	byStability := func(a, b *Kind) int { return CompareVersions(a.Version, b.Version) }
	for _, kinds := range r.families {
		slices.SortFunc(kinds, byStability)
	}
	for _, kinds := range r.resources {
		slices.SortFunc(kinds, byStability)
	}
}
