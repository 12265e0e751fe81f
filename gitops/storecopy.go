package gitops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// CopyTo gives another store the commits that tips name, with as many of their ancestors as depth says, the tips counted; zero means
// back to commits that it has. What it has is not read again. Where the way ends early, the other store is shallow from then on.
func (s *Store) CopyTo(ctx context.Context, other *Store, tips []string, depth int) error {
	s.repository.reading.Lock()
	defer s.repository.reading.Unlock()
	other.repository.reading.Lock()
	defer other.repository.reading.Unlock()
	c := copier{from: s.repository, to: other.repository, batch: newBatch(other.repository), seen: map[plumbing.Hash]bool{}}
	edge, err := c.commits(ctx, tips, depth)
	if err != nil {
		return err
	}
	if err := c.batch.store(); err != nil {
		return err
	}
	return other.repository.shallow(edge, c.deepened)
}

// copier copies objects. Those that another refers to go first, so that what is there is whole.
type copier struct {
	from, to *Repository
	batch    *batch
	seen     map[plumbing.Hash]bool
	deepened []plumbing.Hash // commits whose parents are there
}

// commits copies commits breadth first and returns those whose parents were left out.
func (c *copier) commits(ctx context.Context, tips []string, depth int) ([]plumbing.Hash, error) {
	var level, edge []plumbing.Hash
	for _, tip := range tips {
		level = append(level, plumbing.NewHash(tip))
	}
	for n := 1; len(level) > 0; n++ {
		var next []plumbing.Hash
		for _, hash := range level {
			if c.seen[hash] {
				continue
			}
			c.seen[hash] = true
			had := c.to.store.HasEncodedObject(hash) == nil
			parents, err := c.commit(ctx, hash)
			switch {
			case err != nil:
				return nil, err
			case depth == 0 && had:
			case n == depth && !c.holds(parents):
				edge = append(edge, hash)
			case n == depth:
			default:
				c.deepened = append(c.deepened, hash)
				next = append(next, parents...)
			}
		}
		level = next
	}
	return edge, nil
}

func (c *copier) holds(commits []plumbing.Hash) bool {
	return !slices.ContainsFunc(commits, func(h plumbing.Hash) bool { return c.to.store.HasEncodedObject(h) != nil })
}

func (c *copier) commit(ctx context.Context, hash plumbing.Hash) ([]plumbing.Hash, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	commit, err := object.GetCommit(c.from.store, hash)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, &RevisionError{Revision: hash.String(), Reason: "it is not in the repository"}
	}
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", hash, err)
	}
	if c.to.store.HasEncodedObject(hash) == nil {
		return commit.ParentHashes, nil
	}
	if err := c.tree(commit.TreeHash); err != nil {
		return nil, err
	}
	return commit.ParentHashes, c.one(hash)
}

// tree copies a folder, unless the other store has it.
func (c *copier) tree(hash plumbing.Hash) error {
	if c.seen[hash] || c.to.store.HasEncodedObject(hash) == nil {
		return nil
	}
	c.seen[hash] = true
	tree, err := object.GetTree(c.from.store, hash)
	if err != nil {
		return fmt.Errorf("read tree %s: %w", hash, err)
	}
	for _, entry := range tree.Entries {
		switch entry.Mode {
		case filemode.Submodule:
			continue
		case filemode.Dir:
			err = c.tree(entry.Hash)
		default:
			err = c.one(entry.Hash)
		}
		if err != nil {
			return err
		}
	}
	return c.one(hash)
}

func (c *copier) one(hash plumbing.Hash) error {
	found, err := c.from.store.EncodedObject(plumbing.AnyObject, hash)
	if err != nil {
		return fmt.Errorf("read object %s: %w", hash, err)
	}
	reader, err := found.Reader()
	if err != nil {
		return fmt.Errorf("read object %s: %w", hash, err)
	}
	defer reader.Close()
	data, err := io.ReadAll(reader)
	if err != nil {
		return fmt.Errorf("read object %s: %w", hash, err)
	}
	_, err = c.batch.put(found.Type(), data)
	return err
}

// shallow notes which commits have no parents here.
func (r *Repository) shallow(edge, deepened []plumbing.Hash) error {
	before, err := r.store.Shallow()
	if err != nil {
		return fmt.Errorf("read what is shallow: %w", err)
	}
	after := slices.DeleteFunc(slices.Clone(before), func(h plumbing.Hash) bool { return slices.Contains(deepened, h) })
	for _, hash := range edge {
		if !slices.Contains(after, hash) {
			after = append(after, hash)
		}
	}
	if slices.Equal(before, after) {
		return nil
	}
	if err := r.store.SetShallow(after); err != nil {
		return fmt.Errorf("note what is shallow: %w", err)
	}
	return nil
}
