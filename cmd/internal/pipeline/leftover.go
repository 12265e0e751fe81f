package pipeline

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/render"
)

// LeftoverError says that the files in the way are gkops's own, of a command that was undone without them.
type LeftoverError struct{ Err *gitops.OccupiedError }

// Error names the files.
func (e *LeftoverError) Error() string {
	return "left by a command that was undone: " + strings.TrimPrefix(e.Err.Error(), "files in the way, ")
}

// Hint says how to clean up.
func (e *LeftoverError) Hint() string {
	return "undo the rest of it with 'git clean -fd " + Folder + "', then try again"
}

// Unwrap is the error as the repository told it.
func (e *LeftoverError) Unwrap() error { return e.Err }

// leftover tells files that a person put in the way from files that gkops wrote and no lock knows any more.
func (p *Project) leftover(err error) error {
	var occupied *gitops.OccupiedError
	if !errors.As(err, &occupied) || len(occupied.Edited) > 0 {
		return err
	}
	work, workErr := p.grounds.WorkFS()
	if workErr != nil {
		return err
	}
	for _, name := range occupied.Foreign {
		data, readErr := fs.ReadFile(work, name)
		if readErr != nil || !bytes.HasPrefix(data, []byte(render.Header)) {
			return err
		}
	}
	return &LeftoverError{Err: occupied}
}
