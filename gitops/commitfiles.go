package gitops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

// commitFile is one file of a commit: deleted, or what the work tree has.
type commitFile struct {
	path    string
	deleted bool
	id      plumbing.Hash
	mode    uint32
	info    fs.FileInfo
}

// readFiles takes the content of files. A path that is not there is deleted.
func (b *batch) readFiles(ctx context.Context, paths []string, x *index, settings config) ([]commitFile, error) {
	s := stager{repository: b.repository, folders: map[string]folderState{}}
	files := make([]commitFile, 0, len(paths))
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := checkPath(path); err != nil {
			return nil, err
		}
		if module := x.submodule(path); module != "" {
			return nil, &PathError{Path: path, Reason: "lies in the submodule " + quoted(module), Advice: "run gkops in it"}
		}
		info, err := s.look(path, false)
		if err != nil {
			return nil, err
		}
		if info == nil || info.IsDir() {
			files = append(files, commitFile{path: path, deleted: true})
			continue
		}
		known := x.find(path)
		if known != nil && x.current(known, info) {
			files = append(files, commitFile{path: path, id: plumbing.Hash(known.id()), mode: known.mode(), info: info})
			continue
		}
		file, err := b.readFile(path, info, known, !settings.off("core.filemode"))
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// current reports whether an entry says what a file holds, so that it need not be read.
func (x *index) current(e *indexEntry, info fs.FileInfo) bool {
	same, _ := e.looks(info)
	executable := info.Mode()&0o100 != 0
	return same && e.flags&^flagNameLength == 0 && !x.racy(e) && (e.mode() == modeExecutable) == executable && int64(e.size()) == info.Size()
}

// readFile takes the content of one file. Where file modes mean nothing, the index knows the mode.
func (b *batch) readFile(path string, info fs.FileInfo, known *indexEntry, modes bool) (commitFile, error) {
	if info.Mode().Type() != 0 {
		return commitFile{}, &PathError{Path: path, Reason: "is " + describe(info.Mode())}
	}
	file := commitFile{path: path, mode: modeFile}
	switch {
	case modes && info.Mode()&0o100 != 0, !modes && known != nil && known.mode() == modeExecutable:
		file.mode = modeExecutable
	}
	data, info, err := readStill(b.repository.file(path))
	if err != nil {
		return file, fmt.Errorf("read %s: %w", path, err)
	}
	file.info = info
	if file.id, err = b.put(plumbing.BlobObject, data); err != nil {
		return file, fmt.Errorf("commit %s: %w", path, err)
	}
	return file, nil
}

var errMoving = errors.New("it changed while it was read")

// readStill reads a file, and what it looked like when it was read.
func readStill(name string) ([]byte, fs.FileInfo, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, nil, err
	}
	after, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime()) || int64(len(data)) != after.Size() {
		return nil, nil, errMoving
	}
	return data, after, nil
}
