package gitops

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// put stores an object, unless it is there.
func (r *Repository) put(kind plumbing.ObjectType, data []byte) (plumbing.Hash, error) {
	hash := plumbing.ComputeHash(kind, data)
	if r.store.HasEncodedObject(hash) == nil {
		return hash, nil
	}
	o := r.store.NewEncodedObject()
	o.SetType(kind)
	w, err := o.Writer()
	if err != nil {
		return hash, err
	}
	if _, err := w.Write(data); err != nil {
		return hash, err
	}
	if err := w.Close(); err != nil {
		return hash, err
	}
	if _, err := r.store.SetEncodedObject(o); err != nil {
		return hash, fmt.Errorf("store %s %s: %w", kind, hash, err)
	}
	return hash, nil
}

// branching is what changes below one folder.
type branching struct {
	files   map[string]commitFile
	folders map[string]*branching
}

func branch(files []commitFile) *branching {
	root := &branching{}
	for _, file := range files {
		at := root
		parts := strings.Split(file.path, "/")
		for _, part := range parts[:len(parts)-1] {
			if at.folders == nil {
				at.folders = map[string]*branching{}
			}
			if at.folders[part] == nil {
				at.folders[part] = &branching{}
			}
			at = at.folders[part]
		}
		if at.files == nil {
			at.files = map[string]commitFile{}
		}
		at.files[parts[len(parts)-1]] = file
	}
	return root
}

// grow is the tree with the changed files in it. Only folders on the way to them are read and written. A folder that loses its last
// file is no more; then the hash is zero.
func (r *Repository) grow(old plumbing.Hash, change *branching) (plumbing.Hash, error) {
	entries, err := r.entries(old)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	set := map[string]object.TreeEntry{}
	for name, below := range change.folders {
		inside := plumbing.ZeroHash
		if n := named(entries, name); n >= 0 && entries[n].Mode == filemode.Dir {
			inside = entries[n].Hash
		}
		hash, err := r.grow(inside, below)
		if err != nil {
			return hash, err
		}
		if hash == plumbing.ZeroHash && !holdsFolder(entries, name) {
			continue // nothing of it was there, and nothing is
		}
		set[name] = object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: hash}
	}
	for name, file := range change.files {
		if file.deleted && holdsFolder(entries, name) {
			continue // a folder took its place
		}
		if _, taken := set[name]; file.deleted && taken {
			continue
		}
		entry := object.TreeEntry{Name: name, Mode: filemode.FileMode(file.mode)}
		if !file.deleted {
			entry.Hash = file.id
		}
		set[name] = entry
	}
	return r.putTree(merge(entries, set))
}

func named(entries []object.TreeEntry, name string) int {
	return slices.IndexFunc(entries, func(e object.TreeEntry) bool { return e.Name == name })
}

func holdsFolder(entries []object.TreeEntry, name string) bool {
	n := named(entries, name)
	return n >= 0 && entries[n].Mode == filemode.Dir
}

// merge puts entries in place of those of the same name; one without a hash goes.
func merge(entries []object.TreeEntry, set map[string]object.TreeEntry) []object.TreeEntry {
	merged := slices.DeleteFunc(slices.Clone(entries), func(e object.TreeEntry) bool { _, replaced := set[e.Name]; return replaced })
	for _, entry := range set {
		if entry.Hash != plumbing.ZeroHash {
			merged = append(merged, entry)
		}
	}
	sort.Sort(object.TreeEntrySorter(merged))
	return merged
}

func (r *Repository) entries(tree plumbing.Hash) ([]object.TreeEntry, error) {
	if tree == plumbing.ZeroHash {
		return nil, nil
	}
	read, err := object.GetTree(r.store, tree)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, fmt.Errorf("tree %s is not in the repository", tree)
	}
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", tree, err)
	}
	return read.Entries, nil
}

// putTree stores a tree; an empty one is not stored and has no hash.
func (r *Repository) putTree(entries []object.TreeEntry) (plumbing.Hash, error) {
	if len(entries) == 0 {
		return plumbing.ZeroHash, nil
	}
	var data []byte
	for _, e := range entries {
		data = fmt.Appendf(data, "%o %s\x00", uint32(e.Mode), e.Name)
		data = append(data, e.Hash[:]...)
	}
	return r.put(plumbing.TreeObject, data)
}
