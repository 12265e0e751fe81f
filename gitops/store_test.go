package gitops

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func openedStore(t *testing.T) *Store {
	t.Helper()
	s, err := OpenStore(filepath.Join(t.TempDir(), "store.git"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func person() Person {
	return Person{Name: "A U Thor", Email: "author@example.org", When: time.Unix(1700000000, 0).In(time.FixedZone("", 3600))}
}

func stored(t *testing.T, s *Store, parent string, changes ...FileChange) string {
	t.Helper()
	c := NewCommit{Message: "Change", Author: person(), Committer: person(), Files: changes}
	if parent != "" {
		c.Parents = []string{parent}
	}
	id, err := s.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A commit from objects is byte for byte the one that git makes.
func TestStoreCommitsAsGitDoes(t *testing.T) {
	s := openedStore(t)
	first := stored(t, s, "", FileChange{Path: "a/b.yaml", Data: []byte("b\n")}, FileChange{Path: "run.sh", Data: []byte("x\n"), Executable: true})
	second := stored(t, s, first, FileChange{Path: "a/b.yaml", Deleted: true}, FileChange{Path: "c", Data: []byte("c\n")})
	git(t, s.Dir(), "fsck", "--strict", second)
	if got := git(t, s.Dir(), "ls-tree", "-r", second); got != "100644 blob f2ad6c76f0115a6ba5b00456a849810e7ec0af20\tc\n100755 blob 587be6b4c3f93f93c489c0111bba5596147a26cb\trun.sh\n" {
		t.Errorf("the tree is\n%s", got)
	}
	tree := strings.TrimSpace(git(t, s.Dir(), "rev-parse", second+"^{tree}"))
	dir := t.TempDir()
	git(t, dir, "init", "-q", "--bare")
	for _, from := range []string{first, second} {
		raw := git(t, s.Dir(), "cat-file", "commit", from)
		write(t, dir, map[string]string{"raw": raw})
		if id := strings.TrimSpace(git(t, dir, "hash-object", "-t", "commit", "--literally", "raw")); id != from {
			t.Errorf("git would call %s %s", from, id)
		}
	}
	facts, err := s.CommitOf(second)
	if err != nil || facts.Tree != tree || len(facts.Parents) != 1 || facts.Parents[0] != first || !facts.Author.When.Equal(person().When) {
		t.Errorf("the facts are %+v, %v", facts, err)
	}
	again := stored(t, s, first, FileChange{Path: "a/b.yaml", Deleted: true}, FileChange{Path: "c", Data: []byte("c\n")})
	if again != second {
		t.Error("the same commit has another id")
	}
}

func TestStoreRefusesWhatItCannotKeep(t *testing.T) {
	s := openedStore(t)
	work := workspace(t)
	git(t, work, "update-index", "--add", "--cacheinfo", "120000,"+strings.TrimSpace(git(t, work, "hash-object", "-w", "README"))+",link")
	git(t, work, "update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,module")
	git(t, work, "commit", "-q", "-m", "links")
	git(t, work, "push", "-q", s.Dir(), "HEAD:refs/heads/main")
	s, err := OpenStore(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	tip, err := s.CommitOf("main")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"link", "link/x", "module/x", "module", "../x", "/x", ".git/config", "a/.GIT/x", "con", "a\x00b", "a/\u202eb", "x/", ""} {
		_, err := s.Commit(t.Context(), NewCommit{Parents: []string{tip.ID}, Message: "x", Author: person(), Committer: person(), Files: []FileChange{{Path: path}}})
		var refused *PathError
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v", path, err)
		}
	}
	twins := []FileChange{{Path: "a/B"}, {Path: "A/c"}}
	if _, err := s.Commit(t.Context(), NewCommit{Message: "x", Author: person(), Committer: person(), Files: twins}); !errors.As(err, new(*PathError)) {
		t.Errorf("twins: %v", err)
	}
	same := NewCommit{Parents: []string{tip.ID}, Message: "x", Author: person(), Committer: person(), Files: []FileChange{{Path: "README", Data: []byte("hello\n")}}}
	if _, err := s.Commit(t.Context(), same); !errors.Is(err, ErrUnchanged) {
		t.Errorf("the same tree: %v", err)
	}
	gone := NewCommit{Parents: []string{strings.Repeat("1", 40)}, Message: "x", Author: person(), Committer: person()}
	if _, err := s.Commit(t.Context(), gone); !errors.As(err, new(*RevisionError)) {
		t.Errorf("an unknown parent: %v", err)
	}
	nobody := NewCommit{Message: "x", Files: []FileChange{{Path: "a"}}}
	if _, err := s.Commit(t.Context(), nobody); !errors.As(err, new(*IdentityError)) {
		t.Errorf("nobody: %v", err)
	}
}

func TestStoreCopiesAsDeepAsAsked(t *testing.T) {
	from, to := openedStore(t), openedStore(t)
	var ids []string
	parent := ""
	for _, text := range []string{"1", "2", "3", "4"} {
		parent = stored(t, from, parent, FileChange{Path: "a/b", Data: []byte(text)})
		ids = append(ids, parent)
	}
	has := func(want ...bool) {
		t.Helper()
		for n, id := range ids {
			if to.Has(id) != want[n] {
				t.Errorf("commit %d is there: %t", n+1, to.Has(id))
			}
		}
		git(t, to.Dir(), "fsck", "--strict", "--connectivity-only", ids[3])
	}
	for _, step := range []struct {
		depth int
		want  []bool
	}{{1, []bool{false, false, false, true}}, {2, []bool{false, false, true, true}}, {1, []bool{false, false, true, true}}, {9, []bool{true, true, true, true}}} {
		if err := from.CopyTo(t.Context(), to, []string{ids[3]}, step.depth); err != nil {
			t.Fatal(err)
		}
		has(step.want...)
	}
	next := stored(t, to, ids[3], FileChange{Path: "c", Data: []byte("c")})
	if err := to.CopyTo(t.Context(), from, []string{next}, 0); err != nil || !from.Has(next) {
		t.Errorf("the way back: %v", err)
	}
	tree, err := from.FS(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(tree, "a/b"); err != nil || string(text) != "4" {
		t.Errorf("read %q, %v", text, err)
	}
	if err := to.CopyTo(t.Context(), from, []string{strings.Repeat("1", 40)}, 1); !errors.As(err, new(*RevisionError)) {
		t.Errorf("a commit that is not there: %v", err)
	}
}

func TestStoreMovesBranches(t *testing.T) {
	s := openedStore(t)
	one := stored(t, s, "", FileChange{Path: "a", Data: []byte("1")})
	two := stored(t, s, one, FileChange{Path: "a", Data: []byte("2")})
	const name = "refs/heads/gkops/up"
	var moved *RefMovedError
	steps := []struct {
		old, id string
		refused bool
	}{{"", one, false}, {"", two, true}, {two, one, true}, {one, two, false}, {one, "", true}, {two, "", false}, {two, one, true}}
	for n, step := range steps {
		if err := s.Point(t.Context(), name, step.old, step.id); (err != nil) != step.refused || err != nil && !errors.As(err, &moved) {
			t.Errorf("step %d: %v", n+1, err)
		}
		if n == 3 {
			git(t, s.Dir(), "pack-refs", "--all")
		}
	}
	refs, err := s.Refs()
	if err != nil || len(refs.ByName) != 0 || refs.Head != "main" {
		t.Errorf("left are %+v, %v", refs, err)
	}
	if err := s.Point(t.Context(), "refs/heads/../x", "", one); err == nil {
		t.Error("a name that leaves its folder was taken")
	}
	write(t, s.Dir(), map[string]string{"refs/heads/locked.lock": "x"})
	if err := s.Point(t.Context(), "refs/heads/locked", "", one); !errors.As(err, new(*IndexLockedError)) {
		t.Errorf("past a lock: %v", err)
	}
}

func TestStoresThatAreNone(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"notes.txt": "mine\n"})
	if _, err := OpenStore(dir); err == nil {
		t.Error("a folder of somebody's was made a store")
	}
	if snapshot(t, dir) != "./\nnotes.txt \"mine\\n\"\n" {
		t.Errorf("it is now\n%s", snapshot(t, dir))
	}
}
