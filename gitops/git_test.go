package gitops

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// gitEnv is an environment in which Git knows nothing of this machine.
func gitEnv() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "TZ=UTC",
		"GIT_AUTHOR_NAME=A U Thor", "GIT_AUTHOR_EMAIL=author@example.org", "GIT_COMMITTER_NAME=C O Mitter", "GIT_COMMITTER_EMAIL=committer@example.org",
		"GIT_AUTHOR_DATE=1700000000 +0100", "GIT_COMMITTER_DATE=1700000001 -0330",
	}
}

// getenv is gitEnv as the code under test sees it, with changes.
func getenv(changes ...string) func(string) string {
	values := map[string]string{}
	for _, pair := range append(gitEnv(), changes...) {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

func options(message string) CommitOptions {
	return CommitOptions{Message: message, Getenv: getenv(), When: time.Unix(1800000000, 0)}
}

// git runs the real program and gives what it prints.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := tryGit(dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func tryGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", "-c", "gc.auto=0", "-c", "core.fsync=none"}, args...)...)
	cmd.Dir, cmd.Env = dir, gitEnv()
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if err != nil {
		return out.String() + stderr.String(), err
	}
	return out.String(), nil
}

// write puts files into a folder; a path that ends with "!" is executable, one with the text "-" is removed.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(name, "!")))
		if text == "-" {
			if err := os.RemoveAll(full); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasSuffix(name, "!") {
			mode = 0o755
		}
		if err := os.WriteFile(full, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(full, mode); err != nil {
			t.Fatal(err)
		}
	}
}

// start are the files of a workspace.
func start() map[string]string {
	return map[string]string{
		"README": "hello\n", "gkops.yaml": "a\n", "gkops/prod/gkops.lock": "lock 1\n", "gkops/prod/packages/a/core/x.yaml": "x: 1\n",
		"gkops/prod/packages/a/core/y.yaml": "y: 1\n", "gkops/prod/packages/b/core/z.yaml": "z: 1\n", "src/main.go": "package main\n", "run.sh!": "#!/bin/sh\n",
	}
}

// uncommitted makes a repository without a commit, which is quickly copied.
func uncommitted(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := Init(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, start())
	return dir
}

// workspace makes a repository with a first commit.
func workspace(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "--template=")
	write(t, dir, start())
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "first")
	return dir
}

func opened(t testing.TB, dir string) *Repository {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	r.disk = realDisk{lax: true}
	return r
}

// snapshot is everything in a folder: path, mode and content, without what is not named in keep of .git.
func snapshot(t testing.TB, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		if rel == ".git" {
			return filepath.SkipDir
		}
		if info.IsDir() {
			fmt.Fprintf(&out, "%s/\n", rel)
			return nil
		}
		data, err := os.ReadFile(name)
		if info.Mode()&os.ModeSymlink != 0 {
			data, err = []byte("link"), nil
		}
		fmt.Fprintf(&out, "%s %q\n", rel, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
