package remote

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"gkops.dev/gkops/gitops"
)

func refs(t testing.TB, r *Remote) gitops.Refs {
	t.Helper()
	found, err := r.Refs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func fetched(t testing.TB, r *Remote, depth int, branch string) string {
	t.Helper()
	id := refs(t, r).ByName["refs/heads/"+branch]
	if err := r.Fetch(t.Context(), depth, id); err != nil {
		t.Fatal(err)
	}
	return id
}

// Every protocol keeps the same promises.
func TestRemote(t *testing.T) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Run("refs", func(t *testing.T) { testRefs(t, way) })
			t.Run("fetch is shallow, and deepens", func(t *testing.T) { testFetch(t, way) })
			t.Run("push with a lease", func(t *testing.T) { testPush(t, way) })
			t.Run("somebody was quicker", func(t *testing.T) { testLease(t, way) })
			t.Run("delete", func(t *testing.T) { testDelete(t, way) })
			t.Run("an empty repository", func(t *testing.T) { testEmpty(t, way) })
			t.Run("no repository", func(t *testing.T) { testNone(t, way) })
		})
	}
}

func testRefs(t *testing.T, way string) {
	s := serve(t)
	found := refs(t, s.open(t, way))
	if found.Head != "main" || found.ByName["refs/heads/main"] != s.tip(t, "main") || len(found.ByName) != 2 {
		t.Errorf("found %+v", found)
	}
}

func testFetch(t *testing.T, way string) {
	s := serve(t)
	r := s.open(t, way)
	id := fetched(t, r, 1, "main")
	tree, err := r.Store().FS(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(tree, "README"); err != nil || string(text) != "three\n" {
		t.Errorf("README is %q, %v", text, err)
	}
	commit, err := r.Store().CommitOf(id)
	if err != nil || commit.Message != "commit 3\n" || len(commit.Parents) != 1 {
		t.Fatalf("the commit is %+v, %v", commit, err)
	}
	if r.Store().Has(commit.Parents[0]) {
		t.Error("more than one commit was fetched")
	}
	if err := r.Fetch(t.Context(), 3, id); err != nil {
		t.Fatal(err)
	}
	parent, err := r.Store().CommitOf(commit.Parents[0])
	if err != nil || !r.Store().Has(parent.Parents[0]) {
		t.Errorf("the history was not deepened: %v", err)
	}
	git(t, r.Store().Dir(), "fsck", "--strict", id)
}

func testPush(t *testing.T, way string) {
	s := serve(t)
	r := s.open(t, way)
	base := fetched(t, r, 1, "main")
	first := commit(t, r, base, "b: 2\n")
	if err := r.Push(t.Context(), "gkops/up", first, ""); err != nil {
		t.Fatal(err)
	}
	if now := s.tip(t, "gkops/up"); now != first {
		t.Fatalf("the branch is at %q, want %s", now, first)
	}
	if err := r.Push(t.Context(), "gkops/up", first, ""); err != nil {
		t.Errorf("the same push again: %v", err)
	}
	second := commit(t, r, base, "b: 3\n")
	if err := r.Push(t.Context(), "gkops/up", second, first); err != nil {
		t.Fatalf("a forced push with a lease: %v", err)
	}
	git(t, s.dir, "fsck", "--strict")
	if text := git(t, s.dir, "show", "gkops/up:gkops/prod/new/c.yaml"); text != "b: 3" {
		t.Errorf("the pushed file is %q", text)
	}
	if id := fetched(t, s.open(t, way), 1, "gkops/up"); id != second {
		t.Errorf("another clone fetched %s", id)
	}
	third := fetched(t, r, 1, "feature")
	if third != s.tip(t, "feature") {
		t.Error("the store does not go on to fetch")
	}
}

func testLease(t *testing.T, way string) {
	s := serve(t)
	r := s.open(t, way)
	base := fetched(t, r, 1, "main")
	mine := commit(t, r, base, "b: 2\n")
	for _, c := range []struct{ branch, old string }{{"feature", mine}, {"feature", ""}, {"gone", base}} {
		was := s.tip(t, c.branch)
		target := commit(t, r, base, "b: 4\n")
		err := r.Push(t.Context(), c.branch, target, c.old)
		var lease *LeaseError
		if !errors.As(err, &lease) || lease.Now != was || lease.Want != c.old {
			t.Errorf("push to %s from %q: %v", c.branch, c.old, err)
		}
		if now := s.tip(t, c.branch); now != was {
			t.Errorf("%s moved from %s to %s", c.branch, was, now)
		}
	}
}

func testDelete(t *testing.T, way string) {
	s := serve(t)
	git(t, s.dir, "pack-refs", "--all")
	r := s.open(t, way)
	tip := s.tip(t, "feature")
	var lease *LeaseError
	if err := r.Delete(t.Context(), "feature", strings.Repeat("1", 40)); !errors.As(err, &lease) {
		t.Errorf("deleted without the lease: %v", err)
	}
	for range 2 {
		if err := r.Delete(t.Context(), "feature", tip); err != nil {
			t.Error(err)
		}
	}
	if now := s.tip(t, "feature"); now != "" {
		t.Errorf("the branch is still at %s", now)
	}
}

func testEmpty(t *testing.T, way string) {
	s := serve(t)
	git(t, s.dir, "update-ref", "-d", "refs/heads/main")
	git(t, s.dir, "update-ref", "-d", "refs/heads/feature")
	r := s.open(t, way)
	if found := refs(t, r); len(found.ByName) != 0 {
		t.Errorf("found %+v", found)
	}
	id, err := r.Store().Commit(t.Context(), gitops.NewCommit{
		Message: "Begin", Author: bot(), Committer: bot(), Files: []gitops.FileChange{{Path: "a", Data: []byte("a\n")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Push(t.Context(), "main", id, ""); err != nil {
		t.Fatal(err)
	}
	if now := s.tip(t, "main"); now != id {
		t.Errorf("main is at %q", now)
	}
}

func testNone(t *testing.T, way string) {
	s := serve(t)
	s.urls[way] = strings.Replace(s.urls[way], "fleet", "other", 1)
	_, err := s.open(t, way).Refs(t.Context())
	var none *NotFoundError
	if !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
}
