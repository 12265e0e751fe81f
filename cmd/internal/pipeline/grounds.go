package pipeline

import (
	"context"
	"fmt"
	"io/fs"

	"gkops.dev/gkops/gitops"
)

// grounds is what a workspace lies in: a repository that somebody works in, or one commit of any.
type grounds interface {
	// Root names the place, and is the folder that relative locations start at; a commit has no such folder.
	Root() string
	// WorkFS is what edits start from.
	WorkFS() (fs.FS, error)
	// FS is a revision; HEAD is what the engine applies.
	FS(ctx context.Context, revision string) (fs.FS, error)
	// Past visits the trees of HEAD and of its first parents, the newest first, until visit wants no more or nothing earlier is at hand.
	Past(ctx context.Context, visit func(tree fs.FS) (more bool, err error)) error
	// Stage compares what is wanted with what edits start from.
	Stage(ctx context.Context, want gitops.Want) (gitops.Change, error)
	// RemoteURL is the address of a remote without credentials, empty when there is none.
	RemoteURL(name string) string
}

// Commit is one commit of a repository that nobody works in.
type Commit struct {
	ID     string
	Tree   fs.FS
	Origin string // the address of the repository, without credentials
	// Earlier visits the trees of its first parents, the newest first, until visit wants no more; nil when they are not at hand.
	Earlier func(ctx context.Context, visit func(tree fs.FS) (more bool, err error)) error
}

// OpenCommit reads the workspace of a commit. What an edit of it comes to is told by Proposal.Files; nothing is written. Registries that
// are relative folders are read from the commit. It returns a *NoWorkspaceError where there is none.
func OpenCommit(ctx context.Context, world World, c Commit) (*Project, error) {
	return load(ctx, world, commitGrounds{c})
}

// commitGrounds is a commit as grounds: what edits start from is what the engine applies.
type commitGrounds struct{ commit Commit }

func (g commitGrounds) Root() string { return "commit " + short(g.commit.ID) }

func (g commitGrounds) WorkFS() (fs.FS, error) { return g.commit.Tree, nil }

func (g commitGrounds) FS(_ context.Context, revision string) (fs.FS, error) {
	if revision != "HEAD" && revision != g.commit.ID {
		return nil, fmt.Errorf("read revision %s: only %s is at hand", revision, g.Root())
	}
	return g.commit.Tree, nil
}

func (g commitGrounds) Past(ctx context.Context, visit func(tree fs.FS) (more bool, err error)) error {
	more, err := visit(g.commit.Tree)
	if err != nil || !more || g.commit.Earlier == nil {
		return err
	}
	return g.commit.Earlier(ctx, visit)
}

func (g commitGrounds) Stage(ctx context.Context, want gitops.Want) (gitops.Change, error) {
	return gitops.StageTree(ctx, g.commit.Tree, want)
}

func (g commitGrounds) RemoteURL(string) string { return g.commit.Origin }

// short is a commit id as people read it.
func short(id string) string { return id[:min(len(id), 10)] }

// Files are the files that a proposal changes, with what becomes of each: its bytes, nil for one that goes. Keys are relative to the
// root of the repository.
func (p *Proposal) Files() map[string][]byte { return p.change.Files() }
