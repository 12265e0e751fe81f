package gitops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Recover completes or discards what an interrupted command left, and says in one line what it did; empty when there was nothing. It
// returns a *BusyError when another gkops is at it.
func (r *Repository) Recover(ctx context.Context) (string, error) {
	if !r.interrupted() {
		return "", nil
	}
	release, err := r.Lock(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return r.recoverHeld()
}

// interrupted reports whether anything is left over.
func (r *Repository) interrupted() bool {
	return slices.ContainsFunc([]string{
		r.own(journalFile), r.own(journalFile + ".new"), r.own(undoFile), r.own(stageFolder), r.file(besideFolder), r.own(commitNote), r.own(indexNote), r.own(refNote),
	}, exists)
}

// recoverHeld recovers while the lock is held.
func (r *Repository) recoverHeld() (string, error) {
	var said []string
	for _, part := range []func() (string, error){r.recoverUndo, r.recoverWrite, r.recoverCommit} {
		did, err := part()
		if err != nil {
			return "", err
		}
		if did != "" {
			said = append(said, did)
		}
	}
	return strings.Join(said, "; "), nil
}

// recoverUndo goes on with taking back a write that had failed.
func (r *Repository) recoverUndo() (string, error) {
	j, err := r.readJournal(undoFile)
	if err != nil || j == nil {
		return "", err
	}
	if err := r.backward(j); err != nil {
		return "", fmt.Errorf("take back an interrupted write: %w", err)
	}
	return fmt.Sprintf("an interrupted write of %s was taken back", files(j)), r.finish(undoFile)
}

// recoverWrite completes a write that was decided, and discards one that was not.
func (r *Repository) recoverWrite() (string, error) {
	j, err := r.readJournal(journalFile)
	if err != nil {
		return "", err
	}
	if j == nil {
		if !exists(r.own(stageFolder)) && !exists(r.file(besideFolder)) && !exists(r.own(journalFile+".new")) {
			return "", nil
		}
		return "an interrupted write was discarded, nothing had changed", r.discard()
	}
	changed, err := r.strangers(j)
	if err != nil {
		return "", err
	}
	if len(changed) > 0 {
		said := fmt.Sprintf("an interrupted write of %s was given up, because since then these changed: %s; 'gkops render' brings all in order",
			files(j), some(changed))
		return said, r.finish(journalFile)
	}
	if err := r.forward(j); err != nil {
		return "", &InterruptedError{Err: err}
	}
	return fmt.Sprintf("the interrupted write of %s was completed", files(j)), r.finish(journalFile)
}

func files(j *journal) string {
	if len(j.Steps) == 1 {
		return quoted(j.Steps[0].Path)
	}
	return fmt.Sprintf("%d files", len(j.Steps))
}

// strangers are the files that are neither what they were before the write nor what it makes of them: a person changed them since.
func (r *Repository) strangers(j *journal) ([]string, error) {
	s := stager{repository: r, folders: map[string]folderState{}}
	var changed []string
	for n, step := range j.Steps {
		if _, err := s.look(step.Path, step.New != ""); err != nil {
			changed = append(changed, step.Path)
			continue
		}
		digest, err := r.digestAt(step.Path)
		if err != nil {
			return nil, err
		}
		pending := digest == step.Old && (step.New == "" || exists(j.fresh(n)))
		if digest != step.New && !pending {
			changed = append(changed, step.Path)
		}
	}
	return changed, nil
}

// takeBack undoes a write that failed, while the process still runs.
func (r *Repository) takeBack(j *journal) error {
	if err := r.disk.Rename(r.own(journalFile), r.own(undoFile)); err != nil {
		return fmt.Errorf("take back the write: %w", err)
	}
	if err := r.backward(j); err != nil {
		return fmt.Errorf("take back the write: %w", err)
	}
	return r.finish(undoFile)
}

// backward brings every file back to what it was. Done again, it does what is left.
func (r *Repository) backward(j *journal) error {
	for n := len(j.Steps) - 1; n >= 0; n-- {
		if err := r.backwardStep(j, n); err != nil {
			return fmt.Errorf("restore %s: %w", j.Steps[n].Path, err)
		}
	}
	for n := len(j.Folders) - 1; n >= 0; n-- {
		if r.emptyFolder(j.Folders[n]) {
			if err := r.disk.Remove(r.file(j.Folders[n])); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove folder %s: %w", j.Folders[n], err)
			}
		}
	}
	return nil
}

// backwardStep restores one file from its second name, or removes one that was new. What a person made of it since stays.
func (r *Repository) backwardStep(j *journal, n int) error {
	step := j.Steps[n]
	digest, err := r.digestAt(step.Path)
	if err != nil {
		return err
	}
	switch {
	case digest == step.Old || digest != step.New:
		return nil
	case step.Old == "":
		return r.disk.Remove(r.file(step.Path))
	}
	for folder := range prefixes(path.Dir(step.Path)) {
		if exists(r.file(folder)) {
			continue
		}
		if err := r.disk.Mkdir(r.file(folder)); err != nil {
			return err
		}
	}
	return r.disk.Rename(j.saved(n), r.file(step.Path))
}

func (r *Repository) emptyFolder(name string) bool {
	entries, err := os.ReadDir(r.file(name))
	return err == nil && len(entries) == 0
}
