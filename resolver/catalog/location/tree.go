package location

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// treeURL is what addresses of files in Options.Files start with.
const treeURL = "repository:///"

// tree reads files of a repository of which nothing is checked out.
type tree struct{ files fs.FS }

// Read gives the bytes of one file. A symbolic link is not followed.
func (t tree) Read(ctx context.Context, address string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	name, err := url.PathUnescape(strings.TrimPrefix(address, treeURL))
	if err != nil || !fs.ValidPath(name) {
		return nil, fmt.Errorf("%s leads out of the repository", address)
	}
	info, err := fs.Lstat(t.files, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s of the repository: %w", name, catalog.ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("%s of the repository: %w", name, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s of the repository is no regular file", name)
	case info.Size() > catalog.MaxFileSize:
		return nil, fmt.Errorf("%s of the repository has more than %d MiB", name, catalog.MaxFileSize>>20)
	}
	return fs.ReadFile(t.files, name)
}

// open is a folder of the tree at an address, as a source of all that is in it.
func (t tree) open(address string) func() (fs.FS, io.Closer, error) {
	return func() (fs.FS, io.Closer, error) {
		name, err := url.PathUnescape(strings.TrimPrefix(address, treeURL))
		if err != nil {
			return nil, nil, err
		}
		folder, err := fs.Sub(t.files, name)
		return folder, io.NopCloser(nil), err
	}
}
