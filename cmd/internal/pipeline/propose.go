package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// Edit is what a command wants: another gkops.yaml, or versions that move.
type Edit struct {
	Workspace      []byte   // gkops.yaml as it is to be; nil leaves it as it is
	Clusters       []string // plan these clusters alone; nil plans all that follow no other
	MoveAll        bool     // everything goes to the newest allowed version
	Move           []string // these instances do
	AllowDowngrade []string // these packages may go to a lower version
	Advance        bool     // removals that are under way take their next step
	Notices        []string // what a person should know of the edit itself
	Force          bool     // generated files that were edited by hand are overwritten
	Commit         bool     // everything that gkops owns will be committed, also what earlier commands left uncommitted
}

// Proposal is what an edit comes to. Nothing of it is written yet.
type Proposal struct {
	Clusters  []ClusterChange
	Findings  []finding.Finding
	Notices   []string
	Workspace bool // gkops.yaml changes
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
	proposal := &Proposal{locks: map[string]*lock.Lock{}, Notices: e.Notices}
	var deletes []string
	for _, cluster := range w.Clusters {
		if !concerns(cluster, e) {
			continue
		}
		planned, err := p.planCluster(ctx, w, cluster, e)
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", cluster.Name, err)
		}
		if planned == nil {
			continue
		}
		proposal.Clusters = append(proposal.Clusters, planned.change)
		proposal.Findings = append(proposal.Findings, planned.findings...)
		proposal.locks[cluster.Name] = planned.lock
		for name, data := range planned.files {
			writes[name] = data
		}
		deletes = append(deletes, planned.obsolete...)
	}
	if e.Commit {
		gone, err := p.uncommitted(ctx, w, writes)
		if err != nil {
			return nil, err
		}
		deletes = append(deletes, gone...)
	}
	finding.Sort(proposal.Findings)
	slices.Sort(deletes)
	proposal.change, err = p.repository.Stage(ctx, gitops.Want{Write: writes, Delete: deletes, Owned: p.owned(), Force: e.Force})
	if err != nil {
		return nil, err
	}
	proposal.Workspace = slices.Contains(proposal.change.Changed(), workspace.FileName)
	proposal.count()
	return proposal, nil
}

