//go:build e2e && real

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// verdict is what becomes of an object: by the API server, or by compat.
type verdict string

const (
	taken     verdict = "taken"
	unserved  verdict = "not served"
	misfields verdict = "fields"  // a field that is not known, or of another type
	invalid   verdict = "invalid" // the values of fields
)

// TestDryRun applies every package of the real registries to the API server of each minor, in the order of its layers, without
// keeping anything but definitions and Namespaces, and compares what the API server says of each object with what compat says.
func TestDryRun(t *testing.T) {
	shared := os.Getenv("GKOPS_SHARED")
	if shared == "" {
		t.Fatal("GKOPS_SHARED names no folder with registry, upstream and mirror")
	}
	trees := renderAll(t, shared)
	for _, minor := range minors {
		t.Run("kubernetes "+minor, func(t *testing.T) {
			c := startControlPlane(t, minor)
			d := &dryRun{cluster: c, minor: minor, authority: newWebhook(t).authority, counts: map[[2]verdict]int{}}
			for _, tree := range trees {
				d.compare(t, tree)
			}
			d.report(t)
		})
	}
}

// rendered is the tree of one package version.
type rendered struct{ pkg, dir, program string }

// renderAll renders every version of the real registries that gkops takes, as the newest Kubernetes would be given it.
func renderAll(t *testing.T, shared string) []rendered {
	t.Helper()
	root := t.TempDir()
	program := place(t, "gkops")
	env := []string{"GKOPS_MIRROR=" + filepath.Join(shared, "mirror") + ",off", "XDG_CACHE_HOME=" + filepath.Join(root, "cache"), "GIT_CONFIG_GLOBAL=/dev/null"}
	var trees []rendered
	refused := 0
	for _, registry := range []string{"registry", "upstream"} {
		found, err := filepath.Glob(filepath.Join(shared, registry, "*", "*", "package.yaml"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no packages in %s: %v", registry, err)
		}
		for _, file := range wantedReleases(found) {
			pkg, version := filepath.Base(filepath.Dir(filepath.Dir(file))), filepath.Base(filepath.Dir(file))
			dir := filepath.Join(root, registry, pkg, version)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			output(t, dir, env, "git", "init", "--quiet")
			output(t, dir, env, program, "init", "--engine", "flux", "--cluster", "prod", "--kubernetes", "1.33",
				"--registry", "registry="+filepath.Join(shared, "registry"), "--registry", "upstream="+filepath.Join(shared, "upstream"))
			acceptRemoved(t, dir)
			if _, err := try(dir, env, program, "add", pkg+"@"+exactly(version), "--registry", registry); err != nil {
				refused++
				continue
			}
			trees = append(trees, rendered{pkg: registry + "/" + pkg + " " + version, dir: dir, program: program})
		}
	}
	t.Logf("%d package versions rendered, %d refused (values that have no default, charts that are not at hand)", len(trees), refused)
	if len(trees) < 30 {
		t.Fatalf("only %d package versions were rendered", len(trees))
	}
	return trees
}

// exactly is a range that holds one version.
func exactly(version string) string {
	if strings.Contains(version, "+") {
		return version
	}
	return "=" + version
}

// wantedReleases is every release, or with GKOPS_E2E_NEWEST the newest of each package.
func wantedReleases(files []string) []string {
	if os.Getenv("GKOPS_E2E_NEWEST") == "" {
		return files
	}
	newest := map[string]string{}
	for _, file := range files {
		newest[filepath.Dir(filepath.Dir(file))] = file
	}
	var list []string
	for _, file := range newest {
		list = append(list, file)
	}
	slices.Sort(list)
	return list
}

// acceptRemoved lets the workspace take packages whose APIs are gone: what becomes of them is the question here.
func acceptRemoved(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, "gkops.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, "policy: {ignore: [{rule: removed, reason: what becomes of old packages is the question}]}\n"...)
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
