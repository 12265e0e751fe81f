package catalog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// files is a Source of files by URL; it counts its reads.
type files struct {
	data  map[string]string
	fail  map[string]error
	mu    sync.Mutex
	reads map[string]int
	// busy and most count reads at the same time when pause is set.
	pause      time.Duration
	busy, most atomic.Int32
}

func (f *files) Read(ctx context.Context, url string) ([]byte, error) {
	f.mu.Lock()
	if f.reads == nil {
		f.reads = map[string]int{}
	}
	f.reads[url]++
	f.mu.Unlock()
	if f.pause > 0 {
		f.most.Store(max(f.most.Load(), f.busy.Add(1)))
		defer f.busy.Add(-1)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(f.pause):
		}
	}
	if err := f.fail[url]; err != nil {
		return nil, err
	}
	data, found := f.data[url]
	if !found {
		return nil, fmt.Errorf("%s: %w", url, ErrNotFound)
	}
	return []byte(data), nil
}

const shopManifest = `{name: shop, defaultNamespace: shop, manifests: [{url: ./shop.yaml}, {url: ../common.yaml}, {url: "https://example.com/a+b/x.yaml?raw=1"}]}`

func shop() *files {
	return &files{data: map[string]string{
		"https://r.example/base/index.yaml":                   "packages: [{name: shop, latestVersion: v0.1.0}, {name: ghost}]",
		"https://r.example/base/shop/versions.yaml":           "versions: [{version: v1.0.0+2}, {version: v1.0.0}]",
		"https://r.example/base/shop/v1.0.0%2B2/package.yaml": shopManifest,
		"https://r.example/base/shop/v1.0.0/package.yaml":     "{name: other, defaultNamespace: shop}",
		"https://r.example/base/shop/v1.0.0%2B2/shop.yaml":    "shop",
		"https://r.example/base/shop/common.yaml":             "common",
		"https://example.com/a+b/x.yaml?raw=1":                "remote",
		"https://r.example/base/unlisted/versions.yaml":       "versions: [{version: v1.0.0}]",
	}}
}

