package compat

import (
	"fmt"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/knowledge"
)

// fieldCheck walks an object along the fields that its type has.
type fieldCheck struct {
	c     *checker
	p     place
	row   *knowledge.Kind
	out   *result
	names []byte // the path to the current node
}

// fields judges every field of an object of a built-in kind.
func (c *checker) fields(p place, row *knowledge.Kind, out *result) {
	f := fieldCheck{c: c, p: p, row: row, out: out}
	f.object(p.doc.Root(), row.Type, nil)
}

// object judges the fields of a mapping. A field of it may have had another type in other minors, which its rows say.
func (f *fieldCheck) object(node *yaml.Node, typ *knowledge.Type, rows []knowledge.Field) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		before := len(f.names)
		f.push(key.Value)
		switch known, elsewhere := typ.Field(key.Value), otherTypes(rows, typ, key.Value); {
		case known != nil:
			f.known(key, value, known, typ)
		case elsewhere != 0:
			f.bounded(key, elsewhere, f.c.known.Minors())
		default:
			f.unknown(key, typ)
		}
		f.names = f.names[:before]
	}
}

// otherTypes is the minors in which a field existed because what holds it was of another type then.
func otherTypes(rows []knowledge.Field, typ *knowledge.Type, name string) knowledge.Minors {
	var minors knowledge.Minors
	for _, row := range rows {
		if row.Shape.Type == nil || row.Shape.Type == typ {
			continue
		}
		for _, field := range row.Shape.Type.Field(name) {
			minors |= field.Minors & row.Minors
		}
	}
	return minors
}

func (f *fieldCheck) push(name string) {
	if len(f.names) > 0 {
		f.names = append(f.names, '.')
	}
	f.names = append(f.names, name...)
}

func (f *fieldCheck) unknown(key *yaml.Node, typ *knowledge.Type) {
	message := "no Kubernetes version has this field"
	if near := nearestField(key.Value, typ); near != "" {
		message += ": did you mean " + near + "?"
	}
	f.out.findings = append(f.out.findings, f.p.at(key, string(f.names)).find(UnknownField, message))
}

// known judges a field that some minor has: whether this one has it, and what it holds.
func (f *fieldCheck) known(key, value *yaml.Node, rows []knowledge.Field, typ *knowledge.Type) {
	var minors knowledge.Minors
	row := rows[len(rows)-1]
	at := f.c.known.Clamp(f.c.at)
	for _, one := range rows {
		minors |= one.Minors
		if one.Minors.Has(at) {
			row = one
		}
	}
	if minors != typ.Minors {
		f.bounded(key, minors, typ.Minors)
	}
	f.value(key, value, row.Shape, rows)
}

// bounded judges a field that only some of the minors that have its type have.
func (f *fieldCheck) bounded(key *yaml.Node, minors, typ knowledge.Minors) {
	at := f.c.known.Clamp(f.c.at)
	p := f.p.at(key, string(f.names))
	message := fmt.Sprintf("the field exists in Kubernetes %s", minors)
	allowed := minors | (f.c.known.Minors() &^ typ)
	f.c.limit(allowed, p.find(FieldNotYet, message), f.out)
	if allowed.Has(at) || !f.c.servedAt(f.row, f.c.at) {
		return
	}
	if first := minors.After(at); first != 0 {
		found := p.find(FieldNotYet, fmt.Sprintf("the field exists from Kubernetes %s on, not in %s", first, f.c.at))
		found.Until = (first - 1).String()
		f.out.findings = append(f.out.findings, found)
		return
	}
	gone := minors.Before(at) + 1
	found := p.find(FieldRemoved, fmt.Sprintf("the field is gone since Kubernetes %s", gone))
	found.Since = gone.String()
	f.out.findings = append(f.out.findings, found)
}

// value judges what a field holds and goes down into it. rows are the rows of the field itself.
func (f *fieldCheck) value(key, node *yaml.Node, shape *knowledge.Shape, rows []knowledge.Field) {
	if shape.Form == knowledge.Anything || isNull(node) {
		return
	}
	if !fits(node, shape) {
		if !shape.Lax {
			message := fmt.Sprintf("the value is %s, not %s", describe(node), shape)
			f.out.findings = append(f.out.findings, f.p.at(key, string(f.names)).find(FieldType, message))
		}
		return
	}
	before := len(f.names)
	switch shape.Form {
	case knowledge.Object:
		f.object(node, shape.Type, rows)
	case knowledge.List:
		for i, item := range node.Content {
			f.names = append(f.names, '[')
			f.names = strconv.AppendInt(f.names, int64(i), 10)
			f.names = append(f.names, ']')
			f.value(item, item, shape.Elem, nil)
			f.names = f.names[:before]
		}
	case knowledge.Map:
		for i := 0; i+1 < len(node.Content); i += 2 {
			f.push(node.Content[i].Value)
			f.value(node.Content[i], node.Content[i+1], shape.Elem, nil)
			f.names = f.names[:before]
		}
	}
}

// fits reports whether a node has the outer form of a shape, as the API server's JSON decoder sees it.
func fits(node *yaml.Node, shape *knowledge.Shape) bool {
	switch shape.Form {
	case knowledge.Object, knowledge.Mapping, knowledge.Map:
		return node.Kind == yaml.MappingNode
	case knowledge.List:
		return node.Kind == yaml.SequenceNode
	}
	if node.Kind != yaml.ScalarNode {
		return false
	}
	value, err := document.Value(node)
	if err != nil {
		return false
	}
	switch v := value.(type) {
	case string:
		return shape.Form == knowledge.Text || shape.Form == knowledge.IntOrString || shape.Form == knowledge.Quantity
	case bool:
		return shape.Form == knowledge.Boolean
	case int64:
		return shape.Form == knowledge.Integer || shape.Form == knowledge.Number || shape.Form == knowledge.IntOrString || shape.Form == knowledge.Quantity
	case float64:
		return shape.Form == knowledge.Number || shape.Form == knowledge.Quantity || shape.Form == knowledge.Integer && v == math.Trunc(v)
	}
	return true
}

func isNull(node *yaml.Node) bool {
	if node.Kind != yaml.ScalarNode {
		return false
	}
	value, err := document.Value(node)
	return err == nil && value == nil
}

// describe names what a node holds.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	value, _ := document.Value(node)
	switch v := value.(type) {
	case string:
		if len(v) > 30 {
			return "a string"
		}
		return "the string " + strconv.Quote(v)
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	}
	return "the number " + node.Value
}

// nearestField is the field with the smallest edit distance, empty when none is close.
func nearestField(name string, typ *knowledge.Type) string {
	best, least := "", len(name)/3+1
	for _, f := range typ.Fields() {
		if d := distance(name, f.Name); d <= least && (d < least || best == "") {
			best, least = f.Name, d
		}
	}
	return best
}

// distance is the number of insertions, deletions and replacements between two texts.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
