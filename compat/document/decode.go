package document

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode fills a value strictly, see Decode.
func (d *Document) Decode(into any) error { return Decode(d.Root(), d.File, into) }

// Decode fills the value that into points to from a node, strictly: an unknown key, null where something is needed, and a scalar
// of another kind are errors; a number is never taken for a string, because 1.20 would become 1.2 for other readers. Keys are
// named by the yaml tag of a field, else its json tag, else its name in lower case; ",inline" and embedded json structs are
// followed. Types with UnmarshalYAML(*yaml.Node), UnmarshalText or UnmarshalJSON read themselves.
//
// All problems are found; they come joined in the order of their lines, each a *SyntaxError.
func Decode(node *yaml.Node, file string, into any) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return &SyntaxError{File: file, Reason: "decode needs a pointer that is not nil"}
	}
	if node == nil {
		return &SyntaxError{File: file, Reason: "there is nothing to decode"}
	}
	d := decoder{file: file, fields: map[reflect.Type]fieldSet{}}
	d.value(node, target.Elem(), "")
	sort.SliceStable(d.faults, func(i, j int) bool { return d.faults[i].Line < d.faults[j].Line })
	errs := make([]error, len(d.faults))
	for i, fault := range d.faults {
		errs[i] = fault
	}
	return errors.Join(errs...)
}

type decoder struct {
	file   string
	faults []*SyntaxError
	fields map[reflect.Type]fieldSet
}

// maxFaults is where decoding stops to collect: nobody reads more.
const maxFaults = 100

func (d *decoder) wrong(node *yaml.Node, hint, reason string) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, &SyntaxError{File: d.file, Line: node.Line, Reason: reason, Hint: hint})
	}
}

// kind reports a value of the wrong kind.
func (d *decoder) kind(node *yaml.Node, path, want string) {
	hint := ""
	if isNull(node) {
		hint = "leave the key out when there is nothing to say"
	}
	d.wrong(node, hint, subject(path)+" is "+describe(node)+", not "+want)
}

func subject(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}

// value fills one value. path names it in messages: packages[2].version.
func (d *decoder) value(node *yaml.Node, out reflect.Value, path string) {
	if out.Kind() == reflect.Pointer && out.Type() != nodePointer() && !isNull(node) {
		if out.IsNil() {
			out.Set(reflect.New(out.Type().Elem()))
		}
		d.value(node, out.Elem(), path)
		return
	}
	if d.custom(node, out, path) {
		return
	}
	switch out.Kind() {
	case reflect.Struct:
		d.structure(node, out, path)
	case reflect.Map:
		d.mapping(node, out, path)
	case reflect.Slice, reflect.Array:
		d.list(node, out, path)
	case reflect.Interface:
		d.untyped(node, out, path)
	case reflect.Pointer:
		d.kind(node, path, expected(out.Type().Elem()))
	default:
		d.scalar(node, out, path)
	}
}

func nodePointer() reflect.Type { return reflect.TypeFor[*yaml.Node]() }

// custom lets a type read itself.
func (d *decoder) custom(node *yaml.Node, out reflect.Value, path string) bool {
	switch {
	case out.Type() == reflect.TypeFor[yaml.Node]():
		out.Set(reflect.ValueOf(*node))
		return true
	case out.Type() == nodePointer():
		out.Set(reflect.ValueOf(node))
		return true
	case !out.CanAddr() || !out.Addr().CanInterface():
		return false
	}
	var err error
	switch reader := out.Addr().Interface().(type) {
	case yaml.Unmarshaler:
		err = reader.UnmarshalYAML(node)
	case json.Unmarshaler:
		var text []byte
		if text, err = Canonical(node); err == nil {
			err = reader.UnmarshalJSON(text)
		}
	case encoding.TextUnmarshaler:
		if node.Kind != yaml.ScalarNode || !isString(node) {
			d.notString(node, path)
			return true
		}
		err = reader.UnmarshalText([]byte(node.Value))
	default:
		return false
	}
	d.customFault(node, path, err)
	return true
}

