package gitops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/resolver/catalog"
)

// InterruptedError says that a write failed half way and could not be taken back either: the work tree holds some new files and some
// old ones. Recover completes it.
type InterruptedError struct{ Err error }

// Error says what went wrong.
func (e *InterruptedError) Error() string { return "the write is incomplete: " + e.Err.Error() }

// Hint says what to do.
func (e *InterruptedError) Hint() string {
	return "repair the cause and run any gkops command here: it completes the write first"
}

// Unwrap is the cause.
func (e *InterruptedError) Unwrap() error { return e.Err }

// Apply brings a change into the work tree: all of it or nothing, also when the process is killed, because Recover then completes
// it or finds that nothing has happened. It returns a *BusyError, an *IndexLockedError, an *OccupiedError when a file changed since
// Stage, a *PathError, an *InterruptedError, or what the file system says, with the work tree as it was.
func (r *Repository) Apply(ctx context.Context, change Change) error {
	if change.Empty() {
		return nil
	}
	release, err := r.Lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if _, err := r.recoverHeld(); err != nil {
		return err
	}
	if err := r.indexFree(); err != nil {
		return err
	}
	if err := r.unchanged(change); err != nil {
		return err
	}
	j, err := r.prepare(ctx, change)
	if err != nil {
		return errors.Join(err, r.discard())
	}
	err = r.forward(j)
	if err == nil {
		err = r.finish(journalFile)
	}
	if err == nil {
		return nil
	}
	if undone := r.takeBack(j); undone != nil {
		return &InterruptedError{Err: errors.Join(err, undone)}
	}
	return err
}

// unchanged checks that every file still is what Stage saw, and that no folder on the way has become something else.
func (r *Repository) unchanged(change Change) error {
	s := stager{repository: r, folders: map[string]folderState{}}
	var moved []string
	for _, step := range change.steps {
		if _, err := s.look(step.path, !step.deletes()); err != nil {
			return err
		}
		digest, err := r.digestAt(step.path)
		if err != nil {
			return err
		}
		if digest != step.old {
			moved = append(moved, step.path)
		}
	}
	if len(moved) > 0 {
		slices.Sort(moved)
		return &OccupiedError{Edited: moved}
	}
	return nil
}

// prepare puts everything in place that the change needs, and decides it with the journal. Nothing of the work tree changes.
func (r *Repository) prepare(ctx context.Context, change Change) (*journal, error) {
	same, err := sameDevice(r.own(), r.root)
	if err != nil {
		return nil, err
	}
	if !same {
		return r.prepareIn(ctx, r.file(besideFolder), change)
	}
	return r.prepareIn(ctx, r.own(stageFolder), change)
}

func (r *Repository) prepareIn(ctx context.Context, stage string, change Change) (*journal, error) {
	j := &journal{Stage: stage}
	for _, folder := range []string{j.Stage, filepath.Join(j.Stage, "new"), filepath.Join(j.Stage, "old")} {
		if err := r.disk.Mkdir(folder); err != nil {
			return nil, fmt.Errorf("prepare the write: %w", err)
		}
	}
	if j.Stage != r.own(stageFolder) {
		if err := r.disk.Create(filepath.Join(j.Stage, ".gitignore"), []byte("*\n")); err != nil {
			return nil, fmt.Errorf("prepare the write: %w", err)
		}
	}
	if err := r.stageFiles(ctx, j, change.steps); err != nil {
		return nil, err
	}
	j.Folders = r.missingFolders(change.steps)
	return j, r.decide(j)
}

// maxWrites is how many files are written at a time: devices are quicker with several to sync.
const maxWrites = 8

