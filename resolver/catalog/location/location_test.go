package location_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/dir"
	"gkops.dev/gkops/resolver/catalog/location"
	"gkops.dev/gkops/resolver/catalog/web"
)

// world is a registry with one package whose manifest comes from another host, in a folder and on a web server.
type world struct {
	base     string // holds registry, mirror and cache
	server   *httptest.Server
	requests atomic.Int32
	warnings []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{base: t.TempDir()}
	for path, text := range map[string]string{
		"registry/index.yaml":                  "packages: [{name: a}]",
		"registry/a/versions.yaml":             "versions: [{version: v1.0.0+1}]",
		"registry/a/v1.0.0+1/package.yaml":     `{name: a, defaultNamespace: a, manifests: [{url: ./own.yaml}, {url: "https://elsewhere.example/v1+1/x.yaml"}]}`,
		"registry/a/v1.0.0+1/own.yaml":         "own",
		"mirror/elsewhere.example/v1+1/x.yaml": "mirrored",
		"charts/index.yaml":                    "apiVersion: v1\nentries: {}\n",
		"json/index.yaml":                      `{"packages": []}`,
		"neither/index.yaml":                   "a: b\n",
		"both/index.yaml":                      "packages: []\nentries: {}\n",
		"broken/index.yaml":                    "a: [\n",
		"empty/readme":                         "",
	} {
		write(t, filepath.Join(w.base, path), text)
	}
	files := http.FileServer(http.Dir(w.base))
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		files.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) opener(t *testing.T, mirrors string) *location.Opener {
	t.Helper()
	o, err := location.NewOpener(location.Options{
		Base: w.base, HTTP: &http.Client{}, Cache: filepath.Join(w.base, "cache"), Mirrors: mirrors, MirrorBase: w.base,
		Warn: func(text string) { w.warnings = append(w.warnings, text) }, Web: web.Options{Attempts: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// contents are the files of a's only version.
func contents(t *testing.T, r *catalog.Registry) ([]string, error) {
	t.Helper()
	versions, err := r.Versions(t.Context(), "a")
	if err != nil {
		return nil, err
	}
	release, err := r.Release(t.Context(), "a", versions[0])
	if err != nil {
		return nil, err
	}
	files, err := r.Files(t.Context(), release)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, file := range files {
		found = append(found, file.Name+" "+string(file.Data))
	}
	return found, nil
}

func TestOpen(t *testing.T) {
	w := newWorld(t)
	const want = "a/v1.0.0+1/own.yaml own\nhttps://elsewhere.example/v1+1/x.yaml mirrored"
	for _, at := range []string{"registry", "./registry/", filepath.Join(w.base, "registry"), dir.URL(filepath.Join(w.base, "registry")), w.server.URL + "/registry", w.server.URL + "/registry/"} {
		r, err := w.opener(t, "mirror").Open("main", at)
		if err != nil {
			t.Errorf("%s: %v", at, err)
			continue
		}
		found, err := contents(t, r)
		if err != nil || strings.Join(found, "\n") != want {
			t.Errorf("%s: %q, %v", at, found, err)
		}
	}
}

// TestOff: registries in folders are no network, others are.
func TestOff(t *testing.T) {
	w := newWorld(t)
	r, err := w.opener(t, "mirror,off").Open("main", "registry")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := contents(t, r); err != nil || len(found) != 2 {
		t.Errorf("%q, %v", found, err)
	}
	r, err = w.opener(t, "off").Open("main", w.server.URL+"/registry")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := contents(t, r); !errors.Is(err, catalog.ErrUnreachable) || w.requests.Load() != 0 {
		t.Errorf("%v after %d requests", err, w.requests.Load())
	}
}

// TestRenderWithoutNetwork is C3: with the digests of a lock and the cache of an earlier run, nothing is asked for.
func TestRenderWithoutNetwork(t *testing.T) {
	w := newWorld(t)
	r, err := w.opener(t, "mirror").Open("main", w.server.URL+"/registry")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := contents(t, r); err != nil {
		t.Fatal(err)
	}
	w.server.Close()
	later := w.opener(t, "mirror,off")
	r, err = later.Open("main", w.server.URL+"/registry")
	if err != nil {
		t.Fatal(err)
	}
	locked := map[string]catalog.Digest{"a/v1.0.0+1/own.yaml": catalog.DigestOf([]byte("own"))}
	manifest, err := os.ReadFile(filepath.Join(w.base, "registry/a/v1.0.0+1/package.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	locked["a/v1.0.0+1/package.yaml"] = catalog.DigestOf(manifest)
	v, err := catalog.ParseVersion("v1.0.0+1")
	if err != nil {
		t.Fatal(err)
	}
	pinned := r.Pinned(locked, later.Store())
	release, err := pinned.Release(t.Context(), "a", v)
	if err != nil {
		t.Fatal(err)
	}
	files, err := pinned.Files(t.Context(), release)
	if err != nil || string(files[0].Data) != "own" {
		t.Errorf("%v, %v", files, err)
	}
}

// TestWebRegistryReadsNoFiles: what a server says never makes this machine's files come in.
func TestWebRegistryReadsNoFiles(t *testing.T) {
	w := newWorld(t)
	r, err := w.opener(t, "").Open("main", w.server.URL+"/registry")
	if err != nil {
		t.Fatal(err)
	}
	v, err := catalog.ParseVersion("v1.0.0+1")
	if err != nil {
		t.Fatal(err)
	}
	secret := dir.URL(filepath.Join(w.base, "empty", "readme"))
	release := &catalog.Release{Package: "a", Version: v, Manifest: &catalog.Manifest{Manifests: []catalog.PlainManifest{{URL: secret}}}}
	if files, err := r.Files(t.Context(), release); err == nil {
		t.Errorf("%v", files)
	}
}

func TestOpenRefuses(t *testing.T) {
	w := newWorld(t)
	for at, want := range map[string]string{
		"oci://example.com/charts":              "registry main: registries in OCI are not supported yet",
		"git+https://example.com/a.git":         "registry main: registries in git are not supported yet",
		"git+ssh://u:hunter2@example.com/a.git": "registry main: registries in git are not supported yet",
		"ssh://git@example.com/a.git":           "registry main: registries in git are not supported yet",
		"git@example.com:a/b.git":               "registry main: registries in git are not supported yet",
		"https://u:hunter2@example.com/":        "registry main: https://example.com/: a user name or password in the location is refused",
		"https://example.com/?token=hunter2":    "registry main: https://example.com/?...: a query or fragment in the location is refused",
		"https://hunter2@[::1":                  "registry main: the location is a malformed URL",
		"ftp://example.com":                     "registry main: ftp://example.com is neither a folder nor an http or https URL",
		"https:///x":                            "registry main: https:///x is neither a folder nor an http or https URL",
		"":                                      "registry main: the location is empty",
	} {
		if _, err := w.opener(t, "").Open("main", at); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", at, err, want)
		}
	}
	if _, err := location.NewOpener(location.Options{HTTP: &http.Client{}, Mirrors: "off,x"}); err == nil {
		t.Error("no error for a bad list of mirrors")
	}
}

func TestDetect(t *testing.T) {
	w := newWorld(t)
	for at, want := range map[string]string{
		"registry": location.Glasskube, "json": location.Glasskube, "charts": location.Helm, "oci://example.com/charts": location.Helm,
		w.server.URL + "/registry": location.Glasskube, w.server.URL + "/charts/": location.Helm,
	} {
		if got, err := w.opener(t, "").Detect(t.Context(), at); err != nil || got != want {
			t.Errorf("%s is %q, %v", at, got, err)
		}
	}
	var unknown *location.UnknownTypeError
	for _, at := range []string{"neither", "both", "empty", w.server.URL + "/empty", w.server.URL + "/missing"} {
		if got, err := w.opener(t, "").Detect(t.Context(), at); !errors.As(err, &unknown) || unknown.Hint() == "" {
			t.Errorf("%s is %q, %v", at, got, err)
		}
	}
	for at, want := range map[string]string{
		"missing":                   "look for a registry at missing: there is no folder " + filepath.Join(w.base, "missing"),
		"broken":                    "broken/index.yaml:",
		"git+https://example.com/a": "not supported yet",
	} {
		if _, err := w.opener(t, "").Detect(t.Context(), at); err == nil || errors.As(err, &unknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", at, err, want)
		}
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
