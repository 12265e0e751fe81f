package pipeline

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// reviewed reads what a person wrote for what is meant: A..B compares two revisions, A...B what B did since the two parted, and a
// folder of the repository that stands alone is the part of it to compare with HEAD.
func (s sides) reviewed(ctx context.Context, o ReviewOptions) (ReviewOptions, error) {
	if o.Head != "" || o.Base == "" || s.repository == nil {
		return o, nil
	}
	info, folder := s.folder(o.Base)
	if folder && o.Path == "" {
		if _, err := s.repository.Resolve(ctx, o.Base); err == nil && !written(o.Base) {
			return o, nil
		}
		root := s.repository.Root()
		if inside, err := filepath.Rel(root, info); err == nil && inside != "." && filepath.IsLocal(inside) {
			o.Base, o.Path = "", filepath.ToSlash(inside)
		}
		return o, nil
	}
	if from, to, found := strings.Cut(o.Base, "..."); found {
		from, to = orWord(from, "HEAD"), orWord(to, "HEAD")
		base, err := s.repository.MergeBase(ctx, from, to)
		o.Base, o.Head = base, to
		return o, err
	}
	if from, to, found := strings.Cut(o.Base, ".."); found && !folder && !written(o.Base) {
		o.Base, o.Head = orWord(from, "HEAD"), orWord(to, "HEAD")
	}
	return o, nil
}

// plainFiles is a tree without links and submodules: a review says of them that they are not compared, and nobody follows them.
type plainFiles struct{ fs.FS }

// ReadDir lists files and folders.
func (t plainFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() && !e.Type().IsRegular() }), err
}
