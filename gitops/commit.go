package gitops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// CommitOptions are the message of a commit and the world that its author comes from: Getenv for Git's variables and the place of the
// user's settings, When for the time, unless a variable says another.
type CommitOptions struct {
	Message string
	Getenv  func(string) string
	When    time.Time
	// Sign makes an armored signature of the commit's text; nil leaves it unsigned.
	Sign func(text []byte) (string, error)
}

// ErrUnchanged says that there is nothing to commit: HEAD holds the files as they are.
var ErrUnchanged = errors.New("nothing to commit, HEAD holds these files already")

// CommitError says why a commit is not made here. Nothing was changed.
type CommitError struct{ Reason, Advice string }

// Error is the reason.
func (e *CommitError) Error() string { return e.Reason }

// Hint says what to do.
func (e *CommitError) Hint() string { return e.Advice }

// Commit commits the paths of a change, as the work tree has them, to the current branch, and returns the id of the commit. Nothing
// else that is staged goes in, and all of it stays staged: index and status are then as after 'git commit' of just those paths. The
// commit is made from objects; a kill leaves the old commit or, after Recover, the new one. Hooks are not run.
//
// It returns ErrUnchanged, an *IdentityError, a *CommitError, an *IndexLockedError, an *IndexError, a *MovedError, a *PathError or a *BusyError.
func (r *Repository) Commit(ctx context.Context, change Change, o CommitOptions) (string, error) {
	release, err := r.Lock(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	if _, err := r.recoverHeld(); err != nil {
		return "", err
	}
	settings, err := r.settings(o.Getenv)
	if err != nil {
		return "", err
	}
	if err := r.committable(settings, o); err != nil {
		return "", err
	}
	c := committer{repository: r, settings: settings, sign: o.Sign}
	if err := c.people(o); err != nil {
		return "", err
	}
	hash, err := c.run(ctx, change.paths, o.Message)
	if err != nil {
		return "", err
	}
	return hash.String(), nil
}

// committable refuses what a plain commit would get wrong.
func (r *Repository) committable(settings config, o CommitOptions) error {
	for file, what := range map[string]string{
		"MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert",
	} {
		if exists(filepath.Join(r.dir, file)) {
			return &CommitError{Reason: what + " is not finished", Advice: "finish it, or abort it, before gkops commits"}
		}
	}
	return signable(settings, o.Sign != nil)
}

// signable refuses to leave a commit unsigned that the user's settings want signed.
func signable(settings config, signs bool) error {
	if settings.flag("commit.gpgsign") && !signs {
		return &CommitError{
			Reason: "commit.gpgsign is set, and gkops has no key: it asks neither gpg nor ssh-keygen",
			Advice: "let GKOPS_SIGNING_KEY name the file of a private key, or commit with git yourself",
		}
	}
	return nil
}

// committer makes one commit.
type committer struct {
	repository *Repository
	settings   config
	author     identity
	committer  identity
	sign       func(text []byte) (string, error)
}

func (c *committer) people(o CommitOptions) error {
	var err error
	if c.author, err = identityOf("author", c.settings, o.Getenv, o.When); err != nil {
		return err
	}
	c.committer, err = identityOf("committer", c.settings, o.Getenv, o.When)
	if err == nil && (c.author.when.IsZero() || c.committer.when.IsZero()) {
		err = &CommitError{Reason: "a commit needs a time"}
	}
	return err
}

// run takes the lock of the index and makes the commit under it.
func (c *committer) run(ctx context.Context, paths []string, message string) (hash plumbing.Hash, err error) {
	r := c.repository
	lock := filepath.Join(r.dir, "index.lock")
	if err := r.disk.Create(r.own(indexNote), nil); err != nil {
		return hash, fmt.Errorf("lock the git index: %w", err)
	}
	defer func() { err = errors.Join(err, r.forget()) }()
	if err := r.disk.Link(r.own(indexNote), lock); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return hash, &IndexLockedError{File: lock}
		}
		return hash, fmt.Errorf("lock the git index: %w", err)
	}
	hash, err = c.locked(ctx, paths, message)
	if err == nil {
		return hash, nil
	}
	if exists(r.own(commitNote)) {
		if now, tipErr := r.tip(); tipErr == nil && now.hash == hash && hash != plumbing.ZeroHash {
			return hash, err // it is committed; recovery brings the index up to it
		}
	}
	return plumbing.ZeroHash, errors.Join(err, r.disk.Remove(lock))
}

