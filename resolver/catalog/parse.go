package catalog

import (
	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// ParseManifest reads a package.yaml. It is strict: an unknown field, a field of another type and whatever breaks a rule of the
// format is an error, each a *document.SyntaxError with file and line; several come joined.
func ParseManifest(file string, data []byte) (*Manifest, error) {
	doc, err := document.ParseOne(file, data)
	if err != nil {
		return nil, err
	}
	quoteScalars(doc.Root())
	m := new(Manifest)
	if err := doc.Decode(m); err != nil {
		return nil, err
	}
	c := newChecker(doc)
	c.manifest(m)
	if err := c.err(); err != nil {
		return nil, err
	}
	return m, nil
}

// quoteScalars turns numbers and booleans into strings where the format asks for a string that holds a value, and packages
// write the value itself: defaultValue, options, and what a component is given. A boolean is written as true or false.
func quoteScalars(root *yaml.Node) {
	for definition := range values(document.Lookup(root, "valueDefinitions")) {
		quoteScalar(document.Lookup(definition, "defaultValue"))
		for option := range values(document.Lookup(definition, "options")) {
			quoteScalar(option)
		}
	}
	for component := range values(document.Lookup(root, "components")) {
		for value := range values(document.Lookup(component, "values")) {
			quoteScalar(document.Lookup(value, "value"))
		}
	}
}

// values are the items of a list or the values of a mapping; none for anything else.
func values(node *yaml.Node) func(yield func(*yaml.Node) bool) {
	return func(yield func(*yaml.Node) bool) {
		if node == nil {
			return
		}
		first, step := 0, 1
		if node.Kind == yaml.MappingNode {
			first, step = 1, 2
		}
		for i := first; i < len(node.Content); i += step {
			if !yield(node.Content[i]) {
				return
			}
		}
	}
}

func quoteScalar(node *yaml.Node) {
	if node == nil || node.Kind != yaml.ScalarNode {
		return
	}
	value, err := document.Value(node)
	if err != nil || value == nil {
		return
	}
	text := node.Value
	if truth, isBool := value.(bool); isBool {
		text = "false"
		if truth {
			text = "true"
		}
	}
	line, column := node.Line, node.Column
	*node = *document.String(text)
	node.Line, node.Column = line, column
}
