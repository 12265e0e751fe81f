package render_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

var update = flag.Bool("update", false, "write what is rendered into the golden files")

// A golden file holds a cluster.yaml, a folder per instance (instance.yaml, package.yaml and what it names), and what must come out of it: the
// tree below want/, the findings, one per line, or the error.
type testCluster struct {
	Name, Engine, Granularity, Kubernetes string
	Source                                render.Source
	Locked                                render.Previous
}

type testInstance struct {
	Namespace     string
	Values        map[string]any
	From          map[string]string // value to reference
	Patches       []kustomize.Patch
	Images        []kustomize.Image
	Labels        map[string]string
	MoveNamespace bool
	Requires      []string
	Withdrawn     []string
	Guarded       bool
	Announced     bool
	Guards        []string
	Mode          string
}

func TestGoldenTrees(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want := split(archive)
			got := rendered(t, input)
			if failed := got["error"]; (failed != "") != strings.HasPrefix(filepath.Base(file), "error_") {
				t.Fatalf("only the cases named error_ fail, and all of them: %s", failed)
			}
			if *update {
				writeGolden(t, file, archive, got)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the tree differs (-want +got):\n%s", diff)
			}
			if again := rendered(t, input); !cmp.Equal(got, again) {
				t.Errorf("a second render differs:\n%s", cmp.Diff(got, again))
			}
		})
	}
}

// split parts the files of a case into what goes in and what must come out.
func split(archive *txtar.Archive) (fstest.MapFS, map[string]string) {
	input, want := fstest.MapFS{}, map[string]string{}
	for _, f := range archive.Files {
		if isWanted(f.Name) {
			want[f.Name] = string(f.Data)
			continue
		}
		input[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return input, want
}

func isWanted(name string) bool {
	return strings.HasPrefix(name, "want/") || name == "findings" || name == "error" || name == "plan"
}

func writeGolden(t *testing.T, file string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return isWanted(f.Name) })
	for _, name := range slices.Sorted(maps.Keys(got)) {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rendered is what comes out of a case.
func rendered(t *testing.T, input fstest.MapFS) map[string]string {
	t.Helper()
	cluster, instances, err := readCase(input)
	got := map[string]string{}
	if err == nil {
		var out *render.Output
		if out, err = render.Tree(context.Background(), cluster, instances); err == nil {
			describe(got, out)
			return got
		}
	}
	got["error"] = err.Error() + "\n"
	return got
}

func describe(got map[string]string, out *render.Output) {
	for name, data := range out.Files {
		got["want/"+name] = string(data)
	}
	var plan, findings strings.Builder
	for _, p := range out.Parts {
		fmt.Fprintf(&plan, "%d %s waits for %v, %d objects\n", p.Wave, p.ID(), p.DependsOn, p.Objects)
	}
	for _, n := range out.Namespaces {
		fmt.Fprintf(&plan, "namespace %s of %s for %v\n", n.Name, n.Owner, n.Users)
	}
	for _, place := range slices.Sorted(maps.Keys(out.Places)) {
		fmt.Fprintf(&plan, "place %s %s\n", place, out.Places[place])
	}
	for _, f := range out.Findings {
		fmt.Fprintf(&findings, "%s:%d: %s: %s: %s\n", f.File, f.Line, f.Severity, f.Rule, f.Message)
	}
	got["plan"] = plan.String()
	if findings.Len() > 0 {
		got["findings"] = findings.String()
	}
}

func readCase(input fstest.MapFS) (render.Cluster, []render.Instance, error) {
	var c testCluster
	if err := decode(input, "cluster.yaml", &c); err != nil {
		return render.Cluster{}, nil, err
	}
	if c.Name == "" {
		c.Name = "prod"
	}
	if c.Source == (render.Source{}) {
		c.Source = render.Source{Name: "flux-system", Namespace: "flux-system"}
		if c.Engine == render.ArgoCD {
			c.Source = render.Source{Namespace: "argocd", RepoURL: "https://git.example/gitops.git"}
		}
	}
	cluster := render.Cluster{Name: c.Name, Engine: c.Engine, Granularity: c.Granularity, Source: c.Source, Locked: c.Locked, Root: "gkops/" + c.Name, Kubernetes: c.Kubernetes}
	var instances []render.Instance
	entries, err := fs.ReadDir(input, ".")
	if err != nil {
		return cluster, nil, err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			instance, err := readInstance(input, entry.Name())
			if err != nil {
				return cluster, nil, err
			}
			instances = append(instances, instance)
		}
	}
	return cluster, instances, nil
}

func readInstance(input fstest.MapFS, name string) (render.Instance, error) {
	var given testInstance
	if err := decode(input, name+"/instance.yaml", &given); err != nil {
		return render.Instance{}, err
	}
	file := name + "/package.yaml"
	manifest, err := catalog.ParseManifest(file, input[file].Data)
	if err != nil {
		return render.Instance{}, err
	}
	instance := render.Instance{
		Name: name, Package: manifest.Name, Namespace: given.Namespace, Namespaced: manifest.Namespaced(), Manifest: manifest,
		Patches: given.Patches, Images: given.Images, Labels: given.Labels, MoveNamespace: given.MoveNamespace,
		Requires: given.Requires, Withdrawn: given.Withdrawn, Guarded: given.Guarded, Announced: given.Announced, Guards: given.Guards, Mode: given.Mode,
	}
	if manifest.Helm != nil {
		instance.Charts = []render.Chart{{
			Name: manifest.Helm.ChartName, Release: name, Repository: manifest.Helm.RepositoryURL, Version: manifest.Helm.ChartVersion,
			Archive: catalog.File{Name: manifest.Helm.ChartName + ".tgz", Data: packTree(input, name+"/chart")}, Values: manifest.Helm.Values,
		}}
	}
	for _, m := range manifest.Manifests {
		full := path.Join(name, m.URL)
		instance.Files = append(instance.Files, catalog.File{Name: full, URL: full, Data: input[full].Data})
	}
	if manifest.Kustomize != nil {
		if instance.Folder, err = fs.Sub(input, name); err != nil {
			return instance, err
		}
	}
	if given.Values == nil {
		given.Values = map[string]any{}
	}
	for value, text := range given.From {
		reference, err := values.ParseReference(text)
		if err != nil {
			return instance, err
		}
		given.Values[value] = reference
	}
	instance.Values, err = values.Set(manifest.ValueDefinitions, given.Values)
	return instance, err
}

// packTree is the archive of a chart whose files lie below a folder.
func packTree(input fstest.MapFS, folder string) []byte {
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tape := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(input)) {
		if inner, mine := strings.CutPrefix(name, folder+"/"); mine {
			tape.WriteHeader(&tar.Header{Name: "chart/" + inner, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(input[name].Data))}) //nolint:errcheck // into memory
			tape.Write(input[name].Data)                                                                                                  //nolint:errcheck // into memory
		}
	}
	tape.Close()   //nolint:errcheck // into memory
	zipped.Close() //nolint:errcheck // into memory
	return out.Bytes()
}

func decode(input fstest.MapFS, name string, into any) error {
	file := input[name]
	if file == nil {
		return nil
	}
	return yaml.UnmarshalStrict(bytes.TrimSpace(file.Data), into)
}
