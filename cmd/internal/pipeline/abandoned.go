package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
)

// abandoned are the clusters whose generated tree is there and that gkops.yaml has no more, by name: their engines go on applying it.
func abandoned(tree fs.FS, w *workspace.Workspace) ([]string, error) {
	entries, err := fs.ReadDir(tree, Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", Folder, err)
	}
	var names []string
	for _, entry := range entries {
		known := slices.ContainsFunc(w.Clusters, func(c workspace.Cluster) bool { return c.Name == entry.Name() })
		if _, err := fs.Stat(tree, path.Join(Folder, entry.Name(), lock.FileName)); err == nil && !known {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// abandonedNotices tell of the clusters that the work tree holds and gkops.yaml does not.
func (p *Project) abandonedNotices() []string {
	work, err := p.grounds.WorkFS()
	if err != nil {
		return nil
	}
	names, err := abandoned(work, p.workspace)
	if err != nil {
		return []string{err.Error()}
	}
	var notices []string
	for _, name := range names {
		notices = append(notices, fmt.Sprintf("%s is the tree of a cluster that %s has no more, and its engine still applies it:\n"+
			"put the cluster back and remove its packages first; when nothing applies the folder any more, delete it",
			clusterFolder(name), workspace.FileName))
	}
	return notices
}
