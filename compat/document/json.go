package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"
)

// parseJSON reads a chunk that starts with { as a stream of JSON objects, which kubectl tries before YAML. ok is false when the
// first or second value is not JSON: a YAML flow mapping starts with the same character, and a comment may follow it.
func parseJSON(file string, c chunk) (docs []Document, ok bool, err error) {
	r := jsonReader{text: c.text, line: c.contentLine, decoder: json.NewDecoder(bytes.NewReader(c.text))}
	r.decoder.UseNumber()
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			return docs, true, nil
		}
		root, err := r.value(token, err, 0)
		if err != nil {
			var syntax *SyntaxError
			if len(docs) > 1 || errors.As(err, &syntax) {
				return nil, false, r.fault(err)
			}
			return nil, false, nil
		}
		if err := rootFault(root); err != nil {
			return nil, false, err
		}
		doc := newDocument(file, root)
		doc.Raw = c.text[r.start(root):r.decoder.InputOffset()]
		docs = append(docs, doc)
	}
}

// jsonReader builds nodes from JSON tokens.
type jsonReader struct {
	text    []byte
	decoder *json.Decoder
	offset  int // up to where lines are counted
	line    int
	nodes   int
	starts  map[*yaml.Node]int
}

func (r *jsonReader) fault(err error) error {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return err
	}
	return &SyntaxError{Line: r.here(), Reason: "the JSON is broken: " + err.Error(), Err: err}
}

// here is the line of the token that was read last.
func (r *jsonReader) here() int {
	end := int(r.decoder.InputOffset())
	r.line += bytes.Count(r.text[r.offset:end], []byte("\n"))
	r.offset = end
	return r.line
}

// start is where a root value starts in the text.
func (r *jsonReader) start(root *yaml.Node) int { return r.starts[root] }

func (r *jsonReader) value(token json.Token, err error, depth int) (*yaml.Node, error) {
	if err != nil {
		return nil, err
	}
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: r.here()}
	if r.nodes++; r.nodes > maxNodes {
		return nil, fault(node.Line, "the document has more than %d values", maxNodes)
	}
	switch v := token.(type) {
	case json.Delim:
		if depth > maxDepth {
			return nil, fault(node.Line, "the document is nested more than %d deep", maxDepth)
		}
		if depth == 0 {
			r.starts = map[*yaml.Node]int{node: int(r.decoder.InputOffset()) - 1}
		}
		return r.collection(node, v, depth)
	case string:
		node.Tag, node.Value = "!!str", v
	case json.Number:
		return r.number(node, v)
	case bool:
		node.Tag, node.Value = "!!bool", "false"
		if v {
			node.Value = "true"
		}
	case nil:
		node.Tag, node.Value = "!!null", "null"
	}
	return node, nil
}

func (r *jsonReader) number(node *yaml.Node, number json.Number) (*yaml.Node, error) {
	node.Value = number.String()
	kind, _ := resolve(node.Value)
	if kind != intScalar && kind != floatScalar {
		return nil, fault(node.Line, "the number %s is too large", shorten(node.Value))
	}
	node.Tag = kind.tag()
	return node, nil
}

func (r *jsonReader) collection(node *yaml.Node, open json.Delim, depth int) (*yaml.Node, error) {
	node.Kind, node.Tag = yaml.SequenceNode, "!!seq"
	if open == '{' {
		node.Kind, node.Tag = yaml.MappingNode, "!!map"
	}
	var keys keySet
	for r.decoder.More() {
		token, err := r.decoder.Token()
		item, err := r.value(token, err, depth+1)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, item)
		if node.Kind == yaml.MappingNode && len(node.Content)%2 == 1 {
			if len(item.Value) > maxKey {
				return nil, longKey(item.Line, item.Value)
			}
			if err := keys.add(item.Value, item.Line); err != nil {
				return nil, err
			}
		}
	}
	_, err := r.decoder.Token()
	return node, err
}
