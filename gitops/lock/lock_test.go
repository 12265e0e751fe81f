package lock

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/resolver/catalog"
)

var update = flag.Bool("update", false, "accept what is written and what is said")

func digest(text string) catalog.Digest { return catalog.DigestOf([]byte(text)) }

// example is a lock with every field, in no order.
func example() *Lock {
	files := map[string]catalog.Digest{"kustomization.yaml": digest("k"), "deployment.apps_web_web.yaml": digest("d")}
	return &Lock{
		Renderer: 3, Cluster: "prod", Kubernetes: "1.30", Engine: "flux", Settings: digest("s"), Repository: "https://git.example.org/fleet.git",
		Namespaces: []Namespace{
			{Name: "web", Owner: "web"},
			{Name: "data", Owner: ClusterOwner, UsedBy: []string{"web", "cert-manager"}},
		},
		Instances: []Instance{
			{
				Name: "web", Package: "shop", Version: "v1.2.0+2", Registry: "local", Namespace: "web", Namespaced: true,
				Requires: []string{"cert-manager"}, RequiredBy: []Reason{{Where: "gkops.yaml", Range: ">=1.0 <2"}},
				Sources: []Source{{URL: "https://r.example/package.yaml", Digest: digest("p")}, {URL: "a.yaml", Digest: digest("a")}},
				Facts: Facts{
					Kubernetes: []Demand{{"1.30 || 1.31", "declared in README.md, facts of local"}}, Yanked: "it lost data", Deprecated: "old; use new",
					Sources: []Source{{URL: "local/shop/facts.yaml", Digest: digest("f")}},
				},
				Overrides: Overrides{
					Values:     map[string]any{"replicas": int64(2), "text": "1.20", "on": true, "half": 0.5, "long": "a\nb\n"},
					ValuesFrom: map[string]string{"password": "secret:web/s/key"},
					Patches:    []kustomize.Patch{{Patch: "- op: remove\n  path: /x\n", Target: &kustomize.Selector{Kind: "Deployment"}}},
					Images:     []kustomize.Image{{Name: "web", NewTag: "1"}}, Labels: map[string]string{"team": "y"},
				},
				Parts: []Part{
					{Name: "crds", Wave: 10, Hash: FolderHash(files), Files: files},
					{Name: "core", Wave: 20, Hash: FolderHash(files), Files: files, DependsOn: []string{"web/crds", "cert-manager/core"}},
				},
				Places: map[string]string{"a.yaml": "core"},
			},
			{
				Name: "cert-manager", Package: "cert-manager", Version: "1.17.0", Registry: "local", Namespace: "n", Moved: true,
				RequiredBy: []Reason{{By: "web", Range: "1.x"}, {Where: "gkops.yaml"}, {}},
				Parts:      []Part{{Name: "core", Wave: -10, Files: files}},
			},
			{
				Name: "old", Package: "old", Version: "v1.0.0", Registry: "local", Requires: []string{"gone"},
				Guards:  []string{"b.yaml", "a.yaml"},
				Removal: &Removal{Guarded: true, Purge: true, Announced: true, Withdrawn: []string{"core", "config"}},
			},
			{Name: "web-cache", Package: "cache", Version: "v2.0.0-rc.1", Registry: "local", Parent: "web"},
		},
		Files: map[string]catalog.Digest{"flux/kustomization.yaml": digest("f"), "layers/10/kustomization.yaml": digest("l")},
	}
}

