package document

import (
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Value is the plain Go value that kubectl sees in a node of this package: map[string]any, []any, string, bool, nil, int64 when
// the number is an integer that fits, else float64. It returns a *SyntaxError without a file for a node that has no such value.
func Value(node *yaml.Node) (any, error) {
	if node == nil {
		return nil, nil
	}
	switch node.Kind {
	case yaml.DocumentNode:
		if len(node.Content) != 1 {
			return nil, nil
		}
		return Value(node.Content[0])
	case yaml.MappingNode:
		return mappingValue(node)
	case yaml.SequenceNode:
		return sequenceValue(node)
	case yaml.ScalarNode:
		return scalarValue(node)
	case yaml.AliasNode:
		return nil, fault(node.Line, "the alias *%s is not resolved", node.Value)
	}
	return nil, nil
}

func mappingValue(node *yaml.Node) (any, error) {
	out := make(map[string]any, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if _, found := out[key.Value]; found {
			return nil, fault(key.Line, "the key %q is given twice", key.Value)
		}
		value, err := Value(node.Content[i+1])
		if err != nil {
			return nil, err
		}
		out[key.Value] = value
	}
	return out, nil
}

func sequenceValue(node *yaml.Node) (any, error) {
	out := make([]any, 0, len(node.Content))
	for _, item := range node.Content {
		value, err := Value(item)
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
	return out, nil
}

func scalarValue(node *yaml.Node) (any, error) {
	if node.Style&quoted != 0 || node.Tag == "!!str" {
		return node.Value, nil
	}
	kind, value := resolve(node.Value)
	if kind == stringScalar {
		return node.Value, nil
	}
	switch v := value.(type) {
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v), nil
		}
		return float64(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fault(node.Line, "%s is a number that JSON cannot hold", node.Value)
		}
		return wholeNumber(v), nil
	}
	return value, nil
}

// wholeNumber makes an int64 of a float where the way through JSON does: 1e3 is written as 1000 and read back as an integer.
func wholeNumber(f float64) any {
	if f != math.Trunc(f) || math.Abs(f) >= 1e21 {
		return f
	}
	if math.Abs(f) < 1<<53 {
		return int64(f)
	}
	if i, err := strconv.ParseInt(strconv.FormatFloat(f, 'f', -1, 64), 10, 64); err == nil {
		return i
	}
	return f
}
