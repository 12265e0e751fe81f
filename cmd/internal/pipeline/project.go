package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/helm"
	"gkops.dev/gkops/resolver/catalog/location"
)

// Folder is where the generated trees lie in a repository, one folder per cluster.
const Folder = "gkops"

// Renderer changes only when the same inputs would give other bytes; it stands in every lock.
const Renderer = 3

// World is what the pipeline needs of the outside.
type World struct {
	Getenv   func(string) string
	HTTP     *http.Client
	Now      func() time.Time                   // nil: nothing runs out
	Warn     func(string)                       // something that a person should know, one line
	Progress func(task string, done, total int) // may be called from any goroutine
}

// Project is an opened workspace: the repository, gkops.yaml, the locks and the registries.
type Project struct {
	world      World
	grounds    grounds
	repository *gitops.Repository // nil for a commit that nobody works on
	data       []byte
	workspace  *workspace.Workspace
	locks      map[string]*lock.Lock // by cluster; a cluster without a lock is absent
	lockData   map[string][]byte     // the bytes of the locks, by path
	opener     *location.Opener
	registries *catalog.Set

	chartSources map[string]*helm.Source // by the name of the registry, of those that are chart repositories
}

// NoWorkspaceError says that a repository has no gkops.yaml.
type NoWorkspaceError struct{ Root string }

// Error names the folder where gkops.yaml was looked for.
func (e *NoWorkspaceError) Error() string {
	return fmt.Sprintf("no %s in %s", workspace.FileName, e.Root)
}

// Hint says how to make one.
func (e *NoWorkspaceError) Hint() string {
	return "make one with 'gkops init --engine flux --cluster NAME --kubernetes X.Y --registry NAME=URL'"
}

// Open reads the workspace of the repository that a folder is in. It completes a write that was interrupted, and says so.
// It returns a *NoWorkspaceError where there is none.
func Open(ctx context.Context, world World, dir string) (*Project, error) {
	repository, err := gitops.Open(dir)
	if err != nil {
		return nil, err
	}
	return recovered(ctx, world, repository)
}

// OpenForChange is Open for a command that writes: it first takes the right to change the repository, which release gives back, so
// that of two commands at once the second sees what the first has done.
func OpenForChange(ctx context.Context, world World, dir string) (p *Project, release func() error, err error) {
	repository, err := gitops.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	if release, err = repository.Lock(ctx); err != nil {
		return nil, nil, err
	}
	if p, err = recovered(ctx, world, repository); err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return p, release, nil
}

// recovered completes what was interrupted, and reads the workspace.
func recovered(ctx context.Context, world World, repository *gitops.Repository) (*Project, error) {
	did, err := repository.Recover(ctx)
	if err != nil {
		return nil, err
	}
	if did != "" {
		world.Warn(did)
	}
	p, err := load(ctx, world, repository)
	if err == nil {
		p.repository = repository
	}
	return p, err
}

func load(ctx context.Context, world World, at grounds) (*Project, error) {
	work, err := at.WorkFS()
	if err != nil {
		return nil, err
	}
	data, err := fs.ReadFile(work, workspace.FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoWorkspaceError{Root: at.Root()}
	}
	if err != nil {
		return nil, unreadable(work, workspace.FileName, err)
	}
	parsed, err := workspace.Parse(workspace.FileName, data)
	if err != nil {
		return nil, err
	}
	if err := readValues(work, parsed); err != nil {
		return nil, err
	}
	p := &Project{world: world, grounds: at, data: data, workspace: parsed}
	if err = p.readLocks(work); err != nil {
		return nil, err
	}
	return p, p.openRegistries(ctx, parsed)
}

// readLocks reads the locks of the workspace's clusters from a tree.
func (p *Project) readLocks(tree fs.FS) error {
	p.locks, p.lockData = map[string]*lock.Lock{}, map[string][]byte{}
	for _, cluster := range p.workspace.Clusters {
		l, data, err := readLock(tree, cluster.Name)
		if err != nil {
			return err
		}
		if l != nil {
			p.locks[cluster.Name], p.lockData[lockPath(cluster.Name)] = l, data
		}
	}
	return nil
}

// readLock reads the lock of a cluster from a tree; nil without an error when there is none.
func readLock(tree fs.FS, cluster string) (*lock.Lock, []byte, error) {
	name := lockPath(cluster)
	data, err := fs.ReadFile(tree, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, unreadable(tree, name, err)
	}
	l, err := lock.Parse(name, data)
	if err == nil && l.Cluster != cluster {
		return nil, nil, &ForeignLockError{File: name, Cluster: l.Cluster}
	}
	if err == nil && l.Renderer > Renderer {
		return nil, nil, &RendererError{File: name, Renderer: l.Renderer}
	}
	return l, data, err
}

// ForeignLockError says that a lock lies in the folder of another cluster.
type ForeignLockError struct{ File, Cluster string }

// Error names the lock and its cluster.
func (e *ForeignLockError) Error() string {
	return fmt.Sprintf("%s is the lock of cluster %s", e.File, e.Cluster)
}

// Hint says what to do.
func (e *ForeignLockError) Hint() string {
	return "take the file back from Git: 'git checkout HEAD -- " + e.File + "'; a lock belongs to one cluster"
}

// RendererError says that another gkops rendered a cluster: a newer one, in a way that this one does not know, or an older one, whose bytes this
// one cannot give again.
type RendererError struct {
	File     string
	Renderer int
}

// Error names the lock and both renderers.
func (e *RendererError) Error() string {
	age := "a newer"
	if e.Renderer < Renderer {
		age = "an older"
	}
	return fmt.Sprintf("%s was written by renderer %d of %s gkops; this one has renderer %d", e.File, e.Renderer, age, Renderer)
}

// Hint says what to do.
func (e *RendererError) Hint() string {
	if e.Renderer < Renderer {
		return "verify with the gkops that wrote it, or run 'gkops render' and commit what it changes"
	}
	return "use the gkops that wrote it, or a newer one"
}

// Workspace is gkops.yaml as it was read.
func (p *Project) Workspace() *workspace.Workspace { return p.workspace }

// Lock is the lock of a cluster, nil when it has none.
func (p *Project) Lock(cluster string) *lock.Lock { return p.locks[cluster] }

// Repository is the repository that the workspace is in, nil for one that was opened at a commit.
func (p *Project) Repository() *gitops.Repository { return p.repository }

// Registries are the registries of the workspace.
func (p *Project) Registries() *catalog.Set { return p.registries }

func clusterFolder(cluster string) string { return path.Join(Folder, cluster) }
func lockPath(cluster string) string      { return path.Join(Folder, cluster, lock.FileName) }
