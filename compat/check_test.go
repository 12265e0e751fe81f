package compat

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/golden"
)

// TestCheck runs every case of testdata/check: the files of a tree, and as the file "want" what is said about it. The comment of
// a case may hold "kubernetes: 1.34".
func TestCheck(t *testing.T) {
	for _, name := range golden.Cases(t, "testdata/check/*.txtar") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { checkCase(t, name) })
	}
}

func checkCase(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	tree := fstest.MapFS{}
	want := ""
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		tree[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	target := Target{Kubernetes: comment(string(archive.Comment), "kubernetes")}
	report, err := Check(context.Background(), tree, target)
	if err != nil {
		t.Fatal(err)
	}
	got := told(report)
	if golden.Updating() {
		updateCase(t, name, archive, got)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func updateCase(t *testing.T, name string, archive *txtar.Archive, got string) {
	t.Helper()
	files := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != "want" {
			files = append(files, f)
		}
	}
	archive.Files = append(files, txtar.File{Name: "want", Data: []byte(got)})
	if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func comment(text, key string) string {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, key+": "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// told is a report in the words of the cases.
func told(r *Report) string {
	var out strings.Builder
	fmt.Fprintf(&out, "objects %d skipped %d fits %s..%s\n", r.Objects, r.Skipped, r.Interval.Min, r.Interval.Max)
	for _, f := range r.Findings {
		fmt.Fprintf(&out, "%s:%d %s %s: %s", f.File, f.Line, f.Severity, f.Rule, f.Message)
		for _, extra := range [][2]string{{"since", f.Since}, {"until", f.Until}, {"use", f.Replacement}} {
			if extra[1] != "" {
				fmt.Fprintf(&out, " [%s %s]", extra[0], extra[1])
			}
		}
		fmt.Fprintln(&out)
	}
	for _, side := range []struct {
		name string
		why  []finding.Finding
	}{{"min", r.Interval.MinBecause}, {"max", r.Interval.MaxBecause}} {
		for _, f := range side.why {
			fmt.Fprintf(&out, "%s because %s:%d %s\n", side.name, f.File, f.Line, f.Message)
		}
	}
	return out.String()
}

func TestFaultsOfOneFileAreBounded(t *testing.T) {
	c, err := newChecker(Target{})
	if err != nil {
		t.Fatal(err)
	}
	out := c.file(&document.Parser{}, "x.yaml", []byte(strings.Repeat("---\na: b: c\n", 10*maxFaults)))
	last := out.findings[len(out.findings)-1]
	if len(out.findings) != maxFaults+1 || last.Line != 2*maxFaults+1 || last.Rule != Unparsable {
		t.Errorf("%d findings, the last %+v", len(out.findings), last)
	}
}
