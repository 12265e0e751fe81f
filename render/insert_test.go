package render

import (
	"bytes"
	"strings"
	"testing"

	"gkops.dev/gkops/compat/document"
)

func TestInsertKeepsEveryOtherByte(t *testing.T) {
	add := additions{namespace: "team", labels: map[string]string{"b": "2", "a": "yes"}, annotations: map[string]string{"x/y": "1"}}
	cases := []struct{ name, before, after string }{
		{
			"after the name, and before everything",
			"# head\napiVersion: v1\nkind: A\nmetadata:\n  creationTimestamp: null\n  name: web # why\nspec: {}\n",
			"# head\napiVersion: v1\nkind: A\nmetadata:\n  annotations:\n    x/y: \"1\"\n  labels:\n    a: \"yes\"\n    b: \"2\"\n  creationTimestamp: null\n  name: web # why\n  namespace: team\nspec: {}\n",
		},
		{
			"into what is there, with its indentation",
			"metadata:\n    # a comment\n    name: web\n    labels:\n          # another\n          z: 'q'\n    annotations:\n     o: |\n       text: here\n\nkind: A\napiVersion: v1\n",
			"metadata:\n    # a comment\n    name: web\n    namespace: team\n    labels:\n          a: \"yes\"\n          b: \"2\"\n          # another\n          z: 'q'\n    annotations:\n     x/y: \"1\"\n     o: |\n       text: here\n\nkind: A\napiVersion: v1\n",
		},
		{
			"at the end of the document",
			"kind: A\napiVersion: v1\nmetadata:\n  name: web\n",
			"kind: A\napiVersion: v1\nmetadata:\n  annotations:\n    x/y: \"1\"\n  labels:\n    a: \"yes\"\n    b: \"2\"\n  name: web\n  namespace: team\n",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := insert([]byte(c.before), add)
			if !ok || string(got) != c.after {
				t.Errorf("got %v\n%s\nwant\n%s", ok, got, c.after)
			}
		})
	}
}

