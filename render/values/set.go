package values

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// Set types and checks everything that a user, or a parent package, set for a package. The raw values are what Of takes.
// Unknown names, values outside their constraints and required values that are not set are errors, all of them told at once:
// *Error and *MissingError, joined when there are several. Default values are never applied.
func Set(defs map[string]catalog.ValueDefinition, raw map[string]any) (map[string]Value, error) {
	var problems problems
	set := make(map[string]Value, len(raw))
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		def, known := defs[name]
		if !known {
			problems.add(unknown(name, defs))
			continue
		}
		value, err := Of(name, def, raw[name])
		if err != nil {
			problems.add(err)
			continue
		}
		set[name] = value
	}
	problems.add(missing(defs, func(name string) bool { _, ok := raw[name]; return ok }))
	return set, problems.join()
}

// Check checks values that were made by Of or Parse against the definitions of a package: names, constraints, and required values.
// The errors are those of Set.
func Check(defs map[string]catalog.ValueDefinition, set map[string]Value) error {
	var problems problems
	for _, name := range slices.Sorted(maps.Keys(set)) {
		def, known := defs[name]
		if !known {
			problems.add(unknown(name, defs))
			continue
		}
		if set[name].Type != def.Type {
			problems.add(&Error{Value: name, Reason: fmt.Sprintf("is a %s, want a %s", set[name].Type, def.Type)})
			continue
		}
		problems.add(constrain(name, def, set[name]))
	}
	problems.add(missing(defs, func(name string) bool { _, ok := set[name]; return ok }))
	return problems.join()
}

// Of types a value as YAML or JSON gave it: a bool, an integer, a string, or a Reference. A string is read by Parse, as values
// on a command line and in package.yaml are strings whatever their type. The error is an *Error.
func Of(name string, def catalog.ValueDefinition, raw any) (Value, error) {
	value := Value{Type: def.Type}
	switch raw := raw.(type) {
	case string:
		return Parse(name, def, raw)
	case Reference:
		value.Reference = &raw
		return value, nil
	case bool:
		if def.Type != catalog.BooleanValue {
			return Value{}, mistyped(name, def, fmt.Sprint(raw), "a boolean")
		}
		value.boolean = raw
	default:
		number, ok := integer(raw)
		if !ok {
			return Value{}, mistyped(name, def, fmt.Sprint(raw), kindOf(raw))
		}
		if def.Type != catalog.NumberValue {
			return Value{}, mistyped(name, def, fmt.Sprint(raw), "a number")
		}
		value.number = number
	}
	return value, constrain(name, def, value)
}

// Parse types a value that is written as text: "true" and "false", a whole number in decimal digits, one of the options, or any
// text. "$SecretRef$namespace,name,key" is a reference. The error is an *Error.
func Parse(name string, def catalog.ValueDefinition, text string) (Value, error) {
	if strings.HasPrefix(text, "$") {
		if value, err := glasskubeReference(name, def, text); value.Reference != nil || err != nil {
			return value, err
		}
	}
	value := Value{Type: def.Type}
	switch def.Type {
	case catalog.BooleanValue:
		if text != "true" && text != "false" {
			return Value{}, &Error{Value: name, Reason: fmt.Sprintf("%q is not a boolean", text), Hint: "use true or false"}
		}
		value.boolean = text == "true"
	case catalog.NumberValue:
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Value{}, &Error{Value: name, Reason: fmt.Sprintf("%q is not a whole number", text)}
		}
		value.number = number
	default:
		value.text = text
	}
	return value, constrain(name, def, value)
}

// ParseReference reads what --set-from takes, "secret:NAMESPACE/NAME/KEY".
func ParseReference(text string) (Reference, error) {
	kind, rest, _ := strings.Cut(text, ":")
	parts := strings.Split(rest, "/")
	if kind != "secret" || len(parts) != 3 || slices.Contains(parts, "") {
		return Reference{}, fmt.Errorf("reference %q is not secret:NAMESPACE/NAME/KEY", text)
	}
	return Reference{Namespace: parts[0], Name: parts[1], Key: parts[2]}, nil
}

// glasskubeReference reads the references of Glasskube, which resolves them against a live cluster.
func glasskubeReference(name string, def catalog.ValueDefinition, text string) (Value, error) {
	kind, rest, found := strings.Cut(strings.TrimPrefix(text, "$"), "$")
	if !found {
		return Value{}, nil
	}
	switch kind {
	case "SecretRef":
		parts := strings.Split(rest, ",")
		if len(parts) != 3 || slices.Contains(parts, "") {
			return Value{}, &Error{Value: name, Reason: fmt.Sprintf("reference %q is not $SecretRef$namespace,name,key", text)}
		}
		return Value{Type: def.Type, Reference: &Reference{Namespace: parts[0], Name: parts[1], Key: parts[2]}}, nil
	case "ConfigMapRef", "PackageRef":
		return Value{}, &Error{
			Value: name, Reason: fmt.Sprintf("%s is resolved in a live cluster, and gkops has none", text),
			Hint: "set the value itself, or a Secret's key with --set-from",
		}
	}
	return Value{}, nil
}

func mistyped(name string, def catalog.ValueDefinition, raw, got string) error {
	err := &Error{Value: name, Reason: fmt.Sprintf("%s is %s, want %s", raw, got, article(def.Type))}
	if def.Type == catalog.TextValue || def.Type == catalog.OptionsValue {
		err.Hint = "write it in quotes"
	}
	return err
}

func article(t catalog.ValueType) string {
	switch t {
	case catalog.BooleanValue:
		return "a boolean"
	case catalog.NumberValue:
		return "a whole number"
	case catalog.OptionsValue:
		return "one of the options"
	}
	return "text"
}

func kindOf(raw any) string {
	switch raw.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case float32, float64, json.Number:
		return "a fraction"
	}
	return fmt.Sprintf("a %T", raw)
}

func integer(raw any) (int64, bool) {
	switch n := raw.(type) {
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case uint64:
		return int64(n), n <= math.MaxInt64
	case float64: // what JSON makes of every number
		return int64(n), n == math.Trunc(n) && math.Abs(n) < 1<<53
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}
