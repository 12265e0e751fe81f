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

// batch are the new objects of a commit. They are stored together, before anything refers to them.
type batch struct {
	repository *Repository
	order      []plumbing.Hash
	objects    map[plumbing.Hash]newObject
}

type newObject struct {
	kind plumbing.ObjectType
	data []byte
}

func newBatch(r *Repository) *batch {
	return &batch{repository: r, objects: map[plumbing.Hash]newObject{}}
}

// put adds an object, unless the repository has it.
func (b *batch) put(kind plumbing.ObjectType, data []byte) (plumbing.Hash, error) {
	hash := plumbing.ComputeHash(kind, data)
	if _, twice := b.objects[hash]; twice || b.repository.store.HasEncodedObject(hash) == nil {
		return hash, nil
	}
	b.order = append(b.order, hash)
	b.objects[hash] = newObject{kind, data}
	return hash, nil
}

// maxLoose is how many objects are stored one by one, as Git does it on a fetch; more go into one pack, which is quicker.
const maxLoose = 100

// store writes the objects.
func (b *batch) store() error {
	if len(b.order) > maxLoose {
		return b.pack()
	}
	for _, hash := range b.order {
		o := &plumbing.MemoryObject{}
		o.SetType(b.objects[hash].kind)
		if _, err := o.Write(b.objects[hash].data); err != nil {
			return fmt.Errorf("store object %s: %w", hash, err)
		}
		if _, err := b.repository.store.SetEncodedObject(o); err != nil {
			return fmt.Errorf("store object %s: %w", hash, err)
		}
	}
	return nil
}

func (b *batch) pack() error {
	p, err := newPackWriter(len(b.order))
	if err != nil {
		return fmt.Errorf("pack objects: %w", err)
	}
	for _, hash := range b.order {
		if err := p.add(hash, b.objects[hash].kind, b.objects[hash].data); err != nil {
			return fmt.Errorf("pack object %s: %w", hash, err)
		}
	}
	if err := b.repository.storePack(p.finish()); err != nil {
		return fmt.Errorf("store objects: %w", err)
	}
	b.repository.store.Reindex() // the packs that it has looked at are those of before
	return nil
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
func (b *batch) grow(old plumbing.Hash, change *branching) (plumbing.Hash, error) {
	entries, err := b.entries(old)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	set := map[string]object.TreeEntry{}
	for name, below := range change.folders {
		inside := plumbing.ZeroHash
		if n := named(entries, name); n >= 0 && entries[n].Mode == filemode.Dir {
			inside = entries[n].Hash
		}
		hash, err := b.grow(inside, below)
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
	return b.putTree(merge(entries, set))
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

func (b *batch) entries(tree plumbing.Hash) ([]object.TreeEntry, error) {
	if tree == plumbing.ZeroHash {
		return nil, nil
	}
	read, err := object.GetTree(b.repository.store, tree)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, fmt.Errorf("tree %s is not in the repository", tree)
	}
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", tree, err)
	}
	return read.Entries, nil
}

// putTree stores a tree; an empty one is not stored and has no hash.
func (b *batch) putTree(entries []object.TreeEntry) (plumbing.Hash, error) {
	if len(entries) == 0 {
		return plumbing.ZeroHash, nil
	}
	var data []byte
	for _, e := range entries {
		data = fmt.Appendf(data, "%o %s\x00", uint32(e.Mode), e.Name)
		data = append(data, e.Hash[:]...)
	}
	return b.put(plumbing.TreeObject, data)
}