// locked makes the commit while git's index is locked.
func (c *committer) locked(ctx context.Context, paths []string, message string) (plumbing.Hash, error) {
	r := c.repository
	x, err := r.readIndex()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if path := x.unmerged(); path != "" {
		return plumbing.ZeroHash, &CommitError{Reason: "a merge conflict in " + quoted(path) + " is not resolved", Advice: "resolve it and 'git add' it first"}
	}
	objects := newBatch(r)
	files, err := objects.readFiles(ctx, paths, x, c.settings)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	from, err := r.tip()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	hash, err := c.object(objects, from, files, message)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if err := objects.store(); err != nil {
		return plumbing.ZeroHash, err
	}
	x.settle(r)
	x.replace(files)
	if err := r.disk.Fill(filepath.Join(r.dir, "index.lock"), x.bytes()); err != nil {
		return plumbing.ZeroHash, fmt.Errorf("write the git index: %w", err)
	}
	return hash, c.publish(from, hash, message)
}

// object makes the trees and the commit.
func (c *committer) object(objects *batch, from tip, files []commitFile, message string) (plumbing.Hash, error) {
	r := c.repository
	old := plumbing.ZeroHash
	if from.hash != plumbing.ZeroHash {
		commit, err := object.GetCommit(r.store, from.hash)
		if err != nil {
			return plumbing.ZeroHash, fmt.Errorf("read commit %s: %w", from.hash, err)
		}
		old = commit.TreeHash
	}
	tree, err := objects.grow(old, branch(files))
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("build the tree: %w", err)
	}
	if tree == plumbing.ZeroHash {
		if tree, err = objects.put(plumbing.TreeObject, nil); err != nil {
			return plumbing.ZeroHash, fmt.Errorf("build the tree: %w", err)
		}
	}
	if tree == old || from.hash == plumbing.ZeroHash && len(files) == 0 {
		return plumbing.ZeroHash, ErrUnchanged
	}
	text, err := cleanMessage(message)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var data bytes.Buffer
	fmt.Fprintf(&data, "tree %s\n", tree)
	if from.hash != plumbing.ZeroHash {
		fmt.Fprintf(&data, "parent %s\n", from.hash)
	}
	fmt.Fprintf(&data, "author %s\ncommitter %s\n", c.author, c.committer)
	whole, err := signed(data.String(), text, c.sign)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return objects.put(plumbing.CommitObject, whole)
}

// signed is the text of a commit of its headers and its message, with the signature that sign makes of the two; nil makes none.
func signed(headers, message string, sign func(text []byte) (string, error)) ([]byte, error) {
	if sign != nil {
		signature, err := sign([]byte(headers + "\n" + message))
		if err != nil {
			return nil, fmt.Errorf("sign the commit: %w", err)
		}
		headers += "gpgsig " + strings.ReplaceAll(strings.TrimRight(signature, "\n"), "\n", "\n ") + "\n"
	}
	return []byte(headers + "\n" + message), nil
}

// cleanMessage ends lines as Git does: no blanks at their ends, no empty lines around, one newline at the end.
func cleanMessage(message string) (string, error) {
	if strings.ContainsRune(message, 0) {
		return "", &CommitError{Reason: "the commit message holds a NUL"}
	}
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(message, "\r\n", "\n"), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	if text == "" {
		return "", &CommitError{Reason: "the commit message is empty"}
	}
	return text + "\n", nil
}

// publish moves the branch to the commit and the new index into its place.
func (c *committer) publish(from tip, hash plumbing.Hash, message string) error {
	r := c.repository
	record, err := json.Marshal(commitRecord{Name: from.name.String(), Old: from.hash.String(), New: hash.String()})
	if err != nil {
		return fmt.Errorf("note the commit: %w", err)
	}
	if err := r.disk.Create(r.own(commitNote), record); err != nil {
		return fmt.Errorf("note the commit: %w", err)
	}
	if err := r.move(from, hash); err != nil {
		return err
	}
	if err := c.logs(from, hash, message); err != nil {
		return err
	}
	if err := r.disk.Rename(filepath.Join(r.dir, "index.lock"), filepath.Join(r.dir, "index")); err != nil {
		return fmt.Errorf("bring the git index up to the commit: %w", err)
	}
	return nil
}

func (c *committer) logs(from tip, hash plumbing.Hash, message string) error {
	subject, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	entry := "commit: " + subject
	if from.hash == plumbing.ZeroHash {
		entry = "commit (initial): " + subject
	}
	names := []plumbing.ReferenceName{from.name}
	if from.name != plumbing.HEAD {
		names = append(names, plumbing.HEAD)
	}
	for _, name := range names {
		if err := c.repository.log(name, from.hash, hash, c.committer, entry, c.settings); err != nil {
			return err
		}
	}
	return nil
}
