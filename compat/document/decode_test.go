package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

type workspace struct {
	APIVersion string             `yaml:"apiVersion"`
	Engine     engine             `yaml:"engine,omitempty"`
	Packages   []entry            `yaml:"packages"`
	Policy     *policy            `yaml:"policy"`
	Labels     map[string]string  `yaml:"labels"`
	Weights    map[string]float64 `yaml:"weights"`
	Soak       time.Duration      `yaml:"soak"`
	Any        any                `yaml:"any"`
	Node       yaml.Node          `yaml:"node"`
	Range      versionRange       `yaml:"range"`
	Hidden     string             `yaml:"-"`
	common     `yaml:",inline"`
	Patches    []kustomize.Patch `yaml:"patches"`
	Images     []kustomize.Image `yaml:"images"`
}

type common struct {
	Retries  uint8 `yaml:"retries"`
	Suspend  *bool `yaml:"suspend"`
	Interval int   `yaml:"interval"`
}

type entry struct {
	Name    string         `yaml:"name"`
	Version string         `yaml:"version"`
	Values  map[string]any `yaml:"values"`
}

type policy struct {
	Groups [][]string        `yaml:"groups"`
	Rest   map[string]string `yaml:",inline"`
}

// engine reads itself from text.
type engine string

func (e *engine) UnmarshalText(text []byte) error {
	if s := string(text); s != "flux" && s != "argocd" {
		return fmt.Errorf("the engine %q is unknown: use flux or argocd", s)
	}
	*e = engine(text)
	return nil
}

// versionRange reads itself from a node.
type versionRange struct{ low, high string }

func (r *versionRange) UnmarshalYAML(node *yaml.Node) error {
	var ok bool
	if r.low, r.high, ok = strings.Cut(node.Value, "-"); !ok {
		return &SyntaxError{Line: node.Line, Reason: "a range needs a dash"}
	}
	return nil
}

