package gitops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// Store is a bare repository that nobody works in: the objects of one that lives elsewhere, or that one itself in a folder. Reading
// from several goroutines is safe.
type Store struct{ repository *Repository }

// OpenStore opens a bare repository, and makes it where there is nothing. Its branch HEAD is then main. It returns an
// *UnsupportedError for what is not bare, or is stored in a way that cannot be read here.
func OpenStore(folder string) (*Store, error) {
	dir, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", folder, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); errors.Is(err, fs.ErrNotExist) {
		if err := makeStore(dir); err != nil {
			return nil, fmt.Errorf("make store %s: %w", folder, err)
		}
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("open store %s: %w", folder, err)
	}
	if !bare(dir) {
		return nil, &UnsupportedError{Dir: dir, Reason: "it is no bare repository"}
	}
	r := &Repository{root: dir, dir: dir, common: dir, disk: realDisk{}}
	if r.local, err = readLocal(dir, dir); err != nil {
		return nil, err
	}
	if err := r.supported(); err != nil {
		return nil, err
	}
	r.store = openObjects(dir, dir)
	return &Store{repository: r}, nil
}

// makeStore makes an empty bare repository. HEAD comes last: without it there is none.
func makeStore(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "objects" && name != "refs" && name != "config" && name != "gkops" {
			return fmt.Errorf("the folder is not empty, it has %s", quoted(name))
		}
	}
	for _, name := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o777); err != nil {
			return err
		}
	}
	settings := "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(settings), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/main\n"), 0o666)
}

// Dir is the folder of the repository.
func (s *Store) Dir() string { return s.repository.dir }

// Objects is the repository as go-git sees it, for the packages below this one. Its methods are for one goroutine at a time: take
// them through Reading.
func (s *Store) Objects() *filesystem.Storage { return s.repository.store }

// Reading calls do while no other goroutine reads.
func (s *Store) Reading(do func() error) error {
	s.repository.reading.Lock()
	defer s.repository.reading.Unlock()
	return do()
}

// Lock keeps other processes from writing, until release. It returns a *BusyError.
func (s *Store) Lock(ctx context.Context) (release func() error, err error) {
	return s.repository.Lock(ctx)
}

// FS is the tree of a commit or a branch. It returns a *RevisionError.
func (s *Store) FS(ctx context.Context, revision string) (fs.FS, error) {
	return s.repository.FS(ctx, revision)
}

// Files are the object ids of the files below a folder of a revision, by path. It returns a *RevisionError.
func (s *Store) Files(ctx context.Context, revision, folder string) (map[string]string, error) {
	return s.repository.Files(ctx, revision, folder)
}

// Has reports whether an object is there.
func (s *Store) Has(id string) bool {
	if !plumbing.IsHash(id) {
		return false
	}
	s.repository.reading.Lock()
	defer s.repository.reading.Unlock()
	return s.repository.store.HasEncodedObject(plumbing.NewHash(id)) == nil
}

// Person is who wrote or committed something, and when. The zone of the time is kept.
type Person struct {
	Name, Email string
	When        time.Time
}

// CommitFacts are what a commit says of itself. Parents may be out of reach: a store may be shallow.
type CommitFacts struct {
	ID, Tree          string
	Parents           []string
	Author, Committer Person
	Message           string
	Signature         string // armored; empty when it is not signed
}

// CommitOf reads the commit that a revision names. It returns a *RevisionError.
func (s *Store) CommitOf(revision string) (CommitFacts, error) {
	r := s.repository
	r.reading.Lock()
	defer r.reading.Unlock()
	hash, err := r.resolve(revision)
	if err != nil {
		return CommitFacts{}, err
	}
	c, err := object.GetCommit(r.store, hash)
	if err != nil {
		return CommitFacts{}, fmt.Errorf("read commit %s: %w", hash, err)
	}
	facts := CommitFacts{
		ID: hash.String(), Tree: c.TreeHash.String(), Message: c.Message, Signature: c.PGPSignature,
		Author: Person(c.Author), Committer: Person(c.Committer),
	}
	for _, parent := range c.ParentHashes {
		facts.Parents = append(facts.Parents, parent.String())
	}
	return facts, nil
}
