// Package dir reads a registry, or a mirror, that is a folder of this machine.
//
// It knows that nothing outside the folder may be read, whatever a name or a symbolic link says, and when a file is certainly
// not there. It refuses to know what the files mean.
package dir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"gkops.dev/gkops/resolver/catalog"
)

// Source is a folder as a catalog.Source of file URLs. Every read opens the folder anew, so it holds nothing open.
type Source struct{ root string }

// New is the source of the folder at an absolute path. The folder need not be there yet.
func New(root string) *Source { return &Source{root: filepath.Clean(root)} }

// URL is the folder as a file URL without a final slash.
func (s *Source) URL() string { return URL(s.root) }

// Path is the folder.
func (s *Source) Path() string { return s.root }

// URL is an absolute path as a file URL.
func URL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// Open is the folder itself, for who needs to know all that is in it; whoever opens it closes it. The error is a *FolderError.
func (s *Source) Open() (fs.FS, io.Closer, error) {
	root, err := os.OpenRoot(s.root)
	if err != nil {
		return nil, nil, &FolderError{Path: s.root, Err: err}
	}
	return root.FS(), root, nil
}

// Read reads a file URL of a file in the folder. It returns a *FolderError when the folder itself is not there, an error that is
// catalog.ErrNotFound when only the file is missing, and another one for a URL or symbolic link that leads out of the folder.
func (s *Source) Read(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" || u.Host != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%s is not the URL of a file", catalog.Redact(address))
	}
	name, err := filepath.Rel(s.root, filepath.FromSlash(u.Path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u.Path, err)
	}
	return s.ReadFile(ctx, filepath.ToSlash(name))
}

// ReadFile reads a file by its path in the folder, with slashes. Its errors are those of Read.
func (s *Source) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if !fs.ValidPath(name) || strings.Contains(name, `\`) {
		return nil, fmt.Errorf("%q leads out of the folder %s", name, s.root)
	}
	data, err := s.read(filepath.FromSlash(name))
	var folder *FolderError
	switch {
	case err == nil, errors.As(err, &folder):
		return data, err
	case errors.Is(err, catalog.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG):
		err = catalog.ErrNotFound
	}
	return nil, fmt.Errorf("%s: %w", filepath.Join(s.root, name), err)
}

// read reads in a few steps where the system can, and in many where it cannot or something is wrong, which then is told.
func (s *Source) read(name string) ([]byte, error) {
	if data, err := readBeneath(s.root, name); err == nil || errors.Is(err, catalog.ErrNotFound) {
		return data, err
	}
	root, err := os.OpenRoot(s.root)
	if err != nil {
		return nil, &FolderError{Path: s.root, Err: err}
	}
	defer root.Close()
	return read(root, name)
}

var (
	errIrregular = errors.New("is not a regular file")
	errTooLarge  = fmt.Errorf("has more than %d MiB", catalog.MaxFileSize>>20)
)

// read opens before it asks what the file is, since each way through the folders costs; without blocking, as a pipe would.
func read(root *os.Root, name string) ([]byte, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, reason(err)
	case info.IsDir():
		return nil, catalog.ErrNotFound
	case !info.Mode().IsRegular():
		return nil, errIrregular
	}
	var content bytes.Buffer
	content.Grow(int(min(info.Size(), catalog.MaxFileSize)) + bytes.MinRead)
	_, err = content.ReadFrom(io.LimitReader(file, catalog.MaxFileSize+1))
	data := content.Bytes()
	if err != nil {
		return nil, reason(err)
	}
	if len(data) > catalog.MaxFileSize {
		return nil, errTooLarge
	}
	return data, nil
}

// reason is the error without the path, which the caller names.
func reason(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// FolderError says that the folder of a registry or mirror cannot be opened.
type FolderError struct {
	Path string
	Err  error
}

// Error names the folder.
func (e *FolderError) Error() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return fmt.Sprintf("there is no folder %s", e.Path)
	}
	return fmt.Sprintf("open folder %s: %v", e.Path, reason(e.Err))
}

// Unwrap is the cause.
func (e *FolderError) Unwrap() error { return e.Err }
