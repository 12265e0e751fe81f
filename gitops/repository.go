package gitops

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver/catalog"
)

var errNotThere = errors.New("gitops: not there yet")

// Repository is a Git repository with a work tree.
type Repository struct{ root, dir string }

// Open finds the repository that a folder is in.
func Open(dir string) (*Repository, error) { return nil, errNotThere }

// Init makes a repository in a folder, on branch main, and opens it.
func Init(dir string) (*Repository, error) { return nil, errNotThere }

// Root is the folder of the work tree.
func (r *Repository) Root() string { return r.root }

// Head is the commit of HEAD; IsUnborn(err) says that there is none yet.
func (r *Repository) Head() (string, error) { return "", errNotThere }

// Branch is the branch that HEAD is on, also when it has no commit yet; empty when HEAD is detached.
func (r *Repository) Branch() (string, error) { return "", errNotThere }

// RemoteURL is the address of a remote without credentials, empty when there is none.
func (r *Repository) RemoteURL(name string) string { return "" }

// Warnings are what a person should know of the repository's settings, one line each.
func (r *Repository) Warnings() []string { return nil }

// IsUnborn reports whether an error means that the branch has no commit yet.
func IsUnborn(err error) bool { return false }

// FS is the tree of a revision, read from Git's objects: "HEAD", a branch, a tag, a full or short commit id.
func (r *Repository) FS(ctx context.Context, revision string) (fs.FS, error) {
	return nil, errNotThere
}

// Files are the object ids of the files below a folder of a revision, by path; all of them when the folder is empty.
func (r *Repository) Files(ctx context.Context, revision, folder string) (map[string]string, error) {
	return nil, errNotThere
}

// WorkFS is the work tree.
func (r *Repository) WorkFS() (fs.FS, error) { return nil, errNotThere }

// Lock takes the right to write for this process, until release: it waits while another gkops has it, as long as ctx allows.
// Apply, Commit and Recover take it by themselves when it is not held. A command that reads, plans and writes takes it before it reads.
func (r *Repository) Lock(ctx context.Context) (release func() error, err error) {
	return nil, errNotThere
}

// Recover completes or discards a write that was interrupted, and says what it did; empty when there was none.
func (r *Repository) Recover(ctx context.Context) (string, error) { return "", errNotThere }

// Want is what the work tree is to hold. Owned are the files that may be replaced or deleted, with the digest that they must have
// for it: the files of the locks, and also gkops.yaml and the locks themselves as they were read. Force allows to overwrite owned
// files that were edited. Last is written after all others.
type Want struct {
	Write  map[string][]byte
	Delete []string
	Owned  map[string]catalog.Digest
	Force  bool
}

// Change is what has to be done to the work tree, and the paths that it is about.
type Change struct{}

// Empty reports whether the work tree holds everything already.
func (c Change) Empty() bool { return true }

// Added are the files that are not there yet, sorted.
func (c Change) Added() []string { return nil }

// Changed are the files that get another content, sorted.
func (c Change) Changed() []string { return nil }

// Deleted are the files that go, sorted.
func (c Change) Deleted() []string { return nil }

// Stage compares what is wanted with the work tree. Nothing is written.
func (r *Repository) Stage(ctx context.Context, want Want) (Change, error) {
	return Change{}, errNotThere
}

// Apply brings a change into the work tree: all of it or nothing.
func (r *Repository) Apply(ctx context.Context, change Change) error { return errNotThere }

// CommitOptions are the message of a commit and the world that its author comes from. When is the time of the commit.
type CommitOptions struct {
	Message string
	Getenv  func(string) string
	When    time.Time
}

// Commit commits the paths of a change, as the work tree has them, to the current branch, and returns the id of the commit.
func (r *Repository) Commit(ctx context.Context, change Change, o CommitOptions) (string, error) {
	return "", errNotThere
}

// DriftKind says how a file differs from the lock.
type DriftKind string

// The kinds of drift.
const (
	Edited  DriftKind = "edited"  // another content
	Missing DriftKind = "missing" // not there
	Foreign DriftKind = "foreign" // not in the lock
	Special DriftKind = "special" // a symbolic link, a folder or a device where a file should be
	Endings DriftKind = "endings" // the same content with CRLF line ends
)

// Drift is one file that is not as the lock says. Path is relative to the folder of the cluster.
type Drift struct {
	Path string
	Kind DriftKind
}

// FindDrift compares the folder of a cluster in a tree with its lock, sorted by path.
func FindDrift(ctx context.Context, tree fs.FS, l *lock.Lock, folder string) ([]Drift, error) {
	return nil, errNotThere
}
