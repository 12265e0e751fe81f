// Package schema makes the JSON Schema of package.yaml from the Go types, for editors and for the documentation. It lies apart from
// its types, so that the reflection it needs is linked only where a schema is asked for.
package schema

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"gkops.dev/gkops/resolver/catalog"
)

// ID is the address that the schema gives itself.
const ID = "https://gkops.dev/schema/package.json"

// Package is the JSON Schema of package.yaml, indented, with a final newline. Unknown keys are allowed in the values of a chart only.
func Package() ([]byte, error) {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: false,
		Mapper: mapped, LookupComment: describe,
	}
	s := r.Reflect(&catalog.Manifest{})
	s.ID, s.Title = ID, "package.yaml"
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of package.yaml: %w", err)
	}
	return append(data, '\n'), nil
}

// mapped are the types whose values are fewer, or more, than their Go type says.
func mapped(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[catalog.Scope]():
		return &jsonschema.Schema{Type: "string", Enum: []any{catalog.ClusterScope, catalog.NamespacedScope}}
	case reflect.TypeFor[catalog.ValueType]():
		return &jsonschema.Schema{Type: "string", Enum: []any{catalog.BooleanValue, catalog.TextValue, catalog.NumberValue, catalog.OptionsValue}}
	case reflect.TypeFor[map[string]any]():
		return &jsonschema.Schema{Type: "object"}
	}
	return nil
}

// describe explains types and fields to people who write packages.
func describe(t reflect.Type, field string) string {
	texts := map[reflect.Type]map[string]string{
		reflect.TypeFor[catalog.Manifest](): {
			"":                    "One version of a package.",
			"Name":                "The package's name, as its folder has it.",
			"Scope":               "Once per cluster (the default), or any number of times in namespaces.",
			"DefaultNamespace":    "The namespace of objects that name none.",
			"Manifests":           "Files of Kubernetes objects.",
			"Helm":                "A chart, or several of one repository.",
			"Kustomize":           "The folder holds a kustomization beside package.yaml.",
			"ValueDefinitions":    "What a user may set.",
			"Transformations":     "Fields that are copied to other places.",
			"TransitiveResources": "Objects that are made at run time and named with the instance's prefix.",
			"Dependencies":        "Cluster-scoped packages that must be there.",
			"Components":          "Private instances of namespaced packages that come with this one.",
		},
		reflect.TypeFor[catalog.PlainManifest]():     {"URL": "Absolute, or relative to package.yaml."},
		reflect.TypeFor[catalog.Dependency]():        {"Version": "A range such as \"~1.3.0\"; absent is any stable version."},
		reflect.TypeFor[catalog.Component]():         {"InstalledName": "What is added to the parent's name; absent is the package's name."},
		reflect.TypeFor[catalog.Constraints]():       {"Pattern": "An RE2 expression that is found anywhere in the value."},
		reflect.TypeFor[catalog.Target]():            {"": "Where a value goes: exactly one of resource and chartName.", "ValueTemplate": "A Go template over the value; its result is read as YAML."},
		reflect.TypeFor[catalog.PartialPatch]():      {"Op": "An operation of RFC 6902.", "Path": "A JSON pointer."},
		reflect.TypeFor[catalog.ResourceReference](): {"APIGroup": "group/version, or v1 for the core group."},
		reflect.TypeFor[catalog.ValueDefinition]():   {"DefaultValue": "What is suggested; it is never applied by itself."},
	}
	return texts[t][field]
}
