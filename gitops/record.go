package gitops

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
)

// Files that tell recovery of a commit: what it is about, and the files whose second names are Git's locks.
const (
	commitNote = "commit"
	indexNote  = "index"
	refNote    = "ref"
)

// commitRecord is a commit that is under way.
type commitRecord struct {
	Name string `json:"name"` // of the reference
	Old  string `json:"old"`
	New  string `json:"new"`
}

// forget removes what recovery would have needed, unless it is needed.
func (r *Repository) forget() error {
	if r.ours(filepath.Join(r.dir, "index.lock"), indexNote) {
		return nil
	}
	var failed error
	for _, name := range []string{commitNote, refNote, indexNote} {
		if err := r.disk.Remove(r.own(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, fmt.Errorf("tidy up after a commit: %w", err))
		}
	}
	return failed
}

// ours reports whether a lock of Git is a second name of a file of ours.
func (r *Repository) ours(lock, name string) bool {
	theirs, err := os.Lstat(lock)
	if err != nil {
		return false
	}
	own, err := os.Lstat(r.own(name))
	return err == nil && os.SameFile(theirs, own)
}

// recoverCommit completes a commit whose branch has moved, and takes back one whose branch has not.
func (r *Repository) recoverCommit() (string, error) {
	if !exists(r.own(commitNote)) && !exists(r.own(indexNote)) && !exists(r.own(refNote)) {
		return "", nil
	}
	var record commitRecord
	if data, err := os.ReadFile(r.own(commitNote)); err == nil && json.Unmarshal(data, &record) != nil {
		record = commitRecord{}
	}
	if record.Name != "" {
		name := plumbing.ReferenceName(record.Name)
		if lock := r.refFile(name) + ".lock"; (name == plumbing.HEAD || name.Validate() == nil) && r.ours(lock, refNote) {
			if err := r.disk.Remove(lock); err != nil {
				return "", fmt.Errorf("take back an interrupted commit: %w", err)
			}
		}
	}
	said := ""
	lock := filepath.Join(r.dir, "index.lock")
	if r.ours(lock, indexNote) {
		now, err := r.tip()
		if err != nil {
			return "", err
		}
		if record.New != "" && now.hash.String() == record.New {
			said, err = "the interrupted commit "+record.New[:10]+" was completed", r.disk.Rename(lock, filepath.Join(r.dir, "index"))
		} else {
			said, err = "an interrupted commit was discarded, nothing had changed", r.disk.Remove(lock)
		}
		if err != nil {
			return "", fmt.Errorf("recover an interrupted commit: %w", err)
		}
	}
	return said, r.forget()
}
