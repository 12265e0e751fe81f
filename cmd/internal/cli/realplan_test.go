//go:build real

package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

// realWorkspace is a repository in which commands are run that must succeed.
type realWorkspace struct {
	t   *testing.T
	dir string
	env map[string]string
}

// run runs a command and returns what it printed.
func (w *realWorkspace) run(args ...string) string {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	code := Run(w.t.Context(), Env{
		Args: args, Dir: w.dir, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return w.env[name] }, Now: time.Now, HTTP: http.DefaultClient,
	})
	if code != yes {
		w.t.Fatalf("gkops %s: exit status %d: %s%s", strings.Join(args, " "), code, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// TestRealPlan plans the way of real packages from Kubernetes 1.29 to 1.35 with the example overlay, and takes every step of it: after
// each the tree is what the lock says, and nothing in it breaks on the cluster's version.
func TestRealPlan(t *testing.T) {
	shared := os.Getenv("GKOPS_SHARED")
	overlay, err := filepath.Abs("../../../examples/overlay")
	if err != nil {
		t.Fatal(err)
	}
	w := &realWorkspace{t: t, dir: t.TempDir(), env: map[string]string{"GKOPS_MIRROR": filepath.Join(shared, "mirror") + ",off",
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
		"XDG_CACHE_HOME": t.TempDir()}}
	w.run("init", "--engine", "flux", "--cluster", "prod", "--kubernetes", "1.29",
		"--registry", "up="+filepath.Join(shared, "upstream"), "--registry", "compat="+overlay)
	w.run("add", "cert-manager@v1.14.5", "ingress-nginx@v1.9.6", "argo-cd@v2.11.7", "kserve@v0.12.1", "metallb@v0.14.9")
	name := filepath.Join(w.dir, "gkops.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var free []string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "version:") {
			free = append(free, line)
		}
	}
	if err := os.WriteFile(name, []byte(strings.Join(free, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	w.run("render", "--commit")
	var answer struct{ Plans []pipeline.KubernetesPlan }
	if err := json.Unmarshal([]byte(w.run("plan", "kubernetes", "1.35", "-o", "json")), &answer); err != nil {
		t.Fatal(err)
	}
	plan := answer.Plans[0]
	if plan.Reaches != "1.35" || !plan.Shortest || plan.Changes != 2 || len(plan.Steps) != 8 {
		t.Errorf("the plan reaches %s in %d steps with %d changes", plan.Reaches, len(plan.Steps), plan.Changes)
	}
	for range plan.Steps {
		w.run("plan", "kubernetes", "1.35", "--step", "--commit")
		w.run("verify")
	}
	w.run("compat", "gkops/prod/packages", "--kubernetes", "1.35")
}
