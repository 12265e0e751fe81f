//go:build real

package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"gkops.dev/gkops/resolver/catalog"
)

// refusals are the only reasons for which a version of a real registry may be refused, by the text that says so.
var refusals = []struct{ reason, text string }{
	{"needs a chart that is not at hand", "/index.yaml: the network is off, and no mirror has a copy"},
	{"needs what nobody has", "which no registry has"},
	{"its ready value set sets a value whose target the package does not have", "value memory: target Deployment redis (apps/v1)"},
}

// release is one version of one package of a real registry.
type release struct{ registry, pkg, version, folder string }

// outcome is what became of one release for one engine.
type outcome struct {
	release
	engine, refused string
	objects         int
	took            time.Duration
}

// TestReal adds every version of the real registries whose manifests the mirror holds to a fresh workspace, for both engines,
// twice, and compares every object of the sources with what the tree holds.
func TestReal(t *testing.T) {
	shared := os.Getenv("GKOPS_SHARED")
	if shared == "" {
		t.Fatal("GKOPS_SHARED names no folder with registry, upstream and mirror")
	}
	releases := append(realReleases(t, shared, "registry", "glasskube"), realReleases(t, shared, "upstream", "upstream")...)
	if len(releases) < 300 {
		t.Fatalf("found %d releases with manifests, want more than 300", len(releases))
	}
	var (
		mu       sync.Mutex
		outcomes []outcome
		wait     sync.WaitGroup
		work     = make(chan outcome)
	)
	for range runtime.NumCPU() {
		wait.Go(func() {
			for o := range work {
				o.run(t, shared)
				mu.Lock()
				outcomes = append(outcomes, o)
				mu.Unlock()
			}
		})
	}
	for _, r := range releases {
		for _, engine := range []string{"flux", "argocd"} {
			work <- outcome{release: r, engine: engine}
		}
	}
	close(work)
	wait.Wait()
	summarise(t, outcomes)
}