// uncommitted completes what a commit takes along: gkops.yaml and the generated files of every cluster as the work tree has them,
// so that what is committed is whole. It returns the files that HEAD has and the work tree, by an earlier command, has not.
func (p *Project) uncommitted(ctx context.Context, w *workspace.Workspace, writes map[string][]byte) ([]string, error) {
	work, err := p.repository.WorkFS()
	if err != nil {
		return nil, err
	}
	if writes[workspace.FileName] == nil {
		writes[workspace.FileName] = p.data
	}
	var gone []string
	for _, c := range w.Clusters {
		if held := p.locks[c.Name]; held != nil && writes[lockPath(c.Name)] == nil {
			writes[lockPath(c.Name)] = p.lockData[lockPath(c.Name)]
			for name := range held.Paths() {
				full := path.Join(clusterFolder(c.Name), name)
				if writes[full], err = fs.ReadFile(work, full); err != nil {
					return nil, fmt.Errorf("read what is to be committed: %w", err)
				}
			}
		}
		committed, err := p.committed(ctx, c.Name)
		if err != nil {
			return nil, err
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
	return gone, nil
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

// planned is what one cluster comes to.
type planned struct {
	change   ClusterChange
	lock     *lock.Lock
	files    map[string][]byte // by path relative to the repository, the lock among them
	obsolete []string          // generated files that are no more
	findings []finding.Finding
}

func (p *Project) planCluster(ctx context.Context, w *workspace.Workspace, c workspace.Cluster, e Edit) (*planned, error) {
	held := p.locks[c.Name]
	instances, err := p.choose(ctx, w, c.Name, held, e)
	if err != nil {
		return nil, err
	}
	committed, err := p.committed(ctx, c.Name)
	if err != nil {
		return nil, err
	}
	left, notices := leaving(held, committed, instances, e.Advance)
	instances = append(instances, left...)
	target := p.target(w, c, held)
	fresh := &lock.Lock{Cluster: c.Name, Kubernetes: c.Kubernetes, Engine: string(w.Engine), Settings: settings(target), Repository: target.Source.RepoURL, Instances: instances}
	fresh.Renderer = Renderer
	if held != nil && sameInputs(held, fresh) && p.intact(ctx, c.Name, held) {
		same := ClusterChange{Name: c.Name, Kubernetes: c.Kubernetes, Notices: notices, sinceHead: steps(committed, held)}
		return &planned{change: same, lock: held}, nil
	}
	done, err := p.renderLock(ctx, target, fresh, held)
	if err != nil {
		return nil, err
	}
	if err := keepsOwners(target, committed, done.lock); err != nil {
		return nil, err
	}
	done.change = ClusterChange{
		Name: c.Name, Kubernetes: c.Kubernetes, Notices: append(notices, orphaned(committed, done.lock)...),
		Steps: steps(held, done.lock), sinceHead: steps(committed, done.lock),
	}
	return done, nil
}

// choose decides the instances of a cluster: as the lock has them while that answers the workspace, else by solving. Sources
// that the lock knows for the same version come along, so that other bytes are noticed.
func (p *Project) choose(ctx context.Context, w *workspace.Workspace, cluster string, held *lock.Lock, e Edit) ([]lock.Instance, error) {
	if !e.MoveAll && len(e.Move) == 0 {
		if plan, ok := keep(held, w, cluster); ok {
			if kept, ok := keptInstances(plan, held, w, cluster); ok {
				return kept, nil
			}
		}
	}
	plan, err := resolver.Solve(ctx, offers{p}, p.problem(w, cluster, held, e))
	if err != nil {
		return nil, err
	}
	instances, err := p.describe(ctx, w, cluster, plan)
	if err != nil {
		return nil, err
	}
	for n := range instances {
		instances[n].Sources = lockedSources(held, instances[n])
	}
	return instances, nil
}

// keptInstances are the instances of a lock that is kept, with the overrides of today's workspace. It is false when a namespace
// changed, which only the manifests can tell.
func keptInstances(plan *resolver.Plan, held *lock.Lock, w *workspace.Workspace, cluster string) ([]lock.Instance, bool) {
	wanted := map[string]workspace.Package{}
	for _, want := range w.Effective(cluster) {
		wanted[want.Instance()] = want
	}
	kept := make([]lock.Instance, 0, len(plan.Instances))
	for _, c := range plan.Instances {
		i := *held.Instance(c.Instance)
		want, isRoot := wanted[c.Instance]
		if isRoot {
			o := overrides(want)
			if o.Namespace != i.Overrides.Namespace {
				return nil, false
			}
			i.Overrides = o
		}
		i.RequiredBy = reasons(c.RequiredBy)
		i.Parts, i.Places = nil, nil
		kept = append(kept, i)
	}
	return kept, true
}

func lockedSources(held *lock.Lock, i lock.Instance) []lock.Source {
	if held == nil {
		return nil
	}
	was := held.Instance(i.Name)
	if was == nil || was.Package != i.Package || was.Version != i.Version || was.Registry != i.Registry {
		return nil
	}
	return was.Sources
}

// target is a cluster as the render sees it. held is its lock, nil when there is none.
func (p *Project) target(w *workspace.Workspace, c workspace.Cluster, held *lock.Lock) render.Cluster {
	return render.Cluster{
		Name: c.Name, Kubernetes: c.Kubernetes, Engine: string(w.Engine), Granularity: granularity(w),
		Source: p.source(w, held), Root: clusterFolder(c.Name),
	}
}

func granularity(w *workspace.Workspace) string {
	if w.Granularity == workspace.PerLayer {
		return render.LayerGranularity
	}
	return ""
}

// source is what the engine reads. The address that Argo CD needs is that of gkops.yaml, else what the lock has, so that every clone
// renders the same, else that of the remote origin.
func (p *Project) source(w *workspace.Workspace, held *lock.Lock) render.Source {
	s := render.Source{
		Name: w.Source.Name, Namespace: w.Source.Namespace, RepoURL: w.Source.RepoURL,
		Revision: w.Source.Revision, Project: w.Source.Project,
	}
	if w.Engine == workspace.ArgoCD && s.RepoURL == "" && held != nil {
		s.RepoURL = held.Repository
	}
	if w.Engine == workspace.ArgoCD && s.RepoURL == "" {
		s.RepoURL = p.repository.RemoteURL("origin")
	}
	return s
}

// settings is the digest of what a cluster as a whole puts into the render.
func settings(c render.Cluster) catalog.Digest {
	c.Locked = render.Previous{}
	data, err := json.Marshal(c)
	if err != nil {
		panic("a render.Cluster is plain data: " + err.Error())
	}
	return catalog.DigestOf(data)
}

// sameInputs reports whether a lock was made from the inputs that a new one would be made from.
func sameInputs(held, fresh *lock.Lock) bool {
	if held.Renderer != fresh.Renderer || held.Settings != fresh.Settings || len(held.Instances) != len(fresh.Instances) {
		return false
	}
	return sameJSON(inputs(held), inputs(fresh))
}

func inputs(l *lock.Lock) []lock.Instance {
	bare := slices.Clone(l.Instances)
	for n := range bare {
		bare[n].Parts, bare[n].Places = nil, nil
	}
	slices.SortFunc(bare, func(a, b lock.Instance) int { return compareStrings(a.Name, b.Name) })
	return bare
}

// renderLock fetches and renders what a lock says, and completes the lock with what came out.
func (p *Project) renderLock(ctx context.Context, target render.Cluster, fresh, held *lock.Lock) (*planned, error) {
	got, err := p.fetch(ctx, fresh.Instances)
	if err != nil {
		return nil, err
	}
	target.Locked = previous(held)
	instances := make([]render.Instance, 0, len(got))
	for n, f := range got {
		fresh.Instances[n].Sources = f.sources
		f.instance.Requires = present(f.instance.Requires, fresh)
		instances = append(instances, f.instance)
	}
	out, err := render.Tree(ctx, target, instances)
	if err != nil {
		return nil, err
	}
	record(fresh, out, target.Root)
	done := &planned{lock: fresh, files: out.Files, findings: out.Findings}
	data, err := lock.Write(fresh)
	if err != nil {
		return nil, err
	}
	done.files[path.Join(target.Root, lock.FileName)] = data
	if held != nil {
		for name := range held.Paths() {
			if full := path.Join(target.Root, name); done.files[full] == nil {
				done.obsolete = append(done.obsolete, full)
			}
		}
	}
	return done, nil
}

// present are those names that a lock has an instance of.
func present(names []string, l *lock.Lock) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return l.Instance(name) == nil })
}

