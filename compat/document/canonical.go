package document

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Canonical is the JSON of Value with sorted keys and no blanks: two objects are identical exactly when these bytes are. It
// returns a *SyntaxError without a file for a node that has no value.
func Canonical(node *yaml.Node) ([]byte, error) {
	return appendCanonical(make([]byte, 0, 512), node)
}

func appendCanonical(out []byte, node *yaml.Node) ([]byte, error) {
	switch {
	case node == nil:
		return append(out, "null"...), nil
	case node.Kind == yaml.MappingNode:
		return appendMapping(out, node)
	case node.Kind == yaml.SequenceNode:
		return appendSequence(out, node)
	case node.Kind == yaml.ScalarNode && isString(node):
		return appendString(out, node.Value), nil
	}
	value, err := Value(node)
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case int64:
		return strconv.AppendInt(out, v, 10), nil
	case float64:
		return appendFloat(out, v), nil
	}
	text, err := json.Marshal(value) // a document node
	return append(out, text...), err
}

func appendMapping(out []byte, node *yaml.Node) ([]byte, error) {
	var few [32]int
	order := few[:0]
	for i := 0; i+1 < len(node.Content); i += 2 {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(node.Content[a].Value, node.Content[b].Value) })
	out = append(out, '{')
	for n, i := range order {
		key := node.Content[i]
		if n > 0 {
			if key.Value == node.Content[order[n-1]].Value {
				return nil, fault(key.Line, "the key %q is given twice", key.Value)
			}
			out = append(out, ',')
		}
		out = append(appendString(out, key.Value), ':')
		var err error
		if out, err = appendCanonical(out, node.Content[i+1]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func appendSequence(out []byte, node *yaml.Node) ([]byte, error) {
	out = append(out, '[')
	for i, item := range node.Content {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendCanonical(out, item); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

// appendFloat writes a number as encoding/json does.
func appendFloat(out []byte, f float64) []byte {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		text, _ := json.Marshal(f)
		return append(out, text...)
	}
	return strconv.AppendFloat(out, f, 'f', -1, 64)
}

// appendString writes a JSON string; only what must be escaped is.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				out = append(append(out, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		out = append(out, s[start:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\t':
			out = append(out, '\\', 't')
		case '\r':
			out = append(out, '\\', 'r')
		default:
			const hex = "0123456789abcdef"
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(out, s[start:]...), '"')
}
