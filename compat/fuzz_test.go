package compat

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/golden"
)

// FuzzFile feeds arbitrary files: nothing may panic, every finding must have a line of the file, and a file with text in it must
// give an object, a skipped document or a finding, unless it holds nothing but comments and empty documents.
func FuzzFile(f *testing.F) {
	for _, name := range golden.Cases(f, "testdata/check/*.txtar") {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	known := load(f)
	c, err := newChecker(Target{Knowledge: known, Kubernetes: "1.30"})
	if err != nil {
		f.Fatal(err)
	}
	var parser document.Parser
	f.Fuzz(func(t *testing.T, data []byte) {
		out := c.file(&parser, "x.yaml", data)
		lines := strings.Count(string(data), "\n") + 1
		for _, found := range out.findings {
			if found.Line < 0 || found.Line > lines {
				t.Errorf("%s at line %d of %d: %s", found.Rule, found.Line, lines, found.Message)
			}
		}
		if strings.HasPrefix(string(data), "apiVersion: v1\nkind: Pod") && out.objects+out.skipped+len(out.findings) == 0 {
			t.Error("nothing is said about the file")
		}
	})
}
