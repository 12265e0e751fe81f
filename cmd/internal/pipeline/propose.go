package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver/catalog"
)

// Edit is what a command wants: another gkops.yaml, or versions that move.
type Edit struct {
	Workspace      []byte            // gkops.yaml as it is to be; nil leaves it as it is
	Clusters       []string          // plan these clusters alone; nil plans all that follow no other
	MoveAll        bool              // everything goes to the newest allowed version
	Move           []string          // these instances do
	AllowDowngrade []string          // these packages may go to a lower version
	Minimal        bool              // what is not locked gets the lowest allowed version
	Advance        bool              // removals that are under way take their next step
	Purge          []string          // instances whose data is to be lost with their removal
	Notices        []string          // what a person should know of the edit itself
	Force          bool              // generated files that were edited by hand are overwritten
	Bounds         map[string]Bounds // by cluster, what binds this edit alone
	Commit         bool              // everything that gkops owns will be committed, also what earlier commands left uncommitted

	pins    []pin    // instances that go to exactly these versions, without gkops.yaml saying so
	learned *learned // in earlier rounds, see planCluster
}

// Proposal is what an edit comes to. Nothing of it is written yet.
type Proposal struct {
	Clusters  []ClusterChange
	Findings  []finding.Finding
	Notices   []string
	Workspace bool // gkops.yaml changes
	Deferred  bool // this is a step that has to come before the edit, which is not part of it: propose the edit again when the engine has applied it
	change    gitops.Change
	locks     map[string]*lock.Lock
}

// Empty reports whether the repository already holds all of it.
func (p *Proposal) Empty() bool { return p.change.Empty() }

// ClusterChange is what changes in one cluster.
type ClusterChange struct {
	Name, Kubernetes string
	Steps            []Step
	Files            FileCount
	Notices          []string
	sinceHead        []Step // what a commit of it changes, earlier uncommitted commands included
}

// FileCount counts what happens to the files of a cluster.
type FileCount struct{ Added, Changed, Removed int }

// String is the count as a sentence.
func (c FileCount) String() string {
	if c == (FileCount{}) {
		return "no file changes"
	}
	return fmt.Sprintf("files: %d added, %d changed, %d removed", c.Added, c.Changed, c.Removed)
}

// Propose works out what an edit comes to, for every cluster that it concerns, or fails without having written anything.
// It returns the errors of resolver.Solve and render.Tree, a *ChartError, and what the registries return.
func (p *Project) Propose(ctx context.Context, e Edit) (*Proposal, error) {
	w, writes, err := p.edited(ctx, e)
	if err != nil {
		return nil, err
	}
	for _, name := range e.Clusters {
		if err := knownCluster(w, name); err != nil {
			return nil, err
		}
	}
	proposal := &Proposal{locks: map[string]*lock.Lock{}, Notices: append(slices.Clone(e.Notices), p.abandonedNotices()...)}
	all, err := p.planClusters(ctx, w, e)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 && all[0].deferred {
		delete(writes, workspace.FileName)
		proposal.Deferred = true
	}
	var deletes []string
	for _, planned := range all {
		proposal.Clusters = append(proposal.Clusters, planned.change)
		proposal.Findings = append(proposal.Findings, planned.findings...)
		proposal.locks[planned.change.Name] = planned.lock
		for name, data := range planned.files {
			writes[name] = data
		}
		deletes = append(deletes, planned.obsolete...)
	}
	if e.Commit {
		gone, notices, err := p.uncommitted(ctx, w, writes)
		if err != nil {
			return nil, err
		}
		deletes = append(deletes, gone...)
		proposal.Notices = append(proposal.Notices, notices...)
	}
	finding.Sort(proposal.Findings)
	slices.Sort(deletes)
	proposal.change, err = p.grounds.Stage(ctx, gitops.Want{Write: writes, Delete: deletes, Owned: p.owned(), Force: e.Force})
	if err != nil {
		return nil, p.leftover(err)
	}
	proposal.Workspace = slices.Contains(proposal.change.Changed(), workspace.FileName)
	proposal.count()
	return proposal, nil
}

// planClusters plans what an edit concerns. When one cluster needs a step before the edit, only such steps are planned: what gkops.yaml
// says holds for all clusters, or for none.
func (p *Project) planClusters(ctx context.Context, w *workspace.Workspace, e Edit) ([]*planned, error) {
	var all []*planned
	for _, cluster := range w.Clusters {
		if !concerns(cluster, e) {
			continue
		}
		one, err := p.planCluster(ctx, w, cluster, e)
		if err != nil {
			return nil, inCluster(w, cluster.Name, err)
		}
		all = append(all, one)
	}
	if slices.ContainsFunc(all, func(one *planned) bool { return one.deferred }) {
		all = slices.DeleteFunc(all, func(one *planned) bool { return !one.deferred })
	}
	return all, nil
}

