package pipeline

import (
	"context"
	"encoding/json"
	"slices"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/order/simulate"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// planned is what one cluster comes to.
type planned struct {
	change   ClusterChange
	lock     *lock.Lock
	files    map[string][]byte // by path relative to the repository, the lock among them
	obsolete []string          // generated files that are no more
	findings []finding.Finding
	tree     *simulate.Tree // the files as the engine reads them
	deferred bool           // the edit itself has to wait for this
}

// planOnce plans, renders and rehearses one cluster.
func (p *Project) planOnce(ctx context.Context, w *workspace.Workspace, c workspace.Cluster, e Edit) (*planned, error) {
	held := p.locks[c.Name]
	instances, told, err := p.choose(ctx, w, c, held, e)
	if err != nil {
		return nil, err
	}
	committed, err := p.committed(ctx, c.Name)
	if err != nil {
		return nil, err
	}
	left, notices, err := p.removals(ctx, w, c.Name, held, committed, e).leaving(instances)
	if err != nil {
		return nil, err
	}
	notices = append(told, notices...)
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
	timeline, err := p.rehearse(ctx, committed, done, target.Root)
	if err != nil {
		return nil, err
	}
	if timeline != nil {
		if guards := guardable(timeline, committed, target.Root); guards != nil {
			return p.guardFirst(ctx, c, held, committed, guards)
		}
		if err := timeline.Refuse(); err != nil {
			return nil, err
		}
		done.tell(timeline)
	}
	notices = slices.Concat(notices, leftBehind(timeline, done.lock, target.Root), namespaceNotices(timeline, target.Root))
	done.change = ClusterChange{
		Name: c.Name, Kubernetes: c.Kubernetes, Notices: notices,
		Steps: steps(held, done.lock), sinceHead: steps(committed, done.lock),
	}
	return done, nil
}

// tell adds what a change needs more than one try for, unless a first install would too, which the render has told.
func (done *planned) tell(timeline *simulate.Timeline) {
	for _, f := range timeline.Faults {
		if told := f.Told(); !slices.Contains(done.findings, told) {
			done.findings = append(done.findings, told)
		}
	}
}

// choose decides the instances of a cluster: as the lock has them while that answers the workspace, else by solving. Sources
// that the lock knows for the same version come along, so that other bytes are noticed. It returns what a person should know too.
func (p *Project) choose(ctx context.Context, w *workspace.Workspace, c workspace.Cluster, held *lock.Lock, e Edit) ([]lock.Instance, []string, error) {
	if !e.MoveAll && len(e.Move) == 0 && len(e.learned.facts()) == 0 {
		if plan, ok := keep(held, w, c.Name); ok {
			if kept, ok := keptInstances(plan, held, w, c.Name); ok {
				return kept, e.reminders(kept), nil
			}
		}
	}
	plan, err := resolver.Solve(ctx, e.Bounds[c.Name].frozen(informed{p.offersTo(w, c.Name), e.learned}, held), p.problem(w, c.Name, held, e))
	if err != nil {
		return nil, nil, err
	}
	if len(e.pins) > 0 {
		asWritten(plan, w, c.Name)
	}
	instances, err := p.describe(ctx, w, c.Name, plan)
	if err != nil {
		return nil, nil, err
	}
	notices, err := p.remember(ctx, instances, held, c, e.MoveAll)
	if err != nil {
		return nil, nil, err
	}
	for n := range instances {
		keepLocked(held, &instances[n])
	}
	return instances, append(notices, further(plan)...), nil
}

// reminders are what the lock knows of withdrawn and deprecated versions, for a command that edits nothing and so is told nothing else.
func (e Edit) reminders(kept []lock.Instance) []string {
	if e.Workspace != nil || e.Advance {
		return nil
	}
	var notices []string
	for _, i := range kept {
		notices = append(notices, warnings(i)...)
	}
	return notices
}

// asWritten gives the reasons of a plan the ranges that gkops.yaml has, where a pin was asked for instead.
func asWritten(plan *resolver.Plan, w *workspace.Workspace, cluster string) {
	for _, want := range w.Effective(cluster) {
		c := plan.Instance(want.Instance())
		for n := range c.RequiredBy {
			if c.RequiredBy[n].By == "" {
				c.RequiredBy[n].Range = want.Range()
			}
		}
	}
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
			i.Overrides, i.Mode = o, modeOf(want)
		}
		i.RequiredBy = reasons(c.RequiredBy)
		i.Parts, i.Places = nil, nil
		kept = append(kept, i)
	}
	return kept, true
}

// keepLocked takes over what the lock knows of an instance whose version stays: its sources, so that other bytes are noticed, and the guards
// that a change is waiting for. What its charts made up it keeps in every version.
func keepLocked(held *lock.Lock, i *lock.Instance) {
	was := find(held, i.Name)
	if was != nil && was.Package == i.Package {
		i.Made = was.Made
	}
	if was == nil || was.Package != i.Package || was.Version != i.Version || was.Registry != i.Registry {
		return
	}
	i.Sources, i.Guards = was.Sources, was.Guards
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
		s.RepoURL = p.grounds.RemoteURL("origin")
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
