package gitops

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// Repository is a Git repository with a work tree. Reading from several goroutines is safe.
type Repository struct {
	root   string // of the work tree
	dir    string // of this work tree's HEAD and index
	common string // of objects, branches and settings; the same as dir except in a linked work tree
	local  config // the repository's own settings
	store  *filesystem.Storage
	disk   disk

	reading sync.Mutex // go-git's objects are for one goroutine at a time
	holding sync.Mutex
	held    *held
}

// Open finds the repository that a folder is in. A linked work tree and a submodule are repositories of their own. It returns a
// *NotFoundError where there is none, and an *UnsupportedError for one that has no work tree or is stored in a way that cannot be
// read here.
func Open(folder string) (*Repository, error) {
	start, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("find the repository of %s: %w", folder, err)
	}
	if start, err = filepath.EvalSymlinks(start); err != nil {
		return nil, fmt.Errorf("find the repository of %s: %w", folder, err)
	}
	for root := start; ; root = filepath.Dir(root) {
		_, err := os.Lstat(filepath.Join(root, ".git"))
		switch {
		case err == nil:
			return open(root)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("find the repository of %s: %w", folder, err)
		case bare(root):
			return nil, &UnsupportedError{Dir: root, Reason: "the repository is bare", Advice: "clone it and work there"}
		case root == filepath.Dir(root):
			return nil, &NotFoundError{Dir: start}
		}
	}
}

// Init makes a repository in a folder, on branch main, and opens it. A folder that has one is opened as it is.
func Init(folder string) (*Repository, error) {
	root, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("make a repository in %s: %w", folder, err)
	}
	dir := filepath.Join(root, ".git")
	if _, err := os.Lstat(dir); err == nil {
		return Open(root)
	}
	for _, name := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o777); err != nil {
			return nil, fmt.Errorf("make a repository in %s: %w", folder, err)
		}
	}
	settings := "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n"
	for name, text := range map[string]string{"config": settings, "HEAD": "ref: refs/heads/main\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			return nil, fmt.Errorf("make a repository in %s: %w", folder, err)
		}
	}
	return Open(root)
}

// open opens the repository whose .git is in a folder.
func open(root string) (*Repository, error) {
	dir, err := gitDir(root)
	if err != nil {
		return nil, err
	}
	common, err := commonDir(dir)
	if err != nil {
		return nil, err
	}
	r := &Repository{root: root, dir: dir, common: common, disk: realDisk{}}
	if r.local, err = readLocal(dir, common); err != nil {
		return nil, err
	}
	if err := r.supported(); err != nil {
		return nil, err
	}
	r.store = openObjects(dir, common)
	return r, nil
}

func openObjects(dir, common string) *filesystem.Storage {
	files := dotgit.NewRepositoryFilesystem(osfs.New(dir), osfs.New(common))
	return filesystem.NewStorageWithOptions(files, cache.NewObjectLRUDefault(), filesystem.Options{AlternatesFS: osfs.New("/"), MaxOpenDescriptors: maxPacks})
}

// maxPacks is how many packs stay open while objects are read.
const maxPacks = 16

// Root is the folder of the work tree.
func (r *Repository) Root() string { return r.root }

// Head is the id of the commit of HEAD. IsUnborn tells the error of a branch that has none yet.
func (r *Repository) Head() (string, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	hash, err := r.resolve("HEAD")
	return hash.String(), err
}

// Branch is the branch that HEAD is on, also when it has no commit yet; empty when HEAD is detached.
func (r *Repository) Branch() (string, error) {
	head, err := r.store.Reference(plumbing.HEAD)
	if err != nil {
		return "", fmt.Errorf("read HEAD: %w", err)
	}
	if head.Type() != plumbing.SymbolicReference {
		return "", nil
	}
	return head.Target().Short(), nil
}

// RemoteURL is the address of a remote without credentials, empty when there is none.
func (r *Repository) RemoteURL(name string) string {
	address := r.local.value("remote." + name + ".url")
	if !strings.Contains(address, "://") {
		return address
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if _, secret := parsed.User.Password(); secret || parsed.Scheme == "http" || parsed.Scheme == "https" {
		parsed.User = nil
	}
	return parsed.String()
}

// Warnings are what a person should know of the settings of Git, one line each. getenv finds the settings of the user.
func (r *Repository) Warnings(getenv func(string) string) []string {
	settings, err := r.settings(getenv)
	if err != nil {
		return nil
	}
	if conversion := settings.value("core.autocrlf"); strings.EqualFold(conversion, "true") {
		return []string{"core.autocrlf is true: a checkout gives generated files other line ends than the lock says; " +
			"put 'gkops/** -text' and '*.lock -text' into .gitattributes"}
	}
	return nil
}

// WorkFS is the work tree. Symbolic links that lead out of it are errors.
func (r *Repository) WorkFS() (fs.FS, error) {
	root, err := os.OpenRoot(r.root)
	if err != nil {
		return nil, fmt.Errorf("open the work tree: %w", err)
	}
	return root.FS(), nil
}
