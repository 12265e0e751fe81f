package gitops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// NotFoundError says that a folder is in no Git repository.
type NotFoundError struct{ Dir string }

// Error names the folder.
func (e *NotFoundError) Error() string { return e.Dir + " is not in a git repository" }

// Hint says how to make one.
func (e *NotFoundError) Hint() string { return "make one with 'gkops init' or 'git init'" }

// UnsupportedError says why a repository cannot be used, and what to do.
type UnsupportedError struct{ Dir, Reason, Advice string }

// Error names the repository and the reason.
func (e *UnsupportedError) Error() string { return "repository " + e.Dir + ": " + e.Reason }

// Hint says what to do.
func (e *UnsupportedError) Hint() string { return e.Advice }

// gitDir is the folder behind .git, which is that folder, or a file that names it.
func gitDir(root string) (string, error) {
	dir := filepath.Join(root, ".git")
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("open repository %s: %w", root, err)
	}
	if info.IsDir() {
		return filepath.EvalSymlinks(dir)
	}
	data, err := os.ReadFile(dir)
	if err != nil {
		return "", fmt.Errorf("open repository %s: %w", root, err)
	}
	named, found := strings.CutPrefix(strings.TrimRight(string(data), "\r\n"), "gitdir: ")
	if !found {
		return "", &UnsupportedError{Dir: root, Reason: "its file .git does not say where the repository is"}
	}
	if !filepath.IsAbs(named) {
		named = filepath.Join(root, named)
	}
	if info, err := os.Stat(named); err != nil || !info.IsDir() {
		return "", &UnsupportedError{
			Dir: root, Reason: "its file .git points to " + named + ", which is no folder",
			Advice: "when it is a work tree that was moved, run 'git worktree repair'",
		}
	}
	return filepath.EvalSymlinks(named)
}

// commonDir is the folder that a linked work tree shares with its repository, or dir itself.
func commonDir(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil
	}
	if err != nil {
		return "", fmt.Errorf("open repository %s: %w", dir, err)
	}
	common := strings.TrimSpace(string(data))
	if !filepath.IsAbs(common) {
		common = filepath.Join(dir, common)
	}
	common, err = filepath.EvalSymlinks(common)
	if err != nil {
		return "", fmt.Errorf("open repository %s: %w", dir, err)
	}
	return common, nil
}

// bare reports whether a folder looks like a repository without a work tree.
func bare(dir string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// supported refuses what could not be read or written rightly.
func (r *Repository) supported() error {
	refuse := func(advice, format string, args ...any) error {
		return &UnsupportedError{Dir: r.root, Reason: fmt.Sprintf(format, args...), Advice: advice}
	}
	worked := r.dir == r.common && r.root != r.dir
	if r.local.flag("core.bare") && worked {
		return refuse("clone it and work there", "it is bare")
	}
	if place := r.local.value("core.worktree"); place != "" && worked {
		if !filepath.IsAbs(place) {
			place = filepath.Join(r.dir, place)
		}
		if resolved, err := filepath.EvalSymlinks(place); err != nil || resolved != r.root {
			return refuse("run gkops in that folder", "its work tree is %s (core.worktree)", place)
		}
	}
	if version := r.local.value("core.repositoryformatversion"); !slices.Contains([]string{"", "0", "1"}, version) {
		return refuse("", "repository format %s is not known", version)
	}
	for _, s := range r.local {
		name, extension := strings.CutPrefix(s.key, "extensions.")
		switch {
		case !extension:
		case name == "objectformat" && !strings.EqualFold(s.value, "sha1"):
			return refuse("commit with git, or use a SHA-1 repository", "its objects are named by %s, gkops knows sha1 only", s.value)
		case name == "refstorage" && !strings.EqualFold(s.value, "files"):
			return refuse("git refs migrate --ref-format=files", "its references are stored as %s, gkops knows files only", s.value)
		case !slices.Contains([]string{
			"objectformat", "refstorage", "noop", "noop-v1", "worktreeconfig", "partialclone", "preciousobjects", "relativeworktrees",
			"compatobjectformat",
		}, name):
			return refuse("", "its extension %s is not known", name)
		}
	}
	return nil
}
