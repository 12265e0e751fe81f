package gitops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// MovedError says that the branch got another commit while one was being made. Nothing was changed.
type MovedError struct{ Branch string }

// Error names the branch.
func (e *MovedError) Error() string { return e.Branch + " has moved in the meantime" }

// Hint says what to do.
func (e *MovedError) Hint() string { return "run the command again" }

// tip is where HEAD points: a branch, or HEAD itself when it is detached, and its commit, zero for none.
type tip struct {
	name plumbing.ReferenceName
	hash plumbing.Hash
}

// tip reads HEAD from the disk.
func (r *Repository) tip() (tip, error) {
	head, err := r.store.Reference(plumbing.HEAD)
	if err != nil {
		return tip{}, fmt.Errorf("read HEAD: %w", err)
	}
	if head.Type() == plumbing.HashReference {
		return tip{name: plumbing.HEAD, hash: head.Hash()}, nil
	}
	target, err := r.store.Reference(head.Target())
	switch {
	case errors.Is(err, plumbing.ErrReferenceNotFound):
		return tip{name: head.Target()}, nil
	case err != nil:
		return tip{}, fmt.Errorf("read reference %s: %w", head.Target(), err)
	case target.Type() != plumbing.HashReference:
		return tip{}, &UnsupportedError{Dir: r.root, Reason: fmt.Sprintf("branch %s is only another name of %s", head.Target(), target.Target())}
	}
	return tip{name: head.Target(), hash: target.Hash()}, nil
}

// refFile is the file of a reference. HEAD is of the work tree, branches are of the repository.
func (r *Repository) refFile(name plumbing.ReferenceName) string {
	folder := r.common
	if name == plumbing.HEAD {
		folder = r.dir
	}
	return filepath.Join(folder, filepath.FromSlash(name.String()))
}

// move gives a reference its next commit, if it still has the one before: as Git does it, with a lock beside it that is renamed over
// it. The lock is a second name of one of our own files, so that recovery knows it.
func (r *Repository) move(from tip, to plumbing.Hash) error {
	file := r.refFile(from.name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return fmt.Errorf("update %s: %w", from.name, err)
	}
	if err := r.disk.Create(r.own(refNote), []byte(to.String()+"\n")); err != nil {
		return fmt.Errorf("update %s: %w", from.name, err)
	}
	if err := r.disk.Link(r.own(refNote), file+".lock"); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return &IndexLockedError{File: file + ".lock"}
		}
		return fmt.Errorf("update %s: %w", from.name, err)
	}
	now, err := r.tip()
	if err == nil && now != from {
		err = &MovedError{Branch: from.name.Short()}
	}
	if err == nil {
		err = r.disk.Rename(file+".lock", file)
	}
	if err != nil {
		return errors.Join(err, r.disk.Remove(file+".lock"))
	}
	return r.disk.Sync(filepath.Dir(file))
}

// log appends to the log of a reference, as far as Git keeps one.
func (r *Repository) log(name plumbing.ReferenceName, from, to plumbing.Hash, who identity, message string, settings config) error {
	folder := r.common
	if name == plumbing.HEAD {
		folder = r.dir
	}
	file := filepath.Join(folder, "logs", filepath.FromSlash(name.String()))
	keep := !settings.off("core.logallrefupdates")
	if keep {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return fmt.Errorf("write the log of %s: %w", name, err)
		}
	}
	line := fmt.Sprintf("%s %s %s\t%s\n", from, to, who, strings.Join(strings.Fields(message), " "))
	if err := r.disk.Append(file, []byte(line), keep); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the log of %s: %w", name, err)
	}
	return nil
}
