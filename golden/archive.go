package golden

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

const archiveSuffix = ".txtar"

// Archive is the files of a txtar archive: path to content. Its comment is dropped.
func Archive(data []byte) map[string][]byte {
	files := map[string][]byte{}
	for _, file := range txtar.Parse(data).Files {
		files[file.Name] = file.Data
	}
	return files
}

// Map is a tree of the given files, path to content.
func Map(files map[string][]byte) fs.FS {
	tree := fstest.MapFS{}
	for path, data := range files {
		tree[path] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return tree
}

// format writes files as an archive, in order of their paths. A file that an archive cannot hold exactly is an error.
func format(files map[string][]byte) ([]byte, error) {
	archive := &txtar.Archive{}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		archive.Files = append(archive.Files, txtar.File{Name: path, Data: files[path]})
	}
	data := txtar.Format(archive)
	back := Archive(data)
	for path, content := range files {
		if !bytes.Equal(back[path], content) {
			return nil, fmt.Errorf("%s does not fit in an archive (no line feed at its end, or a line like a marker): use a folder", path)
		}
	}
	return data, nil
}
