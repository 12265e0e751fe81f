package pipeline

import (
	"fmt"
	"io/fs"
	"strings"
)

// LinkError says that a file cannot be read because the way to it is a symbolic link that leads out of the repository, or nowhere.
type LinkError struct{ Link, File string }

// Error names the link, and the file when it is another one.
func (e *LinkError) Error() string {
	if e.Link == e.File {
		return fmt.Sprintf("%s is a symbolic link out of the repository", e.Link)
	}
	return fmt.Sprintf("%s is a symbolic link out of the repository, and %s is read below it", e.Link, e.File)
}

// Hint says what to do.
func (e *LinkError) Hint() string {
	return "put the real file or folder in its place: what gkops reads and writes lies in the repository"
}

// unreadable is why a file of a tree could not be read: a *LinkError when a symbolic link on the way to it is to blame.
func unreadable(tree fs.FS, name string, err error) error {
	for end := range len(name) + 1 {
		if end < len(name) && name[end] != '/' {
			continue
		}
		info, failed := fs.Lstat(tree, strings.TrimSuffix(name[:end], "/"))
		if failed == nil && info.Mode()&fs.ModeSymlink != 0 {
			return &LinkError{Link: name[:end], File: name}
		}
	}
	return fmt.Errorf("read %s: %w", name, err)
}