func TestRegistry(t *testing.T) {
	ctx, source := t.Context(), shop()
	for _, base := range []string{"https://r.example/base", "https://r.example/base/"} {
		r := NewRegistry("main", base, source)
		versions, err := r.Versions(ctx, "shop")
		if err != nil || fmt.Sprint(versions) != "[v1.0.0 v1.0.0+2]" {
			t.Fatalf("versions %v, %v", versions, err)
		}
		release, err := r.Release(ctx, "shop", versions[1])
		if err != nil {
			t.Fatal(err)
		}
		if release.Registry != "main" || release.File.Name != "shop/v1.0.0+2/package.yaml" ||
			release.File.URL != "https://r.example/base/shop/v1.0.0%2B2/package.yaml" || release.File.Digest != DigestOf([]byte(shopManifest)) {
			t.Errorf("%+v", release)
		}
		got, err := r.Files(ctx, release)
		if err != nil {
			t.Fatal(err)
		}
		want := []File{
			{"shop/v1.0.0+2/shop.yaml", "https://r.example/base/shop/v1.0.0%2B2/shop.yaml", []byte("shop"), DigestOf([]byte("shop"))},
			{"shop/common.yaml", "https://r.example/base/shop/common.yaml", []byte("common"), DigestOf([]byte("common"))},
			{"https://example.com/a+b/x.yaml?raw=1", "https://example.com/a+b/x.yaml?raw=1", []byte("remote"), DigestOf([]byte("remote"))},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

func TestRegistryHasNot(t *testing.T) {
	ctx, source := t.Context(), shop()
	r := NewRegistry("main", "https://r.example/base", source)
	for _, pkg := range []string{"nothing", "unlisted", "../shop", "", "Shop"} {
		if versions, err := r.Versions(ctx, pkg); versions != nil || err != nil {
			t.Errorf("versions of %q: %v, %v", pkg, versions, err)
		}
	}
	for pkg := range map[string]bool{"../shop": true, "shop": true} {
		_, err := r.Release(ctx, pkg, mustVersion(t, "9.9.9"))
		var read *ReadError
		if !errors.Is(err, ErrNotFound) || !errors.As(err, &read) || read.Package != pkg || read.Registry != "main" || read.Version.String() != "9.9.9" {
			t.Errorf("release of %q: %v", pkg, err)
		}
	}
	_, err := r.Versions(ctx, "ghost")
	if err == nil || !strings.Contains(err.Error(), "registry main: versions of ghost") {
		t.Errorf("a listed package without versions.yaml: %v", err)
	}
	_, err = r.Release(ctx, "shop", mustVersion(t, "v1.0.0"))
	if err == nil || !strings.Contains(err.Error(), `https://r.example/base/shop/v1.0.0/package.yaml is named "other"`) {
		t.Errorf("a manifest in the folder of another package: %v", err)
	}
	if _, err := NewRegistry("empty", "https://r.example/empty", source).Versions(ctx, "shop"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "registry empty") {
		t.Errorf("a registry without an index: %v", err)
	}
}

func TestRegistryRemembers(t *testing.T) {
	ctx, source := t.Context(), shop()
	r := NewRegistry("main", "https://r.example/base", source)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := r.Versions(ctx, "shop"); err != nil {
				t.Error(err)
			}
			if _, err := r.Release(ctx, "shop", mustVersion(t, "v1.0.0+2")); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for url, n := range source.reads {
		if n != 1 {
			t.Errorf("%s was read %d times", url, n)
		}
	}
	if len(source.reads) != 3 {
		t.Errorf("reads: %v", source.reads)
	}
	// An error is not remembered.
	source.fail = map[string]error{"https://r.example/base/ghost/versions.yaml": errors.New("down")}
	if _, err := r.Versions(ctx, "ghost"); err == nil {
		t.Error("no error")
	}
	source.fail = nil
	source.data["https://r.example/base/ghost/versions.yaml"] = "versions: []"
	if _, err := r.Versions(ctx, "ghost"); err != nil {
		t.Error(err)
	}
}

// TestSharedReadCancelled: who waits for another's read does not suffer when that one is cancelled.
func TestSharedReadCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := shop()
		source.pause = time.Second
		r := NewRegistry("main", "https://r.example/base", source)
		first, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := r.Listings(first); !errors.Is(err, context.Canceled) {
				t.Errorf("the cancelled one: %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() {
			if _, err := r.Listings(t.Context()); err != nil {
				t.Errorf("the other one: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		group.Wait()
	})
}

func TestFilesInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &files{data: map[string]string{}, pause: time.Second}
		release := &Release{Package: "a", Version: mustVersion(t, "1.0.0"), Manifest: &Manifest{}}
		for i := range 3 * maxParallel {
			name := fmt.Sprintf("%d.yaml", i)
			source.data["https://r.example/a/1.0.0/"+name] = name
			release.Manifest.Manifests = append(release.Manifest.Manifests, PlainManifest{URL: name})
		}
		r := NewRegistry("main", "https://r.example", source)
		began := time.Now()
		got, err := r.Files(t.Context(), release)
		if err != nil || time.Since(began) != 3*time.Second || source.most.Load() != maxParallel {
			t.Errorf("%v; %s with %d at once", err, time.Since(began), source.most.Load())
		}
		for i, file := range got {
			if string(file.Data) != fmt.Sprintf("%d.yaml", i) {
				t.Errorf("file %d is %s", i, file.Data)
			}
		}
		source.fail = map[string]error{"https://r.example/a/1.0.0/5.yaml": errors.New("5.yaml: no disk")}
		_, err = r.Files(t.Context(), release)
		if err == nil || err.Error() != "registry main: a 1.0.0: 5.yaml: no disk" {
			t.Errorf("%v", err)
		}
	})
}

func TestLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &files{data: map[string]string{"u": "x"}, pause: time.Second}
		bounded := Limited(source, 2)
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				if _, err := bounded.Read(t.Context(), "u"); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if source.most.Load() != 2 {
			t.Errorf("%d at once", source.most.Load())
		}
	})
}