// realReleases are the versions of a registry with plain manifests that are all at hand.
func realReleases(t *testing.T, shared, folder, name string) []release {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(shared, folder, "*", "*", "package.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var releases []release
	for _, file := range found {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := catalog.ParseManifest(file, data)
		if err != nil {
			t.Errorf("real package: %v", err)
			continue
		}
		dir := filepath.Dir(file)
		if len(m.Manifests) == 0 || !atHand(shared, dir, m) {
			continue
		}
		releases = append(releases, release{name, m.Name, filepath.Base(dir), dir})
	}
	return releases
}

func atHand(shared, dir string, m *catalog.Manifest) bool {
	for _, manifest := range m.Manifests {
		if _, err := os.Stat(local(shared, dir, manifest.URL)); err != nil {
			return false
		}
	}
	return true
}

// local is where a manifest's bytes are.
func local(shared, dir, address string) string {
	u, err := url.Parse(address)
	if err != nil || !u.IsAbs() {
		return filepath.Join(dir, address)
	}
	return filepath.Join(shared, "mirror", u.Host, u.Path)
}

// run adds a release to two fresh workspaces and compares the trees with each other and with the sources.
func (o *outcome) run(t *testing.T, shared string) {
	name := fmt.Sprintf("%s/%s/%s %s", o.registry, o.pkg, o.version, o.engine)
	first, err := o.add(t, shared)
	if err != nil {
		o.refused = allowed(err.Error())
		if o.refused == "" {
			t.Errorf("%s: refused: %v", name, err)
		}
		return
	}
	second, err := o.add(t, shared)
	if err != nil {
		t.Errorf("%s: the second time: %v", name, err)
		return
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("%s: two renders differ:\n%.2000s", name, diff)
	}
	want, namespaced, err := o.sourceObjects(shared)
	if err != nil {
		t.Errorf("%s: sources: %v", name, err)
		return
	}
	got, err := o.treeObjects(first)
	if err != nil {
		t.Errorf("%s: tree: %v", name, err)
		return
	}
	o.objects = len(got)
	if namespaced {
		// Names and namespaces are the instance's and values are set: golden trees show those; here nothing may be lost.
		want, got = kinds(want), kinds(got)
	}
	if lost := compare(want, got); lost != "" {
		t.Errorf("%s: %.3000s", name, lost)
	}
}

func allowed(text string) string {
	for _, r := range refusals {
		if strings.Contains(text, r.text) {
			return r.reason
		}
	}
	return ""
}

// add makes a workspace, adds the release and returns the tree of the work tree.
func (o *outcome) add(t *testing.T, shared string) (map[string]string, error) {
	dir, err := os.MkdirTemp(t.TempDir(), "real")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.Command("git", "init", "-q", "-b", "main", dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("git init: %s", out)
	}
	env := map[string]string{
		"GKOPS_MIRROR": filepath.Join(shared, "mirror") + ",off", "XDG_CACHE_HOME": filepath.Join(dir, ".git", "cache"), "HOME": dir,
	}
	err = runQuiet(dir, env, "init", "--engine", o.engine, "--cluster", "prod", "--kubernetes", "1.33", "--repo-url", "https://git.example.org/fleet.git",
		"--registry", "glasskube="+filepath.Join(shared, "registry"), "--registry", "upstream="+filepath.Join(shared, "upstream"))
	if err := errors.Join(err, acceptOld(dir)); err != nil {
		return nil, err
	}
	args := []string{"add", o.pkg + "@" + exactly(o.version), "--registry", o.registry}
	start := time.Now()
	if err := runQuiet(dir, env, append(args, o.values()...)...); err != nil {
		return nil, err
	}
	o.took = time.Since(start)
	return treeOf(dir)
}

// exactly is a range that holds one version and, without a packaging revision, no other spelling of it.
func exactly(version string) string {
	if strings.Contains(version, "+") {
		return version
	}
	return "=" + version
}

// values are the flags of the release's ready value set, as gkops spells them.
func (o *outcome) values() []string {
	data, err := os.ReadFile(filepath.Join(o.folder, ".test", "config-values.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var flags []string
	words := strings.Fields(strings.ReplaceAll(string(data), `"`, ""))
	for i, word := range words {
		switch {
		case word == "--value" && i+1 < len(words):
			flags = append(flags, "--set", words[i+1])
		case word == "--use-default=all":
			flags = append(flags, o.defaults()...)
		}
	}
	return flags
}

func (o *outcome) defaults() []string {
	data, err := os.ReadFile(filepath.Join(o.folder, "package.yaml"))
	if err != nil {
		return nil
	}
	m, err := catalog.ParseManifest("package.yaml", data)
	if err != nil {
		return nil
	}
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(m.ValueDefinitions)) {
		if d := m.ValueDefinitions[name]; d.DefaultValue != "" {
			flags = append(flags, "--set", name+"="+d.DefaultValue)
		}
	}
	return flags
}

// runQuiet runs one command; its error is what it wrote to stderr.
func runQuiet(dir string, env map[string]string, args ...string) error {
	var stdout, stderr bytes.Buffer
	code := Run(context.Background(), Env{
		Args: args, Dir: dir, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return env[name] }, Now: time.Now, HTTP: http.DefaultClient,
	})
	if code != 0 {
		return fmt.Errorf("gkops %s: exit status %d: %s", strings.Join(args, " "), code, stderr.String())
	}
	return nil
}

func treeOf(dir string) (map[string]string, error) {
	tree := map[string]string{}
	root := filepath.Join(dir, "gkops")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		tree[filepath.ToSlash(relative)] = string(data)
		return err
	})
	return tree, err
}

// object is one Kubernetes object as plain data.
type object = map[string]any

