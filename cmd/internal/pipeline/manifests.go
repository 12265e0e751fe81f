package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/workspace"
)

// Manifests are files of a repository at a revision, for a check of what changes: any repository, also one that is no workspace.
type Manifests struct {
	repository *gitops.Repository
	revision   string
}

// OpenManifests opens the repository of a folder at a revision. It returns the errors of gitops.Open and *gitops.RevisionError.
func OpenManifests(ctx context.Context, dir, revision string) (*Manifests, error) {
	repository, err := gitops.Open(dir)
	if err != nil {
		return nil, err
	}
	if _, err := repository.FS(ctx, revision); err != nil {
		return nil, err
	}
	return &Manifests{repository: repository, revision: revision}, nil
}

// Files lists what a path of the work tree held at the revision, by the names that list gives to them: list is asked for the
// files of a tree below a slash-separated path.
func (m *Manifests) Files(ctx context.Context, full string, list func(tree fs.FS, root string) ([]compat.File, error)) ([]compat.File, error) {
	tree, err := m.repository.FS(ctx, m.revision)
	if err != nil {
		return nil, err
	}
	inside, err := m.inside(full)
	if err != nil {
		return nil, err
	}
	return list(tree, inside)
}

// Stored replays the history of the revision below some paths, all of it when there are none: which versions of definitions were
// ever the storage version. whole is false when a shallow clone knows only the end of the history.
func (m *Manifests) Stored(ctx context.Context, paths []string) (stored compat.Stored, whole bool, err error) {
	stored, whole = compat.Stored{}, true
	for _, full := range paths {
		inside, err := m.inside(full)
		if err != nil {
			return nil, false, err
		}
		if inside == "." {
			inside = ""
		}
		complete, err := m.repository.History(ctx, m.revision, inside, func(name string, data []byte) error {
			stored.Add(name, data)
			return ctx.Err()
		})
		if err != nil {
			return nil, false, err
		}
		whole = whole && complete
	}
	return stored, whole, nil
}

// inside is an absolute path as the repository names it.
func (m *Manifests) inside(full string) (string, error) {
	// The path itself may be gone from the work tree: its folder is looked for as far as there is one.
	existing, rest := full, ""
	for {
		real, err := filepath.EvalSymlinks(existing)
		if err == nil {
			full = filepath.Join(real, rest)
			break
		}
		if parent := filepath.Dir(existing); parent != existing {
			existing, rest = parent, filepath.Join(filepath.Base(existing), rest)
			continue
		}
		return "", fmt.Errorf("find %s in the repository: %w", full, err)
	}
	relative, err := filepath.Rel(m.repository.Root(), full)
	if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("%s is not in the repository %s", full, m.repository.Root())
	}
	return filepath.ToSlash(relative), nil
}

// IgnoreRules are the findings that a workspace takes out of account.
func IgnoreRules(w *workspace.Workspace) []compat.Ignore {
	rules := make([]compat.Ignore, 0, len(w.Policy.Ignore))
	for _, i := range w.Policy.Ignore {
		rules = append(rules, compat.Ignore{Path: i.Path, Rule: i.Rule, Object: i.Object, Reason: i.Reason, Expires: i.Expires, Where: i.Where()})
	}
	return rules
}
