// Package values holds the values that users set for packages: typed, checked against their definition, and expanded through
// the templates of their targets.
//
// It knows catalog.ValueDefinition and nothing of the objects that a value ends up in.
package values

import (
	"strconv"

	"gkops.dev/gkops/resolver/catalog"
)

// Value is one value as a user set it: a literal of its definition's type, or a reference to a key of a Secret. Values are made
// by Of and Parse.
type Value struct {
	Type      catalog.ValueType
	Reference *Reference // nil for a literal
	boolean   bool
	number    int64
	text      string
}

// Reference names a key of a Secret in the cluster.
type Reference struct{ Namespace, Name, Key string }

// String is the reference as --set-from takes it.
func (r Reference) String() string { return "secret:" + r.Namespace + "/" + r.Name + "/" + r.Key }

// Literal is the value as Go sees it: a bool, an int64 or a string; nil for a reference.
func (v Value) Literal() any {
	switch {
	case v.Reference != nil:
		return nil
	case v.Type == catalog.BooleanValue:
		return v.boolean
	case v.Type == catalog.NumberValue:
		return v.number
	}
	return v.text
}

// String is the value as text: "true", "3", or the text itself.
func (v Value) String() string {
	switch {
	case v.Reference != nil:
		return v.Reference.String()
	case v.Type == catalog.BooleanValue:
		return strconv.FormatBool(v.boolean)
	case v.Type == catalog.NumberValue:
		return strconv.FormatInt(v.number, 10)
	}
	return v.text
}
