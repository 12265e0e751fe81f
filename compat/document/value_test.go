package document

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// tricky are plain scalars that readers of YAML like to disagree about.
func tricky() []string {
	return []string{
		"y", "Y", "yes", "Yes", "YES", "yEs", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "oN", "true", "True", "TRUE", "tRUE", "false",
		"~", "null", "Null", "NULL", "nULL", "nil", "", "0", "-0", "+0", "00", "0644", "0o644", "08", "09", "-0644", "0x1F", "0X1f", "0x", "-0x1F", "0b101",
		"0b", "0b2", "-0b11", "+0b11", "0b-1", "0b+1", "-0b-1", "1_000", "_1", "1_", "0x_1F", "0_8", "1__0", "1e3", "1E3", "1e+3", "1.e3", ".5", "5.", ".5e3",
		"-.5", "+.5", ".", "..", "-", "--", "+", "1.20", "1.2.3", "v1.20", "1.0", "-1.0", "10e", "1e", "e3", "1e400", "1e-400", "0.1e1", "123456789012345678",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
		"9007199254740993", "9007199254740993.0", "4611686018427387904e0", "4611686018427387905.5", "1e15", "1e18", "1e19", "1e20", "1e21", "1e22", "1e-6", "1e-7", "0.000001", "123456.789e3",
		"2001-01-01", "2001-1-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10", "12:30", "12:30:45", "190:20:30", "1.2e3.4", "0x1p-2", "0x1.8p1",
		"Infinity", "inf", "nan", "NaN", ".Infinity", "+.5e-3", "=", "<<x", "0777777777777777777777", "1,000", "1 000", "0x8000000000000000", "0xFFFFFFFFFFFFFFFF",
		"0x10000000000000000", "-0x8000000000000000", "0b1111111111111111111111111111111111111111111111111111111111111111", "+12", "+1.5", "- 1", "1-1", "1+1",
	}
}

func TestScalarsMeanWhatKubectlReads(t *testing.T) {
	for _, scalar := range tricky() {
		for _, text := range []string{"a: " + scalar + "\n", "a: &x " + scalar + "\nb: *x\n", "- 'x'\n", "'" + scalar + "': \"" + scalar + "\"\n", scalar + "x: x\n", scalar + ": x\n"} {
			for c := range split([]byte(text)) {
				r := reader{scanner: &scanner{}}
				if err := r.chunk(c); err == nil && len(r.docs) > 0 {
					agree(t, c)
				} else if _, wrong := kubectl([]byte(text)); wrong == nil && text[0] == 'a' && scalar != "- 1" {
					t.Errorf("%q is refused: %v", text, err)
				}
			}
		}
	}
}

func TestValue(t *testing.T) {
	cases := []struct {
		text string
		want any
	}{
		{"a: 0644", int64(420)}, {"a: 1e3", int64(1000)}, {"a: 1.0", int64(1)}, {"a: 1.20", 1.2}, {"a: y", true}, {"a: 'y'", "y"}, {"a: off", false},
		{"a: 9223372036854775808", float64(1 << 63)}, {"a: 2001-01-01", "2001-01-01"}, {"a:", nil}, {"a: ~", nil}, {"a: ''", ""}, {"a: []", []any{}},
		{"a: {}", map[string]any{}}, {"a: {1: x, on: y}", map[string]any{"1": "x", "true": true}}, {"a: {1.50: x, 0x10: z}", map[string]any{"1.5": "x", "16": "z"}},
		{"a: !!str 1", "1"}, {"a: !!float 1", int64(1)}, {"a: !!int '7'", int64(7)}, {"a: !!bool yes", true}, {"a: !!null ''", nil}, {"a: !!map {}", map[string]any{}},
		{`{"a": "\ud83d\ude00\u0041\/"}`, "😀A/"}, {`{"a": 1e2}`, int64(100)}, {`{"a": -0}`, int64(0)}, {`{"a": "yes"}`, "yes"}, {`{"a": "\ud800"}`, "\ufffd"},
	}
	for _, test := range cases {
		doc, err := ParseOne("f.yaml", []byte(test.text))
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := Value(doc.Root())
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(map[string]any{"a": test.want}, got); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
	}
}

func TestValueOfMadeNodes(t *testing.T) {
	plain := func(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }
	made := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{String("a"), String("yes"), String("b"), plain("yes"), String("c"), plain("x")}}
	if got, err := Canonical(made); err != nil || string(got) != `{"a":"yes","b":true,"c":"x"}` {
		t.Errorf("%s %v", got, err)
	}
	text, err := Encode(made)
	if err != nil || string(text) != "a: \"yes\"\nb: yes\nc: x\n" {
		t.Errorf("%q %v", text, err)
	}
	twice := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{String("a"), String("x"), String("a"), String("y")}}
	if _, err := Canonical(twice); err == nil {
		t.Error("Canonical takes a key twice")
	}
	if _, err := Value(twice); err == nil {
		t.Error("Value takes a key twice")
	}
	if _, err := Value(&yaml.Node{Kind: yaml.AliasNode, Value: "x"}); err == nil {
		t.Error("Value takes an alias")
	}
	if got, err := Canonical(nil); err != nil || string(got) != "null" {
		t.Errorf("nil is %s %v", got, err)
	}
	if got, err := Canonical(&yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{made}}); err != nil || string(got) != `{"a":"yes","b":true,"c":"x"}` {
		t.Errorf("a document node is %s %v", got, err)
	}
}

func TestCanonicalIsTheJSONOfValue(t *testing.T) {
	doc, err := ParseOne("f.yaml", []byte("z: [1, 2.5, 1e21, 1e-7, -0.0, 1e20, ~, yes, \"q\\\"\\\\\\n\\t\\r\\u0001\\u2028é<&>\", []]\nb: {d: 1, c: {}}\na: \"\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Canonical(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":"","b":{"c":{},"d":1},"z":[1,2.5,1e+21,1e-7,0,100000000000000000000,null,true,"q\"\\\n\t\r\u0001` + "\u2028" + `é<&>",[]]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	value, _ := Value(doc.Root())
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	var left, right any
	if json.Unmarshal(got, &left) != nil || json.Unmarshal(out.Bytes(), &right) != nil || !cmp.Equal(left, right) {
		t.Errorf("%s is not %s", got, out.Bytes())
	}
}
