package render_test

import (
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/render"
)

// treesOf renders every golden case that can be rendered.
func treesOf(t *testing.T) map[string]*render.Output {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	trees := map[string]*render.Output{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		input, _ := split(archive)
		cluster, instances, err := readCase(input)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		slices.Reverse(instances)
		out, err := render.Tree(context.Background(), cluster, instances)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		trees[file] = out
	}
	if len(trees) == 0 {
		t.Fatal("no golden cases")
	}
	return trees
}

// TestLayersAreBuiltByKustomize: each layer builds with the restrictions that kubectl has, and the layers together hold every object once.
func TestLayersAreBuiltByKustomize(t *testing.T) {
	for name, out := range treesOf(t) {
		files := filesys.MakeFsInMemory()
		var layers []string
		objects := 0
		for file, data := range out.Files {
			write(t, files, "/"+file, data)
			if strings.Contains(file, "/layers/") {
				layers = append(layers, path.Dir(file))
			}
		}
		for _, part := range out.Parts {
			objects += part.Objects
		}
		built := 0
		for _, layer := range layers {
			result, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/"+layer)
			if err != nil {
				t.Fatalf("%s: %s: %v", name, layer, err)
			}
			built += result.Size()
		}
		if built != objects {
			t.Errorf("%s: the layers hold %d objects, the parts %d", name, built, objects)
		}
		if flux := path.Dir(findFile(out, "flux/kustomization.yaml")); flux != "." {
			if _, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/"+flux); err != nil {
				t.Errorf("%s: %s: %v", name, flux, err)
			}
		}
	}
}

func findFile(out *render.Output, suffix string) string {
	for file := range out.Files {
		if strings.HasSuffix(file, suffix) {
			return file
		}
	}
	return ""
}

// TestTheTreeDependsOnNothingElse: another number of processors and another order of the instances give the same bytes.
func TestTheTreeDependsOnNothingElse(t *testing.T) {
	first := treesOf(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, second := range treesOf(t) {
		if diff := cmp.Diff(first[name], second, cmpopts.IgnoreFields(render.Output{}, "AsRead")); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// TestPartsKnowTheirFiles: every file of packages and namespaces belongs to one part, with its digest.
func TestPartsKnowTheirFiles(t *testing.T) {
	for name, out := range treesOf(t) {
		known := map[string]bool{}
		for _, part := range out.Parts {
			for file := range part.Files {
				known[path.Join(part.Folder, file)] = true
			}
			if part.Hash == "" || part.Wave == 0 || part.Objects == 0 || part.Bytes == 0 {
				t.Errorf("%s: %+v", name, part)
			}
		}
		for file, data := range out.Files {
			generated := !strings.Contains(file, "/flux/") && (strings.Contains(file, "/packages/") || strings.Contains(file, "/namespaces/"))
			if generated != known[file] {
				t.Errorf("%s: %s belongs to a part: %v", name, file, known[file])
			}
			if !strings.HasPrefix(string(data), render.Header) {
				t.Errorf("%s: %s has no header", name, file)
			}
			if _, err := document.ParseOne(file, data); err != nil && path.Base(file) != "README.md" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestOutputIsAFileSystem(t *testing.T) {
	for name, out := range treesOf(t) {
		count := 0
		err := fs.WalkDir(out.FS(), ".", func(file string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				count++
			}
			return err
		})
		if err != nil || count != len(out.Files) {
			t.Errorf("%s: %d of %d files, %v", name, count, len(out.Files), err)
		}
	}
}

func TestFacts(t *testing.T) {
	out := treesOf(t)["testdata/flux.txtar"]
	want := []render.Facts{
		{Instance: "operator", Provides: []render.CRD{{
			Group: "example.com", Kind: "Database", Plural: "databases", Scope: "Namespaced", Versions: []render.CRDVersion{{Name: "v1", Served: true, Storage: true}},
		}}},
		{Instance: "orders-db", Requires: []render.GroupVersionKind{{Group: "example.com", Version: "v1", Kind: "Database"}}},
		{Instance: "web"},
	}
	if diff := cmp.Diff(want, out.Facts); diff != "" {
		t.Error(diff)
	}
}

func TestEntryMakesTheEngineReadTheTree(t *testing.T) {
	for _, c := range []struct {
		cluster    render.Cluster
		file, path string
	}{
		{render.Cluster{Name: "prod", Engine: render.Flux, Root: "gkops/prod", Source: render.Source{Name: "flux-system", Namespace: "flux-system"}}, "gkops-prod.yaml", "./gkops/prod/flux"},
		{render.Cluster{Name: "prod", Engine: render.ArgoCD, Root: "gkops/prod", Source: render.Source{RepoURL: "https://x"}}, "gkops-prod-entry.yaml", "gkops/prod/argocd"},
	} {
		file, data, err := render.Entry(c.cluster)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Spec struct {
				Path    string
				Wait    bool
				Sources []struct{ Path string }
			}
		}
		if err := yaml.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if got.Spec.Sources != nil {
			got.Spec.Path = got.Spec.Sources[0].Path
		}
		if file != c.file || got.Spec.Path != c.path || got.Spec.Wait {
			t.Errorf("%s in %s: %s", got.Spec.Path, file, data)
		}
	}
}

func TestLargeObjectsAreAppliedByTheServer(t *testing.T) {
	c := render.Cluster{Name: "prod", Engine: render.ArgoCD, Root: "gkops/prod", Source: render.Source{Namespace: "argocd", RepoURL: "x"}}
	out, err := render.Tree(context.Background(), c, largeCRDs())
	if err != nil {
		t.Fatal(err)
	}
	large := 0
	for file, data := range out.Files {
		applied := strings.Contains(string(data), "argocd.argoproj.io/sync-options: ServerSideApply=true\n")
		if applied != strings.Contains(file, "/customresourcedefinition") {
			t.Errorf("%s of %d bytes: applied by the server %v", file, len(data), applied)
		}
		if applied {
			large++
		}
	}
	if large != 3 {
		t.Errorf("%d large objects", large)
	}
}
