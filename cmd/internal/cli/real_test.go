//go:build real

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/yaml"

	"gkops.dev/gkops/resolver/catalog"
)

// refusals are the only reasons for which a version of a real registry may be refused, by the text that says so.
var refusals = []struct{ reason, text string }{
	{"made of a chart, or needs one", "charts are not rendered yet"},
	{"needs what nobody has", "nobody has"},
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
	report(t, outcomes)
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
	want, err := o.sourceObjects(shared)
	if err != nil {
		t.Errorf("%s: sources: %v", name, err)
		return
	}
	got, err := builtObjects(first, o.pkg)
	if err != nil {
		t.Errorf("%s: build: %v", name, err)
		return
	}
	o.objects = len(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: objects of the sources (-) and of the tree (+):\n%.3000s", name, diff)
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
	if err != nil {
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

// sourceObjects are the objects of the release's manifests as kubectl reads them, normalised, by identity.
func (o *outcome) sourceObjects(shared string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(o.folder, "package.yaml"))
	if err != nil {
		return nil, err
	}
	m, err := catalog.ParseManifest("package.yaml", data)
	if err != nil {
		return nil, err
	}
	objects := map[string]string{}
	for _, manifest := range m.Manifests {
		data, err := os.ReadFile(local(shared, o.folder, manifest.URL))
		if err != nil {
			return nil, err
		}
		read, err := readObjects(data)
		if err != nil {
			return nil, err
		}
		for _, object := range read {
			objects[identity(object)] = normalised(object)
		}
	}
	return objects, nil
}

// readObjects splits a stream, expands Lists and drops what is empty, with other code than gkops's own.
func readObjects(data []byte) ([]map[string]any, error) {
	nodes, err := (&kio.ByteReader{Reader: bytes.NewReader(data), OmitReaderAnnotations: true, AnchorsAweigh: true}).Read()
	if err != nil {
		return nil, err
	}
	var objects []map[string]any
	for _, node := range nodes {
		text, err := node.String()
		if err != nil {
			return nil, err
		}
		var object map[string]any
		if err := yaml.Unmarshal([]byte(text), &object); err != nil {
			return nil, err
		}
		objects = append(objects, expand(object)...)
	}
	return objects, nil
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

// builtObjects builds every layer with kustomize and returns the objects of one instance, normalised, by identity. An object
// that is in two layers is an error.
func builtObjects(tree map[string]string, instance string) (map[string]string, error) {
	disk := filesys.MakeFsInMemory()
	layers := map[string]bool{}
	for name, data := range tree {
		if err := disk.WriteFile("/"+name, []byte(data)); err != nil {
			return nil, err
		}
		if parts := strings.Split(name, "/"); parts[2] == "layers" {
			layers["/"+filepath.Dir(name)] = true
		}
	}
	if len(layers) == 0 {
		return nil, errors.New("no layers")
	}
	for layer := range layers {
		if err := build(disk, layer, nil); err != nil {
			return nil, err
		}
	}
	objects := map[string]string{}
	for _, part := range []string{"crds", "core", "config"} {
		folder := "/gkops/prod/packages/" + instance + "/" + part
		if !disk.Exists(folder) {
			continue
		}
		if err := build(disk, folder, objects); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

var building sync.Mutex // kustomize is not promised to be safe in parallel

func build(disk filesys.FileSystem, folder string, into map[string]string) error {
	building.Lock()
	defer building.Unlock()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, folder)
	if err != nil || into == nil {
		return err
	}
	for _, r := range built.Resources() {
		object, err := r.Map()
		if err != nil {
			return err
		}
		key := identity(object)
		if _, twice := into[key]; twice {
			return fmt.Errorf("%s is in the tree twice", key)
		}
		into[key] = normalised(object)
	}
	return nil
}

// identity is group, kind and name; the namespace is compared as a field of the object.
func identity(object map[string]any) string {
	version, _ := object["apiVersion"].(string)
	group, _, grouped := strings.Cut(version, "/")
	if !grouped {
		group = ""
	}
	metadata, _ := object["metadata"].(map[string]any)
	name, namespace := metadata["name"], metadata["namespace"]
	if kind := object["kind"]; kind == "Role" || kind == "RoleBinding" || kind == "ConfigMap" || kind == "ServiceAccount" || kind == "Service" {
		return fmt.Sprintf("%s/%v/%v/%v", group, kind, namespace, name)
	}
	return fmt.Sprintf("%s/%v/%v", group, object["kind"], name)
}

// normalised is an object as JSON without what gkops is meant to add: the engine's annotations and a namespace where there was none.
func normalised(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	if annotations, ok := metadata["annotations"].(map[string]any); ok {
		for key := range annotations {
			if strings.HasPrefix(key, "argocd.argoproj.io/") || strings.HasPrefix(key, "kustomize.toolkit.fluxcd.io/") {
				delete(annotations, key)
			}
		}
		if len(annotations) == 0 {
			delete(metadata, "annotations")
		}
	}
	if metadata["annotations"] == nil {
		delete(metadata, "annotations")
	}
	data, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// report prints the table and what was refused.
func report(t *testing.T, outcomes []outcome) {
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
