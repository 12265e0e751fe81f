package gitops

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"gkops.dev/gkops/resolver/catalog"
)

// A write goes through three files in the folder of gkops within the repository:
//
//	stage/    the new files by number, and second names of the old ones
//	journal   there from the moment on when the write is decided: recovery completes it
//	undo      the journal of a write that failed: recovery takes it back
//
// What is in stage without a journal never happened.
const (
	journalFile = "journal"
	undoFile    = "undo"
	stageFolder = "stage"
)

// besideFolder is the stage when the repository is on another device than its work tree.
const besideFolder = ".gkops.stage"

// journal is a decided write.
type journal struct {
	Stage   string        `json:"stage"`
	Folders []string      `json:"folders,omitempty"` // that are made for it, outermost first
	Steps   []journalStep `json:"steps"`
}

// journalStep is one file: its digests before and after, empty for no file. Its new content is stage/new/N, its old one stage/old/N,
// N being its place in the list.
type journalStep struct {
	Path string         `json:"path"`
	Old  catalog.Digest `json:"old,omitempty"`
	New  catalog.Digest `json:"new,omitempty"`
}

func (j *journal) fresh(n int) string { return filepath.Join(j.Stage, "new", strconv.Itoa(n)) }
func (j *journal) saved(n int) string { return filepath.Join(j.Stage, "old", strconv.Itoa(n)) }

// readJournal reads a journal; nil when there is none.
func (r *Repository) readJournal(name string) (*journal, error) {
	data, err := os.ReadFile(r.own(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal of an interrupted write: %w", err)
	}
	j := &journal{}
	if err := json.Unmarshal(data, j); err != nil {
		return nil, fmt.Errorf("read the journal of an interrupted write, %s: %w", r.own(name), err)
	}
	for _, step := range j.Steps {
		if err := checkPath(step.Path); err != nil {
			return nil, fmt.Errorf("read the journal of an interrupted write, %s: %w", r.own(name), err)
		}
	}
	if j.Stage != r.own(stageFolder) && j.Stage != r.file(besideFolder) {
		return nil, fmt.Errorf("the journal of an interrupted write, %s, is of a repository at another place", r.own(name))
	}
	return j, nil
}

// digestAt is the digest of a file of the work tree, empty when there is none. What is no file has a digest that no file has.
func (r *Repository) digestAt(name string) (catalog.Digest, error) {
	info, err := os.Lstat(r.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist) || isNotDir(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("look at %s: %w", name, err)
	case info.Mode().Type() != 0:
		return catalog.Digest(describe(info.Mode())), nil
	}
	data, err := os.ReadFile(r.file(name))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return catalog.DigestOf(data), nil
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
