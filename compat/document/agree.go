package document

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sort"
	"strconv"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// agrees asks kubectl's own reader about a chunk that the scanner does not know. The YAML library that keeps styles and comments
// is a newer version of that reader; where the two differ, nobody can say what the document means.
func agrees(c chunk, root *yaml.Node) error {
	text, err := sigsyaml.YAMLToJSON(c.parsed)
	if err != nil {
		return parserFault(err, c.line, c.parsed)
	}
	var want any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&want); err != nil {
		return &SyntaxError{Line: c.contentLine, Reason: "kubectl cannot read it: " + err.Error(), Err: err}
	}
	have, err := Value(root)
	if err != nil {
		return err
	}
	if path, ok := difference(have, want, nil); ok {
		return fault(nearestLine(root, path, c.contentLine), "readers of YAML disagree about the value of %q", pointer(path))
	}
	return nil
}

// difference is the path of the first value that differs; want holds json.Number where have holds int64 or float64.
func difference(have, want any, path []string) ([]string, bool) {
	switch h := have.(type) {
	case map[string]any:
		w, ok := want.(map[string]any)
		if !ok || len(h) != len(w) {
			return path, true
		}
		for _, key := range sortedKeys(h) {
			item, found := w[key]
			if !found {
				return append(path, key), true
			}
			if at, ok := difference(h[key], item, append(path, key)); ok {
				return at, true
			}
		}
		return nil, false
	case []any:
		w, ok := want.([]any)
		if !ok || len(h) != len(w) {
			return path, true
		}
		for i, item := range h {
			if at, ok := difference(item, w[i], append(path, strconv.Itoa(i))); ok {
				return at, true
			}
		}
		return nil, false
	}
	return path, !reflect.DeepEqual(have, number(want))
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// number makes of a JSON number what the API machinery makes of it.
func number(value any) any {
	n, ok := value.(json.Number)
	if !ok {
		return value
	}
	if i, err := n.Int64(); err == nil {
		return i
	}
	f, err := n.Float64()
	if err != nil {
		return value
	}
	return f
}

// nearestLine is the line of the deepest node that exists on a path.
func nearestLine(root *yaml.Node, path []string, line int) int {
	for _, segment := range path {
		if root = child(root, segment); root == nil {
			break
		}
		line = root.Line
	}
	return line
}
