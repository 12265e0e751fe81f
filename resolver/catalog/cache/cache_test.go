package cache_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/cache"
	"gkops.dev/gkops/resolver/catalog/web"
)

const canary = "hunter2-canary"

// registry is a web server whose files can change, and that can be down.
type registry struct {
	*httptest.Server
	mu              sync.Mutex
	files           map[string]string
	down            atomic.Bool
	sent, confirmed atomic.Int32
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{files: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *registry) serve(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	text, found := r.files[request.URL.Path]
	r.mu.Unlock()
	switch etag := `"` + string(catalog.DigestOf([]byte(text))) + `"`; {
	case r.down.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case !found:
		w.WriteHeader(http.StatusNotFound)
	case request.Header.Get("If-None-Match") == etag:
		r.confirmed.Add(1)
		w.WriteHeader(http.StatusNotModified)
	default:
		r.sent.Add(1)
		w.Header().Set("ETag", etag)
		fmt.Fprint(w, text)
	}
}

func (r *registry) set(path, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[path] = text
}

// run is the cache as one run of the program has it. The warnings come in the slice.
func run(folder string) (*cache.Source, *[]string) {
	warnings := &[]string{}
	var mu sync.Mutex
	return cache.New(folder, web.New(&http.Client{}, web.Options{Attempts: 1}), func(text string) {
		mu.Lock()
		defer mu.Unlock()
		*warnings = append(*warnings, text)
	}), warnings
}

func expect(t *testing.T, source *cache.Source, address, want string) {
	t.Helper()
	data, err := source.Read(t.Context(), address)
	if err != nil || string(data) != want {
		t.Errorf("%s: %q, %v, want %q", address, data, err, want)
	}
}

func TestRevalidate(t *testing.T) {
	r, folder := newRegistry(t), t.TempDir()
	r.set("/a", "one")
	first, _ := run(folder)
	for range 3 {
		expect(t, first, r.URL+"/a", "one")
	}
	if r.sent.Load() != 1 || r.confirmed.Load() != 0 {
		t.Errorf("one run asked %d+%d times", r.sent.Load(), r.confirmed.Load())
	}
	second, warnings := run(folder)
	for range 3 {
		expect(t, second, r.URL+"/a", "one")
	}
	if r.sent.Load() != 1 || r.confirmed.Load() != 1 {
		t.Errorf("a second run was sent %d, confirmed %d", r.sent.Load(), r.confirmed.Load())
	}
	r.set("/a", "two")
	expect(t, second, r.URL+"/a", "one") // one run sees one state
	third, _ := run(folder)
	expect(t, third, r.URL+"/a", "two")
	if _, err := third.Read(t.Context(), r.URL+"/b"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("%v", err)
	}
	r.mu.Lock()
	delete(r.files, "/a")
	r.mu.Unlock()
	fourth, _ := run(folder)
	if _, err := fourth.Read(t.Context(), r.URL+"/a"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("a copy stood in for a file that is gone: %v", err)
	}
	if len(*warnings) != 0 {
		t.Errorf("%q", *warnings)
	}
}

func TestOffline(t *testing.T) {
	r, folder := newRegistry(t), t.TempDir()
	r.set("/a", "one")
	r.set("/b", "two")
	first, _ := run(folder)
	expect(t, first, r.URL+"/a?token="+canary, "one")
	expect(t, first, r.URL+"/b", "two")
	for name, stop := range map[string]func(){"down": func() { r.down.Store(true) }, "gone": r.Close} {
		stop()
		source, warnings := run(folder)
		for range 2 {
			expect(t, source, r.URL+"/a?token="+canary, "one")
			expect(t, source, r.URL+"/b", "two")
		}
		if len(*warnings) != 1 || !strings.HasPrefix((*warnings)[0], "using copies from earlier: "+r.URL) || strings.Contains((*warnings)[0], canary) {
			t.Errorf("%s: %q", name, *warnings)
		}
		if _, err := source.Read(t.Context(), r.URL+"/c"); !errors.Is(err, catalog.ErrUnreachable) || errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Nothing that may be a credential is written in clear.
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		data, _ := os.ReadFile(path)
		if strings.Contains(path+string(data), canary) {
			t.Errorf("%s holds the token", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestDamagedBodyIsNoOutage: what answers with something else than the file is told, not papered over.
func TestDamagedBodyIsNoOutage(t *testing.T) {
	r, folder := newRegistry(t), t.TempDir()
	r.set("/a", "one")
	first, _ := run(folder)
	expect(t, first, r.URL+"/a", "one")
	r.set("/a", "<!DOCTYPE html>")
	second, _ := run(folder)
	var body *web.BodyError
	if data, err := second.Read(t.Context(), r.URL+"/a"); !errors.As(err, &body) {
		t.Errorf("%q, %v", data, err)
	}
	r.set("/a", "one")
	third, _ := run(folder)
	expect(t, third, r.URL+"/a", "one")
}

func TestByDigest(t *testing.T) {
	r, folder := newRegistry(t), t.TempDir()
	r.set("/a", "one")
	first, _ := run(folder)
	expect(t, first, r.URL+"/a", "one")
	r.set("/a", "two")
	second, _ := run(folder)
	expect(t, second, r.URL+"/a", "two")
	r.Close()
	third, _ := run(folder)
	for _, text := range []string{"one", "two"} {
		if data, found := third.ByDigest(catalog.DigestOf([]byte(text))); !found || string(data) != text {
			t.Errorf("%s: %q, %t", text, data, found)
		}
	}
	for _, digest := range []catalog.Digest{"", "sha256:../../x", catalog.DigestOf([]byte("three"))} {
		if data, found := third.ByDigest(digest); found {
			t.Errorf("%s: %q", digest, data)
		}
	}
}

// TestDamagedCache changes every file of the cache in several ways: the bytes are read again, never handed out wrong.
func TestDamagedCache(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"other bytes": func(path string) error { return os.WriteFile(path, []byte(`{"digest":"x"}`), 0o600) },
		"empty":       func(path string) error { return os.Truncate(path, 0) },
		"half":        func(path string) error { return os.Truncate(path, 2) },
		"gone":        os.Remove,
		"a folder":    func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		r, folder := newRegistry(t), t.TempDir()
		r.set("/a", "one")
		first, _ := run(folder)
		expect(t, first, r.URL+"/a", "one")
		var damaged int
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			damaged++
			return damage(path)
		})
		if err != nil || damaged != 2 {
			t.Fatalf("%s: %d files, %v", name, damaged, err)
		}
		expect(t, first, r.URL+"/a", "one") // the same run
		second, _ := run(folder)
		expect(t, second, r.URL+"/a", "one")
		if _, found := second.ByDigest(catalog.DigestOf([]byte("one"))); !found && name != "a folder" {
			t.Errorf("%s: not repaired", name)
		}
	}
}

// TestUnwritable: a cache that cannot be written is told once and changes nothing else.
func TestUnwritable(t *testing.T) {
	r := newRegistry(t)
	r.set("/a", "one")
	r.set("/b", "two")
	folder := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	source, warnings := run(filepath.Join(folder, "cache"))
	expect(t, source, r.URL+"/a", "one")
	expect(t, source, r.URL+"/b", "two")
	if len(*warnings) != 1 || !strings.Contains((*warnings)[0], "the cache cannot be written") {
		t.Errorf("%q", *warnings)
	}
}

// TestManyAtOnce has several caches, as several processes have, read and write one folder.
func TestManyAtOnce(t *testing.T) {
	r, folder := newRegistry(t), t.TempDir()
	big := strings.Repeat("x", 1<<20)
	for i := range 5 {
		r.set(fmt.Sprint("/", i), big+fmt.Sprint(i))
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			source, warnings := run(folder)
			for i := range 5 {
				expect(t, source, r.URL+fmt.Sprint("/", i), big+fmt.Sprint(i))
			}
			if len(*warnings) != 0 {
				t.Errorf("%q", *warnings)
			}
		})
	}
	group.Wait()
	left, err := filepath.Glob(filepath.Join(folder, "*", "*", ".new-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
}

// TestVanished is C29.
func TestVanished(t *testing.T) {
	r, folder := newRegistry(t), t.TempDir()
	const path = "/a/versions.yaml"
	r.set(path, "versions: [{version: v1.0.0}, {version: v1.1.0}]")
	first, _ := run(folder)
	expect(t, first, r.URL+path, "versions: [{version: v1.0.0}, {version: v1.1.0}]")
	// More versions, another order and another spelling are fine; what cannot be read is handed out and not remembered.
	for _, text := range []string{"versions: [{version: v1.2.0}, {version: 1.1.0}, {version: v1.0.0}]", "versions: {"} {
		r.set(path, text)
		source, _ := run(folder)
		expect(t, source, r.URL+path, text)
	}
	r.set(path, "versions: [{version: v1.0.0}, {version: v1.1.0}]")
	var vanished *cache.VanishedError
	for range 2 {
		source, _ := run(folder)
		data, err := source.Read(t.Context(), r.URL+path)
		if data != nil || !errors.As(err, &vanished) || err.Error() != r.URL+path+" lost versions that it listed before: v1.2.0" {
			t.Fatalf("%q, %v", data, err)
		}
	}
	if !strings.Contains(vanished.Hint(), vanished.Memory) {
		t.Error(vanished.Hint())
	}
	if err := os.Remove(vanished.Memory); err != nil {
		t.Fatal(err)
	}
	source, _ := run(folder)
	expect(t, source, r.URL+path, "versions: [{version: v1.0.0}, {version: v1.1.0}]")
}

func TestCancelledIsNoOutage(t *testing.T) {
	r, folder := newRegistry(t), t.TempDir()
	r.set("/a", "one")
	first, _ := run(folder)
	expect(t, first, r.URL+"/a", "one")
	second, warnings := run(folder)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if data, err := second.Read(ctx, r.URL+"/a"); err == nil || len(*warnings) != 0 {
		t.Errorf("%q, %v, %q", data, err, *warnings)
	}
}

// TestAbsent holds that "there is no such file" is remembered for the time when nobody can be asked, and asked again otherwise.
func TestAbsent(t *testing.T) {
	r, folder := newRegistry(t), t.TempDir()
	first, _ := run(folder)
	if _, err := first.Read(t.Context(), r.URL+"/facts.yaml"); !errors.Is(err, catalog.ErrNotFound) {
		t.Fatal(err)
	}
	r.down.Store(true)
	offline, warnings := run(folder)
	for range 2 {
		if _, err := offline.Read(t.Context(), r.URL+"/facts.yaml"); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("nobody can be asked: %v", err)
		}
	}
	if len(*warnings) != 1 {
		t.Errorf("warnings: %q", *warnings)
	}
	if _, err := offline.Read(t.Context(), r.URL+"/never-asked"); !errors.Is(err, catalog.ErrUnreachable) {
		t.Errorf("what was never asked for is taken to be absent: %v", err)
	}
	r.down.Store(false)
	r.set("/facts.yaml", "one")
	again, _ := run(folder)
	expect(t, again, r.URL+"/facts.yaml", "one")
	r.down.Store(true)
	offline, _ = run(folder)
	expect(t, offline, r.URL+"/facts.yaml", "one")
}