// sourceObjects are the objects of the release's manifests as kubectl reads them, and whether the package is namespaced.
func (o *outcome) sourceObjects(shared string) ([]object, bool, error) {
	data, err := os.ReadFile(filepath.Join(o.folder, "package.yaml"))
	if err != nil {
		return nil, false, err
	}
	m, err := catalog.ParseManifest("package.yaml", data)
	if err != nil {
		return nil, false, err
	}
	var objects []object
	seen := map[string]bool{}
	for _, manifest := range m.Manifests {
		data, err := os.ReadFile(local(shared, o.folder, manifest.URL))
		if err != nil {
			return nil, false, err
		}
		read, err := readObjects(data)
		if err != nil {
			return nil, false, err
		}
		for _, one := range read {
			if text := asJSON(one); !seen[text] { // identical objects within one package merge
				seen[text] = true
				objects = append(objects, one)
			}
		}
	}
	return objects, m.Namespaced(), nil
}

// readObjects splits a stream, expands Lists and drops what is empty, with Kubernetes' own code.
func readObjects(data []byte) ([]object, error) {
	reader := apiyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var objects []object
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		var one object
		if err := yaml.Unmarshal(text, &one); err != nil {
			return nil, err
		}
		objects = append(objects, expand(one)...)
	}
}

func expand(object map[string]any) []map[string]any {
	items, isList := object["items"].([]any)
	if kind, _ := object["kind"].(string); !isList || !strings.HasSuffix(kind, "List") {
		if len(object) == 0 {
			return nil
		}
		return []map[string]any{object}
	}
	var all []map[string]any
	for _, item := range items {
		all = append(all, expand(item.(map[string]any))...)
	}
	return all
}

// treeObjects are the objects of the release's instance, and the Namespaces, as the engine gets them: built by kustomize for Flux, read
// file by file for Argo CD.
func (o *outcome) treeObjects(tree map[string]string) ([]object, error) {
	var objects []object
	disk := filesys.MakeFsInMemory()
	folders := map[string]bool{}
	for name, data := range tree {
		ours := strings.HasPrefix(name, "gkops/prod/packages/"+o.pkg+"/") || strings.HasPrefix(name, "gkops/prod/namespaces/")
		if !ours {
			continue
		}
		if o.engine == "argocd" {
			if filepath.Base(name) == "kustomization.yaml" {
				continue
			}
			read, err := readObjects([]byte(data))
			if err != nil || len(read) != 1 {
				return nil, fmt.Errorf("%s holds %d objects: %w", name, len(read), err)
			}
			objects = append(objects, read...)
			continue
		}
		if err := disk.WriteFile("/"+name, []byte(data)); err != nil {
			return nil, err
		}
		if folder := filepath.Dir(name); strings.Contains(name, "/packages/") || folder == "gkops/prod/namespaces" {
			folders["/"+folder] = true
		}
	}
	for folder := range folders {
		built, err := kustomize(disk, folder)
		if err != nil {
			return nil, err
		}
		objects = append(objects, built...)
	}
	return objects, nil
}

var building sync.Mutex // kustomize is not promised to be safe in parallel

func kustomize(disk filesys.FileSystem, folder string) ([]object, error) {
	building.Lock()
	defer building.Unlock()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, folder)
	if err != nil {
		return nil, err
	}
	var objects []object
	for _, r := range built.Resources() {
		one, err := r.Map()
		if err != nil {
			return nil, err
		}
		objects = append(objects, one)
	}
	return objects, nil
}

// compare matches every object of the sources with exactly one of the tree and tells what is lost, changed or added. Added may be
// Namespaces only, and what the engine's annotations and a namespace where there was none amount to is no change.
func compare(want, got []object) string {
	left := map[string][]object{}
	for _, one := range got {
		left[nameOfObject(one)] = append(left[nameOfObject(one)], one)
	}
	var told strings.Builder
	for _, one := range want {
		key := nameOfObject(one)
		n := slices.IndexFunc(left[key], func(other object) bool {
			return namespace(one) == "" || namespace(one) == namespace(other)
		})
		if n < 0 {
			if !strings.HasPrefix(key, "/Namespace/kube-") && key != "/Namespace/default" {
				fmt.Fprintf(&told, "lost: %s in %q\n", key, namespace(one))
			}
			continue
		}
		if diff := cmp.Diff(normalised(one, false), normalised(left[key][n], namespace(one) == "")); diff != "" {
			fmt.Fprintf(&told, "changed: %s (-source +tree)\n%s\n", key, diff)
		}
		left[key] = slices.Delete(left[key], n, n+1)
	}
	for key, rest := range left {
		if len(rest) > 0 && !strings.HasPrefix(key, "/Namespace/") {
			fmt.Fprintf(&told, "added: %d of %s\n", len(rest), key)
		}
	}
	return told.String()
}