func TestInsertLeavesWhatItCannotDoToTheNodes(t *testing.T) {
	all := additions{namespace: "team", labels: map[string]string{"a": "1"}, annotations: map[string]string{"x": "1"}}
	for name, before := range map[string]string{
		"flow metadata":             "kind: A\nmetadata: {name: web}\n",
		"flow labels":               "metadata:\n  name: web\n  labels: {b: c}\n",
		"a label that is there":     "metadata:\n  name: web\n  labels:\n    a: \"2\"\n",
		"an annotation in quotes":   "metadata:\n  name: web\n  annotations:\n    \"x\": \"2\"\n",
		"a namespace that is there": "metadata:\n  name: web\n  namespace: \"\"\n",
		"a name on two lines":       "metadata:\n  name:\n    web\n",
		"metadata twice":            "a: 'x\nmetadata:'\nmetadata:\n  name: web\n",
		"no metadata":               "kind: A\n",
		"empty metadata":            "metadata:\nkind: A\n",
		"labels that are null":      "metadata:\n  name: web\n  labels:\n",
		"a text that looks like it": "metadata:\n  name: web\n  x: 'a\n  labels:\n    y: z'\n",
	} {
		if got, ok := insert([]byte(before), all); ok {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
	if _, ok := insert([]byte("metadata:\n  name: web\n"), additions{labels: map[string]string{"a": "two\nlines"}}); ok {
		t.Error("a text of two lines went into one")
	}
}

// FuzzInsert: what is inserted means the same as what is set on the nodes, or nothing is inserted.
func FuzzInsert(f *testing.F) {
	for _, seed := range []string{
		"metadata:\n  name: web\n", "metadata:\n  labels:\n    a: b\n  name: x\nspec: |\n  metadata:\n", "metadata: &a\n  name: *a\n", "metadata:\n- name: x\n",
		"\"metadata\":\n  name: 'x\n\n  namespace: y'\n", "metadata:\n  name: x\n  annotations:\n  # c\n    k: v\n--- \n",
	} {
		f.Add(seed, "team", "key", "value")
	}
	f.Fuzz(func(t *testing.T, text, namespace, key, value string) {
		add := additions{namespace: namespace, labels: map[string]string{key: value}, annotations: map[string]string{key: value}}
		docs, err := document.Parse("f", []byte(text))
		if err != nil || len(docs) != 1 || docs[0].Raw == nil || !docs[0].Verbatim {
			return
		}
		edited, ok := insert(docs[0].Raw, add)
		if !ok {
			return
		}
		got, err := document.ParseOne("f", edited)
		if err != nil {
			t.Fatalf("cannot be read: %v\n%s", err, edited)
		}
		want := document.Clone(docs[0].Root())
		if err := add.apply(want); err != nil {
			t.Fatal(err)
		}
		left, _ := document.Canonical(want)
		right, _ := document.Canonical(got.Root())
		if !bytes.Equal(left, right) {
			t.Errorf("want %s\ngot  %s", left, right)
		}
	})
}

func TestOutlineReadsTheSameFacts(t *testing.T) {
	deep := "          description: |-\n            spec: {\n            'unclosed\n          more: |\n            versions:\n"
	for name, versions := range map[string]string{
		"a list below its key":       "  versions:\n  - name: v1\n    served: true\n    storage: false\n    schema:\n      openAPIV3Schema:\n" + deep + "  - name: v2\n    served: false\n    storage: true\n",
		"an indented list":           "  versions:\n    - name: v1\n      served: true\n      storage: false\n      schema:\n" + deep + "    - name: v2\n      served: false\n      storage: true\n",
		"a text that does not end":   "  versions:\n  - name: v1\n    served: true\n    storage: false\n    note: 'a\n            b'\n  - name: v2\n    served: false\n    storage: true\n",
		"flow in the list":           "  versions: [{name: v1, served: true, storage: false},\n          {name: v2, served: false, storage: true}]\n",
		"numbers for what is a text": "  versions:\n  - {name: \"v1\", served: true, storage: false}\n  - {name: 'v2', served: false, storage: true}\n",
	} {
		raw := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a\nspec:\n  group: example.com\n  names:\n    kind: A\n    plural: as\n  scope: Cluster\n" + versions
		doc, err := document.ParseOne("f", []byte(raw))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, ok := readCRD(&object{doc: *doc, changed: true})
		if !ok || len(want.Versions) != 2 || want.Scope != "Cluster" || !want.Versions[0].Served || !want.Versions[1].Storage {
			t.Fatalf("%s: %+v", name, want)
		}
		doc.Raw, doc.Verbatim = []byte(raw), true
		got, ok := readCRD(&object{doc: *doc})
		if !ok || len(got.Versions) != 2 || got.Versions[0] != want.Versions[0] || got.Versions[1] != want.Versions[1] || got.Plural != want.Plural {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestShallowLinesLeaveSchemasOut(t *testing.T) {
	shallow, ok := shallowLines([]byte("a:\n  b:\n    c:\n      d:\n        e: f\n  g: h\n"))
	if want := "a:\n  b:\n    c:\n      d:\n  g: h\n"; !ok || string(shallow) != want {
		t.Errorf("got %v %q, want %q", ok, shallow, want)
	}
}

func TestJSONBounds(t *testing.T) {
	for _, raw := range []string{
		"a: b\n", "a:\n  b:\n  - c\n  - d: e\n    f: |\n      text \"quoted\" \\ \n\n      more\n", "# comment\na: 1\nb: true\nc: null\n",
	} {
		doc, err := document.ParseOne("f", []byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		data, err := document.Canonical(doc.Root())
		if err != nil {
			t.Fatal(err)
		}
		if low, high := jsonBounds([]byte(raw), false); low > len(data) || high < len(data) {
			t.Errorf("%q is %d bytes as JSON, not within %d and %d", raw, len(data), low, high)
		}
	}
}

func TestNamesOfSecrets(t *testing.T) {
	for name, want := range map[string]bool{
		"smtpPassword": true, "oauthClientSecret": true, "OAUTH_CLIENT_SECRET": true, "keyForOpenaiApi": true, "openaiApiKey": true, "s3AccessKey": true,
		"token": true, "github-token": true, "SMTPPassword": true, "credentials": true, "tlsPrivateKey": true, "apikey": true,
		"existingSecret": false, "passwordSecretName": false, "tokenTTL": false, "keycloakUrl": false, "domain": false, "monkey": false, "secretly": false, "": false,
		"primaryKey": false, "passwordLength": false,
	} {
		if got := namesSecret(name); got != want {
			t.Errorf("%s: got %v, words %q", name, got, wordsOf(name))
		}
	}
}

func TestParseJSONPath(t *testing.T) {
	for text, want := range map[string]string{
		"{ $.metadata.name }": "metadata|name", "$.a.b": "a|b", "a.b": "a|b", "{.a[0].b}": "a|0|b", "{ $['a.b'].c }": "a.b|c", `$["x"]`: "x",
		"": "", "{": "", "{$}": "", "$.a[*]": "", "$..a": "", "$.a[?(@.b)]": "", "$.a[1:2]": "", "$.a['b": "", "$.a[": "", "{.a": "", "$.a b": "", "$[-1]": "",
	} {
		got, err := parseJSONPath(text)
		if strings.Join(got, "|") != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestImageName(t *testing.T) {
	for ref, want := range map[string]string{
		"nginx": "nginx", "nginx:1": "nginx", "a.example:5000/x/y": "a.example:5000/x/y", "a.example:5000/x:v1": "a.example:5000/x",
		"x@sha256:00": "x", "x:v1@sha256:00": "x",
	} {
		if got := imageName(ref); got != want {
			t.Errorf("%s: got %s, want %s", ref, got, want)
		}
	}
}

func TestEndCounts(t *testing.T) {
	for raw, want := range map[string]bool{
		"a: b\n": false, "a: b": false, "a: b\n\n": false, "a: |\n  b\n": false, "a: |\n  b\n\n": false,
		"a: |+\n  b\n": false, "a: |+\n  b\n\n": true, "a: >2+\n   b\n\n": true, "a: |+2\n   b\n \n": true, "a: 1+1\n\n": false, "a: |\n  b": true,
	} {
		if got := endCounts([]byte(raw)); got != want {
			t.Errorf("%q: got %v", raw, got)
		}
	}
}
