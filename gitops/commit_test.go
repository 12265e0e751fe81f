package gitops

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// commitCase is a repository, what is changed in it, and the paths that are committed.
type commitCase struct {
	name  string
	setup func(t *testing.T, dir string) // after the first commit
	work  map[string]string              // files of the work tree that change, see write
	paths []string
}

func commitCases() []commitCase {
	run := func(args ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { git(t, dir, args...) }
	}
	gone := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { write(t, dir, map[string]string{name: "-"}) }
	}
	usual := map[string]string{
		"gkops.yaml": "b\n", "gkops/prod/gkops.lock": "lock 2\n", "gkops/prod/packages/a/core/x.yaml": "-",
		"gkops/prod/packages/new/crds/n.yaml": "n: 1\n", "src/main.go": "package other\n",
	}
	paths := []string{"gkops.yaml", "gkops/prod/gkops.lock", "gkops/prod/packages/a/core/x.yaml", "gkops/prod/packages/new/crds/n.yaml"}
	many := map[string]string{}
	for n := range 150 {
		many[fmt.Sprintf("gkops/prod/packages/m%d/core/x.yaml", n)] = strings.Repeat(fmt.Sprintf("line %d\n", n), n*n)
	}
	staged := func(t *testing.T, dir string) {
		write(t, dir, map[string]string{"README": "staged\n", "other/new": "new\n", "run.sh": "-", "gkops/prod/packages/a/core/y.yaml": "y: staged\n"})
		git(t, dir, "add", "-A")
		write(t, dir, map[string]string{"README": "and edited\n"})
	}
	return []commitCase{
		{"usual", nil, usual, paths},
		{"other work staged", staged, usual, paths},
		{"packed", run("gc", "-q"), usual, paths},
		{"index version 4", run("update-index", "--index-version", "4"), usual, paths},
		{"index version 3", func(t *testing.T, dir string) {
			write(t, dir, map[string]string{"later": "x\n"})
			git(t, dir, "add", "-N", "later")
			git(t, dir, "update-index", "--skip-worktree", "src/main.go")
		}, usual, paths},
		{"assume unchanged elsewhere", run("update-index", "--assume-unchanged", "README"), usual, paths},
		{"branch with a slash", run("checkout", "-q", "-b", "feature/a/b"), usual, paths},
		{"detached", run("checkout", "-q", "--detach"), usual, paths},
		{"untracked cache", run("update-index", "--untracked-cache"), usual, paths},
		{"staged differently", func(t *testing.T, dir string) {
			write(t, dir, map[string]string{"gkops.yaml": "staged\n"})
			git(t, dir, "add", "gkops.yaml")
		}, usual, paths},
		{"file where a folder was", gone("gkops/prod/packages/a"), map[string]string{"gkops/prod/packages/a": "file\n"}, []string{
			"gkops/prod/packages/a", "gkops/prod/packages/a/core/x.yaml", "gkops/prod/packages/a/core/y.yaml",
		}},
		{"folder where a file was", gone("README"), map[string]string{"README/x": "1"}, []string{"README", "README/x"}},
		{"file where a staged folder was", func(t *testing.T, dir string) {
			write(t, dir, map[string]string{"new/a": "1", "new/b": "2"})
			git(t, dir, "add", "new")
			write(t, dir, map[string]string{"new": "-"})
		}, map[string]string{"new": "file"}, []string{"new"}},
		{"executable", nil, map[string]string{"gkops.yaml!": "a\n", "run.sh": "#!/bin/sh\n"}, []string{"gkops.yaml", "run.sh"}},
		{"all goes", nil, map[string]string{"gkops": "-"}, []string{
			"gkops/prod/gkops.lock", "gkops/prod/packages/a/core/x.yaml", "gkops/prod/packages/a/core/y.yaml", "gkops/prod/packages/b/core/z.yaml",
		}},
		{"order of names", nil, map[string]string{"a.b/x": "1", "a/x": "2", "a-b": "3", "a.b-c": "4", "gkops.yaml": "5"}, []string{"a.b/x", "a/x", "a-b", "a.b-c", "gkops.yaml"}},
		{"many files, in a pack", nil, many, slices.Sorted(maps.Keys(many))},
		{"names beyond ASCII", nil, map[string]string{"gkops/ü/é.yaml": "1", "gkops/zz z.yaml": "2"}, []string{"gkops/ü/é.yaml", "gkops/zz z.yaml"}},
	}
}

