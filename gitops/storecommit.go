package gitops

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// FileChange is what becomes of one file in a commit: its bytes, or that it goes. The path is relative and slash-separated.
type FileChange struct {
	Path       string
	Data       []byte
	Executable bool
	Deleted    bool
}

// NewCommit is a commit to make. Its tree is that of the first parent with the files changed; without a parent it begins a history.
type NewCommit struct {
	Parents           []string // ids
	Files             []FileChange
	Message           string
	Author, Committer Person
	// Sign makes an armored signature of the commit's text; nil leaves it unsigned.
	Sign func(text []byte) (string, error)
}

// Commit makes a commit from objects and returns its id. No branch moves. The same NewCommit gives the same id, unless Sign puts the
// time into what it makes. It returns ErrUnchanged when the tree is that of the only parent, a *PathError for a path that could be
// another file on another system, or that leads through a link or a submodule, and a *CommitError.
func (s *Store) Commit(ctx context.Context, c NewCommit) (string, error) {
	s.repository.reading.Lock()
	defer s.repository.reading.Unlock()
	objects := newBatch(s.repository)
	old, err := s.parentTree(c)
	if err != nil {
		return "", err
	}
	tree, err := objects.change(ctx, old, c.Files)
	if err != nil {
		return "", err
	}
	if tree == old && len(c.Parents) == 1 {
		return "", ErrUnchanged
	}
	text, err := c.text(tree)
	if err != nil {
		return "", err
	}
	hash, err := objects.put(plumbing.CommitObject, text)
	if err != nil {
		return "", fmt.Errorf("make the commit: %w", err)
	}
	return hash.String(), objects.store()
}

func (s *Store) parentTree(c NewCommit) (plumbing.Hash, error) {
	for i := len(c.Parents) - 1; i >= 0; i-- {
		parent, err := object.GetCommit(s.repository.store, plumbing.NewHash(c.Parents[i]))
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			return plumbing.ZeroHash, &RevisionError{Revision: c.Parents[i], Reason: "it is not in the repository"}
		}
		if err != nil {
			return plumbing.ZeroHash, fmt.Errorf("read commit %s: %w", c.Parents[i], err)
		}
		if i == 0 {
			return parent.TreeHash, nil
		}
	}
	return plumbing.ZeroHash, nil
}

// change is a tree with files changed.
func (b *batch) change(ctx context.Context, old plumbing.Hash, changes []FileChange) (plumbing.Hash, error) {
	files := make([]commitFile, 0, len(changes))
	names := make([]string, 0, len(changes))
	for _, change := range changes {
		if err := ctx.Err(); err != nil {
			return plumbing.ZeroHash, err
		}
		if err := checkPath(change.Path); err != nil {
			return plumbing.ZeroHash, err
		}
		file := commitFile{path: change.Path, deleted: change.Deleted, mode: modeFile}
		if change.Executable {
			file.mode = modeExecutable
		}
		if !change.Deleted {
			names = append(names, change.Path)
			var err error
			if file.id, err = b.put(plumbing.BlobObject, change.Data); err != nil {
				return plumbing.ZeroHash, fmt.Errorf("commit %s: %w", quoted(change.Path), err)
			}
		}
		files = append(files, file)
	}
	if err := checkTwins(names); err != nil {
		return plumbing.ZeroHash, err
	}
	wanted := branch(files)
	if err := b.passable(old, wanted, ""); err != nil {
		return plumbing.ZeroHash, err
	}
	tree, err := b.grow(old, wanted)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("build the tree: %w", err)
	}
	if tree == plumbing.ZeroHash {
		return b.put(plumbing.TreeObject, nil)
	}
	return tree, nil
}

// passable refuses changes below a link or a submodule, which a commit would quietly replace by a folder, and files over them.
func (b *batch) passable(old plumbing.Hash, change *branching, folder string) error {
	entries, err := b.entries(old)
	if err != nil {
		return fmt.Errorf("build the tree: %w", err)
	}
	for name := range change.files {
		if n := named(entries, name); n >= 0 && outside(entries[n].Mode) {
			return &PathError{Path: folder + name, Reason: "is a link or a submodule"}
		}
	}
	for name, below := range change.folders {
		n := named(entries, name)
		if n >= 0 && outside(entries[n].Mode) {
			return &PathError{Path: folder + name, Reason: "is a link or a submodule"}
		}
		inside := plumbing.ZeroHash
		if n >= 0 && entries[n].Mode == filemode.Dir {
			inside = entries[n].Hash
		}
		if err := b.passable(inside, below, folder+name+"/"); err != nil {
			return err
		}
	}
	return nil
}

func outside(mode filemode.FileMode) bool {
	return mode == filemode.Symlink || mode == filemode.Submodule
}

// text is the commit as Git stores it, signed when it is to be.
func (c NewCommit) text(tree plumbing.Hash) ([]byte, error) {
	message, err := cleanMessage(c.Message)
	if err != nil {
		return nil, err
	}
	author, err := c.Author.line("author")
	if err != nil {
		return nil, err
	}
	committer, err := c.Committer.line("committer")
	if err != nil {
		return nil, err
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "tree %s\n", tree)
	for _, parent := range c.Parents {
		fmt.Fprintf(&head, "parent %s\n", parent)
	}
	fmt.Fprintf(&head, "author %s\ncommitter %s\n", author, committer)
	return signed(head.String(), message, c.Sign)
}

// line is a person as a commit has them.
func (p Person) line(role string) (string, error) {
	i := identity{name: cleanIdentity(p.Name), email: cleanIdentity(p.Email), when: p.When}
	switch {
	case i.name == "":
		return "", &IdentityError{Role: role, Missing: "name"}
	case i.email == "":
		return "", &IdentityError{Role: role, Missing: "e-mail"}
	case i.when.IsZero():
		return "", &CommitError{Reason: "a commit needs a time"}
	}
	return i.String(), nil
}
