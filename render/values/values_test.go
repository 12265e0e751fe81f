package values_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

func number(n int) *int { return &n }

var definitions = map[string]catalog.ValueDefinition{
	"replicas": {Type: catalog.NumberValue, Constraints: catalog.Constraints{Min: number(1), Max: number(9)}},
	"debug":    {Type: catalog.BooleanValue},
	"level":    {Type: catalog.OptionsValue, Options: []string{"info", "warning"}},
	"domain":   {Type: catalog.TextValue, Constraints: catalog.Constraints{Required: true, MinLength: number(2), MaxLength: number(4), Pattern: "ü|x"}, Metadata: catalog.ValueMetadata{Label: "Domain", Description: "where it\n is reached"}},
	"key":      {Type: catalog.TextValue, Constraints: catalog.Constraints{Required: true}, Metadata: catalog.ValueMetadata{Label: "Key"}},
	"broken":   {Type: catalog.TextValue, Constraints: catalog.Constraints{Pattern: "("}},
	"free":     {Type: catalog.TextValue},
}

func TestOf(t *testing.T) {
	cases := []struct {
		name string
		raw  any
		want any    // the literal
		err  string // or what is wrong
		hint string
	}{
		{"replicas", 3, int64(3), "", ""},
		{"replicas", "3", int64(3), "", ""},
		{"replicas", float64(3), int64(3), "", ""},
		{"replicas", json.Number("3"), int64(3), "", ""},
		{"replicas", 2.5, nil, "2.5 is a fraction, want a whole number", ""},
		{"replicas", "3.0", nil, `"3.0" is not a whole number`, ""},
		{"replicas", true, nil, "true is a boolean, want a whole number", ""},
		{"replicas", 0, nil, "0 is less than 1", ""},
		{"replicas", 10, nil, "10 is more than 9", ""},
		{"replicas", nil, nil, "<nil> is null, want a whole number", ""},
		{"replicas", []any{1}, nil, "[1] is a list, want a whole number", ""},
		{"debug", false, false, "", ""},
		{"debug", "true", true, "", ""},
		{"debug", "yes", nil, `"yes" is not a boolean`, "use true or false"},
		{"debug", 1, nil, "1 is a number, want a boolean", ""},
		{"level", "info", "info", "", ""},
		{"level", "warnin", nil, `"warnin" is not one of info, warning`, "did you mean warning?"},
		{"domain", "üx", "üx", "", ""},
		{"domain", "x", nil, "has 1 characters, at least 2 are needed", ""},
		{"domain", "xxxxx", nil, "has 5 characters, at most 4 are allowed", ""},
		{"domain", "", nil, "is empty, and it is required", ""},
		{"domain", "abc", nil, "does not match the pattern ü|x", ""},
		{"domain", 12, nil, "12 is a number, want text", "write it in quotes"},
		{"broken", "x", nil, `the package's pattern "(" is not a regular expression`, ""},
		{"free", "$HOME", "$HOME", "", ""},
		{"free", "$a$b", "$a$b", "", ""},
		{"free", "$SecretRef$a,b", nil, `reference "$SecretRef$a,b" is not $SecretRef$namespace,name,key`, ""},
		{"free", "$PackageRef$a,b", nil, "$PackageRef$a,b is resolved in a live cluster, and gkops has none", "set the value itself, or a Secret's key with --set-from"},
	}
	for _, c := range cases {
		got, err := values.Of(c.name, definitions[c.name], c.raw)
		var wrong *values.Error
		switch {
		case c.err == "" && err != nil:
			t.Errorf("%s %v: %v", c.name, c.raw, err)
		case c.err == "" && got.Literal() != c.want:
			t.Errorf("%s %v: got %#v, want %#v", c.name, c.raw, got.Literal(), c.want)
		case c.err != "" && (!errors.As(err, &wrong) || wrong.Reason != c.err || wrong.Value != c.name || wrong.Hint != c.hint):
			t.Errorf("%s %v: got %#v\nwant %s (%s)", c.name, c.raw, err, c.err, c.hint)
		}
	}
}

