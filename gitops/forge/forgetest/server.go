package forgetest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge"
)

// Server is a forge in memory. It may be used from several goroutines.
type Server struct {
	root string

	mu           sync.Mutex
	now          func() time.Time
	unlisted     time.Duration
	repositories map[string]*repository
	users        map[string]bool
	writes       map[string]int
}

// repository is one repository of the forge.
type repository struct {
	forge.Repository
	store    *gitops.Store
	parent   string // of a fork
	pulls    []*pull
	issues   []*issue
	statuses map[string][]forge.Check // by commit
	comments int
}

type pull struct {
	forge.Pull
	head     *repository // that has the branch
	comments []forge.Comment
	merge    forge.Merge // of the automatic merge
}

type issue struct{ forge.Issue }

// New makes a forge without repositories. Its clock moves one second with every question, until SetClock.
func New(t testing.TB) *Server {
	t.Helper()
	seconds := int64(1_700_000_000)
	return &Server{
		root: t.TempDir(), repositories: map[string]*repository{}, users: map[string]bool{}, writes: map[string]int{},
		now: func() time.Time { seconds++; return time.Unix(seconds, 0).UTC() },
	}
}

// SetClock lets the forge take its times from now.
func (s *Server) SetClock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// HideNew leaves pulls out of lists for a while after they were opened, as forges do whose lists lag behind.
func (s *Server) HideNew(while time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unlisted = while
}

// Add makes a repository with one commit of these files on main, and topics. Its CloneURL is a folder.
func (s *Server) Add(t testing.TB, path string, files map[string]string, topics ...string) {
	t.Helper()
	s.mu.Lock()
	_, err := s.add(path, topics)
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	s.Push(t, path, "main", "Begin", files)
}

func (s *Server) add(path string, topics []string) (*repository, error) {
	if s.repositories[path] != nil {
		return nil, fmt.Errorf("repository %s is there already", path)
	}
	dir := filepath.Join(s.root, filepath.FromSlash(path)+".git")
	store, err := gitops.OpenStore(dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(topics)
	r := &repository{store: store, statuses: map[string][]forge.Check{}, Repository: forge.Repository{
		Path: path, CloneURL: dir, Default: "main", Topics: topics,
	}}
	s.repositories[path] = r
	s.users[path[:strings.LastIndex(path, "/")]] = true
	return r, nil
}

// Dir is the folder of the bare repository.
func (s *Server) Dir(path string) string {
	return filepath.Join(s.root, filepath.FromSlash(path)+".git")
}

// AddUser lets pulls be assigned to a person, and reviews be asked of them.
func (s *Server) AddUser(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[name] = true
}

// Writes are how often each method of the clients changed something.
func (s *Server) Writes() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := map[string]int{}
	for method, n := range s.writes {
		copied[method] = n
	}
	return copied
}

// find is a repository, under the lock.
func (s *Server) find(path string) (*repository, error) {
	if r := s.repositories[path]; r != nil {
		return r, nil
	}
	return nil, &forge.NotFoundError{Forge: name, What: path}
}

const name = "memory"

// reopened looks at the disk again: branches and objects come by Git.
func (r *repository) reopened() (*gitops.Store, gitops.Refs, error) {
	store, err := gitops.OpenStore(r.store.Dir())
	if err != nil {
		return nil, gitops.Refs{}, err
	}
	refs, err := store.Refs()
	return store, refs, err
}

func (r *repository) tip(branch string) (string, error) {
	_, refs, err := r.reopened()
	return refs.ByName["refs/heads/"+branch], err
}

// pull finds a pull by its number.
func (r *repository) pull(number int64) (*pull, error) {
	for _, p := range r.pulls {
		if p.Number == number {
			return p, nil
		}
	}
	return nil, &forge.NotFoundError{Forge: name, What: fmt.Sprintf("pull %d of %s", number, r.Path)}
}

// next is the number of the next pull or issue, which share their numbers.
func (r *repository) next() int64 { return int64(len(r.pulls)+len(r.issues)) + 1 }
