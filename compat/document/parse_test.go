package document

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// told is what a test compares of a document.
type told struct {
	Object   string
	Line     int
	Raw      string
	Verbatim bool
}

func tell(docs []Document) []told {
	var out []told
	for i := range docs {
		d := &docs[i]
		o := d.Object()
		out = append(out, told{strings.Join([]string{o.APIVersion, o.Kind, o.Namespace, o.Name}, " "), d.Line, string(d.Raw), d.Verbatim})
	}
	return out
}

func TestParseSplitsStreams(t *testing.T) {
	cases := []struct {
		name, text string
		want       []told
	}{
		{"nothing", "", nil},
		{"comments only", "# a\n---\n# b\n\n---\n...\n", nil},
		{"null", "---\nnull\n---\n~\n", nil},
		{"one", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: b\n",
			[]told{{"v1 ConfigMap b a", 1, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: b\n", true}}},
		{"license, comment behind the separator, no last line feed", "# license\n\n--- # first\n\n# why\nkind: A\n---\nkind: B",
			[]told{{" A  ", 6, "# why\nkind: A\n", true}, {" B  ", 8, "kind: B", false}}},
		{"content behind the separator", "---   {kind: A}\n--- # x\nkind: B\n",
			[]told{{" A  ", 1, "   {kind: A}\n", false}, {" B  ", 3, "kind: B\n", true}}},
		{"document end", "kind: A\n...\n# between\n---\nkind: B\n...\n", []told{{" A  ", 1, "kind: A\n", true}, {" B  ", 5, "kind: B\n", true}}},
		{"dashes that separate nothing", "kind: A\na: |\n  ---\n  x\nb: x\n  ---\n---x: y\n",
			[]told{{" A  ", 1, "kind: A\na: |\n  ---\n  x\nb: x\n  ---\n---x: y\n", true}}},
		{"byte order mark and Windows line ends", "\xef\xbb\xbfkind: A\r\na: |\r\n  x\r\n---\r\nkind: B\r\n",
			[]told{{" A  ", 1, "kind: A\r\na: |\r\n  x\r\n", false}, {" B  ", 5, "kind: B\r\n", false}}},
		{"tabs behind separators", "kind: A\n---\t\nkind: B\n---\t# x\n", []told{{" A  ", 1, "kind: A\n", true}, {" B  ", 3, "kind: B\n", true}}},
		{"JSON stream", "{\"kind\": \"A\",\n\"metadata\": {\"name\": \"x\"}}\n{\"kind\": \"B\"}{\"kind\": \"C\"}\n",
			[]told{{" A  x", 1, "{\"kind\": \"A\",\n\"metadata\": {\"name\": \"x\"}}", false}, {" B  ", 3, `{"kind": "B"}`, false}, {" C  ", 3, `{"kind": "C"}`, false}}},
		{"JSON, then YAML", "{\"kind\": \"A\"}\n---\nkind: B\n", []told{{" A  ", 1, `{"kind": "A"}`, false}, {" B  ", 3, "kind: B\n", true}}},
		{"flow mapping with a comment", "{kind: A} # x\n", []told{{" A  ", 1, "{kind: A} # x\n", false}}},
		{"JSON with a comment", "{\"kind\": \"A\"} # x\n", []told{{" A  ", 1, "{\"kind\": \"A\"} # x\n", false}}},
		{"names that are no strings", "kind: 1\nmetadata: {name: yes, namespace: [a]}\n",
			[]told{{"   ", 1, "kind: 1\nmetadata: {name: yes, namespace: [a]}\n", true}}},
		{"anchors", "kind: &k A\nmetadata: {name: *k}\n", []told{{" A  A", 1, "kind: &k A\nmetadata: {name: *k}\n", false}}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			docs, err := Parse("f.yaml", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, tell(docs)); diff != "" {
				t.Error(diff)
			}
			for i := range docs { // the identity is the same before and after the nodes are built
				before := docs[i].Object()
				docs[i].Root()
				if after := docs[i].Object(); after != before {
					t.Errorf("%v became %v", before, after)
				}
			}
		})
	}
}

func TestParseExpandsLists(t *testing.T) {
	cases := []struct {
		name, text string
		want       []told
	}{
		{"List", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata: {name: x}\n- kind: B\n",
			[]told{{"v1 A  x", 4, "", false}, {" B  ", 7, "", false}}},
		{"a List in a List, in JSON", `{"kind": "List", "items": [{"kind": "A"}, {"kind": "List", "items": [{"kind": "B"}, {"kind": "List", "items": []}]}]}`,
			[]told{{" A  ", 1, "", false}, {" B  ", 1, "", false}}},
		{"a typed list gives kind and version", "apiVersion: rbac/v1\nkind: RoleList\nitems:\n- metadata: {name: x}\n- kind: Z\n",
			[]told{{"rbac/v1 Role  x", 4, "", false}, {" Z  ", 5, "", false}}},
		{"no items", "kind: List\nitems:\n", nil},
		{"a kind that only ends in List", "kind: AccessList\nspec: {items: [a]}\n", []told{{" AccessList  ", 1, "kind: AccessList\nspec: {items: [a]}\n", true}}},
		{"items of another kind", "kind: Basket\nitems: [{a: b}]\n", []told{{" Basket  ", 1, "kind: Basket\nitems: [{a: b}]\n", true}}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			docs, err := Parse("f.yaml", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, tell(docs)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// utf16Of is a text as editors on Windows may save it.
func utf16Of(text string) string {
	out := "\xff\xfe"
	for _, unit := range utf16.Encode([]rune(text)) {
		out += string([]byte{byte(unit), byte(unit >> 8)})
	}
	return out
}

func TestParseRefusesWhatNobodyCanRead(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"a list of objects", "- kind: A\n", "f.yaml:1: the document is a list, not a mapping"},
		{"a JSON list", "\n[{\"kind\": \"A\"}]\n", "f.yaml:2: the document is a list, not a mapping"},
		{"a scalar", "---\nhello\n", "f.yaml:2: the document is the string \"hello\", not a mapping"},
		{"a later document is broken", "kind: A\n---\nkind: B\n  x: y\n", "f.yaml:4: mapping values are not allowed in this context"},
		{"duplicate key", "kind: A\nmetadata:\n  name: x\n  labels: {}\n  name: y\n", "f.yaml:5: the key \"name\" is given twice, first in line 3"},
		{"duplicate key in flow", "a: {b: 1, b: 2}\n", "f.yaml:1: the key \"b\" is given twice, first in line 1"},
		{"duplicate key in JSON", "{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", "f.yaml:3: the key \"a\" is given twice, first in line 1"},
		{"duplicate key by escape", "{\"a\": 1, \"\\u0061\": 3}", "f.yaml:1: the key \"a\" is given twice, first in line 1"},
		{"duplicate key by YAML 1.1", "y: 1\n\"true\": 2\n", "f.yaml:2: the key \"true\" is given twice, first in line 1"},
		{"duplicate key by quotes", "a: 1\n'a': 2\n", "f.yaml:2: the key \"a\" is given twice, first in line 1"},
		{"merge twice", "x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", "f.yaml:4: the key \"<<\" is given twice, first in line 3"},
		{"merge over an earlier key", "x: &x {a: 1}\nz:\n  a: 2\n  <<: *x\n", "f.yaml:4: << overrides the key a, which is given before it with another value"},
		{"merge of a scalar", "x: &x 1\nz:\n  <<: *x\n", "f.yaml:3: << needs a mapping or a list of mappings"},
		{"anchor in itself", "a: &a\n  b: [*a]\n", "f.yaml:2: the anchor &a contains itself"},
		{"unknown anchor", "a: b\nc: *x\n", "f.yaml:2: unknown anchor 'x' referenced"},
		{"null as key", "~: a\n", "f.yaml:1: a mapping key is null, not a string"},
		{"list as key", "? [a]\n: b\n", "f.yaml:1: a mapping key is a list, not a string"},
		{"huge number as key", "18446744073709551615: a\n", "f.yaml:1: a mapping key is the number 18446744073709551615, not a string"},
		{"not a number", "a: .nan\n", "f.yaml:1: .nan is a number that JSON cannot hold"},
		{"infinite", "a: [-.inf]\n", "f.yaml:1: -.inf is a number that JSON cannot hold"},
		{"too large for JSON", `{"a": 1e400}`, "f.yaml:1: the number 1e400 is too large"},
		{"a tag", "a: b\nc: !Ref x\n", "f.yaml:2: the tag !Ref is not supported"},
		{"a binary tag", "a: !!binary aGk=\n", "f.yaml:1: the tag !!binary is not supported"},
		{"a tag that does not fit", "a: !!int x\n", "f.yaml:1: the tag !!int does not fit \"x\""},
		{"a tag on a mapping", "a: !!set {b: ~}\n", "f.yaml:1: the tag !!set is not supported here"},
		{"the empty tag", "a: ! yes\n", "f.yaml:1: readers of YAML disagree about the value of \"/a\""},
		{"a tab", "a:\n\tb: c\n", "f.yaml:2: found character that cannot start any token (a tab is used as indentation)"},
		{"UTF-16", utf16Of("kind: A\n"), "f.yaml:1: the file is UTF-16, not UTF-8"},
		{"UTF-16 without a mark", "k\x00i\x00n\x00d\x00", "f.yaml:1: a NUL byte: the file is binary or UTF-16, not UTF-8"},
		{"Latin-1", "a: b\nc: \xe9\n", "f.yaml:2: the byte 0xe9 is not UTF-8"},
		{"control character", "a: b\nc: \x07\n", "f.yaml:2: control characters are not allowed"},
		{"old Mac line ends", "a: b\r---\rc: d\r", "f.yaml:2: a second document starts here without a --- of its own line"},
		{"broken JSON stream", "{\"a\": 1}\n{\"b\": 2}\n{\"c\": }\n", "f.yaml:3: the JSON is broken"},
		{"JSON and something else", "{\"a\": 1}\n{\"b\": 2}\n[]\n", "f.yaml:3: the document is no JSON object"},
		{"item of a list", "kind: List\nitems:\n- a\n", "f.yaml:3: item 0 of the List is the string \"a\", not an object"},
		{"content behind the end", "a: b\n... x\n", "f.yaml:2: content stands behind the end of a document (...)"},
		{"a key without end", strings.Repeat("k", 600) + ": v\n", "f.yaml:1: the key \"" + strings.Repeat("k", 40) + "...\" is longer than 512 bytes"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			docs, err := Parse("f.yaml", []byte(test.text))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || docs != nil {
				t.Fatalf("%d documents, %T %v", len(docs), err, err)
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}

func TestParseAcceptsRealAnchors(t *testing.T) {
	// The shape of the operator's definitions that override what they merge, with keys before << that say the same.
	docs, err := Parse("crd.yaml", []byte(`kind: X
properties:
  stop: &Bool
    type: string
    description: stops
    enum: ["", "no"]
  restart:
    <<: *Bool
    description: restarts
  pvc:
    type: string
    !!merge <<: *Bool
    enum: []
  both:
    <<: [{type: integer, a: 1}, *Bool]
`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Canonical(Lookup(docs[0].Root(), "properties"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"both":{"a":1,"description":"stops","enum":["","no"],"type":"integer"},` +
		`"pvc":{"description":"stops","enum":[],"type":"string"},` +
		`"restart":{"description":"restarts","enum":["","no"],"type":"string"},` +
		`"stop":{"description":"stops","enum":["","no"],"type":"string"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if docs[0].Verbatim {
		t.Error("a document with anchors is not verbatim")
	}
}

func TestParseOne(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"empty", "# nothing\n", "f.yaml:1: the file is empty"},
		{"two", "a: b\n---\n\nc: d\n", "f.yaml:4: a second document starts here, only one is allowed"},
		{"broken", "a: [", "f.yaml:1: did not find expected node content"},
	}
	for _, test := range cases {
		var syntax *SyntaxError
		if _, err := ParseOne("f.yaml", []byte(test.text)); !errors.As(err, &syntax) || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	doc, err := ParseOne("f.yaml", []byte("kind: PackageList\nitems: [{a: b}]\n"))
	if err != nil || doc.Object().Kind != "PackageList" {
		t.Errorf("a list is one document: %v %v", doc, err)
	}
}

func TestCheckObject(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"complete", "apiVersion: v1\nkind: A\nmetadata: {name: x}\n", ""},
		{"no version", "\nkind: A\nmetadata: {name: x}\n", "f.yaml:2: apiVersion is missing"},
		{"no kind", "apiVersion: v1\nmetadata: {name: x}\n", "f.yaml:1: kind is missing"},
		{"kind is a number", "apiVersion: v1\nkind: 1\n", "f.yaml:2: kind is the number 1, not a string that is not empty"},
		{"no metadata", "apiVersion: v1\nkind: A\n", "f.yaml:1: metadata is missing"},
		{"metadata is null", "apiVersion: v1\nkind: A\nmetadata:\n", "f.yaml:3: metadata is null, not a mapping with a name"},
		{"no name", "apiVersion: v1\nkind: A\nmetadata:\n  labels: {}\n", "f.yaml:4: metadata.name is missing"},
		{"name is a number", "apiVersion: v1\nkind: A\nmetadata:\n  name: 007\n", "f.yaml:4: metadata.name is the number 007, not a string that is not empty"},
		{"name is empty", "apiVersion: v1\nkind: A\nmetadata: {name: ''}\n", "f.yaml:3: metadata.name is an empty string, not a string that is not empty"},
		{"generated name and a number", "apiVersion: v1\nkind: Job\nmetadata:\n  generateName: x-\n  name: 1\n", "f.yaml:5: metadata.name is the number 1, not a string that is not empty"},
		{"generated name", "apiVersion: v1\nkind: Job\nmetadata:\n  generateName: x-\n", "f.yaml:4: Job has generateName and no name"},
	}
	for _, test := range cases {
		docs, err := Parse("f.yaml", []byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := docs[0].CheckObject(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestRootIsOneForAllCopiesAndGoroutines(t *testing.T) {
	docs, err := Parse("f.yaml", []byte("kind: A\nmetadata: {name: x}\n"))
	if err != nil {
		t.Fatal(err)
	}
	copied := docs[0]
	roots := make(chan *yaml.Node, 8)
	for range cap(roots) {
		go func() {
			_ = copied.Object()
			roots <- docs[0].Root()
		}()
	}
	for range cap(roots) {
		if root := <-roots; root != copied.Root() {
			t.Error("there are two roots")
		}
	}
	if err := SetString(copied.Root(), "y", "metadata", "name"); err != nil || docs[0].Object().Name != "y" {
		t.Errorf("%v: a change does not show: %v", err, docs[0].Object())
	}
}
