package document

import (
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func (d *decoder) scalar(node *yaml.Node, out reflect.Value, path string) {
	want := expected(out.Type())
	if node.Kind != yaml.ScalarNode {
		d.kind(node, path, want)
		return
	}
	if out.Type() == reflect.TypeFor[time.Duration]() {
		d.duration(node, out, path)
		return
	}
	if out.Kind() == reflect.String {
		if !isString(node) {
			d.notString(node, path)
			return
		}
		out.SetString(node.Value)
		return
	}
	value, err := scalarValue(node)
	if err != nil {
		d.customFault(node, path, err)
		return
	}
	if !setScalar(out, value) {
		d.kind(node, path, want)
	}
}

func setScalar(out reflect.Value, value any) bool {
	switch v := value.(type) {
	case bool:
		if out.Kind() == reflect.Bool {
			out.SetBool(v)
			return true
		}
	case int64:
		switch {
		case out.CanInt() && !out.OverflowInt(v):
			out.SetInt(v)
			return true
		case out.CanUint() && v >= 0 && !out.OverflowUint(uint64(v)):
			out.SetUint(uint64(v))
			return true
		case out.CanFloat():
			out.SetFloat(float64(v))
			return true
		}
	case float64:
		if out.CanFloat() && !out.OverflowFloat(v) {
			out.SetFloat(v)
			return true
		}
	}
	return false
}

func (d *decoder) duration(node *yaml.Node, out reflect.Value, path string) {
	if !isString(node) {
		d.kind(node, path, "a duration")
		return
	}
	duration, err := time.ParseDuration(node.Value)
	if err != nil {
		d.wrong(node, "write it like 1h30m", subject(path)+" is "+describe(node)+", not a duration")
		return
	}
	out.SetInt(int64(duration))
}

// notString reports a scalar that readers take for a number, a boolean or null.
func (d *decoder) notString(node *yaml.Node, path string) {
	if node.Kind != yaml.ScalarNode || isNull(node) {
		d.kind(node, path, "a string")
		return
	}
	d.wrong(node, "quote it: \""+shorten(node.Value)+"\"", subject(path)+" is "+describe(node)+", not a string")
}

// expected names what a type takes.
func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Pointer:
		return expected(t.Elem())
	case reflect.Interface:
		return "a value"
	}
	if strings.HasPrefix(t.Kind().String(), "uint") {
		return "a whole number from 0"
	}
	return "a whole number"
}
