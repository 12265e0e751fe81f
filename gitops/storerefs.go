package gitops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Refs are the names of a repository and the objects that they stand for: "refs/heads/main". Head is the branch that HEAD names,
// also when it has no commit yet; empty when it names none.
type Refs struct {
	ByName map[string]string
	Head   string
}

// Refs lists the branches, tags and other names.
func (s *Store) Refs() (Refs, error) {
	s.repository.reading.Lock()
	defer s.repository.reading.Unlock()
	found := Refs{ByName: map[string]string{}}
	all, err := s.repository.store.IterReferences()
	if err != nil {
		return found, fmt.Errorf("list the branches of %s: %w", s.Dir(), err)
	}
	err = all.ForEach(func(ref *plumbing.Reference) error {
		switch {
		case ref.Name() == plumbing.HEAD && ref.Type() == plumbing.SymbolicReference && ref.Target().IsBranch():
			found.Head = ref.Target().Short()
		case ref.Type() == plumbing.HashReference && ref.Name() != plumbing.HEAD:
			found.ByName[ref.Name().String()] = ref.Hash().String()
		}
		return nil
	})
	if err != nil {
		return found, fmt.Errorf("list the branches of %s: %w", s.Dir(), err)
	}
	return found, nil
}

// RefMovedError says that a name does not stand for what it was taken to. Now is empty when it is not there. Nothing was changed.
type RefMovedError struct{ Name, Want, Now string }

// Error says what was found.
func (e *RefMovedError) Error() string {
	return fmt.Sprintf("%s is at %s, not at %s", e.Name, orElse(e.Now, "nothing"), orElse(e.Want, "nothing"))
}

// Point lets a name stand for another object, if it still stands for old; an empty id is a name that is not there. It locks the name
// as Git does, and returns a *RefMovedError, or an *IndexLockedError when the lock stays taken.
func (s *Store) Point(ctx context.Context, name, old, id string) (err error) {
	ref := plumbing.ReferenceName(name)
	if err := ref.Validate(); err != nil {
		return fmt.Errorf("update %q: %w", name, err)
	}
	file := s.repository.refFile(ref)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return fmt.Errorf("update %s: %w", name, err)
	}
	if err := s.lockRef(ctx, file+".lock", id); err != nil {
		return fmt.Errorf("update %s: %w", name, err)
	}
	defer func() {
		if removeErr := os.Remove(file + ".lock"); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}()
	s.repository.reading.Lock()
	defer s.repository.reading.Unlock()
	now, err := s.repository.reference(ref)
	if err != nil && !errors.Is(err, plumbing.ErrReferenceNotFound) {
		return err
	}
	found := now.String()
	if err != nil {
		found = ""
	}
	if found != old {
		return &RefMovedError{Name: name, Want: old, Now: found}
	}
	if id != "" {
		return os.Rename(file+".lock", file)
	}
	if err := s.repository.store.RemoveReference(ref); err != nil {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	return nil
}

// lockRef makes the lock of a name, with the id that it is to stand for. Git holds such locks for milliseconds, so it waits a little.
func (s *Store) lockRef(ctx context.Context, lock, id string) error {
	for range 50 {
		err := s.repository.disk.Create(lock, []byte(id+"\n"))
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return &IndexLockedError{File: lock}
}