// customFault keeps what a type reported about itself; a *SyntaxError with a line keeps that line.
func (d *decoder) customFault(node *yaml.Node, path string, err error) {
	var syntax *SyntaxError
	switch {
	case err == nil:
	case errors.As(err, &syntax):
		for _, one := range syntaxErrors(err) {
			found := *one
			if found.Line == 0 {
				found.Line = node.Line
			}
			found.File = d.file
			d.faults = append(d.faults, &found)
		}
	default:
		d.faults = append(d.faults, &SyntaxError{File: d.file, Line: node.Line, Reason: subject(path) + ": " + strings.TrimPrefix(err.Error(), "yaml: "), Err: err})
	}
}

// syntaxErrors are all of them in a joined error.
func syntaxErrors(err error) []*SyntaxError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*SyntaxError
		for _, one := range joined.Unwrap() {
			out = append(out, syntaxErrors(one)...)
		}
		return out
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return []*SyntaxError{syntax}
	}
	return []*SyntaxError{{Reason: err.Error(), Err: err}}
}

func (d *decoder) structure(node *yaml.Node, out reflect.Value, path string) {
	if node.Kind != yaml.MappingNode {
		d.kind(node, path, "a mapping")
		return
	}
	fields, known := d.fields[out.Type()]
	if !known {
		fields = fieldsOf(out.Type())
		d.fields[out.Type()] = fields
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		where := join(path, key.Value)
		if f, found := fields.named[key.Value]; found {
			d.value(node.Content[i+1], fieldAt(out, f), where)
			continue
		}
		if fields.rest != nil {
			d.entry(key, node.Content[i+1], fieldAt(out, fields.rest), where)
			continue
		}
		d.wrong(key, fields.hint(key.Value), "the key "+strconv.Quote(shorten(key.Value))+" is unknown"+below(path))
	}
}

func below(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func join(path, key string) string {
	if path == "" {
		return shorten(key)
	}
	return path + "." + shorten(key)
}

// fieldAt follows an index path and makes embedded pointers on the way.
func fieldAt(out reflect.Value, path []int) reflect.Value {
	for _, i := range path {
		if out.Kind() == reflect.Pointer {
			if out.IsNil() {
				out.Set(reflect.New(out.Type().Elem()))
			}
			out = out.Elem()
		}
		out = out.Field(i)
	}
	return out
}

func (d *decoder) mapping(node *yaml.Node, out reflect.Value, path string) {
	if node.Kind != yaml.MappingNode {
		d.kind(node, path, "a mapping")
		return
	}
	out.Set(reflect.MakeMapWithSize(out.Type(), len(node.Content)/2))
	for i := 0; i+1 < len(node.Content); i += 2 {
		d.entry(node.Content[i], node.Content[i+1], out, join(path, node.Content[i].Value))
	}
}

// entry decodes one entry of a map; keys are strings or types made of strings.
func (d *decoder) entry(key, value *yaml.Node, out reflect.Value, path string) {
	if out.IsNil() {
		out.Set(reflect.MakeMap(out.Type()))
	}
	name := reflect.New(out.Type().Key()).Elem()
	if reader, ok := name.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := reader.UnmarshalText([]byte(key.Value)); err != nil {
			d.customFault(key, path, err)
			return
		}
	} else if name.Kind() == reflect.String {
		name.SetString(key.Value)
	} else {
		d.value(&yaml.Node{Kind: yaml.ScalarNode, Value: key.Value, Line: key.Line}, name, path)
	}
	element := reflect.New(out.Type().Elem()).Elem()
	d.value(value, element, path)
	out.SetMapIndex(name, element)
}

func (d *decoder) list(node *yaml.Node, out reflect.Value, path string) {
	if node.Kind != yaml.SequenceNode {
		d.kind(node, path, "a list")
		return
	}
	count := len(node.Content)
	if out.Kind() == reflect.Slice {
		out.Set(reflect.MakeSlice(out.Type(), count, count))
	} else if count != out.Len() {
		d.wrong(node, "", subject(path)+" has "+strconv.Itoa(count)+" items, not "+strconv.Itoa(out.Len()))
		return
	}
	for i, item := range node.Content {
		d.value(item, out.Index(i), path+"["+strconv.Itoa(i)+"]")
	}
}

// untyped fills an any.
func (d *decoder) untyped(node *yaml.Node, out reflect.Value, path string) {
	if out.NumMethod() != 0 {
		d.wrong(node, "", subject(path)+" cannot be decoded into "+out.Type().String())
		return
	}
	value, err := Value(node)
	if err != nil {
		d.customFault(node, path, err)
		return
	}
	if value != nil {
		out.Set(reflect.ValueOf(value))
	}
}
