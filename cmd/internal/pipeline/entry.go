package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render"
)

// entries adds what init wrote to what the first commit of a cluster takes along: the object that makes the engine read the cluster's
// tree, in whichever folder it lies, and the line in .sourceignore. Without them in Git the engine would never find the tree. They are known by
// their bytes; a file of that name and origin that says something else is a person's to judge, and a notice names it.
func (p *Project) entries(ctx context.Context, work fs.FS, w *workspace.Workspace, writes map[string][]byte) (notices []string, err error) {
	wanted := map[string][]byte{}
	for _, c := range w.Clusters {
		committed, err := p.committed(ctx, c.Name)
		if err != nil {
			return nil, err
		}
		if committed != nil {
			continue
		}
		name, data, err := render.Entry(p.target(w, c, p.locks[c.Name]))
		if err != nil {
			return nil, err
		}
		wanted[name] = data
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	err = fs.WalkDir(work, ".", func(name string, d fs.DirEntry, err error) error {
		want, named := wanted[path.Base(name)]
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == Folder):
			return fs.SkipDir
		case !named || !d.Type().IsRegular():
			return nil
		}
		data, err := fs.ReadFile(work, name)
		if err != nil {
			return fmt.Errorf("read what is to be committed: %w", err)
		}
		if bytes.Equal(data, want) {
			writes[name] = data
		} else if bytes.HasPrefix(data, []byte(render.Header)) {
			notices = append(notices, fmt.Sprintf("%s is not committed: it is no longer what 'gkops init --entry' writes; look at it, and commit it yourself", name))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return notices, p.ignored(ctx, work, w, writes)
}

// ignored takes .sourceignore along when all that HEAD does not have of it is the line that init wrote.
func (p *Project) ignored(ctx context.Context, work fs.FS, w *workspace.Workspace, writes map[string][]byte) error {
	const name = ".sourceignore"
	data, err := fs.ReadFile(work, name)
	if errors.Is(err, fs.ErrNotExist) || w.Engine != workspace.Flux {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what is to be committed: %w", err)
	}
	var held []byte
	head, err := p.grounds.FS(ctx, "HEAD")
	if err == nil {
		held, err = fs.ReadFile(head, name)
	}
	if err != nil && !gitops.IsUnborn(err) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s of HEAD: %w", name, err)
	}
	if bytes.Equal(data, withIgnoredLine(held)) {
		writes[name] = data
	}
	return nil
}
