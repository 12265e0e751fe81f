package gitops

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// RevisionError says that a name is no commit of the repository. Unborn says that the branch has no commit yet.
type RevisionError struct {
	Revision string
	Unborn   bool
	Reason   string
}

// Error names the revision.
func (e *RevisionError) Error() string {
	if e.Unborn {
		return e.Revision + " has no commit yet"
	}
	return "revision " + e.Revision + ": " + e.Reason
}

// IsUnborn reports whether an error means that the branch has no commit yet.
func IsUnborn(err error) bool {
	var revision *RevisionError
	return errors.As(err, &revision) && revision.Unborn
}

// FS is the tree of a revision, read from Git's objects: "HEAD", a branch, a tag, a full or short commit id. It returns a
// *RevisionError.
func (r *Repository) FS(ctx context.Context, revision string) (fs.FS, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tree, err := r.treeOf(revision)
	if err != nil {
		return nil, err
	}
	return r.newTreeFS(tree), nil
}

// Files are the object ids of the files below a folder of a revision, by path relative to the repository; of all files when the
// folder is empty. It returns a *RevisionError.
func (r *Repository) Files(ctx context.Context, revision, folder string) (map[string]string, error) {
	tree, err := r.treeOf(revision)
	if err != nil {
		return nil, err
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	files := map[string]string{}
	if folder != "" {
		tree, err = tree.Tree(folder)
		if errors.Is(err, object.ErrDirectoryNotFound) || errors.Is(err, object.ErrEntryNotFound) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", folder, revision, err)
		}
	}
	return files, r.list(ctx, tree, folder, files)
}

func (r *Repository) list(ctx context.Context, tree *object.Tree, folder string, files map[string]string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, entry := range tree.Entries {
		name := path.Join(folder, entry.Name)
		if entry.Mode != filemode.Dir {
			files[name] = entry.Hash.String()
			continue
		}
		below, err := object.GetTree(r.store, entry.Hash)
		if err != nil {
			return fmt.Errorf("read folder %s: %w", name, err)
		}
		if err := r.list(ctx, below, name, files); err != nil {
			return err
		}
	}
	return nil
}

// MergeBase is the commit that two revisions have in common and that is nearest to them; of several, which branches have that merged
// each other, the newest, whichever revision is named first. It returns a *RevisionError, also when they have none.
func (r *Repository) MergeBase(ctx context.Context, a, b string) (string, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	var commits [2]*object.Commit
	for i, revision := range []string{a, b} {
		hash, err := r.resolve(revision)
		if err != nil {
			return "", err
		}
		if commits[i], err = object.GetCommit(r.store, hash); err != nil {
			return "", fmt.Errorf("read commit %s: %w", hash, err)
		}
	}
	found, err := commits[0].MergeBase(commits[1])
	if err != nil {
		return "", fmt.Errorf("find what %s and %s have in common: %w", a, b, err)
	}
	if len(found) == 0 {
		return "", &RevisionError{Revision: a + "..." + b, Reason: "the two have no commit in common"}
	}
	best := slices.MinFunc(found, func(a, b *object.Commit) int {
		return cmp.Or(b.Committer.When.Compare(a.Committer.When), bytes.Compare(a.Hash[:], b.Hash[:]))
	})
	return best.Hash.String(), ctx.Err()
}

func (r *Repository) treeOf(revision string) (*object.Tree, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	hash, err := r.resolve(revision)
	if err != nil {
		return nil, err
	}
	commit, err := object.GetCommit(r.store, hash)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", hash, err)
	}
	tree, err := commit.Tree()
	if err != nil {
		return nil, fmt.Errorf("read the tree of %s: %w", revision, err)
	}
	return tree, nil
}

// resolve finds the commit that a revision names. A reference goes before a short id, as in Git; "~N" and "^" follow parents.
func (r *Repository) resolve(revision string) (plumbing.Hash, error) {
	name, steps := revision, ""
	if n := strings.IndexAny(revision, "~^"); n >= 0 {
		name, steps = revision[:n], revision[n:]
	}
	hash, err := r.named(name)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	hash, err = r.peel(hash, revision)
	for err == nil && steps != "" {
		hash, steps, err = r.ancestor(hash, revision, steps)
	}
	return hash, err
}