func TestPinned(t *testing.T) {
	ctx, source := t.Context(), shop()
	r := NewRegistry("main", "https://r.example/base", source)
	want := map[string]Digest{
		"shop/v1.0.0+2/package.yaml":           DigestOf([]byte(shopManifest)),
		"shop/v1.0.0+2/shop.yaml":              DigestOf([]byte("as locked")),
		"https://example.com/a+b/x.yaml?raw=1": DigestOf([]byte("remote")),
	}
	release, err := r.Pinned(want, nil).Release(ctx, "shop", mustVersion(t, "v1.0.0+2"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Pinned(want, nil).Files(ctx, release)
	var tampered *TamperedError
	if !errors.As(err, &tampered) || tampered.Want != DigestOf([]byte("as locked")) || tampered.Got != DigestOf([]byte("shop")) ||
		!strings.Contains(err.Error(), string(tampered.Want)) || !strings.Contains(err.Error(), string(tampered.Got)) || tampered.Hint() == "" {
		t.Errorf("%v", err)
	}
	// What a store holds by digest is not read at all.
	source.fail = map[string]error{"https://r.example/base/shop/v1.0.0%2B2/shop.yaml": errors.New("no network")}
	got, err := r.Pinned(want, stored{"as locked"}).Files(ctx, release)
	if err != nil || string(got[0].Data) != "as locked" {
		t.Errorf("%v, %v", got, err)
	}
}

type stored []string

func (s stored) ByDigest(d Digest) ([]byte, bool) {
	for _, text := range s {
		if DigestOf([]byte(text)) == d {
			return []byte(text), true
		}
	}
	return nil, false
}

func TestSet(t *testing.T) {
	ctx := t.Context()
	one := &files{data: map[string]string{
		"https://one.example/index.yaml":      "packages: [{name: a}, {name: b}]",
		"https://one.example/a/versions.yaml": "versions: [{version: v2.0.0}, {version: v1.0.0}]",
		"https://one.example/b/versions.yaml": "versions: [{version: v1.0.0}]",
	}}
	two := &files{
		data: map[string]string{
			"https://two.example/index.yaml":            "packages: [{name: a}, {name: b}]",
			"https://two.example/a/versions.yaml":       "versions: [{version: v1.5.0}]",
			"https://two.example/a/v1.5.0/package.yaml": "{name: a, defaultNamespace: a}",
		},
		fail: map[string]error{"https://two.example/b/versions.yaml": errors.New("refused")},
	}
	s := NewSet(NewRegistry("one", "https://one.example", one), NewRegistry("two", "https://two.example", two))
	if diff := cmp.Diff([]string{"one", "two"}, s.Names()); diff != "" {
		t.Error(diff)
	}
	got, err := s.Candidates(ctx, "a")
	want := []Candidate{{Registry: "one", Version: mustVersion(t, "v1.0.0")}, {Registry: "one", Version: mustVersion(t, "v2.0.0")}, {Registry: "two", Version: mustVersion(t, "v1.5.0")}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := s.Candidates(ctx, "c"); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	_, err = s.Candidates(ctx, "b")
	if err == nil || err.Error() != "registry two: versions of b: refused" {
		t.Errorf("%v", err)
	}
	if release, err := s.Release(ctx, "two", "a", mustVersion(t, "v1.5.0")); err != nil || release.Registry != "two" {
		t.Errorf("%v, %v", release, err)
	}
	if _, err := s.Release(ctx, "three", "a", mustVersion(t, "v1.5.0")); err == nil || !strings.Contains(err.Error(), `"three"`) {
		t.Errorf("%v", err)
	}
	if s.Registry("three") != nil || s.Registry("one").Name() != "one" {
		t.Error("registries by name")
	}
	if got, err := NewSet().Candidates(ctx, "a"); err != nil || len(got) != 0 {
		t.Errorf("no registries: %v, %v", got, err)
	}
}

func TestDigest(t *testing.T) {
	const empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if d := DigestOf(nil); d != empty || d.Hex() != strings.TrimPrefix(empty, "sha256:") {
		t.Errorf("%s", d)
	}
	if d, err := ParseDigest(empty); err != nil || d != empty {
		t.Errorf("%s, %v", d, err)
	}
	for _, s := range []string{"", "sha256:", strings.ToUpper(empty), empty + "0", empty[7:], "sha512:" + empty[7:], "sha256:../../../../../../../../../../../../../../../../../../../etc/pass"} {
		if _, err := ParseDigest(s); err == nil {
			t.Errorf("ParseDigest(%q): no error", s)
		}
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com/a/b+1.yaml":           "https://example.com/a/b+1.yaml",
		"https://u:hunter2@example.com/a":          "https://example.com/a",
		"https://example.com/a?token=hunter2#frag": "https://example.com/a?...",
		"https://hunter2@[::1":                     "a malformed URL",
		"https://example.com/\u202ea":              `https://example.com/\u202ea`,
	} {
		if got := Redact(in); got != want {
			t.Errorf("%q is shown as %q", in, got)
		}
	}
}

func kustomizePackage(extra map[string]string) (*Registry, *Release, *files) {
	source := &files{data: map[string]string{
		"file:///r/a/v1.0.0/kustomization.yaml": `
resources: [deployment.yaml, base, crds/all]
components: [components/tls]
crds: [crd-schema.json]
patches:
  - path: patch.yaml
  - patch: |
      - {op: add, path: /a, value: b}
    target: {kind: Deployment}
patchesStrategicMerge:
  - |
    kind: X
  - merge.yaml
replacements: [{path: replace.yaml}]
configMapGenerator:
  - name: a
    files: [conf/a.conf, key=conf/b.conf]
    envs: [a.env]
`,
		"file:///r/a/v1.0.0/base/kustomization.yml":            "resources: [../shared.yaml]\n",
		"file:///r/a/v1.0.0/components/tls/kustomization.yaml": "kind: Component\n",
	}}
	for _, name := range []string{"deployment.yaml", "crds/all", "crd-schema.json", "patch.yaml", "merge.yaml", "replace.yaml", "conf/a.conf", "conf/b.conf", "a.env", "shared.yaml"} {
		source.data["file:///r/a/v1.0.0/"+name] = name
	}
	for name, data := range extra {
		source.data["file:///r/a/v1.0.0/"+name] = data
	}
	release := &Release{Registry: "r", Package: "a", Version: Version{raw: "v1.0.0", major: 1}, Manifest: &Manifest{}}
	return NewRegistry("r", "file:///r", source), release, source
}

func TestFolder(t *testing.T) {
	r, release, source := kustomizePackage(nil)
	tree, got, err := r.Folder(t.Context(), release)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range got {
		names = append(names, strings.TrimPrefix(file.Name, "a/v1.0.0/"))
		data, err := fs.ReadFile(tree, names[len(names)-1])
		if err != nil || string(data) != string(file.Data) || file.Digest != DigestOf(data) {
			t.Errorf("%s: %q, %v", file.Name, data, err)
		}
	}
	want := []string{
		"a.env", "base/kustomization.yml", "components/tls/kustomization.yaml", "conf/a.conf", "conf/b.conf", "crd-schema.json", "crds/all",
		"deployment.yaml", "kustomization.yaml", "merge.yaml", "patch.yaml", "replace.yaml", "shared.yaml",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if len(got) != len(source.data) {
		t.Errorf("%d of %d files", len(got), len(source.data))
	}
	if err := fstest.TestFS(tree, names...); err != nil {
		t.Error(err)
	}
}

func TestFolderFaults(t *testing.T) {
	for text, want := range map[string]string{
		"resources: [https://evil.example/x.yaml]":         `/r/a/v1.0.0/kustomization.yaml:1: resources[0] is "https://evil.example/x.yaml", which is remote`,
		"resources: ['github.com/a/b//c?ref=main']":        "which is remote",
		"resources: ['git@github.com:a/b']":                "which is remote",
		"bases: [../../other]":                             `bases[0] is "../../other", which is not in the package's folder`,
		"resources: [/etc/passwd]":                         "which is not in the package's folder",
		"resources: [\"a\\0b\"]":                           "not",
		"patches: [{path: ../../../x.yaml}]":               "patches[0].path",
		"secretGenerator: [{name: a, files: [k=../../x]}]": "secretGenerator[0].files[0]",
		"helmCharts: [{name: a}]":                          "helmCharts is a Helm chart, and charts are not rendered here",
		"\n\nresources:\n- missing.yaml":                   "/r/a/v1.0.0/kustomization.yaml:4: resources[0]: file:///r/a/v1.0.0/missing.yaml: not found",
		"resources: [broken]":                              "/r/a/v1.0.0/broken/kustomization.yaml:",
		"a: [":                                             "/r/a/v1.0.0/kustomization.yaml:1:",
	} {
		r, release, _ := kustomizePackage(map[string]string{"kustomization.yaml": text, "broken/kustomization.yaml": "a: b\nresources: ]"})
		_, _, err := r.Folder(t.Context(), release)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "registry r: a v1.0.0: ") {
			t.Errorf("%q: %v\n\twant %s", text, err, want)
		}
	}
	r, release, _ := kustomizePackage(map[string]string{"kustomization.yaml": "resources: [loop]", "loop/kustomization.yaml": "resources: [../loop, '..']"})
	if _, got, err := r.Folder(t.Context(), release); err != nil || len(got) != 2 {
		t.Errorf("a cycle ends: %v, %v", got, err)
	}
	r, release, source := kustomizePackage(nil)
	delete(source.data, "file:///r/a/v1.0.0/kustomization.yaml")
	if _, _, err := r.Folder(t.Context(), release); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "kustomization.yaml") {
		t.Errorf("no kustomization: %v", err)
	}
}
