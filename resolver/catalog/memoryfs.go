package catalog

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// memoryFS is a read-only tree of files by path. Folders are there as far as a file is below them.
type memoryFS map[string][]byte

func (m memoryFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if data, found := m[name]; found {
		return &memoryFile{memoryEntry{path.Base(name), int64(len(data)), false}, bytes.NewReader(data)}, nil
	}
	if entries := m.entries(name); len(entries) > 0 || name == "." {
		return &memoryFolder{memoryEntry: memoryEntry{path.Base(name), 0, true}, entries: entries}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// entries are what lies directly in a folder, sorted.
func (m memoryFS) entries(dir string) []fs.DirEntry {
	found := map[string]memoryEntry{}
	for name, data := range m {
		rest := name
		if dir != "." {
			var below bool
			if rest, below = strings.CutPrefix(name, dir+"/"); !below {
				continue
			}
		}
		if first, _, deeper := strings.Cut(rest, "/"); deeper {
			found[first] = memoryEntry{first, 0, true}
		} else {
			found[first] = memoryEntry{first, int64(len(data)), false}
		}
	}
	entries := make([]fs.DirEntry, 0, len(found))
	for _, entry := range found {
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries
}

// memoryEntry describes a file or folder.
type memoryEntry struct {
	name   string
	size   int64
	folder bool
}

func (e memoryEntry) Name() string               { return e.name }
func (e memoryEntry) Size() int64                { return e.size }
func (e memoryEntry) IsDir() bool                { return e.folder }
func (e memoryEntry) ModTime() time.Time         { return time.Time{} }
func (e memoryEntry) Sys() any                   { return nil }
func (e memoryEntry) Type() fs.FileMode          { return e.Mode().Type() }
func (e memoryEntry) Info() (fs.FileInfo, error) { return e, nil }
func (e memoryEntry) Mode() fs.FileMode {
	if e.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

type memoryFile struct {
	memoryEntry
	*bytes.Reader
}

func (f *memoryFile) Stat() (fs.FileInfo, error) { return f.memoryEntry, nil }
func (f *memoryFile) Close() error               { return nil }
func (f *memoryFile) Size() int64                { return f.memoryEntry.size }

type memoryFolder struct {
	memoryEntry
	entries []fs.DirEntry
}

func (f *memoryFolder) Stat() (fs.FileInfo, error) { return f.memoryEntry, nil }
func (f *memoryFolder) Close() error               { return nil }
func (f *memoryFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrInvalid}
}

func (f *memoryFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(f.entries)
	} else if len(f.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.entries))
	entries := f.entries[:n]
	f.entries = f.entries[n:]
	return entries, nil
}
