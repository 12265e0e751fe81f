package gitops

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// treeFS is a tree of Git as a file system. Files have no time. It implements fs.ReadFileFS, fs.ReadDirFS and fs.StatFS, and may
// be used from several goroutines; go-git's objects may not, so each access has them alone.
type treeFS struct {
	repository *Repository
	folders    map[string]*object.Tree // by path, "." is the root
}

func (r *Repository) newTreeFS(root *object.Tree) *treeFS {
	return &treeFS{repository: r, folders: map[string]*object.Tree{".": root}}
}

// Open opens a file or a folder.
func (t *treeFS) Open(name string) (fs.File, error) {
	entry, err := t.find("open", name)
	if err != nil {
		return nil, err
	}
	if entry.IsDir() {
		list, err := t.ReadDir(name)
		return &openFolder{entry: *entry, list: list}, err
	}
	data, err := t.blob(entry.Hash)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &openFile{Reader: bytes.NewReader(data), entry: *entry}, nil
}

// ReadFile is the content of a file.
func (t *treeFS) ReadFile(name string) ([]byte, error) {
	entry, err := t.find("read", name)
	if err != nil {
		return nil, err
	}
	data, err := t.blob(entry.Hash)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

func (t *treeFS) blob(hash plumbing.Hash) ([]byte, error) {
	t.repository.reading.Lock()
	defer t.repository.reading.Unlock()
	blob, err := object.GetBlob(t.repository.store, hash)
	if err != nil {
		return nil, err
	}
	reader, err := blob.Reader()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

// ReadDir lists a folder, sorted by name.
func (t *treeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entry, err := t.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !entry.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a folder")}
	}
	t.repository.reading.Lock()
	defer t.repository.reading.Unlock()
	folder, err := t.folder(name)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	list := make([]fs.DirEntry, 0, len(folder.Entries))
	for _, e := range folder.Entries {
		list = append(list, &treeEntry{TreeEntry: e, repository: t.repository})
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// Stat describes a file or a folder.
func (t *treeFS) Stat(name string) (fs.FileInfo, error) {
	entry, err := t.find("stat", name)
	if err != nil {
		return nil, err
	}
	return entry, nil
}

// Lstat is Stat: no link is followed.
func (t *treeFS) Lstat(name string) (fs.FileInfo, error) { return t.Stat(name) }

// ReadLink is where a symbolic link leads.
func (t *treeFS) ReadLink(name string) (string, error) {
	entry, err := t.find("readlink", name)
	if err != nil {
		return "", err
	}
	if entry.TreeEntry.Mode != filemode.Symlink {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	target, err := t.blob(entry.Hash)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return string(target), nil
}

func (t *treeFS) find(op, name string) (*treeEntry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return &treeEntry{TreeEntry: object.TreeEntry{Name: ".", Mode: filemode.Dir}, repository: t.repository}, nil
	}
	t.repository.reading.Lock()
	defer t.repository.reading.Unlock()
	entry, err := t.entry(name)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return &treeEntry{TreeEntry: *entry, repository: t.repository}, nil
}

// entry finds an entry in its folder.
func (t *treeFS) entry(name string) (*object.TreeEntry, error) {
	folder, err := t.folder(path.Dir(name))
	if err != nil {
		return nil, err
	}
	base := path.Base(name)
	n := slices.IndexFunc(folder.Entries, func(e object.TreeEntry) bool { return e.Name == base })
	if n < 0 {
		return nil, fs.ErrNotExist
	}
	return &folder.Entries[n], nil
}

// folder reads a folder once.
func (t *treeFS) folder(name string) (*object.Tree, error) {
	if known := t.folders[name]; known != nil {
		return known, nil
	}
	entry, err := t.entry(name)
	if err != nil {
		return nil, err
	}
	if entry.Mode != filemode.Dir {
		return nil, fs.ErrNotExist
	}
	read, err := object.GetTree(t.repository.store, entry.Hash)
	if err != nil {
		return nil, err
	}
	t.folders[name] = read
	return read, nil
}

// treeEntry is an entry of a tree as fs.DirEntry and fs.FileInfo.
type treeEntry struct {
	object.TreeEntry
	repository *Repository
}

// Name is the last element of the path.
func (e *treeEntry) Name() string { return e.TreeEntry.Name }

// IsDir reports whether the entry is a folder.
func (e *treeEntry) IsDir() bool { return e.TreeEntry.Mode == filemode.Dir }

// Type is the kind of the entry.
func (e *treeEntry) Type() fs.FileMode { return e.Mode().Type() }

// Info is the entry itself.
func (e *treeEntry) Info() (fs.FileInfo, error) { return e, nil }

// Size is the length of a file.
func (e *treeEntry) Size() int64 {
	if e.IsDir() {
		return 0
	}
	e.repository.reading.Lock()
	defer e.repository.reading.Unlock()
	size, err := e.repository.store.EncodedObjectSize(e.Hash)
	if err != nil {
		return 0
	}
	return size
}

// Mode is the mode that Git keeps. A submodule is irregular.
func (e *treeEntry) Mode() fs.FileMode {
	switch e.TreeEntry.Mode {
	case filemode.Dir:
		return fs.ModeDir | 0o755
	case filemode.Executable:
		return 0o755
	case filemode.Symlink:
		return fs.ModeSymlink | 0o777
	case filemode.Submodule:
		return fs.ModeIrregular
	}
	return 0o644
}

// ModTime is no time.
func (e *treeEntry) ModTime() time.Time { return time.Time{} }

// Sys is the entry of go-git.
func (e *treeEntry) Sys() any { return e.TreeEntry }

type openFile struct {
	*bytes.Reader
	entry treeEntry
}

// Close does nothing.
func (f *openFile) Close() error { return nil }

// Stat describes the file.
func (f *openFile) Stat() (fs.FileInfo, error) { return &f.entry, nil }

type openFolder struct {
	entry treeEntry
	list  []fs.DirEntry
}

// Stat describes the folder.
func (f *openFolder) Stat() (fs.FileInfo, error) { return &f.entry, nil }

// Read fails: a folder has no content.
func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.entry.Name(), Err: errors.New("is a folder")}
}

// Close does nothing.
func (f *openFolder) Close() error { return nil }

// ReadDir gives the next entries.
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(f.list)
	} else if len(f.list) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.list))
	some := f.list[:n]
	f.list = f.list[n:]
	return some, nil
}
