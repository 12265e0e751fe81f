package gitops

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func resolved(t *testing.T, dir string) string {
	t.Helper()
	link, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestOpen(t *testing.T) {
	dir := workspace(t)
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", "-b", "side", linked)
	outer := workspace(t)
	git(t, outer, "submodule", "add", "-q", dir, "sub")
	moved := t.TempDir()
	git(t, moved, "init", "-q", "--separate-git-dir", filepath.Join(t.TempDir(), "elsewhere.git"), "tree")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	harmless := workspace(t)
	git(t, harmless, "config", "extensions.worktreeConfig", "true")
	git(t, harmless, "config", "extensions.partialClone", "origin")
	git(t, harmless, "config", "core.repositoryformatversion", "1")
	for from, want := range map[string]string{
		dir: dir, filepath.Join(dir, "gkops", "prod"): dir, linked: linked, filepath.Join(linked, "src"): linked,
		filepath.Join(outer, "sub"): filepath.Join(outer, "sub"), filepath.Join(moved, "tree"): filepath.Join(moved, "tree"),
		filepath.Join(link, "src"): dir, harmless: harmless,
	} {
		r, err := Open(from)
		if err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		if r.Root() != resolved(t, want) {
			t.Errorf("%s: root %s, want %s", from, r.Root(), want)
		}
		if _, err := r.Head(); err != nil && !IsUnborn(err) {
			t.Errorf("%s: %v", from, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	bareDir := t.TempDir()
	git(t, bareDir, "init", "-q", "--bare")
	sha256 := t.TempDir()
	git(t, sha256, "init", "-q", "--object-format=sha256")
	settings := func(args ...string) string {
		dir := workspace(t)
		git(t, dir, append([]string{"config"}, args...)...)
		return dir
	}
	dangling := t.TempDir()
	write(t, dangling, map[string]string{".git": "gitdir: ../nowhere\n"})
	strange := t.TempDir()
	write(t, strange, map[string]string{".git": "what?\n"})
	broken := workspace(t)
	write(t, broken, map[string]string{".git/config": "[core\n"})
	for text, dir := range map[string]string{
		"is not in a git repository":                   t.TempDir(),
		"the repository is bare":                       bareDir,
		"it is bare":                                   settings("core.bare", "true"),
		"its objects are named by sha256":              sha256,
		"its extension future is not known":            settings("extensions.future", "1"),
		"its references are stored as reftable":        settings("extensions.refStorage", "reftable"),
		"repository format 7 is not known":             settings("core.repositoryformatversion", "7"),
		"(core.worktree)":                              settings("core.worktree", "/tmp"),
		"which is no folder":                           dangling,
		"does not say where":                           strange,
		".git/config:1: a section that cannot be read": broken,
	} {
		_, err := Open(dir)
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want %q, got %v", text, err)
		}
	}
	var missing *NotFoundError
	if _, err := Open(t.TempDir()); !errors.As(err, &missing) {
		t.Errorf("%T", err)
	}
}

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	if _, err := Init(dir); err != nil {
		t.Fatal(err)
	}
	if got := git(t, dir, "symbolic-ref", "HEAD") + git(t, dir, "status", "--porcelain") + git(t, dir, "fsck"); got != "refs/heads/main\n" {
		t.Errorf("%q", got)
	}
	if r, err := Init(dir); err != nil || r.Root() != resolved(t, dir) {
		t.Errorf("a second time: %v", err)
	}
}

func TestRemoteURL(t *testing.T) {
	dir := workspace(t)
	for address, want := range map[string]string{
		"https://user:secret@git.example/a.git": "https://git.example/a.git",
		"https://token@git.example/a.git":       "https://git.example/a.git",
		"ssh://git@git.example/a.git":           "ssh://git@git.example/a.git",
		"ssh://git:pw@git.example/a.git":        "ssh://git.example/a.git",
		"git@git.example:a/b.git":               "git@git.example:a/b.git",
		"../other":                              "../other",
	} {
		git(t, dir, "config", "remote.origin.url", address)
		if got := opened(t, dir).RemoteURL("origin"); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
	if got := opened(t, dir).RemoteURL("other"); got != "" {
		t.Error(got)
	}
}

// history is a repository with branches, tags and packed objects, and the names of revisions in it.
func history(t *testing.T) (dir string, revisions []string) {
	t.Helper()
	dir = workspace(t)
	git(t, dir, "tag", "light")
	write(t, dir, map[string]string{"src/main.go": "package second\n", "sub/dir/x": "x\n"})
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "second")
	git(t, dir, "tag", "-a", "-m", "tag", "v1.0.0")
	git(t, dir, "tag", "-a", "-m", "tag of a tag", "nested", "v1.0.0")
	git(t, dir, "checkout", "-q", "-b", "feature/x", "HEAD~1")
	write(t, dir, map[string]string{"other": "x\n"})
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "third")
	git(t, dir, "gc", "-q")
	git(t, dir, "merge", "-q", "--no-ff", "-m", "merge", "main")
	git(t, dir, "update-ref", "refs/remotes/origin/main", "main")
	git(t, dir, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	git(t, dir, "branch", "abcd", "main~1") // looks like a short id
	id := strings.TrimSpace(git(t, dir, "rev-parse", "main"))
	return dir, []string{
		"HEAD", "main", "feature/x", "heads/main", "refs/heads/main", "light", "v1.0.0", "nested", "tags/v1.0.0", "origin/main", "origin",
		"abcd", id, id[:7], id[:8], "HEAD~1", "HEAD^2", "HEAD^", "HEAD~2", "HEAD^2~1", "HEAD^^", "HEAD^0", "v1.0.0^",
	}
}

func TestRevisions(t *testing.T) {
	dir, revisions := history(t)
	r := opened(t, dir)
	for _, name := range revisions {
		want := strings.TrimSpace(git(t, dir, "rev-parse", name+"^{commit}"))
		got, err := r.resolve(name)
		if err != nil || got.String() != want {
			t.Errorf("%s: %s %v, want %s", name, got, err, want)
		}
	}
	blob := strings.TrimSpace(git(t, dir, "rev-parse", "HEAD:README"))
	for _, name := range []string{"nowhere", "", "HEAD~99", "HEAD^3", "deadbeef", "12", "HEAD~x", blob, strings.Repeat("0", 40), "-x", "a..b", "refs/heads/nope"} {
		_, err := r.resolve(name)
		var revision *RevisionError
		if !errors.As(err, &revision) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFS(t *testing.T) {
	dir, _ := history(t)
	for _, revision := range []string{"HEAD", "main~1"} {
		r := opened(t, dir)
		tree, err := r.FS(context.Background(), revision)
		if err != nil {
			t.Fatal(err)
		}
		if err := fstest.TestFS(tree, "README", "gkops/prod/packages/a/core/x.yaml", "run.sh"); err != nil {
			t.Error(err)
		}
		files, err := r.Files(context.Background(), revision, "")
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for line := range strings.Lines(git(t, dir, "ls-tree", "-r", revision)) {
			mode, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
			want[name] = strings.Fields(mode)[2]
			data, err := fs.ReadFile(tree, name)
			if err != nil || string(data) != git(t, dir, "show", revision+":"+name) {
				t.Errorf("%s: %q %v", name, data, err)
			}
		}
		if diff := cmp.Diff(want, files); diff != "" {
			t.Error(diff)
		}
		below, err := r.Files(context.Background(), revision, "gkops/prod/packages/a")
		if err != nil || len(below) != 2 || below["gkops/prod/packages/a/core/x.yaml"] == "" {
			t.Errorf("%v %v", below, err)
		}
		if none, err := r.Files(context.Background(), revision, "no/where"); err != nil || len(none) != 0 {
			t.Errorf("%v %v", none, err)
		}
	}
}

// TestFSInParallel reads one tree from several goroutines.
func TestFSInParallel(t *testing.T) {
	dir, _ := history(t)
	tree, err := opened(t, dir).FS(context.Background(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, name := range []string{"README", "gkops/prod/packages/a/core/x.yaml", "src/main.go", "nowhere/x"} {
				if _, err := fs.ReadFile(tree, name); (err != nil) != (name == "nowhere/x") {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	group.Wait()
}

func TestFSOfSharedObjects(t *testing.T) {
	dir := workspace(t)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", "--shared", dir, clone)
	r := opened(t, clone)
	tree, err := r.FS(context.Background(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if data, err := fs.ReadFile(tree, "README"); string(data) != "hello\n" {
		t.Errorf("%q %v", data, err)
	}
	write(t, clone, map[string]string{"gkops.yaml": "b\n"})
	if _, err := r.Commit(context.Background(), Change{paths: []string{"gkops.yaml"}}, options("x")); err != nil {
		t.Fatal(err)
	}
	if got := git(t, clone, "status", "--porcelain") + git(t, clone, "fsck", "--strict"); got != "" {
		t.Error(got)
	}
}

func TestWorkFS(t *testing.T) {
	dir := workspace(t)
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	tree, err := opened(t, dir).WorkFS()
	if err != nil {
		t.Fatal(err)
	}
	if data, err := fs.ReadFile(tree, "gkops.yaml"); string(data) != "a\n" {
		t.Errorf("%q %v", data, err)
	}
	if _, err := fs.ReadFile(tree, "out"); err == nil {
		t.Error("a symbolic link leads out of the work tree")
	}
}
