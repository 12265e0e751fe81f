package schema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"gkops.dev/gkops/gitops/workspace"
)

func TestWorkspaceIsStrict(t *testing.T) {
	data, err := Workspace()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	objects := 0
	open(t, "", schema, &objects)
	if objects < 10 {
		t.Errorf("only %d objects with properties", objects)
	}
}

// open reports every object that has properties and allows others.
func open(t *testing.T, at string, value any, objects *int) {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		if _, object := value["properties"].(map[string]any); object && value["type"] == "object" {
			*objects++
			if value["additionalProperties"] != false {
				t.Errorf("%s allows unknown keys", at)
			}
		}
		for key, inner := range value {
			open(t, at+"/"+key, inner, objects)
		}
	case []any:
		for _, inner := range value {
			open(t, at, inner, objects)
		}
	}
}

func TestWorkspaceHasEveryKey(t *testing.T) {
	data, err := Workspace()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]any `json:"properties"`
		Required   []string       `json:"required"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for field := range reflect.TypeFor[workspace.Workspace]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if schema.Properties[name] == nil {
			t.Errorf("no key %s", name)
		}
	}
	if got := strings.Join(schema.Required, " "); got != "apiVersion kind engine clusters" {
		t.Errorf("required: %s", got)
	}
	again, err := Workspace()
	if err != nil || string(again) != string(data) {
		t.Error("a second run gives other bytes")
	}
}
