package remote

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// missing lists the objects that a commit needs and a server may not have: those of the commits on the way back to what the server
// offers, each compared with its parents. A commit that came from the server ends the way: its parents are not in the store, or it
// is one of the offered.
func missing(objects storer.EncodedObjectStorer, tip plumbing.Hash, said *packp.AdvRefs) ([]plumbing.Hash, error) {
	m := missed{objects: objects, seen: map[plumbing.Hash]bool{}}
	offered := map[plumbing.Hash]bool{}
	for _, hash := range said.References {
		offered[hash] = true
	}
	for queue := []plumbing.Hash{tip}; len(queue) > 0; queue = queue[1:] {
		hash := queue[0]
		if m.seen[hash] || offered[hash] {
			continue
		}
		commit, err := object.GetCommit(objects, hash)
		if errors.Is(err, plumbing.ErrObjectNotFound) && hash != tip {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read commit %s: %w", hash, err)
		}
		if err := m.commit(commit); err != nil {
			return nil, err
		}
		queue = append(queue, commit.ParentHashes...)
	}
	return m.list, nil
}

type missed struct {
	objects storer.EncodedObjectStorer
	list    []plumbing.Hash
	seen    map[plumbing.Hash]bool
}

func (m *missed) add(hash plumbing.Hash) {
	m.seen[hash] = true
	m.list = append(m.list, hash)
}

func (m *missed) commit(commit *object.Commit) error {
	m.add(commit.Hash)
	var before []plumbing.Hash
	for _, parent := range commit.ParentHashes {
		known, err := object.GetCommit(m.objects, parent)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read commit %s: %w", parent, err)
		}
		before = append(before, known.TreeHash)
	}
	return m.tree(commit.TreeHash, before)
}

// tree lists what a folder has that none of the folders of the same path in the parents has.
func (m *missed) tree(hash plumbing.Hash, before []plumbing.Hash) error {
	for _, old := range before {
		if old == hash {
			return nil
		}
	}
	if m.seen[hash] {
		return nil
	}
	tree, err := object.GetTree(m.objects, hash)
	if err != nil {
		return fmt.Errorf("read tree %s: %w", hash, err)
	}
	m.add(hash)
	known, folders, err := m.entries(before)
	if err != nil {
		return err
	}
	for _, entry := range tree.Entries {
		switch {
		case known[entry.Hash] || m.seen[entry.Hash] || entry.Mode == filemode.Submodule:
		case entry.Mode == filemode.Dir:
			if err := m.tree(entry.Hash, folders[entry.Name]); err != nil {
				return err
			}
		default:
			m.add(entry.Hash)
		}
	}
	return nil
}

// entries are the objects in some folders, and the folders in them by name.
func (m *missed) entries(trees []plumbing.Hash) (map[plumbing.Hash]bool, map[string][]plumbing.Hash, error) {
	known, folders := map[plumbing.Hash]bool{}, map[string][]plumbing.Hash{}
	for _, hash := range trees {
		tree, err := object.GetTree(m.objects, hash)
		if err != nil {
			return nil, nil, fmt.Errorf("read tree %s: %w", hash, err)
		}
		for _, entry := range tree.Entries {
			known[entry.Hash] = true
			if entry.Mode == filemode.Dir {
				folders[entry.Name] = append(folders[entry.Name], entry.Hash)
			}
		}
	}
	return known, folders, nil
}
