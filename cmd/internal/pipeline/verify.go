package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
)

// Difference is one file that is not what the lock says.
type Difference struct {
	Path string `json:"path"`
	What string `json:"what"` // edited, missing, extra, or stale when gkops.yaml asks for something else
}

// Verify renders the locks of a revision again, or of the work tree when the revision is empty, and lists every file that
// is not exactly what they give. It reads sources by the digests of the lock.
func (p *Project) Verify(ctx context.Context, revision string) ([]Difference, error) {
	tree, err := p.tree(ctx, revision)
	if err != nil {
		return nil, err
	}
	data, err := fs.ReadFile(tree, workspace.FileName)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", workspace.FileName, nameOf(revision), err)
	}
	w, err := workspace.Parse(workspace.FileName, data)
	if err != nil {
		return nil, err
	}
	if err := readValues(tree, w); err != nil {
		return nil, err
	}
	if revision != "" {
		if err := p.openRegistries(ctx, w); err != nil {
			return nil, err
		}
	}
	differences := []Difference{}
	left, err := abandoned(tree, w)
	if err != nil {
		return nil, err
	}
	for _, name := range left {
		differences = append(differences, Difference{lockPath(name), "extra"})
	}
	for _, c := range w.Clusters {
		found, err := p.verifyCluster(ctx, tree, w, c)
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
		}
		differences = append(differences, found...)
	}
	return differences, nil
}

func nameOf(revision string) string {
	if revision == "" {
		return "the work tree"
	}
	return revision
}

func (p *Project) tree(ctx context.Context, revision string) (fs.FS, error) {
	if revision == "" {
		return p.grounds.WorkFS()
	}
	return p.grounds.FS(ctx, revision)
}

func (p *Project) verifyCluster(ctx context.Context, tree fs.FS, w *workspace.Workspace, c workspace.Cluster) ([]Difference, error) {
	held, _, err := readLock(tree, c.Name)
	if err != nil {
		return nil, err
	}
	if held == nil {
		if c.Follows == "" && len(w.Effective(c.Name)) > 0 {
			return []Difference{{lockPath(c.Name), "missing"}}, nil
		}
		return nil, nil
	}
	if held.Renderer < Renderer {
		return nil, &RendererError{File: lockPath(c.Name), Renderer: held.Renderer}
	}
	var found []Difference
	target := p.target(w, c, held)
	if !current(held, w, c.Name) || held.Settings != settings(target) {
		found = append(found, Difference{lockPath(c.Name), "stale"})
	}
	again := *held
	again.Instances, again.Files, again.Namespaces = inputs(held), nil, nil
	done, err := p.renderLock(ctx, target, &again, held)
	if err != nil {
		return nil, err
	}
	for name, data := range done.files {
		got, err := fs.ReadFile(tree, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			found = append(found, Difference{name, "missing"})
		case err != nil:
			return nil, err
		case !bytes.Equal(got, data):
			found = append(found, Difference{name, "edited"})
		}
	}
	drift, err := gitops.FindDrift(ctx, tree, held, clusterFolder(c.Name))
	if err != nil {
		return nil, err
	}
	for _, d := range drift {
		full := path.Join(clusterFolder(c.Name), d.Path)
		if _, rendered := done.files[full]; !rendered {
			found = append(found, Difference{full, "extra"})
		}
	}
	slices.SortFunc(found, func(a, b Difference) int { return compareStrings(a.Path+a.What, b.Path+b.What) })
	return slices.Compact(found), nil
}

// current reports whether a lock is an answer to what the workspace asks, with the same overrides.
func current(held *lock.Lock, w *workspace.Workspace, cluster string) bool {
	if _, ok := keep(held, w, cluster); !ok {
		return false
	}
	for _, want := range w.Effective(cluster) {
		i := held.Instance(want.Instance())
		if !sameJSON(overrides(want), i.Overrides) || modeOf(want) != i.Mode {
			return false
		}
	}
	return true
}

// Stale lists every file that 'gkops render' would write or delete, and every file in the generated folders that is not its own.
func (p *Project) Stale(ctx context.Context, e Edit) ([]Difference, error) {
	e.Force = true
	proposal, err := p.Propose(ctx, e)
	if err != nil {
		return nil, err
	}
	found := []Difference{}
	for what, names := range map[string][]string{
		"missing": proposal.change.Added(), "differs": proposal.change.Changed(), "extra": proposal.change.Deleted(),
	} {
		for _, name := range names {
			found = append(found, Difference{name, what})
		}
	}
	for cluster, held := range p.locks {
		drift, err := p.drift(ctx, cluster, held)
		if err != nil {
			return nil, err
		}
		for _, d := range drift {
			if d.Kind == gitops.Foreign {
				found = append(found, Difference{path.Join(clusterFolder(cluster), d.Path), "extra"})
			}
		}
	}
	slices.SortFunc(found, func(a, b Difference) int { return compareStrings(a.Path+a.What, b.Path+b.What) })
	return slices.Compact(found), nil
}