func (r *Repository) stageFiles(ctx context.Context, j *journal, steps []changeStep) error {
	j.Steps = make([]journalStep, len(steps))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxWrites)
	for n, step := range steps {
		j.Steps[n] = journalStep{Path: step.path, Old: step.old}
		if !step.deletes() {
			j.Steps[n].New = catalog.DigestOf(step.data)
		}
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !step.deletes() {
				if err := r.disk.Create(j.fresh(n), step.data); err != nil {
					return fmt.Errorf("prepare %s: %w", step.path, err)
				}
			}
			if step.old == "" {
				return nil
			}
			if err := r.disk.Link(r.file(step.path), j.saved(n)); err != nil {
				return fmt.Errorf("prepare %s: %w", step.path, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// missingFolders are the folders that have to be made, outermost first.
func (r *Repository) missingFolders(steps []changeStep) []string {
	missing := map[string]bool{}
	for _, step := range steps {
		for folder := path.Dir(step.path); !step.deletes() && folder != "." && !missing[folder] && !exists(r.file(folder)); folder = path.Dir(folder) {
			missing[folder] = true
		}
	}
	folders := make([]string, 0, len(missing))
	for folder := range missing {
		folders = append(folders, folder)
	}
	slices.Sort(folders)
	return folders
}

// decide writes the journal. From then on the change happens.
func (r *Repository) decide(j *journal) error {
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("prepare the write: %w", err)
	}
	for _, folder := range []string{filepath.Join(j.Stage, "new"), filepath.Join(j.Stage, "old"), j.Stage} {
		if err := r.disk.Sync(folder); err != nil {
			return fmt.Errorf("prepare the write: %w", err)
		}
	}
	if err := r.disk.Create(r.own(journalFile+".new"), data); err != nil {
		return fmt.Errorf("prepare the write: %w", err)
	}
	if err := r.disk.Rename(r.own(journalFile+".new"), r.own(journalFile)); err != nil {
		return fmt.Errorf("prepare the write: %w", err)
	}
	if err := r.disk.Sync(r.own()); err != nil {
		return errors.Join(fmt.Errorf("prepare the write: %w", err), r.disk.Remove(r.own(journalFile)))
	}
	return nil
}

// forward does what a journal says. Done again, it does what is left.
func (r *Repository) forward(j *journal) error {
	for _, folder := range j.Folders {
		if err := r.disk.Mkdir(r.file(folder)); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make folder %s: %w", folder, err)
		}
	}
	touched := map[string]bool{}
	for n, step := range j.Steps {
		touched[path.Dir(step.Path)] = true
		if err := r.forwardStep(j, n); err != nil {
			return fmt.Errorf("write %s: %w", step.Path, err)
		}
	}
	if err := r.removeEmpty(j); err != nil {
		return err
	}
	for folder := range touched {
		if err := r.disk.Sync(r.file(folder)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("write folder %s: %w", folder, err)
		}
	}
	return nil
}

func (r *Repository) forwardStep(j *journal, n int) error {
	target := r.file(j.Steps[n].Path)
	if j.Steps[n].New == "" {
		if err := r.disk.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) && !isNotDir(err) {
			return err
		}
		return nil
	}
	if !exists(j.fresh(n)) {
		return nil // it is there already
	}
	return r.disk.Rename(j.fresh(n), target)
}

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// removeEmpty removes the folders that deleted files leave empty.
func (r *Repository) removeEmpty(j *journal) error {
	folders := map[string]bool{}
	for _, step := range j.Steps {
		for folder := path.Dir(step.Path); step.New == "" && folder != "."; folder = path.Dir(folder) {
			folders[folder] = true
		}
	}
	deepest := make([]string, 0, len(folders))
	for folder := range folders {
		deepest = append(deepest, folder)
	}
	slices.SortFunc(deepest, func(a, b string) int {
		if n := strings.Count(b, "/") - strings.Count(a, "/"); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	for _, folder := range deepest {
		if !r.emptyFolder(folder) {
			continue
		}
		if err := r.disk.Remove(r.file(folder)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove empty folder %s: %w", folder, err)
		}
	}
	return nil
}

// finish forgets a journal, which ends the write, and tidies up. What is left over is tidied up later.
func (r *Repository) finish(name string) error {
	if err := r.disk.Remove(r.own(name)); err != nil {
		return fmt.Errorf("end the write: %w", err)
	}
	if r.discard() != nil {
		_ = r.discard() // the write is done whether this works or not
	}
	return nil
}

// discard removes what was prepared.
func (r *Repository) discard() error {
	var failed error
	for _, name := range []string{r.own(journalFile + ".new"), r.own(stageFolder), r.file(besideFolder)} {
		if !exists(name) {
			continue
		}
		if err := r.disk.RemoveAll(name); err != nil {
			failed = errors.Join(failed, fmt.Errorf("tidy up after a write: %w", err))
		}
	}
	return failed
}
