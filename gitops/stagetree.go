package gitops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
)

// StageTree compares what is wanted with a tree, as Stage does with the work tree. It returns a *PathError for a path that is never
// written or that leads through a link or a submodule, and an *OccupiedError when a person's files are in the way.
func StageTree(ctx context.Context, tree fs.FS, want Want) (Change, error) {
	names, deletes, err := want.names()
	if err != nil {
		return Change{}, err
	}
	var occupied OccupiedError
	change := Change{paths: slices.Sorted(slices.Values(slices.Concat(names, deletes)))}
	for _, name := range slices.Concat(names, deletes) {
		if err := ctx.Err(); err != nil {
			return Change{}, err
		}
		step, err := stepInTree(tree, name, want)
		if err != nil {
			return Change{}, err
		}
		if step != nil {
			change.steps = append(change.steps, *step)
			occupied.claim(*step, want)
		}
	}
	if len(occupied.Edited)+len(occupied.Foreign) > 0 {
		return Change{}, &occupied
	}
	slices.SortStableFunc(change.steps, func(a, b changeStep) int { return turn(a) - turn(b) })
	return change, nil
}

// names are the paths to write and those to delete, sorted and checked.
func (w Want) names() (writes, deletes []string, err error) {
	writes = slices.Sorted(maps.Keys(w.Write))
	deletes = slices.Compact(slices.Sorted(slices.Values(w.Delete)))
	deletes = slices.DeleteFunc(deletes, func(name string) bool { _, written := w.Write[name]; return written })
	for _, name := range slices.Concat(writes, deletes) {
		if err := checkPath(name); err != nil {
			return nil, nil, err
		}
	}
	return writes, deletes, checkTwins(writes)
}

// stepInTree is what has to happen to one file of a tree, nil for nothing.
func stepInTree(tree fs.FS, name string, want Want) (*changeStep, error) {
	_, writes := want.Write[name]
	there, err := fileInTree(tree, name, writes)
	if err != nil {
		return nil, err
	}
	return want.step(name, there, func() ([]byte, error) { return fs.ReadFile(tree, name) })
}

// fileInTree reports whether a tree has a plain file. A link, a submodule or a folder there, and on the way to a file that is to be
// written anything but folders, is an error.
func fileInTree(tree fs.FS, name string, writes bool) (bool, error) {
	for prefix := range prefixes(path.Dir(name)) {
		if prefix == "." {
			break
		}
		info, err := fs.Lstat(tree, prefix)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("look at %s: %w", prefix, err)
		case info.IsDir():
		case writes || info.Mode().Type() != 0:
			return false, &PathError{Path: prefix, Reason: "is " + describe(info.Mode()) + ", and files are to be written below it"}
		default:
			return false, nil
		}
	}
	info, err := fs.Lstat(tree, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look at %s: %w", name, err)
	case info.Mode().Type() != 0:
		return false, &PathError{Path: name, Reason: "is " + describe(info.Mode())}
	}
	return true, nil
}

// Files are the files that change, with what becomes of each: its bytes, nil for one that goes.
func (c Change) Files() map[string][]byte {
	files := make(map[string][]byte, len(c.steps))
	for _, s := range c.steps {
		files[s.path] = s.data
	}
	return files
}
