package helm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/helm"
	"gkops.dev/gkops/resolver/catalog/web"
)

// serve is a web server with these files.
func serve(t *testing.T, files map[string]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, found := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !found {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, body) //nolint:errcheck // the client says what is missing
	}))
	t.Cleanup(server.Close)
	return server
}

const index = `apiVersion: v1
entries:
  old:
  - deprecated: true
    description: "A chart: old"
    name: old
    urls:
    - old-1.0.0.tgz
    version: 1.0.0
  web:
  - annotations:
      artifacthub.io/changes: |
        - version: 9.9.9
        - it is new
    apiVersion: v2
    description: >-
      A web
      server
    home: https://web.example.org
    kubeVersion: '>=1.25.0-0'
    name: web
    urls:
    - web-1.1.0.tgz
    version: "1.1.0"
  - apiVersion: v2
    digest: %s
    name: web
    urls:
    - https://elsewhere.example.org/web-1.0.0.tgz
    version: v1.0.0
  - apiVersion: v2
    name: web
    urls: [web-2.tgz]
    version: 2.0.0-rc.1
  - apiVersion: v2
    name: web
    urls: [x.tgz]
    version: not a version
  Not_A_Name:
  - name: Not_A_Name
    version: 1.0.0
  library:
  - name: library
    type: library
    version: 1.0.0
generated: "2026-01-01T00:00:00Z"
`

var digest = string(catalog.DigestOf([]byte("archive")))

// TestKeysInQuotes reads what Helm never writes and YAML allows: a version under a key in quotes is not lost.
func TestKeysInQuotes(t *testing.T) {
	x, err := helm.ParseIndex("index.yaml", []byte("entries:\n  web:\n  - name: web\n    \"version\": 1.0.0\n"))
	if err != nil || len(x.Versions("web")) != 1 {
		t.Errorf("%v, %v", x, err)
	}
}

// TestRegistry reads a chart repository as a registry, in the layout that Helm writes and in others.
func TestRegistry(t *testing.T) {
	block := fmt.Sprintf(index, strings.TrimPrefix(digest, "sha256:"))
	flow := `{"apiVersion": "v1", "entries": {"old": [{"name": "old", "version": "1.0.0", "deprecated": true, "description": "A chart: old", "urls": ["old-1.0.0.tgz"]}],
		"web": [{"name": "web", "version": "1.1.0", "description": "A web server", "home": "https://web.example.org", "kubeVersion": ">=1.25.0-0", "urls": ["web-1.1.0.tgz"]},
		{"name": "web", "version": "v1.0.0", "urls": ["a.tgz"]}, {"name": "web", "version": "2.0.0-rc.1", "urls": ["a.tgz"]}],
		"library": [{"name": "library", "type": "library", "version": "1.0.0"}]}}`
	var root yaml.Node
	var indented strings.Builder
	encoder := yaml.NewEncoder(&indented)
	if err := errors.Join(yaml.Unmarshal([]byte(block), &root), encoder.Encode(&root)); err != nil {
		t.Fatal(err)
	}
	items := "apiVersion: v1\nentries:\n" + strings.NewReplacer(`{"apiVersion": "v1", "entries": {`, "  ", `"old": [`, "old:\n  - ", `"web": [`, "  web:\n  - ",
		`"library": [`, "  library:\n  - ", "}],\n\t\t", "}\n", "},\n\t\t{", "}\n  - {", "}, {", "}\n  - {", "}]}}", "}\n").Replace(flow)

	for name, text := range map[string]string{"block": block, "flow": flow, "indented": indented.String(), "items": items} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, map[string]string{"index.yaml": text})
			registry := catalog.NewRegistry("charts", server.URL, helm.New(server.URL, web.New(http.DefaultClient, web.Options{}), false))
			listings, err := registry.Listings(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := []catalog.Listing{
				{Name: "old", ShortDescription: "A chart: old", LatestVersion: "1.0.0", Scope: catalog.NamespacedScope},
				{Name: "web", ShortDescription: "A web server", LatestVersion: "1.1.0", Scope: catalog.NamespacedScope},
			}
			if diff := cmp.Diff(want, listings); diff != "" {
				t.Error(diff)
			}
			versions, err := registry.Versions(t.Context(), "web")
			if err != nil || fmt.Sprint(versions) != "[v1.0.0 1.1.0 2.0.0-rc.1]" {
				t.Errorf("%v, %v", versions, err)
			}
			release, err := registry.Release(t.Context(), "web", versions[1])
			if err != nil {
				t.Fatal(err)
			}
			manifest := &catalog.Manifest{
				Name: "web", Scope: catalog.NamespacedScope, DefaultNamespace: "web", ShortDescription: "A web server",
				References: []catalog.Reference{{Label: "Homepage", URL: "https://web.example.org"}},
				Helm:       &catalog.Helm{RepositoryURL: server.URL, ChartName: "web", ChartVersion: "1.1.0"},
			}
			if diff := cmp.Diff(manifest, release.Manifest); diff != "" {
				t.Error(diff)
			}
			candidates, err := catalog.NewSet(registry).Candidates(t.Context(), "old")
			if err != nil || len(candidates) != 1 || candidates[0].Deprecated == "" {
				t.Errorf("%+v, %v", candidates, err)
			}
			sheet, err := registry.VersionFacts(t.Context(), "web", versions[1])
			if err != nil || sheet == nil || !strings.Contains(string(sheet.File.Data), "kubernetes: '>=1.25.0-0'") {
				t.Errorf("%+v, %v", sheet, err)
			}
			if sheet, err = registry.VersionFacts(t.Context(), "web", versions[0]); err != nil || sheet != nil {
				t.Errorf("%+v, %v", sheet, err)
			}
		})
	}
}

