package schema

import (
	"context"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"

	"gkops.dev/gkops/compat/document"
)

// TestDefinitionsAreJudgedAsByTheAPIServer holds the judge of definitions to the API server's own, which only this test links.
func TestDefinitionsAreJudgedAsByTheAPIServer(t *testing.T) {
	for name, change := range map[string][2]string{
		"good":                        {"", ""},
		"another name":                {"name: widgets.example.org", "name: widget.example.org"},
		"no kind":                     {"names: {kind: Widget, plural: widgets}", "names: {plural: widgets}"},
		"a wrong scope":               {"scope: Namespaced", "scope: Global"},
		"nothing stored":              {"storage: true", "storage: false"},
		"no schema":                   {"    schema:\n      openAPIV3Schema:", "    other:\n      openAPIV3Schema:"},
		"an unknown type":             {"size: {type: integer", "size: {type: int"},
		"no type":                     {"host: {type: string,", "host: {"},
		"a broken pattern":            {"^[a-z]+$", "^[a-z+$"},
		"uniqueItems":                 {"max: {type: integer}", "max: {type: array, uniqueItems: true, items: {type: string}}"},
		"properties and more":         {"max: {type: integer}", "max: {type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}"},
		"an unknown list type":        {"x-kubernetes-list-type: map", "x-kubernetes-list-type: bag"},
		"a list type of no list":      {"max: {type: integer}", "max: {type: integer, x-kubernetes-list-type: set}"},
		"no list keys":                {"x-kubernetes-list-map-keys: [name]", "description: x"},
		"an unknown list key":         {"x-kubernetes-list-map-keys: [name]", "x-kubernetes-list-map-keys: [nick]"},
		"list keys of no map":         {"x-kubernetes-list-type: map", "x-kubernetes-list-type: atomic"},
		"a list key that may be left": {"required: [name]", "description: x"},
		"a map of scalars":            {"max: {type: integer}", "max: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [a], items: {type: string}}"},
		"a default of another type":   {"default: slow", "default: 3"},
		"a default out of the enum":   {"default: slow", "default: medium"},
		"a broken rule":               {"self.size <= self.max", "self.size <="},
		"a rule on what is not there": {"self.size <= self.max", "self.size <= self.nothing"},
		"a rule that gives no bool":   {"!has(self.max) || self.size <= self.max", "self.size"},
		"a broken message":            {"message: size is over max", "messageExpression: self.size"},
		"a rule on old and new":       {"!has(self.max) || self.size <= self.max", "self.size >= oldSelf.size"},
		"a bad anyOf":                 {"host: {type: string,", "host: {type: string, anyOf: [{type: integer}],"},
		"a rule deep below":           {"port: {x-kubernetes-int-or-string: true}", "port: {type: integer, x-kubernetes-validations: [{rule: self > none}]}"},
	} {
		t.Run(name, func(t *testing.T) {
			text := definition
			if change[0] != "" {
				text = strings.Replace(definition, change[0], change[1], 1)
				if text == definition {
					t.Fatal("the case changes nothing")
				}
			}
			doc, err := document.ParseOne("crd.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			value, err := document.Value(doc.Root())
			if err != nil {
				t.Fatal(err)
			}
			crd, err := read(value)
			if err != nil {
				t.Fatal(err)
			}
			want := validation.ValidateCustomResourceDefinition(context.Background(), crd)
			_, got := Schemas{}.Compile(value, []string{"v1"})
			if (len(want) == 0) != (got == nil) {
				t.Errorf("got %v, the API server says %v", got, want)
			}
		})
	}
}
