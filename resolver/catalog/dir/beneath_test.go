package dir

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"gkops.dev/gkops/resolver/catalog"
)

// A file is the same in whatever way it is read, and what is read in one step is there, and in the folder, in many steps too.
func TestBothWaysReadTheSame(t *testing.T) {
	outer := t.TempDir()
	folder := filepath.Join(outer, "registry")
	if err := os.MkdirAll(filepath.Join(folder, "a", "1.0.0"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"registry/a/1.0.0/package.yaml": "name: a", "registry/empty": "", "secret": "hunter2"} {
		if err := os.WriteFile(filepath.Join(outer, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"inside": "a/1.0.0", "outside": "../secret", "back": "a/../a", "gone": "nothing", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{
		"a/1.0.0/package.yaml", "empty", "inside/package.yaml", "back/1.0.0/package.yaml", "outside", "gone", "loop", "a", "a/2.0.0/package.yaml",
		"empty/below", "missing",
	} {
		slow, slowly := read(root, name)
		fast, err := readBeneath(folder, name)
		switch {
		case err == nil && (slowly != nil || !bytes.Equal(fast, slow)):
			t.Errorf("%s: %q in one step, %q, %v in many", name, fast, slow, slowly)
		case errors.Is(err, catalog.ErrNotFound) && !errors.Is(slowly, fs.ErrNotExist):
			t.Errorf("%s: not found in one step, %v in many", name, slowly)
		}
	}
}
