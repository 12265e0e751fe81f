package gitops

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// unmerged is a path with a conflict that is not resolved, empty when there is none.
func (x *index) unmerged() string {
	for n := range x.entries {
		if x.entries[n].stage() != 0 {
			return x.entries[n].path
		}
	}
	return ""
}

// find is the entry of a path, nil when there is none.
func (x *index) find(path string) *indexEntry {
	n := sort.Search(len(x.entries), func(n int) bool { return x.entries[n].path >= path })
	if n < len(x.entries) && x.entries[n].path == path {
		return &x.entries[n]
	}
	return nil
}

// submodule is the submodule that a path lies in, empty when there is none.
func (x *index) submodule(path string) string {
	for prefix := range prefixes(path) {
		if entry := x.find(prefix); entry != nil && entry.mode() == modeSubmodule {
			return prefix
		}
	}
	return ""
}

// replace puts committed files into the index, and takes out those that went, and what they replaced: a file where now is a folder,
// and the files of a folder where now is a file. Others keep their place.
func (x *index) replace(files []commitFile) {
	gone := map[string]bool{}
	added := make([]indexEntry, 0, len(files))
	for _, file := range files {
		if x.trees != nil {
			x.trees.forget(file.path)
		}
		gone[file.path] = true
		if file.deleted {
			continue
		}
		for prefix := range prefixes(file.path) {
			gone[prefix] = true
		}
		added = append(added, file.entry())
	}
	x.entries = slices.DeleteFunc(x.entries, func(e indexEntry) bool { return gone[e.path] })
	x.entries = x.withoutFoldersOf(added)
	slices.SortFunc(added, compareEntries)
	x.entries = mergeEntries(x.entries, added)
}

// mergeEntries joins two sorted lists that have no path in common.
func mergeEntries(a, b []indexEntry) []indexEntry {
	merged := make([]indexEntry, 0, len(a)+len(b))
	for len(b) > 0 {
		n := sort.Search(len(a), func(n int) bool { return a[n].path >= b[0].path })
		merged = append(append(merged, a[:n]...), b[0])
		a, b = a[n:], b[1:]
	}
	return append(merged, a...)
}

// withoutFoldersOf drops entries below a path that now is a file.
func (x *index) withoutFoldersOf(added []indexEntry) []indexEntry {
	drop := map[string]bool{}
	for _, file := range added {
		folder := file.path + "/"
		for n := sort.Search(len(x.entries), func(n int) bool { return x.entries[n].path >= folder }); n < len(x.entries); n++ {
			if !strings.HasPrefix(x.entries[n].path, folder) {
				break
			}
			drop[x.entries[n].path] = true
		}
	}
	if len(drop) == 0 {
		return x.entries
	}
	return slices.DeleteFunc(x.entries, func(e indexEntry) bool { return drop[e.path] })
}

// entry is the index entry of a committed file.
func (f commitFile) entry() indexEntry {
	e := indexEntry{path: f.path, flags: uint16(min(len(f.path), flagNameLength))}
	stamp(&e, f.info)
	binary.BigEndian.PutUint32(e.fixed[offsetMode:], f.mode)
	copy(e.fixed[offsetID:], f.id[:])
	return e
}

// stamp notes what a file looks like, so that Git need not read it to know that it is the same.
func stamp(e *indexEntry, info fs.FileInfo) {
	put := func(n int, value uint32) { binary.BigEndian.PutUint32(e.fixed[4*n:], value) }
	changed, numbers := fileNumbers(info)
	put(0, uint32(changed.Unix()))
	put(1, uint32(changed.Nanosecond()))
	put(2, uint32(info.ModTime().Unix()))
	put(3, uint32(info.ModTime().Nanosecond()))
	put(4, numbers.device)
	put(5, numbers.inode)
	put(7, numbers.user)
	put(8, numbers.group)
	put(9, uint32(info.Size()))
}

// numbers are what a system knows of a file, cut to the 32 bits that the index has.
type numbers struct{ device, inode, user, group uint32 }

// looks compares what a file looks like with what the entry says: by all numbers, and by those that Git always goes by, whatever
// its settings: the second of the last change, and the size.
func (e *indexEntry) looks(info fs.FileInfo) (same, sameForGit bool) {
	var now indexEntry
	stamp(&now, info)
	same, sameForGit = info.Mode().Type() == 0, info.Mode().Type() == 0
	for n := range offsetID / 4 {
		if n == offsetMode/4 || bytes.Equal(e.fixed[4*n:4*n+4], now.fixed[4*n:4*n+4]) {
			continue
		}
		same = false
		if n == secondOfChange || n == offsetSize/4 {
			sameForGit = false
		}
	}
	return same, sameForGit
}

// Numbers of an entry.
const (
	secondOfDescription = 0 // of the last change of the file's description, then its fraction
	secondOfChange      = 2 // of the last change of its content, then its fraction
)

// moment is a time of the entry, number n of its seconds.
func (e *indexEntry) moment(n int) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint32(e.fixed[4*n:])), int64(binary.BigEndian.Uint32(e.fixed[4*n+4:])))
}

// racy reports whether a file may have changed after its entry was written without looking different to Git: it is not
// older, in seconds, than the index.
func (x *index) racy(e *indexEntry) bool {
	return x.written.IsZero() || e.moment(secondOfChange).Unix() >= x.written.Unix()
}

// older reports whether the entry, to the fraction of a second, is older than the index, so that a later change looks different.
func (x *index) older(e *indexEntry) bool {
	changed, modified := e.moment(secondOfDescription), e.moment(secondOfChange)
	return changed.Nanosecond() != 0 && modified.Nanosecond() != 0 && changed.Before(x.written) && modified.Before(x.written)
}

// settle keeps Git from taking a changed file for an unchanged one. The new index is younger than the old one, so an entry
// that is racy by the old one would no longer be; where the content is not what the entry says, it loses its size, which makes Git
// look into the file. Git does the same whenever it writes an index.
func (x *index) settle(r *Repository) {
	for n := range x.entries {
		e := &x.entries[n]
		regular := e.mode() == modeFile || e.mode() == modeExecutable
		if !regular || e.stage() != 0 || e.flags&flagAssumeValid != 0 || !x.racy(e) {
			continue
		}
		info, err := os.Lstat(r.file(e.path))
		if err != nil {
			continue
		}
		same, sameForGit := e.looks(info)
		if !sameForGit || same && x.older(e) {
			continue
		}
		data, err := os.ReadFile(r.file(e.path))
		if err != nil || !bytes.Equal(blobID(data), e.id()) {
			binary.BigEndian.PutUint32(e.fixed[offsetSize:], 0)
		}
	}
}

func blobID(data []byte) []byte {
	hash := plumbing.ComputeHash(plumbing.BlobObject, data)
	return hash[:]
}