func TestWrite(t *testing.T) {
	l := example()
	data, err := Write(l)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), l); diff != "" {
		t.Error("Write changed its argument:", diff)
	}
	golden := filepath.Join("testdata", "example.lock")
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(data)); diff != "" {
		t.Error(diff)
	}
	got, err := Parse(FileName, data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(canonical(l), got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if got.Instance("web").Package != "shop" || got.Instance("none") != nil {
		t.Error("Instance does not find by name")
	}
}

func TestPaths(t *testing.T) {
	paths := example().Paths()
	for _, name := range []string{
		"flux/kustomization.yaml", "layers/10/kustomization.yaml",
		"packages/web/crds/kustomization.yaml", "packages/web/core/deployment.apps_web_web.yaml", "packages/cert-manager/core/kustomization.yaml",
	} {
		if paths[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if len(paths) != 2+2+2+2 {
		t.Errorf("%d paths", len(paths))
	}
}

func TestFolderHash(t *testing.T) {
	a := map[string]catalog.Digest{"b": digest("1"), "a": digest("2")}
	want := catalog.DigestOf([]byte("a " + string(digest("2")) + "\nb " + string(digest("1")) + "\n"))
	if got := FolderHash(a); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if FolderHash(nil) != digest("") {
		t.Error("an empty folder is not the digest of no bytes")
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Lock){
		"escape":        func(l *Lock) { l.Files["../x"] = digest("x") },
		"instance name": func(l *Lock) { l.Instances[0].Name = "../x" },
		"part name":     func(l *Lock) { l.Instances[0].Parts[0].Name = "a/b" },
		"file name":     func(l *Lock) { l.Instances[0].Parts[0].Files = map[string]catalog.Digest{"a/b": digest("x")} },
		"digest":        func(l *Lock) { l.Settings = "sha256:x" },
		"twice":         func(l *Lock) { l.Instances[1].Name = "web" },
		"no files":      func(l *Lock) { l.Instances[0].Parts[0].Files = nil },
		"version":       func(l *Lock) { l.Instances[0].Version = "1" },
	} {
		l := example()
		spoil(l)
		data, err := Write(l)
		var syntax *document.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: %v\n%s", name, err, data)
		}
	}
}

// TestBad edits the example: the first line of each file says "OLD => NEW", and the rest is the error with its hint.
func TestBad(t *testing.T) {
	base, err := os.ReadFile(filepath.Join("testdata", "example.lock"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "bad.txtar")
	archive, err := txtar.ParseFile(name)
	if err != nil || len(archive.Files) < 20 {
		t.Fatalf("%d files, %v", len(archive.Files), err)
	}
	for n, file := range archive.Files {
		edit, want, _ := strings.Cut(string(file.Data), "\n")
		from, to, found := strings.Cut(edit, " => ")
		unescape := strings.NewReplacer(`\n`, "\n")
		spoilt := strings.Replace(string(base), unescape.Replace(from), unescape.Replace(to), 1)
		if !found || spoilt == string(base) {
			t.Errorf("%s: %q changes nothing", file.Name, edit)
			continue
		}
		got := said(Parse("gkops/prod/gkops.lock", []byte(spoilt)))
		if *update {
			archive.Files[n].Data = []byte(edit + "\n" + got)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", file.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func said(_ *Lock, err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		text := ""
		for _, one := range joined.Unwrap() {
			text += said(nil, one)
		}
		return text
	}
	var syntax *document.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Sprintf("%T %v\n", err, err)
	}
	return syntax.Error() + "\n  " + syntax.Hint + "\n"
}

// FuzzParse parses any bytes: what Parse takes, Write gives back in a form that means the same and does not change any more.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"example.lock", "bad.txtar"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("apiVersion: gkops.dev/v1alpha1\nkind: Lock\nformat: 1\nrenderer: 1\ncluster: a\nkubernetes: x\nengine: y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Parse(FileName, data)
		if err != nil {
			return
		}
		first, err := Write(l)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(FileName, first)
		if err != nil {
			t.Fatalf("%v in\n%s", err, first)
		}
		if diff := cmp.Diff(canonical(l), again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		if second, err := Write(again); err != nil || string(second) != string(first) {
			t.Fatalf("%v: another form:\n%s\n%s", err, first, second)
		}
	})
}

// big is a lock of 20 packages with 1,500 files.
func big() *Lock {
	l := &Lock{Renderer: 1, Cluster: "prod", Kubernetes: "1.33", Engine: "flux", Files: map[string]catalog.Digest{}}
	for n := range 20 {
		files := map[string]catalog.Digest{}
		for m := range 75 {
			files[fmt.Sprintf("customresourcedefinition.apiextensions.k8s.io_thing-%d.example.org.yaml", m)] = digest(fmt.Sprint(n, m))
		}
		l.Instances = append(l.Instances, Instance{
			Name: fmt.Sprintf("package-%02d", n), Package: "p", Version: "v1.0.0", Registry: "r",
			Parts: []Part{{Name: "core", Wave: 10, Hash: FolderHash(files), Files: files}},
		})
	}
	return l
}

func BenchmarkWrite(b *testing.B) {
	l := big()
	for b.Loop() {
		if _, err := Write(l); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data, err := Write(big())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse(FileName, data); err != nil {
			b.Fatal(err)
		}
	}
}
