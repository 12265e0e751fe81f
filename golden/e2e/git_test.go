//go:build e2e

package e2e

import (
	"net"
	"net/http"
	"net/http/cgi"
	"path/filepath"
	"strings"
	"testing"
)

// gitURL is where the Git server of the tests serves the repository.
const gitURL = "http://127.0.0.1:3000/fleet.git"

// workspace is a clone of the repository that the engine reads, and gkops in it.
type workspace struct {
	url          string // of the repository
	dir, program string
	env          []string
}

// newWorkspace makes a repository, a server for it and a clone.
func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	w := noClone(t, gitURL)
	root := filepath.Dir(w.dir)
	bare := filepath.Join(root, "served", "fleet.git")
	output(t, root, w.env, "git", "init", "--quiet", "--bare", "--initial-branch=main", bare)
	output(t, root, w.env, "git", "-C", bare, "config", "http.receivepack", "true")
	serveGit(t, filepath.Dir(bare))
	output(t, root, w.env, "git", "clone", "--quiet", gitURL, w.dir)
	return w
}

// noClone is for a clone that is still to be made.
func noClone(t *testing.T, url string) *workspace {
	t.Helper()
	root := t.TempDir()
	w := &workspace{url: url, dir: filepath.Join(root, "clone"), program: place(t, "gkops"), env: []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@example.org",
		"GIT_COMMITTER_NAME=Test", "GIT_COMMITTER_EMAIL=test@example.org", "XDG_CACHE_HOME=" + filepath.Join(root, "cache"),
	}}
	return w
}

// serveGit serves the repositories of a folder with Git's own server program.
func serveGit(t *testing.T, root string) {
	t.Helper()
	folder := strings.TrimSpace(output(t, root, nil, "git", "--exec-path"))
	handler := &cgi.Handler{
		Path: filepath.Join(folder, "git-http-backend"), Dir: root,
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:3000")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}

// gkops runs gkops in the clone.
func (w *workspace) gkops(t *testing.T, args ...string) string {
	t.Helper()
	printed := output(t, w.dir, w.env, w.program, args...)
	t.Logf("$ gkops %s\n%s", strings.Join(args, " "), printed)
	return printed
}

// push sends what is committed and returns its id.
func (w *workspace) push(t *testing.T) string {
	t.Helper()
	output(t, w.dir, w.env, "git", "push", "--quiet", "origin", "HEAD:main")
	return strings.TrimSpace(output(t, w.dir, w.env, "git", "rev-parse", "HEAD"))
}

// commit commits everything in the clone, as a person does.
func (w *workspace) commit(t *testing.T, why string) {
	t.Helper()
	output(t, w.dir, w.env, "git", "add", "--all")
	output(t, w.dir, w.env, "git", "commit", "--quiet", "-m", why)
}
