package gitops

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver/catalog"
)

// Want is what the work tree is to hold. Owned are the files that may be replaced or deleted, each with the digest that it must have
// for it: the files of the locks, and gkops.yaml and the locks themselves as they were read. With Force, owned files that were
// edited are replaced and deleted too; files that are not owned never are.
type Want struct {
	Write  map[string][]byte
	Delete []string
	Owned  map[string]catalog.Digest
	Force  bool
}

// Change is what has to be done to the work tree so that it holds what is wanted. It names every path that is wanted, also
// those that need nothing. The zero Change is empty.
type Change struct {
	steps []changeStep
	paths []string
}

// changeStep is one file that changes. Old is the digest of what is there, empty for nothing; data is nil for a file that goes.
type changeStep struct {
	path string
	old  catalog.Digest
	data []byte
}

func (s changeStep) deletes() bool { return s.data == nil }

// Empty reports whether the work tree holds everything already.
func (c Change) Empty() bool { return len(c.steps) == 0 }

// Paths are all paths that the change is about, also those that need nothing, sorted.
func (c Change) Paths() []string { return slices.Clone(c.paths) }

// Added are the files that are not there yet, sorted.
func (c Change) Added() []string {
	return c.pick(func(s changeStep) bool { return s.old == "" && !s.deletes() })
}

// Changed are the files that get another content, sorted.
func (c Change) Changed() []string {
	return c.pick(func(s changeStep) bool { return s.old != "" && !s.deletes() })
}

// Deleted are the files that go, sorted.
func (c Change) Deleted() []string { return c.pick(changeStep.deletes) }

func (c Change) pick(keep func(changeStep) bool) []string {
	var names []string
	for _, s := range c.steps {
		if keep(s) {
			names = append(names, s.path)
		}
	}
	slices.Sort(names)
	return names
}

// OccupiedError says that a person's files are where files are to be written or deleted. Edited are generated files with another
// content than the lock says; Foreign are files that the lock does not know.
type OccupiedError struct{ Edited, Foreign []string }

// Error names the files, a few of them.
func (e *OccupiedError) Error() string {
	var parts []string
	if len(e.Edited) > 0 {
		parts = append(parts, "edited by hand: "+some(e.Edited))
	}
	if len(e.Foreign) > 0 {
		parts = append(parts, "not written by gkops: "+some(e.Foreign))
	}
	return "files in the way, " + strings.Join(parts, "; ")
}

// Hint says what to do.
func (e *OccupiedError) Hint() string {
	if len(e.Foreign) > 0 {
		return "move them elsewhere; gkops never overwrites or deletes a file that it did not write"
	}
	return "keep an edit as a patch in gkops.yaml, then undo it with 'git checkout', or overwrite it with --force"
}

func some(names []string) string {
	const most = 5
	shown := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, quoted(name))
	}
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), len(names)-most)
	}
	return strings.Join(shown, ", ")
}

// Stage compares what is wanted with the work tree. Nothing is written. It returns a *PathError for a path that is never written,
// and an *OccupiedError when a person's files are in the way.
func (r *Repository) Stage(ctx context.Context, want Want) (Change, error) {
	names, deletes, err := want.names()
	if err != nil {
		return Change{}, err
	}
	s := stager{repository: r, want: want, folders: map[string]folderState{}}
	found, err := s.compare(ctx, slices.Concat(names, deletes))
	if err != nil {
		return Change{}, err
	}
	if len(s.occupied.Edited)+len(s.occupied.Foreign) > 0 {
		return Change{}, &s.occupied
	}
	if err := s.twinsOnDisk(found); err != nil {
		return Change{}, err
	}
	change := Change{steps: found, paths: slices.Sorted(slices.Values(slices.Concat(names, deletes)))}
	slices.SortStableFunc(change.steps, func(a, b changeStep) int { return turn(a) - turn(b) })
	return change, nil
}

// turn is when a file is written: generated files, then those that go, then what a person edits, then the locks, which say what
// the rest should be.
func turn(s changeStep) int {
	switch {
	case path.Base(s.path) == lock.FileName:
		return 3
	case !strings.Contains(s.path, "/"):
		return 2
	case s.deletes():
		return 1
	}
	return 0
}
