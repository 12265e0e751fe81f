package bot

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"gkops.dev/gkops/gitops"
)

// Clone is what the bot asks of a bare clone and of the repository that it was cloned from. *remote.Remote is one.
type Clone interface {
	// Refs asks which branches there are.
	Refs(ctx context.Context) (gitops.Refs, error)
	// Fetch brings commits into the store, with as many ancestors as depth says.
	Fetch(ctx context.Context, depth int, ids ...string) error
	// Push moves a branch if it is still at old; with an empty old it must not be there yet.
	Push(ctx context.Context, branch, id, old string) error
	// Delete deletes a branch if it is still at old.
	Delete(ctx context.Context, branch, old string) error
	// Store is where commits are read and made.
	Store() *gitops.Store
}

// Whose says what is known of a branch of the bot.
type Whose int

// The states of a branch.
const (
	Nobodys Whose = iota // it is not there
	Current              // the bot's, on top of the base
	Behind               // the bot's, on top of something else
	Edited               // somebody changed it
)

// whose looks at a branch: it is the bot's when its last commit changes exactly what the trailer of its message says, on one parent.
func whose(ctx context.Context, c Clone, branch, tip, base string) (Whose, error) {
	if tip == "" {
		return Nobodys, nil
	}
	if err := c.Fetch(ctx, 2, tip); err != nil {
		return Edited, err
	}
	commit, err := c.Store().CommitOf(tip)
	if err != nil {
		return Edited, err
	}
	digest := planDigestOf(commit.Message)
	if digest == "" || len(commit.Parents) != 1 {
		return Edited, nil
	}
	files, err := changed(ctx, c.Store(), commit.Parents[0], tip)
	if err != nil {
		return Edited, err
	}
	switch {
	case PlanDigest(branch, commit.Parents[0], files) != digest:
		return Edited, nil
	case commit.Parents[0] == base:
		return Current, nil
	}
	return Behind, nil
}

// changed are the files that differ between two commits, with their bytes in the second; nil for one that is gone.
func changed(ctx context.Context, store *gitops.Store, from, to string) (map[string][]byte, error) {
	before, err := store.Files(ctx, from, "")
	if err != nil {
		return nil, err
	}
	after, err := store.Files(ctx, to, "")
	if err != nil {
		return nil, err
	}
	tree, err := store.FS(ctx, to)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name := range before {
		if after[name] == "" {
			files[name] = nil
		}
	}
	for name, id := range after {
		if before[name] == id {
			continue
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", name, to, err)
		}
		files[name] = slices.Concat([]byte{}, data)
	}
	return files, nil
}

// deepest is how many commits of a branch are looked at.
const deepest = 4096

// walk visits a commit and its first parents, the newest first, until see wants no more or deepest were seen. It fetches them as it goes.
func walk(ctx context.Context, c Clone, tip string, see func(gitops.CommitFacts) (more bool, err error)) error {
	at, depth := tip, 1
	for seen := 0; seen < deepest; seen++ {
		if seen == depth {
			depth *= 8
			if err := c.Fetch(ctx, depth, tip); err != nil {
				return err
			}
		}
		commit, err := c.Store().CommitOf(at)
		if err != nil {
			return err
		}
		if more, err := see(commit); err != nil || !more || len(commit.Parents) == 0 {
			return err
		}
		at = commit.Parents[0]
	}
	return nil
}

// Identity is who the commits of the bot are by.
type Identity struct{ Name, Email string }

// newCommit is the commit of a branch on top of a base, without its people. The same files give the same commit: its time is that of the
// base.
func newCommit(store *gitops.Store, branch, base, message string, files map[string][]byte) (gitops.NewCommit, error) {
	parent, err := store.CommitOf(base)
	if err != nil {
		return gitops.NewCommit{}, err
	}
	c := gitops.NewCommit{
		Parents: []string{base}, Committer: gitops.Person{When: parent.Committer.When.In(time.UTC)},
		Message: withTrailer(message, PlanDigest(branch, base, files)),
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		c.Files = append(c.Files, gitops.FileChange{Path: name, Data: files[name], Deleted: files[name] == nil})
	}
	return c, nil
}