func TestDecodeFillsEveryKind(t *testing.T) {
	doc, err := ParseOne("gkops.yaml", []byte(`apiVersion: gkops.dev/v1alpha1
engine: flux
packages:
- name: cert-manager
  version: ">=1.17 <2"
  values: {replicas: 2, on: off, ratio: 1.5, list: [a, null]}
- name: b
policy:
  groups: [[a, b], []]
  schedule: nightly
labels: {"1": one}
weights: {a: 1, b: 2.5}
soak: 1h30m
any: [1, {x: yes}]
node: {k: v}
range: 1-2
retries: 3
suspend: true
interval: 1_000
patches:
- patch: |
    - op: remove
      path: /spec
  target: {kind: Deployment, name: x, labelSelector: a=b}
images:
- name: nginx
  newTag: "1.20"
`))
	if err != nil {
		t.Fatal(err)
	}
	var got workspace
	if err := doc.Decode(&got); err != nil {
		t.Fatal(err)
	}
	yes := true
	want := workspace{
		APIVersion: "gkops.dev/v1alpha1", Engine: "flux",
		Packages: []entry{
			{Name: "cert-manager", Version: ">=1.17 <2", Values: map[string]any{"replicas": int64(2), "true": false, "ratio": 1.5, "list": []any{"a", nil}}},
			{Name: "b"},
		},
		Policy: &policy{Groups: [][]string{{"a", "b"}, {}}, Rest: map[string]string{"schedule": "nightly"}},
		Labels: map[string]string{"1": "one"}, Weights: map[string]float64{"a": 1, "b": 2.5}, Soak: 90 * time.Minute,
		Any: []any{int64(1), map[string]any{"x": true}}, Range: versionRange{"1", "2"},
		common: common{Retries: 3, Suspend: &yes, Interval: 1000},
		Patches: []kustomize.Patch{{Patch: "- op: remove\n  path: /spec\n",
			Target: &kustomize.Selector{Kind: "Deployment", Name: "x", LabelSelector: "a=b"}}},
		Images: []kustomize.Image{{Name: "nginx", NewTag: "1.20"}},
	}
	if got.Node.Kind != yaml.MappingNode {
		t.Errorf("the node field is %v", got.Node)
	}
	got.Node = yaml.Node{}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(workspace{}, versionRange{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeNamesWhatIsWrong(t *testing.T) {
	cases := []struct{ name, text, want, hint string }{
		{"unknown key", "packges: []", `f.yaml:1: the key "packges" is unknown`, "did you mean packages?"},
		{"unknown key below", "packages:\n- name: a\n  verison: 1\n", `f.yaml:3: the key "verison" is unknown in packages[0]`, "did you mean version?"},
		{"unknown key far from any", "packages:\n- zzz: a\n", `f.yaml:2: the key "zzz" is unknown in packages[0]`, "known keys: name, values, version"},
		{"other case", "apiversion: x", `f.yaml:1: the key "apiversion" is unknown`, "did you mean apiVersion?"},
		{"hidden field", "Hidden: x", `f.yaml:1: the key "Hidden" is unknown`, ""},
		{"number for a string", "packages:\n- version: 1.20\n", "f.yaml:2: packages[0].version is the number 1.20, not a string", `quote it: "1.20"`},
		{"whole number for a string", "apiVersion: 7", "f.yaml:1: apiVersion is the number 7, not a string", `quote it: "7"`},
		{"boolean for a string", "apiVersion: off", "f.yaml:1: apiVersion is the boolean off, not a string", `quote it: "off"`},
		{"null for a string", "apiVersion:", "f.yaml:1: apiVersion is null, not a string", "leave the key out when there is nothing to say"},
		{"list for a string", "apiVersion: [a]", "f.yaml:1: apiVersion is a list, not a string", ""},
		{"null for a list", "packages: ~", "f.yaml:1: packages is null, not a list", "leave the key out when there is nothing to say"},
		{"null for a mapping", "labels:\npackages: []", "f.yaml:1: labels is null, not a mapping", "leave the key out when there is nothing to say"},
		{"null for a pointer", "policy: null", "f.yaml:1: policy is null, not a mapping", "leave the key out when there is nothing to say"},
		{"null in a list", "packages:\n-\n", "f.yaml:2: packages[0] is null, not a mapping", "leave the key out when there is nothing to say"},
		{"string for a list", "packages: x", `f.yaml:1: packages is the string "x", not a list`, ""},
		{"mapping for a list", "packages: {}", "f.yaml:1: packages is a mapping, not a list", ""},
		{"list for a mapping", "labels: []", "f.yaml:1: labels is a list, not a mapping", ""},
		{"number in a map of strings", "labels: {a: 1}", "f.yaml:1: labels.a is the number 1, not a string", `quote it: "1"`},
		{"string for a number", "interval: x", `f.yaml:1: interval is the string "x", not a whole number`, ""},
		{"fraction for a whole number", "interval: 1.5", "f.yaml:1: interval is the number 1.5, not a whole number", ""},
		{"too large", "retries: 256", "f.yaml:1: retries is the number 256, not a whole number from 0", ""},
		{"negative", "retries: -1", "f.yaml:1: retries is the number -1, not a whole number from 0", ""},
		{"string for a boolean", `suspend: "true"`, `f.yaml:1: suspend is the string "true", not true or false`, ""},
		{"no duration", "soak: soon", `f.yaml:1: soak is the string "soon", not a duration`, "write it like 1h30m"},
		{"number for a duration", "soak: 90", "f.yaml:1: soak is the number 90, not a duration", ""},
		{"a text that refuses", "engine: helm", `f.yaml:1: engine: the engine "helm" is unknown: use flux or argocd`, ""},
		{"no text", "engine: 1", "f.yaml:1: engine is the number 1, not a string", `quote it: "1"`},
		{"a node that refuses", "apiVersion: x\nrange: 1\n", "f.yaml:2: a range needs a dash", ""},
		{"json tags", "patches:\n- patch: 1\n", "f.yaml:2: patches[0].patch is the number 1, not a string", `quote it: "1"`},
		{"json tags, unknown", "patches:\n- patch: x\n  target:\n    knd: x\n", `f.yaml:4: the key "knd" is unknown in patches[0].target`, "did you mean kind?"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			doc, err := ParseOne("f.yaml", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			err = doc.Decode(&workspace{})
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%T %v", err, err)
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
			if test.hint != "" && syntax.Hint != test.hint {
				t.Errorf("hint %q, want %q", syntax.Hint, test.hint)
			}
		})
	}
}

func TestDecodeReportsEveryFaultByLine(t *testing.T) {
	doc, err := ParseOne("f.yaml", []byte("retries: x\npackages:\n- nme: a\n- version: 1.2\nsoak: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "f.yaml:1: retries is the string \"x\", not a whole number from 0\n" +
		"f.yaml:3: the key \"nme\" is unknown in packages[0]\n" +
		"f.yaml:4: packages[1].version is the number 1.2, not a string\n" +
		"f.yaml:5: soak is the number 1, not a duration"
	if err := doc.Decode(&workspace{}); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestDecodeNeedsAPointer(t *testing.T) {
	for _, into := range []any{nil, workspace{}, (*workspace)(nil)} {
		var syntax *SyntaxError
		if err := Decode(String("x"), "f.yaml", into); !errors.As(err, &syntax) {
			t.Errorf("%T: %v", into, err)
		}
	}
	var syntax *SyntaxError
	if err := Decode(nil, "f.yaml", &workspace{}); !errors.As(err, &syntax) {
		t.Errorf("no node: %v", err)
	}
}

func TestEditDistance(t *testing.T) {
	cases := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"name", "name", 0}, {"nmae", "name", 1}, {"nam", "name", 1}, {"names", "name", 1}, {"mane", "name", 2}, {"", "abc", 3},
		{strings.Repeat("x", 100), "x", 64}}
	for _, test := range cases {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("from %q to %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

// odd holds what reflection may stumble over.
type odd struct {
	*odd    `yaml:",inline"`
	Channel chan int          `yaml:"channel"`
	Func    func()            `yaml:"func"`
	Named   fmt.Stringer      `yaml:"named"`
	Array   [2]int            `yaml:"array"`
	Keys    map[int]string    `yaml:"keys"`
	Bools   map[bool]any      `yaml:"bools"`
	Deep    ***string         `yaml:"deep"`
	Time    time.Time         `yaml:"time"`
	Complex complex64         `yaml:"complex"`
	Bytes   []byte            `yaml:"bytes"`
	Nodes   []*yaml.Node      `yaml:"nodes"`
	private map[string]string `yaml:"private"`
	Work    workspace         `yaml:"work"`
}

func FuzzDecodeNeverPanics(f *testing.F) {
	for _, seed := range []string{
		"apiVersion: x\nengine: flux\npackages: [{name: a, version: 1}]\n", "policy: {a: b}\nlabels: ~\nany: {}\n",
		"range: []\nnode: ~\npatches: [{patch: x, target: {kind: y}}, ~]\n", "channel: 1\nfunc: 1\nnamed: x\narray: [1, 2]\nkeys: {1: a}\n",
		"bools: {true: 1, x: 2}\ndeep: x\ntime: 2001-01-01T00:00:00Z\ncomplex: 1\nbytes: [1, 300]\nnodes: [a, {b: c}]\nprivate: {}\nodd: {}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := Parse("f.yaml", data)
		if err != nil {
			return
		}
		for i := range docs {
			for _, into := range []any{&workspace{}, &odd{odd: nil, private: nil}, new(any), &map[string]any{}, &[]string{}} {
				var syntax *SyntaxError
				if err := docs[i].Decode(into); err != nil && !errors.As(err, &syntax) {
					t.Errorf("%T: %v", err, err)
				}
			}
		}
	})
}
