//go:build peers

package peers

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/compat/knowledge"
)

// openAPI is a published description of what a minor serves: version 2 in one file, version 3 in one per API version.
type openAPI struct {
	Definitions map[string]*object
	Components  struct{ Schemas map[string]*object }
}

type object struct {
	Ref                  string    `json:"$ref"`
	AllOf                []*object `json:"allOf"`
	Items                *object
	AdditionalProperties json.RawMessage
	Properties           map[string]*object
	Kinds                []struct{ Group, Version, Kind string } `json:"x-kubernetes-group-version-kind"`
}

// TestFieldsAgreeWithOpenAPI walks every kind that a minor serves along its fields, in the knowledge and in what the minor publishes:
// neither has a field that the other has not. Minors up to 1.28 come from kubectl-validate, the others from GKOPS_MODULES, a
// module cache with k8s.io/kubernetes; there it is the description of version 2, which the knowledge is not made from.
func TestFieldsAgreeWithOpenAPI(t *testing.T) {
	known, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	builtins := filepath.Join(folder(t, kubectlValidate), "pkg/openapiclient/builtins")
	for at := known.Oldest; at <= 28; at++ {
		compareFields(t, known, at, read(t, filepath.Join(builtins, at.String())))
	}
	modules := os.Getenv("GKOPS_MODULES")
	if modules == "" {
		return
	}
	for at := knowledge.Minor(29); at <= known.Newest; at++ {
		found, err := filepath.Glob(filepath.Join(modules, fmt.Sprintf("k8s.io/kubernetes@v1.%d.*/api/openapi-spec", at)))
		if err != nil || len(found) != 1 {
			t.Errorf("%s is not in %s", at, modules)
			continue
		}
		compareFields(t, known, at, read(t, filepath.Join(found[0], "swagger.json")))
	}
}

// read joins the documents in a file or folder.
func read(t *testing.T, root string) map[string]*object {
	t.Helper()
	all := map[string]*object{}
	err := filepath.Walk(root, func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || filepath.Ext(name) != ".json" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var doc openAPI
		if err := json.Unmarshal(data, &doc); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		maps.Copy(all, doc.Definitions)
		maps.Copy(all, doc.Components.Schemas)
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("read %s: %d types, %v", root, len(all), err)
	}
	return all
}

// walk compares one minor.
type walk struct {
	t     *testing.T
	at    knowledge.Minor
	types map[string]*object
	seen  map[*knowledge.Type]bool
	n     int
}

func compareFields(t *testing.T, known *knowledge.Knowledge, at knowledge.Minor, types map[string]*object) {
	t.Helper()
	w := walk{t: t, at: at, types: types, seen: map[*knowledge.Type]bool{}}
	kinds := 0
	for _, name := range slices.Sorted(maps.Keys(types)) {
		for _, k := range types[name].Kinds {
			row := known.Kind(knowledge.GVK{Group: k.Group, Version: k.Version, Kind: k.Kind})
			if row == nil || row.Type == nil || !row.Served.Has(at) || len(types[name].Kinds) > 1 {
				continue
			}
			kinds++
			w.compare(row.Type, types[name], k.Kind)
		}
	}
	t.Logf("%s: %d kinds, %d fields", at, kinds, w.n)
	if kinds < 60 || w.n < 1000 {
		t.Errorf("%s: too few", at)
	}
}

// compare compares the fields of one type.
func (w *walk) compare(typ *knowledge.Type, is *object, path string) {
	is = w.resolve(is)
	if w.seen[typ] || is == nil || len(is.Properties) == 0 {
		return
	}
	w.seen[typ] = true
	for name, property := range is.Properties {
		w.n++
		rows := typ.Field(name)
		i := slices.IndexFunc(rows, func(f knowledge.Field) bool { return f.Minors.Has(w.at) })
		if i < 0 {
			w.t.Errorf("%s: %s.%s is published and not known", w.at, path, name)
			continue
		}
		shape, inner := rows[i].Shape, w.resolve(property)
		for inner != nil && shape != nil && (shape.Form == knowledge.List || shape.Form == knowledge.Map) {
			shape = shape.Elem
			next := inner.Items
			if next == nil && len(inner.AdditionalProperties) > 0 {
				next = &object{}
				if json.Unmarshal(inner.AdditionalProperties, next) != nil {
					next = nil
				}
			}
			inner = w.resolve(next)
		}
		if shape != nil && shape.Type != nil && inner != nil {
			w.compare(shape.Type, inner, path+"."+name)
		}
	}
	for _, f := range typ.Fields() {
		if f.Minors.Has(w.at) && is.Properties[f.Name] == nil {
			w.t.Errorf("%s: %s.%s is known and not published", w.at, path, f.Name)
		}
	}
}

// resolve follows references.
func (w *walk) resolve(o *object) *object {
	for o != nil {
		switch {
		case o.Ref != "":
			o = w.types[o.Ref[strings.LastIndexByte(o.Ref, '/')+1:]]
		case len(o.AllOf) == 1:
			o = o.AllOf[0]
		default:
			return o
		}
	}
	return nil
}
