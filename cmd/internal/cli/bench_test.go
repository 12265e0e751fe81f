package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The synthetic registry of the benchmarks: twenty packages of the size of a usual operator, each with a CRD of 300 kB in all,
// and one more that needs the first.
const (
	benchPackages = 20
	benchCRDs     = 6
	benchObjects  = 30
)

// benchRegistry writes the registry and returns its folder.
func benchRegistry(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	var index strings.Builder
	index.WriteString("packages:\n")
	for n := range benchPackages + 1 {
		name := fmt.Sprintf("operator-%02d", n)
		fmt.Fprintf(&index, "  - name: %s\n", name)
		needs := ""
		if n == benchPackages {
			needs = "dependencies:\n  - name: operator-00\n"
		}
		for file, text := range map[string]string{
			"versions.yaml":           "latestVersion: v1.0.0+1\nversions:\n  - version: v1.0.0+1\n",
			"v1.0.0+1/package.yaml":   fmt.Sprintf("name: %s\ndefaultNamespace: %s\nmanifests:\n  - url: install.yaml\n%s", name, name, needs),
			"v1.0.0+1/install.yaml":   benchManifest(name),
			"v1.0.0+1/.test/note.txt": "",
		} {
			write(b, filepath.Join(dir, name, file), text)
		}
	}
	write(b, filepath.Join(dir, "index.yaml"), index.String())
	return dir
}

func write(b *testing.B, file, text string) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// benchManifest is one stream of CRDs with long schemas and of small objects.
func benchManifest(name string) string {
	var s strings.Builder
	for n := range benchCRDs {
		fmt.Fprintf(&s, "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: kind%ds.%s.example.dev\n", n, name)
		fmt.Fprintf(&s, "spec:\n  group: %s.example.dev\n  scope: Namespaced\n  names:\n    kind: Kind%d\n    plural: kind%ds\n", name, n, n)
		s.WriteString("  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n")
		for field := range 400 {
			fmt.Fprintf(&s, "          field%d:\n            description: What field %d is for, at some length, as generated schemas have it.\n            type: string\n", field, field)
		}
	}
	for n := range benchObjects {
		fmt.Fprintf(&s, "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s-%d\n  labels:\n    app: %s\ndata:\n  key: value %d\n", name, n, name, n)
	}
	fmt.Fprintf(&s, "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: %s\nspec:\n  selector:\n    matchLabels:\n      app: %s\n", name, name)
	fmt.Fprintf(&s, "  template:\n    metadata:\n      labels:\n        app: %s\n    spec:\n      containers:\n      - name: manager\n        image: ghcr.io/example/%s:1.0.0\n", name, name)
	return s.String()
}

// benchWorkspace makes a workspace with the first packages of the registry.
func benchWorkspace(b *testing.B, registry, engine string, packages int) (dir string, env []string) {
	b.Helper()
	dir = b.TempDir()
	env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "XDG_CACHE_HOME="+b.TempDir(), "GKOPS_MIRROR=off",
		"GIT_AUTHOR_NAME=Bench", "GIT_AUTHOR_EMAIL=bench@example.org", "GIT_COMMITTER_NAME=Bench", "GIT_COMMITTER_EMAIL=bench@example.org")
	run(b, dir, env, "git", "init", "-q", "-b", "main")
	run(b, dir, env, program(b), "init", "--engine", engine, "--cluster", "prod", "--kubernetes", "1.33",
		"--repo-url", "https://git.example.org/fleet.git", "--registry", "bench="+registry)
	if packages > 0 {
		args := []string{"add", "--commit"}
		for n := range packages {
			args = append(args, fmt.Sprintf("operator-%02d", n))
		}
		run(b, dir, env, program(b), args...)
	}
	return dir, env
}

func run(b *testing.B, dir string, env []string, name string, args ...string) {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// program is gkops as users have it: a stripped binary, built once per run of the benchmarks.
func program(b *testing.B) string {
	b.Helper()
	file := os.Getenv("GKOPS_BENCH_PROGRAM")
	if file == "" {
		b.Fatal("GKOPS_BENCH_PROGRAM names no built gkops: run 'make bench'")
	}
	return file
}

// BenchmarkVersion is the start of the process and nothing else.
func BenchmarkVersion(b *testing.B) {
	dir := b.TempDir()
	gkops := program(b)
	for b.Loop() {
		run(b, dir, os.Environ(), gkops, "version")
	}
}

// BenchmarkAddCold adds twenty packages (6 MB) to an empty workspace, from a folder.
func BenchmarkAddCold(b *testing.B) {
	registry := benchRegistry(b)
	gkops := program(b)
	args := []string{"add"}
	for n := range benchPackages {
		args = append(args, fmt.Sprintf("operator-%02d", n))
	}
	for _, engine := range []string{"flux", "argocd"} {
		b.Run("engine="+engine, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				dir, env := benchWorkspace(b, registry, engine, 0)
				b.StartTimer()
				run(b, dir, env, gkops, args...)
			}
		})
	}
}

// BenchmarkAddWarm adds one package to a workspace with twenty, and commits it.
func BenchmarkAddWarm(b *testing.B) {
	registry := benchRegistry(b)
	gkops := program(b)
	for b.Loop() {
		b.StopTimer()
		dir, env := benchWorkspace(b, registry, "flux", benchPackages)
		b.StartTimer()
		run(b, dir, env, gkops, "add", fmt.Sprintf("operator-%02d", benchPackages), "--commit")
	}
}

// BenchmarkNoChange compares a render that has nothing to do, in a workspace with twenty packages, with git's own look at the same
// work tree.
func BenchmarkNoChange(b *testing.B) {
	registry := benchRegistry(b)
	dir, env := benchWorkspace(b, registry, "flux", benchPackages)
	for _, peer := range []struct {
		name string
		args []string
	}{{"gkops-render", []string{program(b), "render"}}, {"git-status", []string{"git", "status", "--porcelain"}}} {
		b.Run("program="+peer.name, func(b *testing.B) {
			for b.Loop() {
				run(b, dir, env, peer.args[0], peer.args[1:]...)
			}
		})
	}
}
