package schema

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/compat"
)

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.org
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        x-kubernetes-validations:
        - rule: self.metadata.name != 'root'
          message: no root
        properties:
          status:
            type: object
            properties: {n: {type: integer}}
          spec:
            type: object
            required: [size, mode]
            x-kubernetes-validations:
            - rule: "!has(self.max) || self.size <= self.max"
              message: size is over max
            properties:
              size: {type: integer, minimum: 1}
              max: {type: integer}
              mode: {type: string, enum: [fast, slow], default: slow}
              host: {type: string, pattern: "^[a-z]+$"}
              password: {type: string, pattern: "^[a-z]+$"}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties:
                    name: {type: string}
                    port: {x-kubernetes-int-or-string: true}
`

func check(t *testing.T, files map[string]string) []string {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	report, err := compat.Check(context.Background(), tree, compat.Target{Schemas: Schemas{}})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, f := range report.Findings {
		got = append(got, fmt.Sprintf("%s:%d %s: %s", f.File, f.Line, f.Rule, f.Message))
	}
	return got
}

func TestCustomResourcesAreValidatedAsOnCreate(t *testing.T) {
	for name, c := range map[string]struct {
		spec string
		want []string
	}{
		"good, with a default":    {"  size: 1\n", nil},
		"status is not looked at": {"  size: 1\nstatus:\n  n: text\n", nil},
		"type":                    {"  size: one\n", []string{"o.yaml:6 custom-resource-invalid: spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\""}},
		"required":                {"  max: 1\n", []string{"o.yaml:5 custom-resource-invalid: spec.size: Required value"}},
		"enum":                    {"  size: 1\n  mode: other\n", []string{"o.yaml:7 custom-resource-invalid: spec.mode: Unsupported value: \"other\": supported values: \"fast\", \"slow\""}},
		"pattern":                 {"  size: 1\n  host: A\n", []string{"o.yaml:7 custom-resource-invalid: spec.host: Invalid value: \"A\": spec.host in body should match '^[a-z]+$'"}},
		"password":                {"  size: 1\n  password: A\n", []string{"o.yaml:7 custom-resource-invalid: spec.password: Invalid value: \"(not shown)\": spec.password in body should match '^[a-z]+$'"}},
		"CEL":                     {"  size: 3\n  max: 2\n", []string{"o.yaml:5 custom-resource-invalid: spec: Invalid value: size is over max"}},
		"unknown field":           {"  size: 1\n  colour: red\n", []string{"o.yaml:7 unknown-field: spec.colour: the definition has no such field"}},
		"list map":                {"  size: 1\n  ports:\n  - {name: a, port: 1}\n  - {name: a, port: x}\n", []string{"o.yaml:9 custom-resource-invalid: spec.ports[1]: Duplicate value: {\"name\":\"a\"}"}},
	} {
		t.Run(name, func(t *testing.T) {
			object := "# one\napiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\nspec:\n" + c.spec
			got := check(t, map[string]string{"crd.yaml": definition, "o.yaml": object})
			if diff := cmp.Diff(append([]string{}, c.want...), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestRuleOfTheWholeObjectHasItsLine(t *testing.T) {
	object := "# one\napiVersion: example.org/v1\nkind: Widget\nmetadata: {name: root}\nspec: {size: 1}\n"
	got := check(t, map[string]string{"crd.yaml": definition, "o.yaml": object})
	if diff := cmp.Diff([]string{"o.yaml:2 custom-resource-invalid: Invalid value: no root"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestBrokenDefinitionIsToldOnce(t *testing.T) {
	object := "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 1}\n"
	for name, change := range map[string][2]string{
		"a rule that does not compile": {"self.size <= self.max", "self.size <= self.nothing"},
		"no structural schema":         {"{type: string, pattern:", "{pattern:"},
		"an unknown type":              {"size: {type: integer", "size: {type: int"},
	} {
		t.Run(name, func(t *testing.T) {
			got := check(t, map[string]string{"crd.yaml": strings.Replace(definition, change[0], change[1], 1), "o.yaml": object + "---\n" + object})
			if len(got) != 1 || !strings.HasPrefix(got[0], "crd.yaml:1 crd-invalid: the definition cannot be used: ") {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestTransitionRulesNeedWhatWasThere holds rules on old and new to the object of the tree before.
func TestTransitionRulesNeedWhatWasThere(t *testing.T) {
	crd := strings.Replace(definition, `rule: "!has(self.max) || self.size <= self.max"`, "rule: self.size >= oldSelf.size", 1)
	object := "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: %s}\nspec: {size: %d}\n"
	tree := func(name string, size int) fstest.MapFS {
		return fstest.MapFS{"crd.yaml": {Data: []byte(crd)}, "o.yaml": {Data: fmt.Appendf(nil, object, name, size)}}
	}
	before, err := compat.Check(context.Background(), tree("a", 5), compat.Target{Schemas: Schemas{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		size int
		want int
	}{{"a", 4, 1}, {"a", 5, 0}, {"b", 4, 0}} {
		after, err := compat.Check(context.Background(), tree(c.name, c.size), compat.Target{Schemas: Schemas{}, Before: before.Uses})
		if err != nil {
			t.Fatal(err)
		}
		if len(after.Findings) != c.want {
			t.Errorf("%s with %d: %v", c.name, c.size, after.Findings)
		}
	}
}

// TestRulesAreBounded gives objects whose rules cost all that the API server allows: each is told to be too expensive, and when
// all of a check's budget is used the rest is told to be not validated.
func TestRulesAreBounded(t *testing.T) {
	crd := strings.Replace(definition, `rule: "!has(self.max) || self.size <= self.max"`,
		"rule: self.list.all(a, self.list.all(b, self.list.all(c, a + b + c >= 0)))", 1)
	crd = strings.Replace(crd, "max: {type: integer}", "list: {type: array, items: {type: integer}}", 1)
	var objects strings.Builder
	for i := range 8 {
		fmt.Fprintf(&objects, "---\napiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w%d}\nspec: {size: 1, list: [%s]}\n", i, strings.Repeat("1,", 1000)+"1")
	}
	got := check(t, map[string]string{"crd.yaml": crd, "o.yaml": objects.String()})
	late := 0
	for _, line := range got {
		if strings.Contains(line, "custom-resource-not-validated") {
			late++
		}
	}
	if len(got) < 8 || late == 0 || late == 8 {
		t.Errorf("%d findings, %d of them not validated", len(got), late)
	}
}

func TestNearestDefinitionIsTaken(t *testing.T) {
	loose := strings.Replace(definition, "minimum: 1", "minimum: 0", 1)
	object := "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 0}\n"
	got := check(t, map[string]string{"v1/crd.yaml": definition, "v1/o.yaml": object, "v2/crd.yaml": loose, "v2/o.yaml": object})
	got = slices.DeleteFunc(got, func(line string) bool { return strings.Contains(line, "crd-duplicate") })
	if len(got) != 1 || !strings.HasPrefix(got[0], "v1/o.yaml:4 ") {
		t.Errorf("%q", got)
	}
}

func TestSegments(t *testing.T) {
	for path, want := range map[string][]string{
		"":                          nil,
		"spec.rules[0].labels[a.b]": {"spec", "rules", "0", "labels", "a.b"},
		"[0].x":                     {"0", "x"},
		"<nil>":                     nil,
	} {
		if diff := cmp.Diff(want, segments(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func FuzzSegments(f *testing.F) {
	f.Add("spec.rules[0].labels[a.b]")
	f.Add("[")
	f.Add("a..b[[]]")
	f.Fuzz(func(t *testing.T, path string) {
		for _, s := range segments(path) {
			if len(s) > len(path) {
				t.Errorf("%q has the segment %q", path, s)
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	tree := fstest.MapFS{"crd.yaml": {Data: []byte(definition)}, "o.yaml": {Data: []byte("apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 1}\n")}}
	for b.Loop() {
		if _, err := compat.Check(context.Background(), tree, compat.Target{Schemas: Schemas{}}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTwinsOfADefinition holds definitions of the same content to one verdict, told of each, and those of a List apart.
func TestTwinsOfADefinition(t *testing.T) {
	object := "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 0}\n"
	got := check(t, map[string]string{"a/crd.yaml": definition, "a/o.yaml": object, "b/crd.yaml": definition, "b/o.yaml": object})
	want := []string{
		"a/o.yaml:4 custom-resource-invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
		"b/crd.yaml:1 crd-duplicate: the definition widgets.example.org is also at a/crd.yaml:1, with the same content",
		"b/o.yaml:4 custom-resource-invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	broken := strings.Replace(definition, "type: object", "type: none", 1)
	got = check(t, map[string]string{"a/crd.yaml": broken, "a/o.yaml": object, "b/crd.yaml": broken, "b/o.yaml": object})
	if text := strings.Join(got, "\n"); len(got) != 3 || strings.Count(text, "cannot be used") != 2 {
		t.Errorf("of two definitions that cannot be used is told\n%s", text)
	}
	listed := "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(definition), "\n", "\n  ") + "\n"
	other := strings.Replace(listed, "minimum: 1", "minimum: 2", 1)
	got = check(t, map[string]string{"a.yaml": listed, "b.yaml": other, "c.yaml": listed})
	if text := strings.Join(got, "\n"); len(got) != 2 || !strings.Contains(got[0], "with other content") || !strings.Contains(got[1], "with the same content") {
		t.Errorf("of definitions in lists is told\n%s", text)
	}
}
