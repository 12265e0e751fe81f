package workspace

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/compat/document"
)

// FuzzEdit runs edits on any file. One that succeeds must give what the same edit gives in memory, and keep every line that is not
// of the edited item, byte for byte and in order.
func FuzzEdit(f *testing.F) {
	cases, err := filepath.Glob("testdata/edit/*.txtar")
	if err != nil || len(cases) == 0 {
		f.Fatal(len(cases), err)
	}
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data, "a", "1.20", "x")
		f.Add(archive.Files[0].Data, "b", "text # no comment", "line\nline\n")
		f.Add([]byte(strings.ReplaceAll(string(archive.Files[0].Data), "\n", "\r\n")), "c", "true", "")
	}
	f.Add([]byte(full), "kps", "null", "a: b")
	f.Fuzz(func(t *testing.T, data []byte, instance, value, more string) {
		w, err := Parse(FileName, data)
		if err != nil {
			return
		}
		checkAdd(t, data, w, Package{Name: instance, Values: map[string]any{"v": value, "w": more}, Version: value})
		checkRemove(t, data, w, instance)
		checkSet(t, data, w, instance, value, more)
	})
}

func checkAdd(t *testing.T, data []byte, w *Workspace, p Package) {
	t.Helper()
	out, err := AddPackage(data, "", p)
	if err != nil {
		expected(t, err)
		return
	}
	want := *w
	want.Packages = append(slices.Clone(want.Packages), p)
	means(t, out, &want)
	if !strings.Contains(string(data), "]") { // brackets are written anew
		contains(t, lines(out), lines(data))
	}
}

func checkRemove(t *testing.T, data []byte, w *Workspace, instance string) {
	t.Helper()
	out, err := RemovePackage(data, "", instance)
	if err != nil {
		expected(t, err)
		return
	}
	want := *w
	drop := func(list []Package) []Package {
		return slices.DeleteFunc(slices.Clone(list), func(p Package) bool { return p.Instance() == instance })
	}
	want.Packages = drop(want.Packages)
	want.Clusters = slices.Clone(want.Clusters)
	for n := range want.Clusters {
		want.Clusters[n].Packages = drop(want.Clusters[n].Packages)
	}
	means(t, out, &want)
	if !strings.Contains(string(out), "]") {
		contains(t, lines(data), lines(out))
	}
}

func checkSet(t *testing.T, data []byte, w *Workspace, instance, name, value string) {
	t.Helper()
	out, err := SetValue(data, "", instance, name, value)
	if err != nil {
		expected(t, err)
		return
	}
	got, err := Parse(FileName, out)
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(got.Packages, func(p Package) bool { return p.Instance() == instance })
	if got.Packages[n].Values[name] != value {
		t.Fatalf("set %q to %q, got %q", name, value, got.Packages[n].Values[name])
	}
	back := *got
	back.Packages = slices.Clone(got.Packages)
	back.Packages[n].Values, back.Packages[n].ValuesFrom = w.Packages[n].Values, w.Packages[n].ValuesFrom
	if !same(&back, w) {
		t.Fatalf("setting a value changed something else:\n%s", out)
	}
}

// expected are the errors that an edit may have.
func expected(t *testing.T, err error) {
	t.Helper()
	var syntax *document.SyntaxError
	var listed *ListedError
	var unlisted *NotListedError
	if !errors.As(err, &syntax) && !errors.As(err, &listed) && !errors.As(err, &unlisted) {
		t.Fatalf("%T: %v", err, err)
	}
}

func means(t *testing.T, out []byte, want *Workspace) {
	t.Helper()
	got, err := Parse(FileName, out)
	if err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if !same(got, want) {
		t.Fatalf("another meaning:\n%s", out)
	}
}

func lines(data []byte) []string {
	return strings.Split(strings.TrimRight(string(data), "\n"), "\n")
}

// contains checks that all lines of the second text are in the first, in order.
func contains(t *testing.T, all, some []string) {
	t.Helper()
	for _, line := range some {
		n := slices.Index(all, line)
		if n < 0 {
			t.Fatalf("line %q is not kept", line)
		}
		all = all[n+1:]
	}
}
