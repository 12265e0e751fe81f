package gitops

import (
	"context"
	"errors"
	"path"
)

// Resolve is the full id of the commit that a revision names. It returns a *RevisionError.
func (r *Repository) Resolve(ctx context.Context, revision string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	hash, err := r.resolve(revision)
	return hash.String(), err
}

// Tracked are the files that Git knows, in HEAD or in the index, by path relative to the repository, and the folders that they are in.
// An index in a form that is not known here, such as a split one, counts as empty.
func (r *Repository) Tracked(ctx context.Context) (files, folders map[string]bool, err error) {
	known, err := r.Files(ctx, "HEAD", "")
	if err != nil && !IsUnborn(err) {
		return nil, nil, err
	}
	staged, err := r.readIndex()
	var unknown *IndexError
	if errors.As(err, &unknown) {
		staged, err = &index{}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	files, folders = map[string]bool{}, map[string]bool{".": true}
	add := func(name string) {
		files[name] = true
		for dir := path.Dir(name); !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for name := range known {
		add(name)
	}
	for i := range staged.entries {
		add(staged.entries[i].path)
	}
	return files, folders, nil
}