func TestReferences(t *testing.T) {
	got, err := values.Of("free", definitions["free"], "$SecretRef$ns,name,key")
	if err != nil || got.Reference == nil || got.Reference.String() != "secret:ns/name/key" || got.Literal() != nil {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "secret:a/b", "secret:a//c", "configmap:a/b/c", "secret:a/b/c/d"} {
		if _, err := values.ParseReference(bad); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestSetTellsEverythingAtOnce(t *testing.T) {
	_, err := values.Set(definitions, map[string]any{"replica": 1, "debug": "no"})
	want := "value debug: \"no\" is not a boolean\nvalue replica: the package has no such value\n" +
		"required values are not set: domain (where it is reached), key (Key)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	var wrong *values.Error
	var missing *values.MissingError
	if !errors.As(err, &wrong) || !errors.As(err, &missing) || len(missing.Values) != 2 {
		t.Errorf("the types are lost: %#v", err)
	}
	_, err = values.Set(definitions, map[string]any{"replica": 1, "domain": "xx", "key": "k"})
	if !errors.As(err, &wrong) || wrong.Hint != "did you mean replicas?" {
		t.Errorf("got %#v", err)
	}
}

func TestCheckFindsValuesOfAnotherType(t *testing.T) {
	debug, err := values.Of("debug", definitions["debug"], true)
	if err != nil {
		t.Fatal(err)
	}
	err = values.Check(map[string]catalog.ValueDefinition{"debug": {Type: catalog.TextValue}}, map[string]values.Value{"debug": debug})
	if err == nil || err.Error() != "value debug: is a boolean, want a text" {
		t.Errorf("got %v", err)
	}
}

func TestExpand(t *testing.T) {
	cases := []struct {
		name     string // of the definition
		raw      any
		template string
		want     string // tag and value
	}{
		{"replicas", 3, "", "!!int 3"},
		{"debug", false, "", "!!bool false"},
		{"free", "true", "", "!!str true"},
		{"free", "", "", "!!str "},
		{"replicas", 3, "{{.}}", "!!int 3"},
		{"replicas", 3, `"{{.}}"`, "!!str 3"},
		{"debug", true, "{{.}}", "!!bool true"},
		{"debug", false, "{{if .}}a{{else}}b{{end}}", "!!str b"},
		{"debug", true, `{{if eq . "true"}}0{{else}}1{{end}}`, "!!int 0"},
		{"free", "", "{{if .}}true{{else}}false{{end}}", "!!bool false"},
		{"free", "a b", "{{. | base64}}", "!!str YSBi"},
		{"free", "a", `{{printf "%s-%s" . .}}`, "!!str a-a"},
		{"free", "x", "{{with .}}<{{.}}>{{end}}", "!!str <x>"},
		{"free", "nginx", `"k8s.io\/{{ . }}\\\/"` + "\n", `!!str k8s.io/nginx\/`},
	}
	for _, c := range cases {
		value, err := values.Of(c.name, definitions[c.name], c.raw)
		if err != nil {
			t.Fatal(err)
		}
		node, err := value.Expand(c.name, c.template)
		if err != nil {
			t.Errorf("%v in %q: %v", c.raw, c.template, err)
			continue
		}
		if got := node.ShortTag() + " " + node.Value; node.Kind != yaml.ScalarNode || got != c.want {
			t.Errorf("%v in %q: got %s, want %s", c.raw, c.template, got, c.want)
		}
	}
}

func TestTemplatesAreBounded(t *testing.T) {
	doubling := "{{$x := printf \"%s\" .}}" + strings.Repeat("{{$x = printf \"%s%s\" $x $x}}", 60) + "{{$x}}"
	for _, c := range []struct{ template, want string }{
		{"{{range 9000000000000}}{{end}}", "range is not allowed"},
		{"{{if .}}{{range 9}}{{end}}{{end}}", "range is not allowed"},
		{`{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`, "define and block are not allowed"},
		{`{{template "a"}}`, "template is not allowed"},
		{doubling, "too much output"},
		{strings.Repeat("x", 20000), "more than 16384 bytes"},
		{"{{env}}", `function "env" not defined`},
		{"{{.x}}", "can't evaluate field x"},
		{"{{", "unclosed action"},
		{"[", "does not give YAML"},
		{"{{if .}}{{end}}", "it gives nothing"},
		{"[&a [1], *a]", "it holds an alias"},
	} {
		if _, err := values.ExpandText("v", c.template, "x"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: got %v, want %s", c.template, err, c.want)
		}
	}
}

func FuzzExpandText(f *testing.F) {
	for _, seed := range []string{"", "{{.}}", `"https://{{ . }}/api"`, "{{if .}}a{{else}}b{{end}}", "{a: {{.}}}", "{{. | base64}}", "&a [*a]", "{{printf \"%9999d\" 1}}"} {
		f.Add(seed, "x")
	}
	f.Fuzz(func(t *testing.T, template, text string) {
		node, err := values.ExpandText("v", template, text)
		if (err == nil) == (node == nil) {
			t.Errorf("got %v and %v", node, err)
		}
	})
}

func TestNearest(t *testing.T) {
	candidates := []string{"replicas", "domain", "debug"}
	for name, want := range map[string]string{"replica": "replicas", "Domian": "domain", "x": "", "replicas": "replicas", "nothing-like-it": ""} {
		if got := values.Nearest(name, candidates); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