// uncommitted completes what a commit takes along: gkops.yaml, what init wrote, and the generated files of every cluster as the work
// tree has them, so that what is committed is whole. It returns the files that HEAD has and the work tree, by an earlier command, has
// not, and what a person should know of it.
func (p *Project) uncommitted(ctx context.Context, w *workspace.Workspace, writes map[string][]byte) (gone, notices []string, err error) {
	work, err := p.grounds.WorkFS()
	if err != nil {
		return nil, nil, err
	}
	if notices, err = p.entries(ctx, work, w, writes); err != nil {
		return nil, nil, err
	}
	if writes[workspace.FileName] == nil {
		writes[workspace.FileName] = p.data
	}
	for _, c := range w.Clusters {
		if held := p.locks[c.Name]; held != nil && writes[lockPath(c.Name)] == nil {
			writes[lockPath(c.Name)] = p.lockData[lockPath(c.Name)]
			for name := range held.Paths() {
				full := path.Join(clusterFolder(c.Name), name)
				if writes[full], err = fs.ReadFile(work, full); err != nil {
					return nil, nil, fmt.Errorf("read what is to be committed: %w", err)
				}
			}
		}
		committed, err := p.committed(ctx, c.Name)
		if err != nil {
			return nil, nil, err
		}
		if committed == nil {
			continue
		}
		for name := range committed.Paths() {
			full := path.Join(clusterFolder(c.Name), name)
			if _, err := fs.Stat(work, full); errors.Is(err, fs.ErrNotExist) {
				gone = append(gone, full)
			}
		}
	}
	return gone, notices, nil
}

// edited is the workspace as the edit wants it, and the files that this writes.
func (p *Project) edited(ctx context.Context, e Edit) (*workspace.Workspace, map[string][]byte, error) {
	if e.Workspace == nil {
		return p.workspace, map[string][]byte{}, nil
	}
	w, err := workspace.Parse(workspace.FileName, e.Workspace)
	if err != nil {
		// The lines are those of a file that nobody sees: say so.
		_, err = workspace.Parse(workspace.FileName+", as this command would write it", e.Workspace)
		return nil, nil, err
	}
	work, err := p.grounds.WorkFS()
	if err != nil {
		return nil, nil, err
	}
	if err := readValues(work, w); err != nil {
		return nil, nil, err
	}
	if !sameJSON(w.Registries, p.workspace.Registries) {
		if err := p.openRegistries(ctx, w); err != nil {
			return nil, nil, err
		}
	}
	return w, map[string][]byte{workspace.FileName: e.Workspace}, nil
}

// concerns reports whether an edit plans a cluster: one that follows another changes by promotion only, or when it is named.
func concerns(c workspace.Cluster, e Edit) bool {
	if e.Clusters != nil {
		return slices.Contains(e.Clusters, c.Name)
	}
	return c.Follows == ""
}

// committed is the lock of a cluster in HEAD, nil when HEAD has none.
func (p *Project) committed(ctx context.Context, cluster string) (*lock.Lock, error) {
	head, err := p.grounds.FS(ctx, "HEAD")
	if err != nil {
		if gitops.IsUnborn(err) {
			return nil, nil
		}
		return nil, err
	}
	committed, _, err := readLock(head, cluster)
	return committed, err
}

// intact reports whether the work tree holds exactly what a lock says.
func (p *Project) intact(ctx context.Context, cluster string, held *lock.Lock) bool {
	drift, err := p.drift(ctx, cluster, held)
	return err == nil && !slices.ContainsFunc(drift, func(d gitops.Drift) bool { return d.Kind != gitops.Foreign })
}

func (p *Project) drift(ctx context.Context, cluster string, held *lock.Lock) ([]gitops.Drift, error) {
	work, err := p.grounds.WorkFS()
	if err != nil {
		return nil, err
	}
	return gitops.FindDrift(ctx, work, held, clusterFolder(cluster))
}

// owned are the digests of the files that may be replaced: gkops.yaml and the locks as they were read, and all files that the locks
// know, by path relative to the repository.
func (p *Project) owned() map[string]catalog.Digest {
	all := map[string]catalog.Digest{workspace.FileName: catalog.DigestOf(p.data)}
	for name, data := range p.lockData {
		all[name] = catalog.DigestOf(data)
	}
	for cluster, l := range p.locks {
		for name, digest := range l.Paths() {
			all[path.Join(clusterFolder(cluster), name)] = digest
		}
	}
	return all
}

// Write brings a proposal into the work tree, all of it or nothing.
func (p *Project) Write(ctx context.Context, proposal *Proposal) error {
	return p.repository.Apply(ctx, proposal.change)
}
