// Package schema makes the JSON Schema of a review from the Go types, for programs that read 'gkops diff -o json'. It lies apart from
// its types, so that the reflection it needs is linked only where a schema is asked for.
package schema

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/gitops/review"
)

// ID is the address that the schema gives itself.
const ID = "https://gkops.dev/schema/diff.json"

// Diff is the JSON Schema of a review, indented, with a final newline. Keys that it does not know are allowed, since more may be added.
func Diff() ([]byte, error) {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: true,
		Mapper: mapped, LookupComment: describe, Namer: name,
	}
	s := r.Reflect(&review.Report{})
	s.ID, s.Title = ID, "gkops diff -o json"
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of a review: %w", err)
	}
	return append(data, '\n'), nil
}

// name keeps two types of one name apart: what names an object, and the change of one.
func name(t reflect.Type) string {
	if t == reflect.TypeFor[finding.Object]() {
		return "Name"
	}
	return t.Name()
}

// mapped are the types whose values are fewer than their Go type says.
func mapped(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[review.Risk]():
		return &jsonschema.Schema{Type: "string", Enum: []any{"none", "low", "medium", "high", "blocked"}}
	case reflect.TypeFor[review.Change]():
		return &jsonschema.Schema{Type: "string", Enum: []any{review.Added, review.Removed, review.Changed, review.MetadataOnly, review.Reordered}}
	}
	return nil
}

// describe explains types and fields to people who read the JSON.
func describe(t reflect.Type, field string) string {
	texts := map[reflect.Type]map[string]string{
		reflect.TypeFor[review.Report](): {
			"": "What changes between two trees of manifests, object by object. No value of a Secret is in it.", "Summary": "Counts, and the risk of all of it.",
			"Origin": "What was compared.", "Clusters": "What locks and the compatibility check say.", "Attention": "What should not be overlooked, most dangerous first.",
			"Tables": "What is compared side by side.", "Objects": "Every object that differs, by file.", "Files": "Changed files, or parts of them, that hold no object.",
			"Folded": "What is counted instead of shown.",
		},
		reflect.TypeFor[review.Summary](): {
			"MetadataOnly": "Objects that changed only in what tools write, or in what is ignored.", "Rolled": "Workloads whose pods are replaced.",
			"Moved": "Objects that went to another file and are the same.", "Respelled": "Objects that are written otherwise and mean the same.",
			"Noise": "Hunks that are folded.", "Files": "Changed files that hold no object.",
		},
		reflect.TypeFor[review.Origin](): {
			"Patch": "The hash of what '-o patch' writes.", "LeftOut": "Hunks that the patch leaves out because they could show a secret, or are not text.",
		},
		reflect.TypeFor[review.Attention](): {
			"Rule": "See docs/review.md.", "Path": "The field, as in the path of a hunk.", "Why": "Why it matters.", "Do": "What to do.",
		},
		reflect.TypeFor[review.Hunk](): {
			"Path": "The field; empty for a whole object.", "Old": "As YAML, with the key of the field or the dash of the item.",
			"Redacted": "Instead of old and new, when the values may not be shown.", "Noise": "Counted instead of shown.", "Fact": "What noise is counted as.",
			"Risk": "Of the attention that the field needs.",
		},
		reflect.TypeFor[review.Redacted](): {"": "The sizes of values that may not be shown, in bytes."},
		reflect.TypeFor[review.Interval](): {"": "Kubernetes minors, both ends included; an empty end is open."},
	}
	return texts[t][field]
}
