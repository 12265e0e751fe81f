package gitops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// History visits every content that a YAML or JSON file below a folder (the whole repository when it is empty) ever had on the way from a
// revision back along first parents: what the branch itself held, and an engine that follows it may have applied. A content is
// visited once, by one of the names that it had, newest first. whole is false when a shallow clone ends the way early. It
// returns a *RevisionError, or what visit returns.
func (r *Repository) History(ctx context.Context, revision, folder string, visit func(name string, data []byte) error) (whole bool, err error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	hash, err := r.resolve(revision)
	if err != nil {
		return false, err
	}
	w := historyWalk{repository: r, visit: visit, seen: map[plumbing.Hash]bool{}}
	for {
		commit, err := object.GetCommit(r.store, hash)
		switch {
		case errors.Is(err, plumbing.ErrObjectNotFound) && len(w.seen) > 0:
			return false, nil
		case err != nil:
			return false, fmt.Errorf("read commit %s: %w", hash, err)
		}
		if err := w.commit(ctx, commit, folder); err != nil {
			return false, err
		}
		if len(commit.ParentHashes) == 0 {
			return true, nil
		}
		hash = commit.ParentHashes[0]
	}
}

// Past visits the trees of HEAD and of its first parents, the newest first, until visit wants no more. A shallow clone ends the way
// early. It returns what visit returns, or a *RevisionError for a HEAD without a commit.
func (r *Repository) Past(ctx context.Context, visit func(tree fs.FS) (more bool, err error)) error {
	head, err := r.Head()
	if err != nil {
		return err
	}
	next := plumbing.NewHash(head)
	for first := true; ; first = false {
		r.reading.Lock()
		commit, err := object.GetCommit(r.store, next)
		r.reading.Unlock()
		if errors.Is(err, plumbing.ErrObjectNotFound) && !first {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read commit %s: %w", next, err)
		}
		tree, err := r.FS(ctx, next.String())
		if err != nil {
			return err
		}
		if more, err := visit(tree); err != nil || !more || len(commit.ParentHashes) == 0 {
			return err
		}
		next = commit.ParentHashes[0]
	}
}

// historyWalk remembers the folders and files that were visited, so that what a commit left alone costs nothing.
type historyWalk struct {
	repository *Repository
	visit      func(name string, data []byte) error
	seen       map[plumbing.Hash]bool
}

func (w *historyWalk) commit(ctx context.Context, commit *object.Commit, folder string) error {
	w.seen[commit.Hash] = true
	if w.seen[commit.TreeHash] && folder == "" {
		return ctx.Err()
	}
	tree, err := object.GetTree(w.repository.store, commit.TreeHash)
	if err != nil {
		return fmt.Errorf("read the tree of %s: %w", commit.Hash, err)
	}
	if folder == "" {
		return w.folder(ctx, tree.Hash, "")
	}
	entry, err := tree.FindEntry(folder)
	switch {
	case errors.Is(err, object.ErrDirectoryNotFound), errors.Is(err, object.ErrEntryNotFound):
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("read %s of %s: %w", folder, commit.Hash, err)
	case entry.Mode == filemode.Dir:
		return w.folder(ctx, entry.Hash, folder)
	case entry.Mode.IsFile():
		return w.file(entry.Hash, folder)
	}
	return ctx.Err()
}

func (w *historyWalk) folder(ctx context.Context, hash plumbing.Hash, folder string) error {
	if w.seen[hash] {
		return ctx.Err()
	}
	w.seen[hash] = true
	tree, err := object.GetTree(w.repository.store, hash)
	if err != nil {
		return fmt.Errorf("read folder %s: %w", folder, err)
	}
	for _, entry := range tree.Entries {
		name := path.Join(folder, entry.Name)
		switch {
		case entry.Mode == filemode.Dir:
			err = w.folder(ctx, entry.Hash, name)
		case entry.Mode.IsFile() && entry.Mode != filemode.Symlink:
			err = w.file(entry.Hash, name)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w *historyWalk) file(hash plumbing.Hash, name string) error {
	if w.seen[hash] {
		return nil
	}
	w.seen[hash] = true
	if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" && ext != ".json" {
		return nil
	}
	blob, err := object.GetBlob(w.repository.store, hash)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	reader, err := blob.Reader()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	data, err := io.ReadAll(reader)
	if err := errors.Join(err, reader.Close()); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return w.visit(name, data)
}