// TestCommitIsGits makes the same commit with git and with gitops in two copies of a repository, and compares all that git says.
func TestCommitIsGits(t *testing.T) {
	base := workspace(t)
	for _, c := range commitCases() {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := prepared(t, base, c)
			hash, err := opened(t, ours).Commit(context.Background(), Change{paths: c.paths}, options("Add a package\n\nBody  \n\n\n\nEnd"))
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"commit", "-q", "-m", "Add a package\n\nBody  \n\n\n\nEnd", "--"}
			for _, path := range c.paths {
				info, err := os.Lstat(filepath.Join(theirs, path))
				if err == nil {
					git(t, theirs, "add", "--", path)
				}
				if err != nil || !info.IsDir() { // git takes the name of a folder for all that is in it
					args = append(args, path)
				}
			}
			git(t, theirs, args...)
			compareRepositories(t, ours, theirs)
			if got := strings.TrimSpace(git(t, ours, "rev-parse", "HEAD")); got != hash {
				t.Errorf("Commit says %s, HEAD is %s", hash, got)
			}
		})
	}
}

// prepared makes two copies of a case, ready to commit.
func prepared(t *testing.T, base string, c commitCase) (ours, theirs string) {
	t.Helper()
	ours = copied(t, base)
	if c.setup != nil {
		c.setup(t, ours)
	}
	write(t, ours, c.work)
	return ours, copied(t, ours)
}

// compareRepositories compares what git says of two repositories.
func compareRepositories(t *testing.T, ours, theirs string) {
	t.Helper()
	for _, args := range [][]string{
		{"status", "--porcelain=v2", "--branch"}, {"diff", "--cached"}, {"show", "--stat", "--format=raw"}, {"ls-files", "-s", "-v"},
		{"log", "-g", "--format=%H %gd %gs %gn %ge", "HEAD"},
	} {
		a, b := git(t, ours, args...), git(t, theirs, args...)
		if diff := cmp.Diff(b, a); diff != "" {
			t.Errorf("git %s (-git +ours):\n%s", strings.Join(args, " "), diff)
		}
	}
	if branch := strings.TrimSpace(git(t, theirs, "branch", "--show-current")); branch != "" {
		a, b := git(t, ours, "log", "-g", "--format=%H %gs", branch), git(t, theirs, "log", "-g", "--format=%H %gs", branch)
		if diff := cmp.Diff(b, a); diff != "" {
			t.Errorf("log of %s:\n%s", branch, diff)
		}
	}
	if out := git(t, ours, "fsck", "--strict", "--no-dangling"); strings.TrimSpace(out) != "" {
		t.Errorf("fsck: %s", out)
	}
	if !strings.Contains(git(t, theirs, "ls-files", "-t"), "later") { // what is only intended cannot be written as a tree
		if a, b := git(t, ours, "write-tree"), git(t, theirs, "write-tree"); a != b {
			t.Errorf("the next commit would be %s, not %s", a, b)
		}
	}
	left, _ := filepath.Glob(filepath.Join(ours, ".git", "gkops", "*"))
	locks, _ := filepath.Glob(filepath.Join(ours, ".git", "*.lock"))
	if len(left) > 1 || len(locks) > 0 {
		t.Errorf("left over: %v %v", left, locks)
	}
}

// TestCommitLeavesNothingToHash waits until the files are older than the index, and checks that git takes the entries as they are.
func TestCommitLeavesNothingToHash(t *testing.T) {
	dir := workspace(t)
	write(t, dir, map[string]string{"gkops.yaml": "new\n"})
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "gkops.yaml"), old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := opened(t, dir).Commit(context.Background(), Change{paths: []string{"gkops.yaml"}}, options("x")); err != nil {
		t.Fatal(err)
	}
	// diff-files does not look into files: it lists what looks different from its entry
	if out := git(t, dir, "diff-files", "--", "gkops.yaml"); out != "" {
		t.Errorf("git would read gkops.yaml again: %s", out)
	}
}

// TestCommitFirst makes the first commit of a repository.
func TestCommitFirst(t *testing.T) {
	dir := t.TempDir()
	r, err := Init(dir)
	if err != nil {
		t.Fatal(err)
	}
	if branch, err := r.Branch(); branch != "main" || err != nil {
		t.Error(branch, err)
	}
	if _, err := r.Head(); !IsUnborn(err) {
		t.Error(err)
	}
	write(t, dir, map[string]string{"gkops.yaml": "a\n", "gkops/x": "b\n", "not": "c\n"})
	if _, err := r.Commit(context.Background(), Change{paths: []string{"gkops.yaml", "gkops/x"}}, options("first")); err != nil {
		t.Fatal(err)
	}
	theirs := t.TempDir()
	git(t, theirs, "init", "-q")
	write(t, theirs, map[string]string{"gkops.yaml": "a\n", "gkops/x": "b\n", "not": "c\n"})
	git(t, theirs, "add", "gkops.yaml", "gkops/x")
	git(t, theirs, "commit", "-q", "-m", "first")
	compareRepositories(t, dir, theirs)
}

