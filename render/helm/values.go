package helm

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"helm.sh/helm/v4/pkg/chart/common/util"

	"gkops.dev/gkops/render/values"
)

func printer() *message.Printer { return message.NewPrinter(language.English) }

// plainJSON is a value as JSON has it, numbers as they are written.
func plainJSON(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var plain any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return plain, decoder.Decode(&plain)
}

// defaults are the values of a chart with those of its subcharts.
func defaults(c *Chart) (map[string]any, error) {
	made := clone(c.main)
	all, err := util.CoalesceValues(made, map[string]any{})
	if err != nil {
		return nil, &ChartError{Chart: c.name, Reason: "its values cannot be put together", Err: err}
	}
	return all, nil
}

// Unknown is a key of the given values that the chart's own values do not have.
type Unknown struct {
	Path    string // "controller.replicaCuont"
	Nearest string // the known key that is spelled most like it; may be empty
}

// UnknownKeys are the keys of given values that have no default and that no schema of the chart names. A mapping that is empty, or not
// there, in the chart's values takes any key, and so does one whose values are lists or texts.
func (c *Chart) UnknownKeys(given map[string]any) ([]Unknown, error) {
	if len(given) == 0 {
		return nil, nil
	}
	known, err := c.Values()
	if err != nil {
		return nil, err
	}
	mentioned := c.mentions()
	var all []Unknown
	walkUnknown(given, known, "", mentioned, &all)
	return all, nil
}

func walkUnknown(given, known map[string]any, path string, mentioned func(key string) bool, all *[]Unknown) {
	if len(known) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		value, there := known[key]
		if !there {
			if !mentioned(key) && (path != "" || key != "global" && key != "tags") {
				*all = append(*all, Unknown{dotted(path, key), values.Nearest(key, slices.Sorted(maps.Keys(known)))})
			}
			continue
		}
		inner, isMap := given[key].(map[string]any)
		knownInner, wasMap := value.(map[string]any)
		if isMap && wasMap && !takesAny(key) {
			walkUnknown(inner, knownInner, dotted(path, key), mentioned, all)
		}
	}
}

// takesAny reports whether a mapping is by its name one whose keys are the user's: labels, annotations, selectors, environments.
func takesAny(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"labels", "annotations", "selector", "env", "data", "config", "secrets", "args", "limits", "requests"}, func(end string) bool {
		return strings.HasSuffix(key, end)
	})
}

// holdsWord reports whether a text has a word that ends where the word ends.
func holdsWord(data []byte, word string) bool {
	for {
		at := bytes.Index(data, []byte(word))
		if at < 0 {
			return false
		}
		data = data[at+len(word):]
		if len(data) == 0 || strings.IndexByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", data[0]) < 0 {
			return true
		}
	}
}

// mentions tells whether a key stands in a template or a schema of the chart: a value without a default, or with a commented one.
func (c *Chart) mentions() func(string) bool {
	return func(key string) bool {
		for _, f := range c.files {
			name := f.Name
			if strings.Contains(name, "templates/") || strings.HasSuffix(name, "values.schema.json") || strings.HasSuffix(name, "Chart.yaml") {
				if holdsWord(f.Data, "."+key) || bytes.Contains(f.Data, []byte(`"`+key+`"`)) {
					return true
				}
			}
		}
		return false
	}
}
