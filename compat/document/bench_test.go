package document

import (
	"fmt"
	"strings"
	"testing"
)

// crd is a stream of documents in the shape of generated CustomResourceDefinitions, which are nearly all bytes of a registry.
func crd(objects int) []byte {
	var out strings.Builder
	for i := range objects {
		fmt.Fprintf(&out, "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  annotations:\n"+
			"    controller-gen.kubebuilder.io/version: v0.14.0\n  name: widgets%d.example.com\nspec:\n  group: example.com\n  versions:\n  - name: v1\n"+
			"    schema:\n      openAPIV3Schema:\n        description: Widget is the Schema for the widgets API\n        properties:\n", i)
		for j := range 60 {
			fmt.Fprintf(&out, "          field%d:\n            description: |-\n              The field says how the widget behaves when it is\n              turned, and what happens then.\n"+
				"            type: string\n          other%d:\n            description: 'Text in quotes: it goes on\n              below'\n            enum:\n            - \"yes\"\n            - auto\n"+
				"            format: int32\n            type: integer\n", j, j)
		}
		out.WriteString("        type: object\n    served: true\n    storage: true\n")
	}
	return []byte(out.String())
}

func BenchmarkParse(b *testing.B) {
	data := crd(20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if docs, err := Parse("crds.yaml", data); err != nil || len(docs) != 20 {
			b.Fatal(len(docs), err)
		}
	}
}

func BenchmarkParseAndBuild(b *testing.B) {
	data := crd(20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		docs, err := Parse("crds.yaml", data)
		if err != nil {
			b.Fatal(err)
		}
		for i := range docs {
			docs[i].Root()
		}
	}
}

// BenchmarkParseWithTheLibrary is the way of documents that the scanner does not know.
func BenchmarkParseWithTheLibrary(b *testing.B) {
	data := crd(2)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		for c := range split(data) {
			if _, err := parseNode(c); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	docs, err := Parse("crds.yaml", crd(1))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(docs[0].Raw)))
	for b.Loop() {
		if _, err := docs[0].Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCanonical(b *testing.B) {
	docs, err := Parse("crds.yaml", crd(1))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(docs[0].Raw)))
	for b.Loop() {
		if _, err := Canonical(docs[0].Root()); err != nil {
			b.Fatal(err)
		}
	}
}
