package knowledge

import (
	"cmp"
	"slices"
	"strings"
)

// Form is the shape of a value.
type Form byte

// The shapes of values.
const (
	Anything    Form = '*'
	Text        Form = 's'
	Integer     Form = 'i'
	Number      Form = 'n'
	Boolean     Form = 'b'
	IntOrString Form = 'x'
	Quantity    Form = 'q' // a string or a number
	Mapping     Form = 'o' // with any content
	List        Form = '['
	Map         Form = '{' // with values of one shape
	Object      Form = '#' // with fields
)

// Shape is what a field may hold.
type Shape struct {
	Form  Form
	Lax   bool   // a value that is no mapping is fine too
	Elem  *Shape // of List and Map
	Type  *Type  // of Object
	inner string // what is to be resolved
}

// String names the shape as people do: "a list", "a string".
func (s *Shape) String() string {
	switch s.Form {
	case Text:
		return "a string"
	case Integer:
		return "an integer"
	case Number:
		return "a number"
	case Boolean:
		return "a boolean"
	case IntOrString:
		return "an integer or a string"
	case Quantity:
		return "a quantity"
	case Mapping, Map, Object:
		return "a mapping"
	case List:
		return "a list"
	}
	return "anything"
}

// Field is one field of a type as a set of minors has it.
type Field struct {
	Name   string
	Minors Minors // only those in which the type exists
	Shape  *Shape
}

// Type is the fields of an object or of a part of one. A field whose shape changed has more than one row.
type Type struct {
	Name   string
	Minors Minors // that have the type
	fields []Field
}

// Field is the rows of a field, none when no minor ever had it.
func (t *Type) Field(name string) []Field {
	i, found := slices.BinarySearchFunc(t.fields, name, func(f Field, name string) int { return cmp.Compare(f.Name, name) })
	if !found {
		return nil
	}
	end := i
	for end < len(t.fields) && t.fields[end].Name == name {
		end++
	}
	return t.fields[i:end]
}

// Fields is every row, by name.
func (t *Type) Fields() []Field { return t.fields }

// shapeText takes the text of a shape apart; types are found by name later.
func shapeText(text string) *Shape {
	s := &Shape{}
	if rest, lax := strings.CutPrefix(text, "?"); lax {
		s.Lax, text = true, rest
	}
	s.Form = Form(text[0])
	switch s.Form {
	case List, Map:
		s.Elem = shapeText(text[1:])
	case Object:
		s.inner = text[1:]
	}
	return s
}

// resolve finds the types of a shape.
func (s *Shape) resolve(types map[string]*Type) {
	for ; s != nil; s = s.Elem {
		if s.Form == Object && s.Type == nil {
			s.Type = types[s.inner]
			s.inner = ""
		}
	}
}