func TestCommitUnchanged(t *testing.T) {
	dir := workspace(t)
	before := git(t, dir, "rev-parse", "HEAD")
	_, err := opened(t, dir).Commit(context.Background(), Change{paths: []string{"gkops.yaml", "nowhere"}}, options("x"))
	if !errors.Is(err, ErrUnchanged) || git(t, dir, "rev-parse", "HEAD") != before {
		t.Errorf("%v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".git", "*.lock")); len(left) > 0 {
		t.Error(left)
	}
}

// TestCommitMoved moves the branch while a commit is being made.
func TestCommitMoved(t *testing.T) {
	dir := workspace(t)
	other := strings.TrimSpace(git(t, dir, "commit-tree", "-p", "HEAD", "-m", "another's", "HEAD^{tree}"))
	write(t, dir, map[string]string{"gkops.yaml": "b\n"})
	index, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	r := opened(t, dir)
	r.disk = &faultyDisk{disk: r.disk, fault: func(_ int, op, name string, _ []byte) error {
		if op == "create" && strings.HasSuffix(name, refNote) {
			git(t, dir, "update-ref", "refs/heads/main", other)
		}
		return nil
	}}
	var moved *MovedError
	if _, err := r.Commit(context.Background(), Change{paths: []string{"gkops.yaml"}}, options("x")); !errors.As(err, &moved) {
		t.Errorf("%v", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
	if err != nil || string(after) != string(index) || strings.TrimSpace(git(t, dir, "rev-parse", "HEAD")) != other {
		t.Errorf("something changed: %v", err)
	}
	leftover(t, dir)
	if exists(filepath.Join(dir, ".git", "refs", "heads", "main.lock")) {
		t.Error("the lock of the branch is left")
	}
}

// TestCommitRacy edits a file in the same second as it was staged, without changing its size: git must still see it afterwards.
func TestCommitRacy(t *testing.T) {
	for range 3 {
		dir := workspace(t)
		name := filepath.Join(dir, "README")
		stamp := time.Now().Truncate(time.Second)
		write(t, dir, map[string]string{"README": "one\n", "gkops.yaml": "new\n"})
		if err := os.Chtimes(name, stamp, stamp); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", "README")
		write(t, dir, map[string]string{"README": "two\n"})
		if err := os.Chtimes(name, stamp, stamp); err != nil {
			t.Fatal(err)
		}
		index := filepath.Join(dir, ".git", "index")
		if err := os.Chtimes(index, stamp, stamp); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "config", "core.trustctime", "false")
		if _, err := opened(t, dir).Commit(context.Background(), Change{paths: []string{"gkops.yaml"}}, options("x")); err != nil {
			t.Fatal(err)
		}
		later := stamp.Add(time.Hour) // whatever the clock says, the index is younger
		if err := os.Chtimes(index, later, later); err != nil {
			t.Fatal(err)
		}
		if got := git(t, dir, "status", "--porcelain"); got != "MM README\n" {
			t.Fatalf("status %q", got)
		}
	}
}

func TestCommitRefuses(t *testing.T) {
	base, change := workspace(t), Change{paths: []string{"gkops.yaml"}}
	cases := []struct {
		name   string
		setup  func(t *testing.T, dir string)
		env    []string
		target any
		text   string
	}{
		{"no name", nil, []string{"GIT_AUTHOR_NAME="}, new(*IdentityError), "git does not know the name of the author"},
		{"no e-mail", nil, []string{"GIT_COMMITTER_EMAIL="}, new(*IdentityError), "git does not know the e-mail of the committer"},
		{"signing", func(t *testing.T, dir string) { git(t, dir, "config", "commit.gpgsign", "true") }, nil, new(*CommitError), "commit.gpgsign is set, and gkops has no key: it asks neither gpg nor ssh-keygen"},
		{"merge", func(t *testing.T, dir string) {
			git(t, dir, "checkout", "-q", "-b", "other")
			write(t, dir, map[string]string{"README": "other\n"})
			git(t, dir, "commit", "-q", "-a", "-m", "other")
			git(t, dir, "checkout", "-q", "main")
			write(t, dir, map[string]string{"README": "main\n"})
			git(t, dir, "commit", "-q", "-a", "-m", "main")
			if out, err := tryGit(dir, "merge", "other"); err == nil {
				t.Fatal(out)
			}
		}, nil, new(*CommitError), "a merge is not finished"},
		{"conflict without a merge", func(t *testing.T, dir string) {
			git(t, dir, "checkout", "-q", "-b", "other")
			write(t, dir, map[string]string{"README": "other\n"})
			git(t, dir, "stash", "-q")
			write(t, dir, map[string]string{"README": "main\n"})
			git(t, dir, "commit", "-q", "-a", "-m", "main")
			if out, err := tryGit(dir, "stash", "pop"); err == nil {
				t.Fatal(out)
			}
		}, nil, new(*CommitError), "a merge conflict in README is not resolved"},
		{"locked", func(t *testing.T, dir string) { write(t, dir, map[string]string{".git/index.lock": ""}) }, nil, new(*IndexLockedError), "git is at work in this repository, or was killed in it"},
		{"branch locked", func(t *testing.T, dir string) { write(t, dir, map[string]string{".git/refs/heads/main.lock": ""}) }, nil, new(*IndexLockedError), "main.lock exists"},
		{"split index", func(t *testing.T, dir string) { git(t, dir, "update-index", "--split-index") }, nil, new(*IndexError), "it is split"},
		{"sparse index", func(t *testing.T, dir string) {
			git(t, dir, "sparse-checkout", "set", "--sparse-index", "src")
			write(t, dir, map[string]string{"gkops.yaml": "b\n"})
		}, nil, new(*IndexError), "it is sparse"},
		{"broken index", func(t *testing.T, dir string) {
			write(t, dir, map[string]string{".git/index": "DIRC but short and then some more"})
		}, nil, new(*IndexError), "checksum"},
		{"symbolic link", func(t *testing.T, dir string) {
			write(t, dir, map[string]string{"gkops.yaml": "-"})
			if err := os.Symlink("README", filepath.Join(dir, "gkops.yaml")); err != nil {
				t.Fatal(err)
			}
		}, nil, new(*PathError), "gkops.yaml is a symbolic link"},
		{"bad date", nil, []string{"GIT_AUTHOR_DATE=yesterday"}, new(error), "GIT_AUTHOR_DATE"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := copied(t, base)
			write(t, dir, map[string]string{"gkops.yaml": "b\n"})
			if c.setup != nil {
				c.setup(t, dir)
			}
			head, files := git(t, dir, "rev-parse", "HEAD"), snapshot(t, dir)
			index, _ := os.ReadFile(filepath.Join(dir, ".git", "index"))
			o := options("x")
			o.Getenv = getenv(c.env...)
			_, err := opened(t, dir).Commit(context.Background(), change, o)
			if !errors.As(err, c.target) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%T %v", err, err)
			}
			after, _ := os.ReadFile(filepath.Join(dir, ".git", "index"))
			if git(t, dir, "rev-parse", "HEAD") != head || snapshot(t, dir) != files || string(after) != string(index) {
				t.Error("something changed")
			}
			locks, _ := filepath.Glob(filepath.Join(dir, ".git", "index.lock"))
			if (len(locks) > 0) != (c.name == "locked") {
				t.Errorf("locks: %v", locks)
			}
		})
	}
}

