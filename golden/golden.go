// Package golden compares what a test made with what was accepted before. Accepted files live below testdata, as a folder
// or as one txtar archive; `go test ./some/package -update` accepts what the tests make now.
//
// Only tests import it. It refuses to know what the files mean: equal is equal byte by byte.
package golden

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "accept what the tests make as the new golden files")

// Updating reports whether the test run accepts instead of compares, for scripts that update themselves another way.
func Updating() bool { return *update }

// Tree compares the files of got with the golden tree at path, which is a folder, or an archive when it ends in ".txtar".
// Files that are missing or too many are differences. An empty tree fails: a test that compares nothing proves nothing.
func Tree(t testing.TB, path string, got fs.FS) {
	t.Helper()
	files, err := Files(got)
	if err != nil {
		t.Fatalf("read the tree to compare: %v", err)
	}
	compare(t, path, files, *update)
}

// Text compares one text with the golden file at path.
func Text(t testing.TB, path string, got []byte) {
	t.Helper()
	if *update {
		if err := accept(filepath.Dir(path), filepath.Base(path), got); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (accept it with -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got; accept it with -update):\n%s", path, diff)
	}
}

// Cases lists the paths that match the pattern, sorted, and fails the test when there is none.
func Cases(t testing.TB, pattern string) []string {
	t.Helper()
	cases, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatalf("pattern %q: %v", pattern, err)
	}
	if len(cases) == 0 {
		t.Fatalf("no case matches %s", pattern)
	}
	slices.Sort(cases)
	return cases
}

// Files reads every file of a tree: path to content.
func Files(tree fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[path], err = fs.ReadFile(tree, path)
		return err
	})
	return files, err
}

func compare(t testing.TB, path string, got map[string][]byte, update bool) {
	t.Helper()
	if len(got) == 0 {
		t.Fatalf("nothing to compare with %s: the tree is empty", path)
	}
	if update {
		if err := acceptTree(path, got); err != nil {
			t.Fatalf("accept %s: %v", path, err)
		}
		return
	}
	want, err := accepted(path)
	if err != nil {
		t.Fatalf("%v (accept it with -update)", err)
	}
	for _, problem := range differences(want, got) {
		t.Errorf("%s: %s", path, problem)
	}
}

// differences says how two trees differ, one text per file, in order of their paths.
func differences(want, got map[string][]byte) []string {
	paths := maps.Clone(want)
	maps.Copy(paths, got)
	var problems []string
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		before, wanted := want[path]
		after, made := got[path]
		switch {
		case !made:
			problems = append(problems, "missing "+path)
		case !wanted:
			problems = append(problems, fmt.Sprintf("unexpected %s:\n%s", path, after))
		case !bytes.Equal(before, after):
			problems = append(problems, fmt.Sprintf("%s differs (-want +got; accept it with -update):\n%s", path, cmp.Diff(string(before), string(after))))
		}
	}
	return problems
}

func accepted(path string) (map[string][]byte, error) {
	if strings.HasSuffix(path, archiveSuffix) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return Archive(data), nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return Files(os.DirFS(path))
}

// acceptTree makes the golden tree hold exactly the given files. What is right already is not written again.
func acceptTree(path string, got map[string][]byte) error {
	if strings.HasSuffix(path, archiveSuffix) {
		data, err := format(got)
		if err != nil {
			return err
		}
		return accept(filepath.Dir(path), filepath.Base(path), data)
	}
	if !slices.Contains(strings.Split(filepath.ToSlash(filepath.Clean(path)), "/"), "testdata") {
		return fmt.Errorf("a folder outside testdata is never replaced")
	}
	old, err := accepted(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for name := range old {
		if _, kept := got[name]; kept {
			continue
		}
		if err := os.Remove(filepath.Join(path, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	for name, data := range got {
		if err := accept(path, name, data); err != nil {
			return err
		}
	}
	return nil
}

func accept(dir, name string, data []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