// kinds are objects reduced to their kind.
func kinds(objects []object) []object {
	var all []object
	for _, one := range objects {
		all = append(all, object{"apiVersion": one["apiVersion"], "kind": one["kind"], "metadata": object{"name": "x"}})
	}
	return all
}

// nameOfObject is group, kind and name.
func nameOfObject(one object) string {
	version, _ := one["apiVersion"].(string)
	group, _, grouped := strings.Cut(version, "/")
	if !grouped {
		group = ""
	}
	metadata, _ := one["metadata"].(object)
	return fmt.Sprintf("%s/%v/%v", group, one["kind"], metadata["name"])
}

func namespace(one object) string {
	metadata, _ := one["metadata"].(object)
	name, _ := metadata["namespace"].(string)
	return name
}

// normalised is an object as JSON without the engine's annotations, and without its namespace when that was filled in.
func normalised(one object, filled bool) string {
	metadata, _ := one["metadata"].(object)
	metadata = maps.Clone(metadata)
	annotations, _ := metadata["annotations"].(object)
	annotations = maps.Clone(annotations)
	maps.DeleteFunc(annotations, func(key string, _ any) bool {
		return strings.HasPrefix(key, "argocd.argoproj.io/") || strings.HasPrefix(key, "kustomize.toolkit.fluxcd.io/")
	})
	delete(metadata, "annotations")
	if len(annotations) > 0 {
		metadata["annotations"] = annotations
	}
	shown := maps.Clone(one)
	shown["metadata"] = metadata
	if subjects, _ := one["subjects"].([]any); subjects != nil {
		// The ServiceAccounts that a RoleBinding names without a namespace are those of its own.
		shown["subjects"] = withoutNamespace(subjects, metadata["namespace"])
	}
	if filled {
		delete(metadata, "namespace")
	}
	return asJSON(shown)
}

// withoutNamespace is a list of subjects without those namespaces that are a given one.
func withoutNamespace(subjects []any, namespace any) []any {
	var bare []any
	for _, subject := range subjects {
		one, _ := subject.(object)
		one = maps.Clone(one)
		if one["namespace"] == namespace {
			delete(one, "namespace")
		}
		bare = append(bare, one)
	}
	return bare
}

func asJSON(one object) string {
	data, err := json.Marshal(one)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// summarise prints the table and what was refused.
func summarise(t *testing.T, outcomes []outcome) {
	slices.SortFunc(outcomes, func(a, b outcome) int {
		return strings.Compare(a.registry+a.pkg+a.version+a.engine, b.registry+b.pkg+b.version+b.engine)
	})
	var lines strings.Builder
	added, refused, objects := 0, map[string]int{}, 0
	for _, o := range outcomes {
		what := fmt.Sprintf("%6d objects %8.0f ms", o.objects, float64(o.took.Microseconds())/1000)
		if o.refused != "" {
			what = "refused: " + o.refused
			refused[o.refused]++
		} else {
			added++
			objects += o.objects
		}
		fmt.Fprintf(&lines, "%-10s %-28s %-16s %-7s %s\n", o.registry, o.pkg, o.version, o.engine, what)
	}
	t.Logf("\n%s%d added (%d objects), refused: %v", lines.String(), added, objects, refused)
	if added == 0 {
		t.Error("nothing was added")
	}
}
