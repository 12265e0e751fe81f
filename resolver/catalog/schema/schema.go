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

// The addresses that the schemas give themselves.
const (
	ID      = "https://gkops.dev/schema/package.json"
	FactsID = "https://gkops.dev/schema/facts.json"
)

// Package is the JSON Schema of package.yaml, indented, with a final newline. Unknown keys are allowed in the values of a chart only.
func Package() ([]byte, error) { return schemaOf(&catalog.Manifest{}, ID, "package.yaml") }

// Facts is the JSON Schema of facts.yaml, as Package is that of package.yaml. Unknown keys are not allowed anywhere.
func Facts() ([]byte, error) { return schemaOf(&catalog.PackageFacts{}, FactsID, catalog.FactsFile) }

func schemaOf(value any, id, title string) ([]byte, error) {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: false,
		Mapper: mapped, LookupComment: describe,
	}
	s := r.Reflect(value)
	s.ID, s.Title = jsonschema.ID(id), title
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of %s: %w", title, err)
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
	case reflect.TypeFor[catalog.EvidenceKind]():
		return &jsonschema.Schema{Type: "string", Enum: []any{catalog.Tested, catalog.Measured, catalog.Declared, catalog.Reported}}
	case reflect.TypeFor[catalog.EvidenceResult]():
		return &jsonschema.Schema{Type: "string", Enum: []any{catalog.Works, catalog.Fails}}
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
		reflect.TypeFor[catalog.PackageFacts](): {
			"":        "What is known of a package beyond its package.yaml.",
			"Package": "The package, as its folder is named.",
		},
		reflect.TypeFor[catalog.Fact](): {
			"Versions":    "The versions that the entry is about, a range; absent is all. Not in the file beside package.yaml.",
			"Kubernetes":  "The Kubernetes versions that it is about, a range such as \">=1.28\" or \"1.35 || 1.34\".",
			"Requires":    "Packages, or virtual ones, that must be there.",
			"Conflicts":   "Packages, or virtual ones, that may not be there.",
			"Provides":    "Virtual packages that the versions stand in for. Not in the file beside package.yaml.",
			"APIs":        "Custom resources that the package's definitions serve, and that its objects are of.",
			"UpgradeFrom": "The versions of this package that these can be reached from, a range.",
			"Yanked":      "Why the versions were withdrawn: nobody gets them any more who has not locked them.",
			"Prerelease":  "Why the versions count as prereleases though they are written as stable ones: they are taken last.",
			"Deprecated":  "Why the versions are better not used any more.",
			"Replacement": "The package to use instead of a deprecated one.",
			"Evidence":    "How it is known; absent is declared.",
		},
		reflect.TypeFor[catalog.Evidence](): {
			"Kind":   "The weightiest statement about a Kubernetes version decides: tested, measured, declared, reported.",
			"Source": "Where it can be looked up.",
			"Date":   "The day, 2026-01-31; of equal evidence the latest decides.",
			"Result": "What came out of a test or a report. It speaks of the Kubernetes versions that it names, and of no other.",
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
