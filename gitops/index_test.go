package gitops

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// indexes are indexes that git wrote, by what is special in them.
func indexes(t testing.TB) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for name, steps := range map[string][][]string{
		"two":        {{"update-index", "--index-version", "2"}},
		"three":      {{"add", "-N", "later"}},
		"four":       {{"update-index", "--index-version", "4"}},
		"skip":       {{"update-index", "--skip-worktree", "README"}},
		"untracked":  {{"update-index", "--force-untracked-cache"}, {"status"}},
		"unmerged":   {{"checkout", "-q", "-b", "x"}, {"rm", "-q", "README"}, {"commit", "-q", "-m", "x"}, {"checkout", "-q", "main"}},
		"no entries": {{"rm", "-rq", "--cached", "."}},
	} {
		dir := workspace(t)
		write(t, dir, map[string]string{"later": "x"})
		for _, args := range steps {
			git(t, dir, args...)
		}
		if name == "unmerged" {
			write(t, dir, map[string]string{"README": "other"})
			git(t, dir, "commit", "-q", "-a", "-m", "y")
			if out, err := tryGit(dir, "merge", "x"); err == nil {
				t.Fatal(out)
			}
		}
		data, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
		if err != nil {
			t.Fatal(err)
		}
		found[name] = data
	}
	return found
}

// TestIndexIsGits parses what git wrote and writes the same entries and trees again.
func TestIndexIsGits(t *testing.T) {
	for name, data := range indexes(t) {
		x, err := parseIndex(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if (x.unmerged() != "") != (name == "unmerged") {
			t.Errorf("%s: unmerged %q", name, x.unmerged())
		}
		out := x.bytes()
		if name != "untracked" && !bytes.Equal(out, data) {
			t.Errorf("%s: %d bytes, git wrote %d", name, len(out), len(data))
		}
	}
}

func FuzzIndex(f *testing.F) {
	for _, data := range indexes(f) {
		f.Add(data[:len(data)-20])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := parseIndex(append(bytes.Clone(data), make([]byte, 20)...)) // a checksum of zeros is not checked
		if err != nil {
			return
		}
		again, err := parseIndex(x.bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.bytes(), x.bytes()) {
			t.Fatal("another form")
		}
	})
}

func TestOffsets(t *testing.T) {
	for _, n := range []uint64{0, 1, 127, 128, 129, 16383, 16384, 16511, 16512, 1 << 20, 1 << 40} {
		out := appendOffset(nil, n)
		if got, used := readOffset(out); got != n || used != len(out) {
			t.Errorf("%d: %d in %d of %d bytes", n, got, used, len(out))
		}
	}
	if _, used := readOffset([]byte{0xff}); used != 0 {
		t.Error("a number that does not end")
	}
	if fmt.Sprint(appendOffset(nil, 128)) != "[128 0]" {
		t.Error(appendOffset(nil, 128))
	}
}

// TestCurrent takes an entry for what a file holds only when the file looks the same and is older than the index.
func TestCurrent(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	write(t, filepath.Dir(name), map[string]string{"x": "text"})
	info, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	e := commitFile{path: "x", mode: modeFile, info: info}.entry()
	later := &index{written: info.ModTime().Add(2 * time.Second)}
	if !later.current(&e, info) {
		t.Error("the file is older than the index")
	}
	if racy := (&index{written: info.ModTime()}); racy.current(&e, info) {
		t.Error("the file may have changed after the index was written")
	}
	write(t, filepath.Dir(name), map[string]string{"x": "other"})
	changed, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	if later.current(&e, changed) {
		t.Error("the file looks different")
	}
	e.flags |= flagAssumeValid
	if later.current(&e, info) {
		t.Error("git was told not to look")
	}
}
