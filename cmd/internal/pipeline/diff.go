package pipeline

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/review"
	"gkops.dev/gkops/gitops/workspace"
)

// Diff compares two revisions object by object; an empty head is the work tree.
func (p *Project) Diff(ctx context.Context, base, head string) (*review.Report, error) {
	before, err := p.tree(ctx, base)
	if gitops.IsUnborn(err) {
		before, err = nil, nil // before the first commit there is nothing
	}
	if err != nil {
		return nil, err
	}
	after, err := p.tree(ctx, head)
	if err != nil {
		return nil, err
	}
	if head == "" {
		if after, err = p.ours(ctx, after); err != nil {
			return nil, err
		}
	}
	return review.Compare(ctx, before, after, review.Options{Scope: clusterOf})
}

// clusterOf is the cluster whose generated folder a file lies in, empty for one that lies in none.
func clusterOf(file string) string {
	rest, inside := strings.CutPrefix(file, Folder+"/")
	if !inside {
		return ""
	}
	cluster, _, _ := strings.Cut(rest, "/")
	return cluster
}

// ours is the work tree with the files that HEAD has and those that gkops writes: what lies there beside them is no part of a change.
func (p *Project) ours(ctx context.Context, work fs.FS) (fs.FS, error) {
	known, err := p.repository.Files(ctx, "HEAD", "")
	if err != nil && !gitops.IsUnborn(err) {
		return nil, err
	}
	view := partial{FS: work, files: map[string]bool{workspace.FileName: true}, folders: map[string]bool{".": true, Folder: true}}
	for name := range known {
		view.files[name] = true
		for dir := path.Dir(name); !view.folders[dir]; dir = path.Dir(dir) {
			view.folders[dir] = true
		}
	}
	return view, nil
}

// partial shows some files of a tree, and everything below gkops's own folder.
type partial struct {
	fs.FS
	files, folders map[string]bool
}

// ReadDir lists those entries of a folder that are shown.
func (t partial) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
	shown := slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		full := path.Join(name, e.Name())
		return !t.files[full] && !t.folders[full] && !strings.HasPrefix(full, Folder+"/")
	})
	return shown, err
}
