package schema

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestDiffRequiresWhatIsFixed holds the keys that scripts lean on.
func TestDiffRequiresWhatIsFixed(t *testing.T) {
	data, err := Diff()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Required []string `json:"required"`
		Defs     map[string]struct {
			Required []string `json:"required"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	fixed := map[string][]string{
		"Summary":   {"added", "removed", "changed", "metadataOnly", "risk"},
		"Attention": {"rule", "risk", "message", "object", "file"},
		"Object":    {"change", "object", "hunks"},
		"Name":      {"apiVersion", "kind", "name"},
	}
	for name, keys := range fixed {
		for _, key := range keys {
			if !slices.Contains(schema.Defs[name].Required, key) {
				t.Errorf("%s does not require %s", name, key)
			}
		}
	}
	for _, key := range []string{"summary", "attention", "objects"} {
		if !slices.Contains(schema.Required, key) {
			t.Errorf("a review does not require %s", key)
		}
	}
}
