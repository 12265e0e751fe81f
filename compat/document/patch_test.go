package document

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const deployment = `# The web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # short
  annotations:
    a/b: x
    c~d: w
spec:
  replicas: 1
  containers:
  # the only one
  - name: app
    args: [a, b]
  empty:
`

func TestPatch(t *testing.T) {
	cases := []struct{ name, op, pointer, value, path, want string }{
		{"replace a value", "replace", "/spec/replicas", "3", "/spec/replicas", "3"},
		{"replace with a mapping", "replace", "/spec/containers/0", "{name: b}", "/spec/containers", `[{"name":"b"}]`},
		{"add a key", "add", "/spec/paused", "yes", "/spec/paused", "true"},
		{"add over a key", "add", "/metadata/name", "\"1\"", "/metadata/name", `"1"`},
		{"add at the end", "add", "/spec/containers/0/args/-", "c", "/spec/containers/0/args", `["a","b","c"]`},
		{"insert first", "add", "/spec/containers/0/args/0", "c", "/spec/containers/0/args", `["c","a","b"]`},
		{"insert behind the last", "add", "/spec/containers/0/args/2", "c", "/spec/containers/0/args", `["a","b","c"]`},
		{"remove a key", "remove", "/metadata/annotations/a~1b", "", "/metadata/annotations", `{"c~d":"w"}`},
		{"remove an item", "remove", "/spec/containers/0/args/0", "", "/spec/containers/0/args", `["b"]`},
		{"escapes", "replace", "/metadata/annotations/c~0d", "z", "/metadata/annotations", `{"a/b":"x","c~d":"z"}`},
		{"test", "test", "/spec/replicas", "0x1", "/spec/replicas", "1"},
		{"test in a list", "test", "/spec/containers/0/args/1", "b", "/spec/replicas", "1"},
		{"replace the document", "replace", "", "{spec: 1}", "/spec", "1"},
		{"test the document", "test", "/metadata", "{annotations: {c~d: w, a/b: x}, name: web}", "/spec/replicas", "1"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			root := parsed(t, deployment)
			if err := Patch(root, test.op, test.pointer, value(t, test.value)); err != nil {
				t.Fatal(err)
			}
			segments, err := patch{pointer: test.path}.segments()
			if err != nil {
				t.Fatal(err)
			}
			got, err := Canonical(Lookup(root, segments...))
			if err != nil || string(got) != test.want {
				t.Errorf("%s %v, want %s", got, err, test.want)
			}
		})
	}
}