func TestCommitInSubmoduleIsRefused(t *testing.T) {
	inner, outer := workspace(t), workspace(t)
	git(t, outer, "submodule", "add", "-q", inner, "gkops/sub")
	git(t, outer, "commit", "-q", "-m", "sub")
	_, err := opened(t, outer).Commit(context.Background(), Change{paths: []string{"gkops/sub/README"}}, options("x"))
	var path *PathError
	if !errors.As(err, &path) || !strings.Contains(err.Error(), "submodule gkops/sub") {
		t.Errorf("%v", err)
	}
	sub := opened(t, filepath.Join(outer, "gkops", "sub"))
	write(t, sub.Root(), map[string]string{"gkops.yaml": "sub\n"})
	if _, err := sub.Commit(context.Background(), Change{paths: []string{"gkops.yaml"}}, options("x")); err != nil {
		t.Fatal(err)
	}
	if got := git(t, sub.Root(), "status", "--porcelain") + git(t, sub.Root(), "fsck", "--strict"); got != "" {
		t.Errorf("%s", got)
	}
}

func TestCommitInLinkedWorkTree(t *testing.T) {
	dir := workspace(t)
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", "-b", "side", linked)
	r := opened(t, linked)
	write(t, linked, map[string]string{"gkops.yaml": "side\n"})
	if _, err := r.Commit(context.Background(), Change{paths: []string{"gkops.yaml"}}, options("x")); err != nil {
		t.Fatal(err)
	}
	if got := git(t, linked, "status", "--porcelain") + git(t, dir, "status", "--porcelain"); got != "" {
		t.Errorf("status %q", got)
	}
	if got := git(t, dir, "log", "-g", "--format=%gs", "side"); !strings.HasPrefix(got, "commit: x\n") {
		t.Errorf("log %q", got)
	}
	if got := git(t, linked, "log", "-g", "--format=%gs", "HEAD"); !strings.HasPrefix(got, "commit: x\n") {
		t.Errorf("log %q", got)
	}
}
