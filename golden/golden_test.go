package golden

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// recorder is a testing.TB that remembers failures instead of failing.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) { r.failures = append(r.failures, format) }

func (r *recorder) Fatalf(format string, args ...any) {
	r.failures = append(r.failures, format)
	runtime.Goexit()
}

// run calls f as a test would, in a goroutine of its own that a Fatalf may end.
func run(f func(t testing.TB)) []string {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.failures
}

func TestAcceptedTreeComparesEqual(t *testing.T) {
	for _, name := range []string{"testdata/tree", "testdata/tree.txtar"} {
		path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
		got := map[string][]byte{"a.yaml": []byte("a: 1\n"), "b/c.yaml": []byte("c: 2\n")}
		compare(t, path, got, true)
		compare(t, path, got, false)
	}
}

func TestAcceptRemovesWhatIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "testdata", "tree")
	compare(t, path, map[string][]byte{"a": []byte("a\n"), "b": []byte("b\n")}, true)
	compare(t, path, map[string][]byte{"a": []byte("a\n")}, true)
	compare(t, path, map[string][]byte{"a": []byte("a\n")}, false)
}

func TestSecondAcceptWritesNothing(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"testdata/tree", "testdata/tree.txtar"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		got := map[string][]byte{"a": []byte("a\n")}
		compare(t, path, got, true)
		written := path
		if !strings.HasSuffix(path, archiveSuffix) {
			written = filepath.Join(path, "a")
		}
		long := time.Unix(1, 0)
		if err := os.Chtimes(written, long, long); err != nil {
			t.Fatal(err)
		}
		compare(t, path, got, true)
		info, err := os.Stat(written)
		if err != nil {
			t.Fatal(err)
		}
		if !info.ModTime().Equal(long) {
			t.Errorf("%s was written again", name)
		}
	}
}

func TestEveryDifferenceFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "testdata", "tree")
	compare(t, path, map[string][]byte{"a": []byte("a\n"), "b": []byte("b\n")}, true)
	for name, got := range map[string]map[string][]byte{
		"changed": {"a": []byte("x\n"), "b": []byte("b\n")},
		"missing": {"a": []byte("a\n")},
		"extra":   {"a": []byte("a\n"), "b": []byte("b\n"), "c": []byte("c\n")},
		"empty":   {},
	} {
		if failures := run(func(t testing.TB) { compare(t, path, got, false) }); len(failures) != 1 {
			t.Errorf("%s: %d failures, want 1", name, len(failures))
		}
	}
	if failures := run(func(t testing.TB) { compare(t, path+".none", map[string][]byte{"a": nil}, false) }); len(failures) != 1 {
		t.Error("a golden tree that is not there passes")
	}
}

func TestAcceptRefusesFoldersOutsideTestdata(t *testing.T) {
	if err := acceptTree(t.TempDir(), map[string][]byte{"a": []byte("a\n")}); err == nil {
		t.Error("a folder outside testdata was replaced")
	}
}

func TestArchiveRefusesWhatItCannotHold(t *testing.T) {
	for name, data := range map[string]string{"no line feed": "a", "marker": "-- b --\n"} {
		if _, err := format(map[string][]byte{"a": []byte(data)}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNoCaseIsAFailure(t *testing.T) {
	if failures := run(func(t testing.TB) { Cases(t, "testdata/none/*.txtar") }); len(failures) != 1 {
		t.Errorf("%d failures, want 1", len(failures))
	}
	if cases := Cases(t, "*.go"); len(cases) < 2 || cases[0] != "archive.go" {
		t.Errorf("cases %v", cases)
	}
}

func TestMapAndFilesAreInverse(t *testing.T) {
	want := map[string][]byte{"a/b/c": []byte("c"), "d": []byte("d")}
	got, err := Files(Map(want))
	if err != nil {
		t.Fatal(err)
	}
	if problems := differences(want, got); len(problems) > 0 {
		t.Error(problems)
	}
}
