package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing/fstest"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/review"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render"
)

// ReviewOptions say what a review compares. The zero options compare HEAD with the work tree.
type ReviewOptions struct {
	Base, Head string // revisions of the repository, or folders; an empty base is HEAD, an empty head the work tree

	Cluster    string // only what is generated for this cluster
	Instance   string // only the packages of this instance
	Path       string // only this folder; the kustomization in it is built when it does more than to list files
	Kubernetes string // of trees that gkops did not write: judge by this version, "1.34"
	Command    string // shows all of the review, for its end
}

// NoRepositoryError says that there is nothing to take a revision from.
type NoRepositoryError struct {
	Revision string
	Err      error
}

// Error names the revision.
func (e *NoRepositoryError) Error() string {
	return fmt.Sprintf("%s is no folder, and there is no repository to take it from as a revision: %v", e.Revision, e.Err)
}

// Unwrap is why there is no repository.
func (e *NoRepositoryError) Unwrap() error { return e.Err }

// Hint says what can be compared.
func (e *NoRepositoryError) Hint() string { return "outside of a repository, name two folders" }

// ReviewTrees are two trees to compare, with how a person calls them.
type ReviewTrees struct {
	Base, Head fs.FS // nil is empty
	Origin     review.Origin
}

// Review compares two revisions of the repository that a folder is in, its work tree, or any two folders, object by object. The
// repository need not be a workspace. It returns a *gitops.RevisionError or a *NoRepositoryError for a side that cannot be found, and
// a *render.FolderError for an overlay that cannot be built.
func Review(ctx context.Context, world World, dir string, o ReviewOptions) (*review.Report, error) {
	repository, err := gitops.Open(dir)
	if err != nil {
		repository = nil
	}
	s := sides{repository: repository, missing: err, dir: dir}
	if o, err = s.reviewed(ctx, o); err != nil {
		return nil, err
	}
	trees := ReviewTrees{Origin: review.Origin{Base: orWord(o.Base, "HEAD"), Head: orWord(o.Head, "work tree"), Command: o.Command}}
	trees.Base, trees.Origin.BaseCommit, err = s.open(ctx, orWord(o.Base, "HEAD"))
	if gitops.IsUnborn(err) {
		trees.Base, err = nil, nil // before the first commit there is nothing
	}
	if err != nil {
		return nil, err
	}
	if o.Head == "" {
		trees.Head, err = s.workTree(ctx)
	} else {
		trees.Head, trees.Origin.HeadCommit, err = s.open(ctx, o.Head)
	}
	if err != nil {
		return nil, err
	}
	return CompareTrees(ctx, world, trees, o)
}

func orWord(text, word string) string {
	if text == "" {
		return word
	}
	return text
}

// CompareTrees is Review on trees that the caller has.
func CompareTrees(ctx context.Context, world World, trees ReviewTrees, o ReviewOptions) (*review.Report, error) {
	if err := trees.has(o); err != nil {
		return nil, err
	}
	base, head, err := buildOverlays(ctx, trees, o.Path)
	if err != nil {
		return nil, err
	}
	rules := rulesOf(trees.Base, world.Warn)
	know := knowledge{world: world, base: base, head: head, kubernetes: o.Kubernetes, instance: o.Instance, accepted: rules.findings}
	return review.Compare(ctx, narrowed(base, o), narrowed(head, o), review.Options{
		Scope: clusterOf, Instance: instanceOf, Know: know.of, Origin: trees.Origin, Ignore: rules.folds,
	})
}

// sides finds what a person names.
type sides struct {
	repository *gitops.Repository // nil outside of one
	missing    error              // why there is none
	dir        string
}

// open is a folder when it is written as one or nothing else has its name, else a revision.
func (s sides) open(ctx context.Context, name string) (tree fs.FS, commit string, err error) {
	folder, exists := s.folder(name)
	switch {
	case written(name) && !exists:
		return nil, "", fmt.Errorf("there is no folder %s", name)
	case written(name), s.repository == nil && exists:
		return os.DirFS(folder), "", nil
	case s.repository == nil:
		return nil, "", &NoRepositoryError{Revision: name, Err: s.missing}
	}
	tree, err = s.repository.FS(ctx, name)
	var unknown *gitops.RevisionError
	if errors.As(err, &unknown) && !unknown.Unborn && exists {
		return os.DirFS(folder), "", nil
	}
	if err != nil {
		return nil, "", err
	}
	commit, err = s.repository.Resolve(ctx, name)
	return tree, commit, err
}

// folder is a name as a folder, and whether there is one.
func (s sides) folder(name string) (folder string, exists bool) {
	if folder = name; !filepath.IsAbs(folder) {
		folder = filepath.Join(s.dir, folder)
	}
	info, err := os.Stat(folder)
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	return folder, err == nil && info.IsDir()
}

// written reports whether a name is written as that of a folder.
func written(name string) bool {
	return filepath.IsAbs(name) || name == "." || name == ".." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}

// workTree is the work tree with the files that Git knows and those that gkops writes: what lies there beside them is no part of a
// change.
func (s sides) workTree(ctx context.Context) (fs.FS, error) {
	if s.repository == nil {
		return nil, &NoRepositoryError{Revision: "the work tree", Err: s.missing}
	}
	work, err := s.repository.WorkFS()
	if err != nil {
		return nil, err
	}
	files, folders, err := s.repository.Tracked(ctx)
	if err != nil {
		return nil, err
	}
	files[workspace.FileName], folders[Folder] = true, true
	return partial{FS: work, shown: func(name string) bool { return files[name] || folders[name] || strings.HasPrefix(name, Folder+"/") }}, nil
}

// buildOverlays builds the kustomization of a folder on both sides when one of them cannot be understood without; the objects then
// stand in the file of the kustomization, and nothing else is compared.
func buildOverlays(ctx context.Context, trees ReviewTrees, folder string) (base, head fs.FS, err error) {
	if folder == "" {
		return trees.Base, trees.Head, nil
	}
	folder = path.Clean(filepath.ToSlash(folder))
	builds := false
	for _, tree := range []fs.FS{trees.Base, trees.Head} {
		if tree == nil {
			continue
		}
		_, does, err := render.Kustomization(tree, folder)
		if err != nil {
			return nil, nil, err
		}
		builds = builds || does
	}
	if !builds {
		return trees.Base, trees.Head, nil
	}
	if base, err = overlay(ctx, trees.Base, folder); err != nil {
		return nil, nil, err
	}
	head, err = overlay(ctx, trees.Head, folder)
	return base, head, err
}

func overlay(ctx context.Context, tree fs.FS, folder string) (fs.FS, error) {
	if tree == nil {
		return nil, nil
	}
	file, _, err := render.Kustomization(tree, folder)
	if err != nil || file == "" {
		return nil, err
	}
	data, err := render.Overlay(ctx, tree, folder)
	if err != nil {
		return nil, err
	}
	return fstest.MapFS{file: {Data: data}}, nil
}
