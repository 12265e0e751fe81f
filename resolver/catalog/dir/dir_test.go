package dir_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/dir"
)

func TestRead(t *testing.T) {
	outer := t.TempDir()
	root := filepath.Join(outer, "regi stry+1")
	write(t, filepath.Join(root, "a", "v1.0.0+1", "package.yaml"), "plus")
	write(t, filepath.Join(root, "a b%41.yaml"), "percent")
	write(t, filepath.Join(outer, "secret"), "hunter2")
	for name, target := range map[string]string{
		"inside": filepath.Join("a", "v1.0.0+1"), "outside": filepath.Join("..", "secret"), "absolute": filepath.Join(outer, "secret"),
		"folder": "..", "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	source := dir.New(root)
	for address, want := range map[string]string{
		source.URL() + "/a/v1.0.0+1/package.yaml":   "plus",
		source.URL() + "/a/v1.0.0%2B1/package.yaml": "plus",
		source.URL() + "/inside/package.yaml":       "plus",
		source.URL() + "/a%20b%2541.yaml":           "percent",
		source.URL() + "/a/../a%20b%2541.yaml":      "percent",
	} {
		if data, err := source.Read(t.Context(), address); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", address, data, err)
		}
	}
	for _, name := range []string{"/missing", "/a/missing", "/a", "", "/a/v1.0.0+1/package.yaml/x", "/" + strings.Repeat("a", 300)} {
		if data, err := source.Read(t.Context(), source.URL()+name); !errors.Is(err, catalog.ErrNotFound) || data != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for _, address := range []string{
		source.URL() + "/outside", source.URL() + "/absolute", source.URL() + "/folder/secret", source.URL() + "/../secret",
		source.URL() + "/%2e%2e/secret", source.URL() + "/loop", source.URL() + "/pipe", dir.URL(filepath.Join(outer, "secret")),
		"file://host/etc/passwd", "https://example.com/a", source.URL() + "/a?x=1", "file:///\x00", ":",
	} {
		data, err := source.Read(t.Context(), address)
		if err == nil || errors.Is(err, catalog.ErrNotFound) || data != nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %q, %v", address, data, err)
		}
	}
	for _, name := range []string{"../secret", "/etc/passwd", "a/../../secret", `..\secret`, "a//b"} {
		if data, err := source.ReadFile(t.Context(), name); err == nil || data != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
}

func TestReadBounds(t *testing.T) {
	root := t.TempDir()
	file, err := os.Create(filepath.Join(root, "huge"))
	if err == nil {
		err = errors.Join(file.Truncate(catalog.MaxFileSize+1), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.New(root).ReadFile(t.Context(), "huge"); err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Errorf("%v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dir.New(root).ReadFile(cancelled, "huge"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestNoFolder: a missing folder is not a registry without packages.
func TestNoFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no")
	_, err := dir.New(path).ReadFile(t.Context(), "index.yaml")
	var folder *dir.FolderError
	if !errors.As(err, &folder) || errors.Is(err, catalog.ErrNotFound) || err.Error() != "there is no folder "+path {
		t.Errorf("%v", err)
	}
	write(t, path, "a file")
	if _, err := dir.New(path).ReadFile(t.Context(), "index.yaml"); !errors.As(err, &folder) || errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// TestRegistry reads a package the whole way, from a folder whose name needs escapes.
func TestRegistry(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a b+c%")
	write(t, filepath.Join(root, "index.yaml"), "packages: [{name: a}]")
	write(t, filepath.Join(root, "a", "versions.yaml"), "versions: [{version: v1.0.0+1}]")
	write(t, filepath.Join(root, "a", "v1.0.0+1", "package.yaml"), "{name: a, defaultNamespace: a, manifests: [{url: ./m+1.yaml}]}")
	write(t, filepath.Join(root, "a", "v1.0.0+1", "m+1.yaml"), "manifest")
	source := dir.New(root)
	r := catalog.NewRegistry("folder", source.URL(), source)
	versions, err := r.Versions(t.Context(), "a")
	if err != nil || len(versions) != 1 {
		t.Fatal(versions, err)
	}
	release, err := r.Release(t.Context(), "a", versions[0])
	if err != nil {
		t.Fatal(err)
	}
	files, err := r.Files(t.Context(), release)
	if err != nil || len(files) != 1 || string(files[0].Data) != "manifest" || files[0].Name != "a/v1.0.0+1/m+1.yaml" {
		t.Errorf("%+v, %v", files, err)
	}
	write(t, filepath.Join(root, "a", "v1.0.0+1", "package.yaml"), "nam: a")
	_, err = catalog.NewRegistry("folder", source.URL(), source).Release(t.Context(), "a", versions[0])
	if want := filepath.Join(root, "a", "v1.0.0+1", "package.yaml") + ":1: "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
