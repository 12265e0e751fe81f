package compat

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const widgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.org
spec:
  group: example.org
  scope: Namespaced
  names:
    kind: Widget
    plural: widgets
  versions:
  - name: v1
    served: true
    storage: true
  - name: v1beta1
    served: %t
    storage: false
`

func TestFactsNameBothSides(t *testing.T) {
	parts := map[string]*Report{}
	for name, text := range map[string]string{
		"operator": fmt.Sprintf(widgets, false),
		"copy":     fmt.Sprintf(widgets, true),
		"app":      "apiVersion: example.org/v1beta1\nkind: Widget\nmetadata: {name: a}\n",
		"new":      "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\n",
		"psp":      "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: a}\n",
		"lost":     "apiVersion: example.net/v1\nkind: Lost\nmetadata: {name: a}\n",
	} {
		report, err := Check(context.Background(), fstest.MapFS{name + ".yaml": file(text)}, Target{Kubernetes: "1.34"})
		if err != nil {
			t.Fatal(err)
		}
		parts[name] = report
	}
	if diff := cmp.Diff([]string{
		"psp with : removed at psp.yaml:1",
		"operator with copy: crd-duplicate at operator.yaml:1",
	}, facts(parts)); diff != "" {
		t.Errorf("two providers: -want +got\n%s", diff)
	}
	delete(parts, "copy")
	if diff := cmp.Diff([]string{
		"psp with : removed at psp.yaml:1",
		"app with operator: crd-version-gone at app.yaml:1",
	}, facts(parts)); diff != "" {
		t.Errorf("one provider: -want +got\n%s", diff)
	}
}

// TestFactsNameTheLastThatServed gives what the operator replaces, oldest first.
func TestFactsNameTheLastThatServed(t *testing.T) {
	parts, earlier := map[string]*Report{}, []Definition{}
	for name, text := range map[string]string{
		"operator": fmt.Sprintf(widgets, false),
		"app":      "apiVersion: example.org/v1beta1\nkind: Widget\nmetadata: {name: a}\n",
	} {
		report, err := Check(context.Background(), fstest.MapFS{name + ".yaml": file(text)}, Target{})
		if err != nil {
			t.Fatal(err)
		}
		parts[name] = report
	}
	for i, served := range []bool{true, true, false} {
		report, err := Check(context.Background(), fstest.MapFS{"crd.yaml": file(fmt.Sprintf(widgets, served))}, Target{})
		if err != nil {
			t.Fatal(err)
		}
		d := report.Definitions[0]
		d.From = fmt.Sprintf("operator v1.%d.0", i)
		earlier = append(earlier, d)
	}
	found := Facts(parts, nil, earlier)
	if len(found) != 1 || found[0].Last != "operator v1.1.0" || !strings.HasSuffix(found[0].Finding.Message, "; the last that served it is operator v1.1.0") {
		t.Errorf("%+v", found)
	}
	if found = Facts(parts, nil, earlier[2:]); len(found) != 1 || found[0].Last != "" {
		t.Errorf("%+v", found)
	}
}

func facts(parts map[string]*Report) []string {
	var out []string
	for _, f := range Facts(parts, nil, nil) {
		out = append(out, fmt.Sprintf("%s with %s: %s at %s", f.Part, f.With, f.Finding.Rule, f.Where()))
	}
	return out
}

// TestScanReadsWhatTheNodesSay holds the quick reader of definitions to the slow one.
func TestScanReadsWhatTheNodesSay(t *testing.T) {
	for name, text := range map[string]string{
		"plain":    fmt.Sprintf(widgets, true),
		"comments": "# top\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec: # here\n  # a\n  group: example.org # b\n  names:\n    # c\n    plural: \"widgets\"\n    kind: 'Widget'\n  scope: Cluster\n  versions:\n  # d\n  - served: true\n    schema:\n      openAPIV3Schema:\n        properties:\n          versions:\n            type: array\n          served: {type: string}\n        description: |\n          name: not this\n          served: false\n    # e\n    name: v2\n    storage: true\n",
		"indented": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec:\n    group: a.b\n    names:\n        kind: K\n        plural: ks\n    scope: Namespaced\n    versions:\n        -   name: v1\n            served: true\n            storage: true\n            deprecated: true\nstatus:\n  acceptedNames:\n    kind: Z\n    plural: z\n",
		"flow":     "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec:\n  group: a.b\n  names: {kind: K, plural: ks}\n  scope: Namespaced\n  versions: [{name: v1, served: true, storage: true}]\n",
		"old":      "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec:\n  group: a.b\n  version: v1\n  names:\n    kind: K\n    plural: ks\n",
	} {
		t.Run(name, func(t *testing.T) {
			pieces, faults := readPieces("x.yaml", []byte(text))
			if len(faults) > 0 || len(pieces) != 1 {
				t.Fatal(faults)
			}
			var quick, slow Definition
			quick.Line, slow.Line = 1, 1
			sure := scanDefinition(pieces[0].doc.Raw, &quick, pieces[0].doc.Line)
			readDefinition(pieces[0].doc.Root(), &slow, 0)
			if sure == (name == "flow") {
				t.Errorf("sure: %t", sure)
			}
			if diff := cmp.Diff(slow, quick, cmp.AllowUnexported(Definition{})); sure && diff != "" {
				t.Errorf("-slow +quick\n%s", diff)
			}
		})
	}
}