// previous is what a lock tells the render, so that waves and owners stay.
func previous(held *lock.Lock) render.Previous {
	was := render.Previous{
		Waves: map[string]int{}, Places: map[string]string{}, Owners: map[string]string{}, Parts: map[string][]string{},
	}
	if held == nil {
		return was
	}
	for _, n := range held.Namespaces {
		was.Owners[n.Name] = n.Owner
	}
	for _, i := range held.Instances {
		for file, part := range i.Places {
			was.Places[i.Name+"/"+file] = part
		}
		for _, part := range i.Parts {
			id := i.Name + "/" + part.Name
			was.Waves[id] = part.Wave
			for file := range part.Files {
				was.Parts[id] = append(was.Parts[id], file)
			}
			slices.Sort(was.Parts[id])
		}
	}
	return was
}

// record completes a lock with what was rendered.
func record(l *lock.Lock, out *render.Output, root string) {
	l.Files = map[string]catalog.Digest{}
	for name, data := range out.Files {
		l.Files[strings.TrimPrefix(name, root+"/")] = catalog.DigestOf(data)
	}
	for _, n := range out.Namespaces {
		l.Namespaces = append(l.Namespaces, lock.Namespace{Name: n.Name, Owner: n.Owner, UsedBy: n.Users})
	}
	for _, part := range out.Parts {
		i := l.Instance(part.Instance)
		if i == nil {
			continue // the namespaces part: its files stay in Files
		}
		i.Parts = append(i.Parts, lock.Part{
			Name: part.Name, Wave: part.Wave, Hash: part.Hash, DependsOn: part.DependsOn, Files: part.Files,
		})
		for file := range part.Files {
			delete(l.Files, strings.TrimPrefix(path.Join(part.Folder, file), root+"/"))
		}
	}
	for _, i := range l.Instances {
		slices.SortFunc(i.Parts, func(a, b lock.Part) int { return compareStrings(a.Name, b.Name) })
	}
	for place, part := range out.Places {
		name, file, _ := strings.Cut(place, "/")
		if i := l.Instance(name); i != nil {
			if i.Places == nil {
				i.Places = map[string]string{}
			}
			i.Places[file] = part
		}
	}
}

// committed is the lock of a cluster in HEAD, nil when HEAD has none.
func (p *Project) committed(ctx context.Context, cluster string) (*lock.Lock, error) {
	head, err := p.repository.FS(ctx, "HEAD")
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
	work, err := p.repository.WorkFS()
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
