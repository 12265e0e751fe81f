package review

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"gkops.dev/gkops/golden"
)

// schemas are some trees of custom resource definitions, about as many bytes in all, before and after an upgrade.
func schemas(packages, kilobytes int) (base, head fs.FS) {
	files, others := map[string][]byte{}, map[string][]byte{}
	for pkg := range packages {
		var old, new strings.Builder
		for doc := 0; old.Len() < kilobytes<<10; doc++ {
			text := fmt.Sprintf("---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: k%d.p%d.example.dev}\n"+
				"spec:\n  versions:\n    - name: v1\n      served: true\n      storage: true\n      schema:\n        openAPIV3Schema:\n          type: object\n          properties:\n", doc, pkg)
			old.WriteString(text)
			new.WriteString(text)
			for field := range 600 {
				text := fmt.Sprintf("            field%d:\n              type: object\n              description: What field %d of kind %d is for, in a sentence of some length.\n", field, field, doc)
				old.WriteString(text)
				switch field % 60 {
				case 0: // it goes
				case 1:
					new.WriteString(strings.Replace(text, "sentence", "phrase", 1))
				case 2:
					new.WriteString(text + strings.Replace(text, "field", "other", 1))
				default:
					new.WriteString(text)
				}
			}
		}
		name := fmt.Sprintf("p%d.yaml", pkg)
		files[name], others[name] = []byte(old.String()), []byte(new.String())
	}
	return golden.Map(files), golden.Map(others)
}

func benchmark(b *testing.B, base, head fs.FS) {
	b.Helper()
	for b.Loop() {
		report, err := Compare(context.Background(), base, head, Options{})
		if err != nil {
			b.Fatal(err)
		}
		var page bytes.Buffer
		if err := Markdown(&page, report); err != nil || page.Len() > GitHub.Budget() {
			b.Fatalf("%d bytes of markdown, %v", page.Len(), err)
		}
	}
}

// BenchmarkUpgrade is one package of 1.5 MB, about as big as Argo CD, with a report in markdown; the goal is a second.
func BenchmarkUpgrade(b *testing.B) {
	base, head := schemas(1, 1500)
	benchmark(b, base, head)
}

// BenchmarkTwentyUpgrades is 20 such packages at once; the goal is five seconds.
func BenchmarkTwentyUpgrades(b *testing.B) {
	base, head := schemas(20, 1500)
	benchmark(b, base, head)
}
