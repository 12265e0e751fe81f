package forgetest

import (
	"errors"
	"testing"
	"time"

	"gkops.dev/gkops/gitops"
)

// Person is who pushes in the name of people.
func Person(name string, when time.Time) gitops.Person {
	return gitops.Person{Name: name, Email: name + "@example.org", When: when}
}

// Push commits files to a branch as a person does, and returns the commit. A branch that is not there begins at the default branch. An
// empty text deletes a file.
func (s *Server) Push(t testing.TB, path, branch, message string, files map[string]string) string {
	t.Helper()
	return s.push(t, path, branch, message, files, false)
}

// Amend replaces the last commit of a branch by one with other files, as 'git commit --amend' and a forced push do.
func (s *Server) Amend(t testing.TB, path, branch, message string, files map[string]string) string {
	t.Helper()
	return s.push(t, path, branch, message, files, true)
}

func (s *Server) push(t testing.TB, path, branch, message string, files map[string]string, amend bool) (id string) {
	t.Helper()
	s.with(t, path, func(r *repository, store *gitops.Store, refs gitops.Refs) error {
		old := refs.ByName["refs/heads/"+branch]
		c := gitops.NewCommit{Message: message, Author: Person("alice", s.now()), Committer: Person("alice", s.now())}
		switch {
		case old == "" && refs.ByName["refs/heads/"+r.Default] != "":
			c.Parents = []string{refs.ByName["refs/heads/"+r.Default]}
		case old != "":
			c.Parents = []string{old}
		}
		for name, text := range files {
			c.Files = append(c.Files, gitops.FileChange{Path: name, Data: []byte(text), Deleted: text == ""})
		}
		if amend {
			c = amended(t, store, old, c)
		}
		var err error
		if id, err = store.Commit(t.Context(), c); errors.Is(err, gitops.ErrUnchanged) && old == "" {
			id, err = c.Parents[0], nil // a new branch with nothing on it
		}
		if err != nil {
			return err
		}
		return store.Point(t.Context(), "refs/heads/"+branch, old, id)
	})
	return id
}

// with does something with a repository as it is on disk, while nobody else does. Errors end the test.
func (s *Server) with(t testing.TB, path string, do func(r *repository, store *gitops.Store, refs gitops.Refs) error) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(path)
	if err != nil {
		t.Fatal(err)
	}
	store, refs, err := r.reopened()
	if err == nil {
		err = do(r, store, refs)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// amended makes a commit on the parents of another that has its files too.
func amended(t testing.TB, store *gitops.Store, old string, c gitops.NewCommit) gitops.NewCommit {
	t.Helper()
	facts, err := store.CommitOf(old)
	if err != nil {
		t.Fatal(err)
	}
	c.Parents = facts.Parents
	parent := ""
	if len(facts.Parents) > 0 {
		parent = facts.Parents[0]
	}
	files, err := changes(t.Context(), store, parent, old)
	if err != nil {
		t.Fatal(err)
	}
	c.Files = append(files, c.Files...)
	return c
}

// Point moves a branch to a commit, whatever it was: a rewritten base, a forced push. An empty commit deletes the branch.
func (s *Server) Point(t testing.TB, path, branch, commit string) {
	t.Helper()
	s.with(t, path, func(_ *repository, store *gitops.Store, refs gitops.Refs) error {
		return store.Point(t.Context(), "refs/heads/"+branch, refs.ByName["refs/heads/"+branch], commit)
	})
}

// Tip is the commit of a branch, empty when it is not there.
func (s *Server) Tip(t testing.TB, path, branch string) (tip string) {
	t.Helper()
	s.with(t, path, func(_ *repository, _ *gitops.Store, refs gitops.Refs) error {
		tip = refs.ByName["refs/heads/"+branch]
		return nil
	})
	return tip
}

// RenameDefault gives the default branch another name.
func (s *Server) RenameDefault(t testing.TB, path, branch string) {
	t.Helper()
	s.with(t, path, func(r *repository, store *gitops.Store, refs gitops.Refs) error {
		old := r.Default
		r.Default = branch
		tip := refs.ByName["refs/heads/"+old]
		return errors.Join(store.Point(t.Context(), "refs/heads/"+branch, "", tip), store.Point(t.Context(), "refs/heads/"+old, tip, ""))
	})
}

// Archive makes a repository read-only.
func (s *Server) Archive(t testing.TB, path string) {
	t.Helper()
	s.with(t, path, func(r *repository, _ *gitops.Store, _ gitops.Refs) error {
		r.Archived = true
		return nil
	})
}

// Fork makes a copy of a repository for another owner.
func (s *Server) Fork(t testing.TB, path, fork string) {
	t.Helper()
	s.with(t, path, func(from *repository, store *gitops.Store, refs gitops.Refs) error {
		to, err := s.add(fork, nil)
		if err != nil {
			return err
		}
		to.parent, to.Default = path, from.Default
		for name, id := range refs.ByName {
			if err := store.CopyTo(t.Context(), to.store, []string{id}, 0); err != nil {
				return err
			}
			if err := to.store.Point(t.Context(), name, "", id); err != nil {
				return err
			}
		}
		return nil
	})
}