// TestPrereleases: a stable version that its authors call a prerelease is taken last, in any layout of the index.
func TestPrereleases(t *testing.T) {
	note := "annotations: {artifacthub.io/prerelease: %s}\n"
	block := "entries:\n  web:\n"
	for version, line := range map[string]string{
		"1.0.0": "annotations:\n      artifacthub.io/prerelease: \"false\"\n", "2.0.0": "annotations:\n      artifacthub.io/prerelease: \"true\"\n",
		"3.0.0": "description: artifacthub.io/prerelease\n", "4.0.0": fmt.Sprintf(note, "true"), "5.0.0-rc.1": fmt.Sprintf(note, "true"),
		"6.0.0": "deprecated: true\n    " + fmt.Sprintf(note, "true"),
	} {
		block += "  - name: web\n    version: " + version + "\n    " + line
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(block), &root); err != nil {
		t.Fatal(err)
	}
	indented, err := yaml.Marshal(&root)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{block, string(indented)} {
		server := serve(t, map[string]string{"index.yaml": text})
		registry := catalog.NewRegistry("charts", server.URL, helm.New(server.URL, web.New(http.DefaultClient, web.Options{}), false))
		candidates, err := catalog.NewSet(registry).Candidates(t.Context(), "web")
		if err != nil {
			t.Fatal(err)
		}
		var last []string
		for _, c := range candidates {
			if c.Prerelease != "" || c.Deprecated != "" {
				last = append(last, fmt.Sprintf("%s prerelease %q, deprecated %q", c.Version, c.Prerelease, c.Deprecated))
			}
		}
		want := []string{
			`2.0.0 prerelease "its authors say so", deprecated ""`, `4.0.0 prerelease "its authors say so", deprecated ""`,
			`6.0.0 prerelease "", deprecated "the chart says so itself"`,
		}
		slices.Sort(last)
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

// TestNamespaceIsNotKubernetes: a chart that is called as Kubernetes calls its own namespaces has another one by default.
func TestNamespaceIsNotKubernetes(t *testing.T) {
	server := serve(t, map[string]string{"index.yaml": "entries:\n  kube-web:\n  - name: kube-web\n    version: 1.0.0\n"})
	registry := catalog.NewRegistry("charts", server.URL, helm.New(server.URL, web.New(http.DefaultClient, web.Options{}), false))
	versions, err := registry.Versions(t.Context(), "kube-web")
	if err != nil || len(versions) != 1 {
		t.Fatalf("%v, %v", versions, err)
	}
	release, err := registry.Release(t.Context(), "kube-web", versions[0])
	if err != nil || release.Manifest.DefaultNamespace != "web" {
		t.Errorf("%+v, %v", release, err)
	}
}

func TestTwice(t *testing.T) {
	entry := "  - name: web\n    version: %s\n    digest: %s\n"
	one, other := strings.Repeat("1", 64), strings.Repeat("2", 64)
	same := fmt.Sprintf("entries:\n  web:\n"+entry+entry, "1.0.0", one, "1.0.0", one)
	if x, err := helm.ParseIndex("index.yaml", []byte(same)); err != nil || len(x.Versions("web")) != 1 {
		t.Error(err)
	}
	differs := fmt.Sprintf("entries:\n  web:\n"+entry+entry, "1.0.0", one, "v1.0.0", other)
	var syntax *document.SyntaxError
	if _, err := helm.ParseIndex("index.yaml", []byte(differs)); !errors.As(err, &syntax) || syntax.Line != 6 {
		t.Errorf("%v", err)
	}
}

func TestArchive(t *testing.T) {
	files := map[string]string{"web.tgz": "archive", "evil.tgz": "another"}
	server := serve(t, files)
	entry := "  - name: web\n    version: %s\n    digest: %s\n    urls: [%q]\n"
	files["index.yaml"] = "entries:\n  web:\n" + fmt.Sprintf(entry, "1.0.0", digest, "web.tgz") + fmt.Sprintf(entry, "1.1.0", digest, "evil.tgz") +
		fmt.Sprintf(entry, "1.2.0", digest, "file:///etc/passwd") + fmt.Sprintf(entry, "1.3.0", digest, "https://ada:secret@example.org/x.tgz")
	charts := helm.NewCharts(web.New(http.DefaultClient, web.Options{}))
	file, err := charts.Archive(t.Context(), server.URL+"/", "web", "v1.0.0")
	if err != nil || string(file.Data) != "archive" || file.Name != server.URL+"/web.tgz" {
		t.Errorf("%+v, %v", file, err)
	}
	var damaged *helm.DigestError
	if _, err := charts.Archive(t.Context(), server.URL, "web", "1.1.0"); !errors.As(err, &damaged) {
		t.Error(err)
	}
	if _, err := charts.Archive(t.Context(), server.URL, "web", "9.0.0"); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
	for _, version := range []string{"1.2.0", "1.3.0"} {
		_, err := charts.Archive(context.Background(), server.URL, "web", version)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", version, err)
		}
	}
}
