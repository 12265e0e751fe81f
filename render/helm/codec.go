package helm

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/BurntSushi/toml"
	sigsyaml "sigs.k8s.io/yaml"
	goyaml "sigs.k8s.io/yaml/goyaml.v3"
)

// writers are Helm's own functions that write a value as text, which sprig does not have. They ask first what that would be.
func (b *budget) writers() map[string]any {
	asking := func(size func(any) int, write func(any) (string, error)) func(any) (string, error) {
		return func(value any) (string, error) {
			if err := b.spend(size(value)); err != nil {
				return "", err
			}
			return write(value)
		}
	}
	return map[string]any{
		"toYaml":       asking(size, orNothing(writeYAML)),
		"mustToYaml":   asking(size, writeYAML),
		"toYamlPretty": asking(size, orNothing(writePrettyYAML)),
		"toToml":       asking(headedSize, orError(writeTOML)),
		"mustToToml":   asking(headedSize, writeTOML),
	}
}

// orNothing gives an empty text for what cannot be written, as Helm does.
func orNothing(write func(any) (string, error)) func(any) (string, error) {
	return func(value any) (string, error) {
		text, err := write(value)
		if err != nil {
			return "", nil
		}
		return text, nil
	}
}

// orError gives the error as text for what cannot be written, as Helm does for TOML.
func orError(write func(any) (string, error)) func(any) (string, error) {
	return func(value any) (string, error) {
		text, err := write(value)
		if err != nil {
			return err.Error(), nil
		}
		return text, nil
	}
}

func writeYAML(value any) (string, error) {
	data, err := sigsyaml.Marshal(value)
	return strings.TrimSuffix(string(data), "\n"), err
}

func writePrettyYAML(value any) (string, error) {
	var out bytes.Buffer
	encoder := goyaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := encoder.Encode(value)
	return strings.TrimSuffix(out.String(), "\n"), err
}

func writeTOML(value any) (string, error) {
	var out bytes.Buffer
	err := toml.NewEncoder(&out).Encode(value)
	return out.String(), err
}

// readers are Helm's own functions that read a value from text. They ask first what a text of that length may hold.
func (b *budget) readers() map[string]any {
	yaml := func(data []byte, into any) error { return sigsyaml.Unmarshal(data, into) }
	return map[string]any{
		"fromYaml":      asksFor(b, readMapping(yaml)),
		"fromJson":      asksFor(b, readMapping(json.Unmarshal)),
		"fromToml":      asksFor(b, readMapping(toml.Unmarshal)),
		"fromYamlArray": asksFor(b, readList(yaml)),
		"fromJsonArray": asksFor(b, readList(json.Unmarshal)),
	}
}

func asksFor[T any](b *budget, read func(string) T) func(string) (T, error) {
	return func(text string) (T, error) {
		if err := b.spend(2 * itemSize * len(text)); err != nil {
			var none T
			return none, err
		}
		return read(text), nil
	}
}

// readMapping gives a mapping, and in it the error of a text that is none, as Helm does.
func readMapping(unmarshal func([]byte, any) error) func(string) map[string]any {
	return func(text string) map[string]any {
		all := map[string]any{}
		if err := unmarshal([]byte(text), &all); err != nil {
			all["Error"] = err.Error()
		}
		return all
	}
}

// readList gives a list, or one of the error of a text that is none, as Helm does.
func readList(unmarshal func([]byte, any) error) func(string) []any {
	return func(text string) []any {
		all := []any{}
		if err := unmarshal([]byte(text), &all); err != nil {
			all = []any{err.Error()}
		}
		return all
	}
}
