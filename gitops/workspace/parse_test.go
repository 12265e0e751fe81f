package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/compat/document"
)

// TestBad parses every file of testdata/bad.txtar; "NAME.err" holds what is said of NAME, one error per line with its hint below.
func TestBad(t *testing.T) {
	name := filepath.Join("testdata", "bad.txtar")
	archive, err := txtar.ParseFile(name)
	if err != nil || len(archive.Files) < 40 {
		t.Fatalf("%d files, %v", len(archive.Files), err)
	}
	for n := 0; n < len(archive.Files); n += 2 {
		got := ""
		_, err := Parse("gkops.yaml", archive.Files[n].Data)
		for _, one := range every(err) {
			got += errorText(one)
		}
		if *update {
			archive.Files[n+1].Data = []byte(got)
			continue
		}
		if diff := cmp.Diff(string(archive.Files[n+1].Data), got); diff != "" || got == "" {
			t.Errorf("%s: %s", archive.Files[n].Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func every(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

const full = `# yaml-language-server: $schema=x
apiVersion: gkops.dev/v1alpha1
kind: Workspace
engine: flux
granularity: layer
source: {name: flux-system, namespace: flux-system}
registries:
  - name: glasskube
    url: https://registry.example/packages/
    type: glasskube
  - {name: local, url: ../registry}
mirrors: [../mirror, "off"]
clusters:
  - name: staging
    kubernetes: "1.34"
  - name: prod
    kubernetes: "1.33"
    follows: staging
    packages:
      - name: kps
        version: "<70"
        registry: local
        values: {b: 2}
        valuesFrom:
          secret: {namespace: ns, name: s, key: k}
        images: [{name: x, newTag: "2"}]
        labels: {b: "2"}
      - name: only-prod
packages:
  - name: kps
    version: ">=60"
    values: {a: true, b: "1", c: 1.5, secret: clear}
    patches:
      - target: {kind: Deployment}
        patch: |
          - {op: remove, path: /x}
    images: [{name: x, newTag: "1"}, {name: "y", digest: "sha256:1"}]
    labels: {a: "1", b: "1"}
  - name: postgresql
    as: orders-db
    namespace: orders
policy:
  groups: [{name: all, packages: ["*"]}]
  soak: 3d
  automerge: {risk: low, method: squash}
  level: patch
  timeZone: Europe/Vienna
  schedule: ["* 6-8 * * 1-5"]
  limits: {open: 3, hourly: 1}
  commits: conventional
  reviewers: [ada]
  rules:
    - packages: ["kps*"]
      clusters: [prod]
      groups: [all]
      soak: 7d
      reviewers: []
  pins: [{package: kps, version: "<80", reason: slow, until: "2026-02-28"}]
  skips: [{package: kps, version: "61.0.0", reason: broken, clusters: [prod]}]
  holds:
    - package: kps
      version: "<80"
      reason: slow
      until: 2026-01-31
`

func TestParse(t *testing.T) {
	w, err := Parse("gkops.yaml", []byte(strings.Replace(full, "2026-01-31", `"2026-01-31"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for want, got := range map[string]string{
		"gkops.yaml:8": w.Registries[0].Where(), "gkops.yaml:11": w.Registries[1].Where(), "gkops.yaml:16": w.Clusters[1].Where(),
		"gkops.yaml:20": w.Clusters[1].Packages[0].Where(), "gkops.yaml:39": w.Packages[1].Where(), "gkops.yaml:61": w.Policy.Holds[0].Where(),
	} {
		if got != want {
			t.Errorf("where %s, want %s", got, want)
		}
	}
	if got := w.Packages[1].Instance() + " " + w.Packages[0].Range().String(); got != "orders-db >=60" {
		t.Error(got)
	}
	want := map[string]any{"a": true, "b": "1", "c": 1.5, "secret": "clear"}
	if diff := cmp.Diff(want, w.Packages[0].Values); diff != "" {
		t.Error(diff)
	}
}

func TestEffective(t *testing.T) {
	w, err := Parse("gkops.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	base := w.Packages[0]
	staging := w.Effective("staging")
	if diff := cmp.Diff(w.Packages, staging, cmpopts.IgnoreUnexported(Package{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	prod := w.Effective("prod")
	names := ""
	for _, p := range prod {
		names += p.Instance() + " " + p.Where() + "\n"
	}
	if names != "kps gkops.yaml:20\norders-db gkops.yaml:39\nonly-prod gkops.yaml:28\n" {
		t.Error(names)
	}
	kps := prod[0]
	if diff := cmp.Diff(map[string]any{"a": true, "b": int64(2), "c": 1.5}, kps.Values); diff != "" {
		t.Error("values:", diff)
	}
	if kps.ValuesFrom["secret"].Name != "s" || kps.Version != "<70" || kps.Registry != "local" || len(kps.Patches) != 1 {
		t.Errorf("%+v", kps)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "2"}, kps.Labels); diff != "" {
		t.Error("labels:", diff)
	}
	if len(kps.Images) != 2 || kps.Images[1].NewTag != "2" {
		t.Errorf("images: %+v", kps.Images)
	}
	kps.Values["a"] = false
	if base.Values["a"] != true {
		t.Error("a change of the effective package shows in the workspace")
	}
}

func TestNew(t *testing.T) {
	data, err := New(Workspace{
		Engine: ArgoCD, Source: Source{RepoURL: "https://git.example/x"}, Registries: []Registry{{Name: "a", URL: "x", Type: Glasskube}},
		Clusters: []Cluster{{Name: "prod", Kubernetes: "1.30"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `# yaml-language-server: $schema=https://gkops.dev/schema/workspace.json
# What this repository wants: 'gkops add', 'set', 'hold' and 'remove' edit it, and so may you; 'gkops render' brings gkops/ up to it.
apiVersion: gkops.dev/v1alpha1
kind: Workspace
engine: argocd
source:
  repoURL: https://git.example/x
registries:
  - name: a
    url: x
    type: glasskube
clusters:
  - name: prod
    kubernetes: "1.30"
packages: []
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
	var syntax *document.SyntaxError
	if _, err := New(Workspace{Engine: "helm"}); !errors.As(err, &syntax) {
		t.Errorf("a workspace that makes no sense: %v", err)
	}
}
