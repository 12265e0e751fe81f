package helm

import (
	"fmt"
	"strings"

	"helm.sh/helm/v4/pkg/strvals"
	sigsyaml "sigs.k8s.io/yaml"
)

// Set puts one value into values, as 'helm set' writes it: "controller.replicaCount" and "3" are a number below a mapping,
// "hosts[0].name" is in a list, "{a,b}" is a list. A comma elsewhere is a comma. Values are changed in place.
func Set(into map[string]any, name, text string) error {
	if !strings.HasPrefix(text, "{") {
		text = strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(text)
	}
	if err := strvals.ParseInto(name+"="+text, into); err != nil {
		return fmt.Errorf("value %s: %w", name, err)
	}
	return nil
}

// SetText puts a text into values as it is, whatever it looks like.
func SetText(into map[string]any, name, text string) error {
	if err := strvals.ParseIntoFile(name+"=text", into, func([]rune) (any, error) { return text, nil }); err != nil {
		return fmt.Errorf("value %s: %w", name, err)
	}
	return nil
}

// ParseValues reads a file of values, a mapping in YAML.
func ParseValues(file string, data []byte) (map[string]any, error) {
	values := map[string]any{}
	if err := sigsyaml.UnmarshalStrict(data, &values); err != nil {
		return nil, fmt.Errorf("%s: it is no file of values: %w", file, err)
	}
	return values, nil
}