func (r *Repository) named(name string) (plumbing.Hash, error) {
	if plumbing.IsHash(name) {
		return plumbing.NewHash(name), nil
	}
	for _, pattern := range []string{"%s", "refs/%s", "refs/tags/%s", "refs/heads/%s", "refs/remotes/%s", "refs/remotes/%s/HEAD"} {
		full := plumbing.ReferenceName(fmt.Sprintf(pattern, name))
		if pattern == "%s" && name != "HEAD" && !strings.HasPrefix(name, "refs/") || full.Validate() != nil && name != "HEAD" {
			continue
		}
		hash, err := r.reference(full)
		if err == nil {
			return hash, nil
		}
		if !errors.Is(err, plumbing.ErrReferenceNotFound) {
			return hash, err
		}
	}
	if name == "HEAD" {
		return plumbing.ZeroHash, &RevisionError{Revision: name, Unborn: true}
	}
	return r.short(name)
}

// maxLinks is how many symbolic references may lead to each other.
const maxLinks = 5

// reference follows a reference to an object.
func (r *Repository) reference(name plumbing.ReferenceName) (plumbing.Hash, error) {
	for range maxLinks {
		ref, err := r.store.Reference(name)
		if errors.Is(err, plumbing.ErrReferenceNotFound) {
			return plumbing.ZeroHash, err
		}
		if err != nil {
			return plumbing.ZeroHash, fmt.Errorf("read reference %s: %w", name, err)
		}
		if ref.Type() == plumbing.HashReference {
			return ref.Hash(), nil
		}
		name = ref.Target()
	}
	return plumbing.ZeroHash, fmt.Errorf("read reference %s: too many links", name)
}

// short finds the one commit or tag whose id starts so.
func (r *Repository) short(prefix string) (plumbing.Hash, error) {
	unknown := &RevisionError{Revision: prefix, Reason: "no branch, tag or commit has that name"}
	if len(prefix) < 4 || len(prefix) > 40 || strings.Trim(strings.ToLower(prefix), "0123456789abcdef") != "" {
		return plumbing.ZeroHash, unknown
	}
	whole, err := hex.DecodeString(prefix[:len(prefix)/2*2])
	if err != nil {
		return plumbing.ZeroHash, unknown
	}
	candidates, err := r.store.HashesWithPrefix(whole)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("look for %s: %w", prefix, err)
	}
	found := map[plumbing.Hash]bool{}
	for _, hash := range candidates {
		if !strings.HasPrefix(hash.String(), strings.ToLower(prefix)) {
			continue
		}
		if _, err := r.peel(hash, prefix); err == nil {
			found[hash] = true
		}
	}
	for hash := range found {
		if len(found) == 1 {
			return hash, nil
		}
	}
	if len(found) > 1 {
		unknown.Reason = "several commits start so"
	}
	return plumbing.ZeroHash, unknown
}

// peel follows tags to a commit.
func (r *Repository) peel(hash plumbing.Hash, revision string) (plumbing.Hash, error) {
	for range maxLinks {
		found, err := r.store.EncodedObject(plumbing.AnyObject, hash)
		switch {
		case errors.Is(err, plumbing.ErrObjectNotFound):
			return hash, &RevisionError{Revision: revision, Reason: "object " + hash.String() + " is not in the repository"}
		case err != nil:
			return hash, fmt.Errorf("read object %s: %w", hash, err)
		case found.Type() == plumbing.CommitObject:
			return hash, nil
		case found.Type() != plumbing.TagObject:
			return hash, &RevisionError{Revision: revision, Reason: "it is no commit"}
		}
		tag, err := object.DecodeTag(r.store, found)
		if err != nil {
			return hash, fmt.Errorf("read tag %s: %w", hash, err)
		}
		hash = tag.Target
	}
	return hash, &RevisionError{Revision: revision, Reason: "tags lead to tags without end"}
}

// ancestor takes one step, "~", "~3", "^" or "^2", to a parent.
func (r *Repository) ancestor(hash plumbing.Hash, revision, steps string) (plumbing.Hash, string, error) {
	kind, rest := steps[0], steps[1:]
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	number := 1
	if digits != "" {
		if _, err := fmt.Sscan(digits, &number); err != nil || len(digits) > 9 {
			return hash, "", &RevisionError{Revision: revision, Reason: "it cannot be read"}
		}
	}
	if rest = rest[len(digits):]; rest != "" && rest[0] != '~' && rest[0] != '^' {
		return hash, "", &RevisionError{Revision: revision, Reason: "it cannot be read"}
	}
	times, parent := number, 0
	if kind == '^' {
		times, parent = min(number, 1), number-1
	}
	for range times {
		commit, err := object.GetCommit(r.store, hash)
		if err != nil {
			return hash, "", fmt.Errorf("read commit %s: %w", hash, err)
		}
		if parent >= len(commit.ParentHashes) {
			return hash, "", &RevisionError{Revision: revision, Reason: "it goes back too far"}
		}
		hash = commit.ParentHashes[parent]
	}
	return hash, rest, nil
}
