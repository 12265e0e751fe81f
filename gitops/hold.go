package gitops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// BusyError says that another gkops writes to the repository. File is the lock that it holds.
type BusyError struct {
	File string
	Err  error // why waiting ended
}

// Error names the lock.
func (e *BusyError) Error() string {
	return "another gkops is at work in this repository (" + e.File + ")"
}

// Hint says what to do.
func (e *BusyError) Hint() string { return "wait until it is done and try again" }

// Unwrap is why waiting ended.
func (e *BusyError) Unwrap() error { return e.Err }

// held is the lock that this process has, and how many hold it.
type held struct {
	lock  *flock.Flock
	count int
}

// patience bounds how long a process waits for another when the caller does not.
const patience = 30 * time.Second

// Lock takes the right to write for this process, until release: it waits while another process has it, as long as ctx allows, at
// most half a minute. Apply, Commit and Recover take it by themselves; a command that reads, plans and writes takes it before it
// reads, so that it plans from what it then changes. It may be taken again by who has it. It returns a *BusyError.
func (r *Repository) Lock(ctx context.Context) (release func() error, err error) {
	r.holding.Lock()
	defer r.holding.Unlock()
	if r.held == nil {
		lock, err := r.acquire(ctx)
		if err != nil {
			return nil, err
		}
		r.held = &held{lock: lock}
	}
	r.held.count++
	return r.release, nil
}

func (r *Repository) acquire(ctx context.Context) (*flock.Flock, error) {
	if err := os.MkdirAll(r.own(), 0o777); err != nil {
		return nil, fmt.Errorf("lock the repository: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lock := flock.New(r.own("lock"))
	locked, err := lock.TryLockContext(ctx, 20*time.Millisecond)
	switch {
	case locked:
		return lock, nil
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return nil, &BusyError{File: lock.Path(), Err: err}
	}
	return nil, fmt.Errorf("lock the repository: %w", err)
}

func (r *Repository) release() error {
	r.holding.Lock()
	defer r.holding.Unlock()
	if r.held == nil {
		return nil
	}
	if r.held.count--; r.held.count > 0 {
		return nil
	}
	lock := r.held.lock
	r.held = nil
	if err := lock.Close(); err != nil {
		return fmt.Errorf("unlock the repository: %w", err)
	}
	return nil
}

// own is a file of gkops in the folder of the repository, or that folder.
func (r *Repository) own(name ...string) string {
	return filepath.Join(append([]string{r.dir, "gkops"}, name...)...)
}

// IndexLockedError says that git, or a git that died, holds the index. Nothing was changed.
type IndexLockedError struct{ File string }

// Error names the lock.
func (e *IndexLockedError) Error() string {
	return fmt.Sprintf("git is at work in this repository, or was killed in it: %s exists", e.File)
}

// Hint says what to do.
func (e *IndexLockedError) Hint() string {
	return "when no git runs here, remove that file and try again"
}

// indexFree reports the lock of the index as an error. Git's lock is never removed here.
func (r *Repository) indexFree() error {
	name := filepath.Join(r.dir, "index.lock")
	if _, err := os.Lstat(name); err == nil {
		return &IndexLockedError{File: name}
	}
	return nil
}