func parsed(t *testing.T, text string) *yaml.Node {
	t.Helper()
	doc, err := ParseOne("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// value is the node of a flow value, nil for none.
func value(t *testing.T, text string) *yaml.Node {
	t.Helper()
	if text == "" {
		return nil
	}
	return Lookup(parsed(t, "v: "+text+"\n"), "v")
}

func TestPatchRefuses(t *testing.T) {
	cases := []struct{ name, op, pointer, value, want string }{
		{"a key that is not there", "replace", "/spec/replica", "3", `replace "/spec/replica": /spec/replica does not exist`},
		{"a key on the way", "add", "/spec/template/metadata/labels", "{}", `add "/spec/template/metadata/labels": /spec/template does not exist`},
		{"remove of nothing", "remove", "/metadata/labels", "", `remove "/metadata/labels": /metadata/labels does not exist`},
		{"an index too high", "add", "/spec/containers/2", "{}", `add "/spec/containers/2": /spec/containers/2 does not exist: the list has 1 items`},
		{"an index at the end", "replace", "/spec/containers/1", "{}", `replace "/spec/containers/1": /spec/containers/1 does not exist: the list has 1 items`},
		{"the end, to remove", "remove", "/spec/containers/-", "", `remove "/spec/containers/-": /spec/containers is a list and "-" is not an index`},
		{"an index with a zero", "replace", "/spec/containers/00", "{}", `replace "/spec/containers/00": /spec/containers is a list and "00" is not an index`},
		{"an index with a sign, on the way", "replace", "/spec/containers/+0/name", "x", `replace "/spec/containers/+0/name": /spec/containers/+0 does not exist`},
		{"below a scalar", "add", "/spec/replicas/x", "1", `add "/spec/replicas/x": /spec/replicas is the number 1, not a mapping or a list`},
		{"below null", "add", "/spec/empty/x", "1", `add "/spec/empty/x": /spec/empty is null, not a mapping or a list`},
		{"another value", "test", "/spec/replicas", `"1"`, `test "/spec/replicas": the value is 1, not "1"`},
		{"no slash", "add", "spec", "1", `add "spec": a pointer starts with a slash`},
		{"a wrong escape", "add", "/a~2", "1", `add "/a~2": "a~2" has a ~ that is not ~0 or ~1`},
		{"an escape without end", "add", "/a~", "1", `add "/a~": "a~" has a ~ that is not ~0 or ~1`},
		{"no value", "add", "/a", "", `add "/a": it needs a value`},
		{"an unknown operation", "move", "/a", "1", `move "/a": the operation is unknown: use add, replace, remove or test`},
		{"removing the document", "remove", "", "", `remove "": the whole document cannot be removed`},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			root := parsed(t, deployment)
			before, _ := Encode(root)
			err := Patch(root, test.op, test.pointer, value(t, test.value))
			var refused *PatchError
			if !errors.As(err, &refused) {
				t.Fatalf("%T %v", err, err)
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
			if after, _ := Encode(root); string(after) != string(before) {
				t.Errorf("the document changed:\n%s", after)
			}
		})
	}
}

func TestPatchKeepsOrderAndComments(t *testing.T) {
	root := parsed(t, deployment)
	added := value(t, "{image: x}")
	for _, step := range []struct{ op, pointer, value string }{
		{"replace", "/spec/replicas", "2"}, {"remove", "/metadata/annotations", ""}, {"add", "/spec/containers/-", "-"},
	} {
		given := value(t, "x")
		if step.value == "-" {
			given = added
		} else if step.value != "" {
			given = value(t, step.value)
		}
		if err := Patch(root, step.op, step.pointer, given); err != nil {
			t.Fatal(err)
		}
	}
	added.Content[1].Value = "changed later"
	want := `# The web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # short
spec:
  replicas: 2
  containers:
  # the only one
  - name: app
    args:
    - a
    - b
  - image: x
  empty: null
`
	got, err := Encode(root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestSetString(t *testing.T) {
	cases := []struct {
		name, text, value string
		path              []string
		want              string
	}{
		{"makes mappings on the way", "kind: A\n", "x", []string{"metadata", "labels", "a/b"}, "kind: A\nmetadata:\n  labels:\n    a/b: x\n"},
		{"in place of null", "metadata:\n  labels:\n", "true", []string{"metadata", "labels", "on"}, "metadata:\n  labels:\n    \"on\": \"true\"\n"},
		{"keeps style and comments", "a:\n  # why\n  b: 'x' # y\n", "z", []string{"a", "b"}, "a:\n  # why\n  b: 'z' # y\n"},
		{"replaces a number", "a: 1\n", "1", []string{"a"}, "a: \"1\"\n"},
		{"replaces a mapping", "a: {b: c}\n", "x", []string{"a"}, "a: x\n"},
		{"into an empty mapping", "a: {}\n", "x", []string{"a", "b"}, "a:\n  b: x\n"},
	}
	for _, test := range cases {
		root := parsed(t, test.text)
		if err := SetString(root, test.value, test.path...); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got, err := Encode(root); err != nil || string(got) != test.want {
			t.Errorf("%s: %v\n%s", test.name, err, got)
		}
	}
	var refused *PatchError
	for _, err := range []error{SetString(parsed(t, "a: b\n"), "x"), SetString(String("a"), "x", "b")} {
		if !errors.As(err, &refused) {
			t.Errorf("%T %v", err, err)
		}
	}
	err := SetString(parsed(t, "a: [b]\n"), "x", "a", "b", "c")
	if !errors.As(err, &refused) || err.Error() != `set "/a/b/c": /a is a list, not a mapping` {
		t.Errorf("%T %v", err, err)
	}
}

func TestLookup(t *testing.T) {
	root := parsed(t, deployment)
	for _, test := range []struct {
		path []string
		want string
	}{{nil, "document"}, {[]string{"spec", "containers", "0", "args", "1"}, "b"}, {[]string{"spec", "containers", "1"}, ""}, {[]string{"spec", "containers", "x"}, ""},
		{[]string{"spec", "replicas", "x"}, ""}, {[]string{"spec", "empty"}, "null"}, {[]string{"nothing", "at", "all"}, ""}} {
		node := Lookup(root, test.path...)
		got := ""
		switch {
		case node == root:
			got = "document"
		case node != nil:
			got = node.Value
			if isNull(node) {
				got = "null"
			}
		}
		if got != test.want {
			t.Errorf("%v: %q, want %q", test.path, got, test.want)
		}
	}
	if Lookup(nil, "a") != nil {
		t.Error("nothing has something")
	}
}
