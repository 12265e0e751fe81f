package simulate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/render/order/simulate"
)

// FuzzReadObject: whatever is left out to be fast, an object is read as its whole document says it is.
func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{
		"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: b\n  labels:\n    x: y\n  annotations:\n    k: 'v'\n    n: \"1\"\ndata:\n  kind: Other\n",
		"# head\napiVersion: v1\nkind: Secret\nmetadata:\n  annotations:\n    long: |\n      kind: Other\n    last: x\n  name: a\n",
		"kind: Job\napiVersion: batch/v1\nmetadata:\n    name: 'it''s'\n    finalizers:\n    - a\n    - b\n    labels: {a: b}\n",
		"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.com\nspec:\n  group: example.com\n  names:\n    kind: Thing\n    plural: things\n" +
			"  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        description: |\n          text\n    storage: true\n    served: true\n",
		"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}}\n",
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a # comment\n  labels:\n    a: b\n\n    c: d\n  ownerReferences:\n  - name: other\n    uid: x\n",
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name2:\n    name: b\n  labels:\n    a: \"\"\n    b:\n",
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: ~\n",
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n    b\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := document.ParseOne("f", data)
		if err != nil || doc.CheckObject() != nil {
			return
		}
		o, err := simulate.ReadObject("f", data)
		if err != nil {
			t.Fatalf("not read: %v", err)
		}
		if diff := cmp.Diff(doc.Object(), o.ID); diff != "" {
			t.Errorf("identity (-document +read):\n%s", diff)
		}
		for _, field := range []string{"labels", "annotations"} {
			if diff := cmp.Diff(textsOf(doc, field), o.Texts(field), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-document +read):\n%s", field, diff)
			}
		}
		group, kind, plural := o.Defines()
		if o.ID.Kind == "CustomResourceDefinition" && o.ID.Group() == "apiextensions.k8s.io" {
			want := [3]string{value(doc, "spec", "group"), value(doc, "spec", "names", "kind"), value(doc, "spec", "names", "plural")}
			if got := [3]string{group, kind, plural}; got != want {
				t.Errorf("defines %q, not %q", got, want)
			}
		}
	})
}

func value(doc *document.Document, steps ...string) string {
	node := document.Lookup(doc.Root(), steps...)
	if node == nil {
		return ""
	}
	return node.Value
}

func textsOf(doc *document.Document, field string) map[string]string {
	node := document.Lookup(doc.Root(), "metadata", field)
	if node == nil || len(node.Content) == 0 || node.Tag == "!!seq" {
		return nil
	}
	all := map[string]string{}
	for n := 0; n+1 < len(node.Content); n += 2 {
		all[node.Content[n].Value] = node.Content[n+1].Value
	}
	return all
}
