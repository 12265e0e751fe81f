package values

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/resolver/catalog"
)

// The bounds of a template: what it may be written in, what it may make, and what any function in it may make.
const (
	maxTemplate = 16 << 10
	maxOutput   = 1 << 20
)

// Expand is what a target gets: the literal itself, typed, or what a template over it makes, read as YAML. The template sees a
// bool, an int64 or a string, so that "{{ if . }}" of a boolean false is false; a template that compares the value with a
// string sees its text instead. It returns an *Error with the reason; Value.Reference must be nil.
func (v Value) Expand(name, templateText string) (*yaml.Node, error) {
	if templateText == "" {
		return v.node(), nil
	}
	return expand(name, templateText, v.Literal(), v.String())
}

// ExpandText is Expand for a text that no definition stands behind.
func ExpandText(name, templateText, text string) (*yaml.Node, error) {
	return Value{Type: catalog.TextValue, text: text}.Expand(name, templateText)
}

func (v Value) node() *yaml.Node {
	switch v.Type {
	case catalog.BooleanValue:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: v.String()}
	case catalog.NumberValue:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: v.String()}
	}
	node := &yaml.Node{}
	node.SetString(v.text)
	return node
}

func expand(name, templateText string, data any, text string) (*yaml.Node, error) {
	tmpl, err := parseTemplate(templateText)
	if err != nil {
		return nil, &Error{Value: name, Reason: fmt.Sprintf("the package's template %q cannot be used: %v", templateText, err)}
	}
	output, err := execute(tmpl, data)
	if err != nil && data != text {
		// Glasskube's values are strings, and some templates say {{ if eq . "true" }}.
		if second, secondErr := execute(tmpl, text); secondErr == nil {
			output, err = second, nil
		}
	}
	if err != nil {
		return nil, &Error{Value: name, Reason: fmt.Sprintf("the package's template %q cannot be run: %v", templateText, err)}
	}
	node, err := parseOutput(output)
	if err != nil {
		return nil, &Error{Value: name, Reason: fmt.Sprintf("the package's template %q does not give YAML: %v", templateText, err)}
	}
	return node, nil
}

var errTooMuch = errors.New("too much output")

// parseTemplate reads a template of bounded cost: without loops, and without templates in templates, which could recurse.
func parseTemplate(text string) (*template.Template, error) {
	if len(text) > maxTemplate {
		return nil, fmt.Errorf("more than %d bytes", maxTemplate)
	}
	tmpl, err := template.New("value").Option("missingkey=error").Funcs(functions()).Parse(text)
	if err != nil {
		return nil, err
	}
	if len(tmpl.Templates()) > 1 {
		return nil, errors.New("define and block are not allowed")
	}
	if tmpl.Tree == nil || tmpl.Root == nil {
		return nil, errors.New("it is empty")
	}
	return tmpl, checkNodes(tmpl.Root)
}

func checkNodes(list *parse.ListNode) error {
	if list == nil {
		return nil
	}
	for _, node := range list.Nodes {
		var err error
		switch node := node.(type) {
		case *parse.RangeNode:
			err = errors.New("range is not allowed: a value is no list")
		case *parse.TemplateNode:
			err = errors.New("template is not allowed")
		case *parse.IfNode:
			err = errors.Join(checkNodes(node.List), checkNodes(node.ElseList))
		case *parse.WithNode:
			err = errors.Join(checkNodes(node.List), checkNodes(node.ElseList))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// functions are the builtin functions whose output can be larger than their input, each bounded, and the one that
// Glasskube adds.
func functions() template.FuncMap {
	bounded := func(f func(...any) string) func(...any) (string, error) {
		return func(args ...any) (string, error) {
			out := f(args...)
			if len(out) > maxOutput {
				return "", errTooMuch
			}
			return out, nil
		}
	}
	return template.FuncMap{
		"print":    bounded(fmt.Sprint),
		"println":  bounded(fmt.Sprintln),
		"html":     bounded(template.HTMLEscaper),
		"js":       bounded(template.JSEscaper),
		"urlquery": bounded(template.URLQueryEscaper),
		"printf": func(format string, args ...any) (string, error) {
			return bounded(func(args ...any) string { return fmt.Sprintf(format, args...) })(args...)
		},
		"base64": func(text any) string { return base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(text))) },
	}
}

func execute(tmpl *template.Template, data any) ([]byte, error) {
	out := &boundedBuffer{}
	if err := tmpl.Execute(out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// boundedBuffer refuses to grow over maxOutput.
type boundedBuffer struct{ bytes.Buffer }

// Write appends, or fails with errTooMuch and appends nothing.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, errTooMuch
	}
	return b.Buffer.Write(p)
}

// parseOutput reads one YAML value. Aliases are refused: what a template makes has no use for them.
func parseOutput(output []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(output, &doc); err != nil && (!json.Valid(output) || yaml.Unmarshal(plainSlashes(output), &doc) != nil) {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errors.New("it gives nothing")
	}
	if hasAlias(doc.Content[0]) {
		return nil, errors.New("it holds an alias")
	}
	relax(doc.Content[0])
	return doc.Content[0], nil
}

// plainSlashes writes the escaped slashes of JSON, "k8s.io\/nginx", as they are: the parser of YAML does not know them.
func plainSlashes(output []byte) []byte {
	return []byte(strings.NewReplacer(`\\`, `\\`, `\/`, `/`).Replace(string(output)))
}

// relax drops quotes and brackets: whoever writes the node uses them where they are needed.
func relax(node *yaml.Node) {
	node.Tag, node.Style = node.ShortTag(), 0
	for _, child := range node.Content {
		relax(child)
	}
}

func hasAlias(node *yaml.Node) bool {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return true
	}
	for _, child := range node.Content {
		if hasAlias(child) {
			return true
		}
	}
	return false
}
