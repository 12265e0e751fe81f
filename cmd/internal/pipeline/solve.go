package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// read reads a release. One that a lock has must be the same bytes as ever.
func (p *Project) read(ctx context.Context, registry, pkg string, v catalog.Version) (*catalog.Release, error) {
	release, err := p.registries.Release(ctx, registry, pkg, v)
	if err != nil {
		return nil, err
	}
	return release, p.unchanged(registry, pkg, v, release.File)
}

// unchanged checks a file of a version against what the locks that have the version say of it.
func (p *Project) unchanged(registry, pkg string, v catalog.Version, file catalog.File) error {
	for _, held := range p.locks {
		for _, i := range held.Instances {
			if i.Registry == registry && i.Package == pkg && i.Version == v.String() {
				if err := checkDigests(i, []lock.Source{{URL: file.Name, Digest: file.Digest}}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// componentName is what a component adds to its parent's name.
func componentName(c catalog.Component) string {
	if c.InstalledName != "" {
		return c.InstalledName
	}
	return c.Name
}

// problem is what one cluster asks of the solver.
func (p *Project) problem(w *workspace.Workspace, cluster string, held *lock.Lock, e Edit) resolver.Problem {
	problem := resolver.Problem{
		Registries:     registryNames(w),
		MoveAll:        e.MoveAll,
		Move:           e.Move,
		AllowDowngrade: e.AllowDowngrade,
		Minimal:        e.Minimal,
		Facts:          append(e.learned.facts(), e.Bounds[cluster].Exclude...),
	}
	problem.Kubernetes, problem.KubernetesWhere = p.kubernetes(w, cluster)
	for _, want := range w.Effective(cluster) {
		problem.Roots = append(problem.Roots, resolver.Root{
			Instance: want.Instance(), Package: want.Name, Range: want.Range(), Registry: want.Registry, Where: p.where(want, cluster),
		})
	}
	for _, hold := range w.Policy.Holds {
		problem.Holds = append(problem.Holds, resolver.Hold{
			Package: hold.Package, Range: hold.Range(), Reason: hold.Reason, Where: p.whereHeld(hold),
		})
	}
	problem.Holds = append(problem.Holds, e.Bounds[cluster].Holds...)
	if held == nil {
		return problem
	}
	for _, i := range held.Instances {
		if v, err := catalog.ParseVersion(i.Version); err == nil && i.Removal == nil {
			problem.Locked = append(problem.Locked, resolver.Locked{
				Instance: i.Name, Package: i.Package, Registry: i.Registry, Version: v,
			})
		}
	}
	return pinned(problem, e.pins)
}

// inCluster names the cluster that an error is about. The answer "no" names it where there are several.
func inCluster(w *workspace.Workspace, cluster string, err error) error {
	var no *resolver.NoSolutionError
	if errors.As(err, &no) && len(w.Clusters) == 1 {
		return err
	}
	return fmt.Errorf("cluster %s: %w", cluster, err)
}

// where is the place of an entry: a line of gkops.yaml as it is on disk, or this command when it is not written yet.
func (p *Project) where(want workspace.Package, cluster string) string {
	for _, there := range p.workspace.Effective(cluster) {
		if there.Instance() == want.Instance() && there.Version == want.Version && there.Registry == want.Registry {
			return there.Where()
		}
	}
	return "this command"
}

// kubernetes is the version of a cluster, and its place in gkops.yaml as it is on disk.
func (p *Project) kubernetes(w *workspace.Workspace, cluster string) (catalog.Version, string) {
	version, _ := kubernetes(w, cluster)
	if there, where := kubernetes(p.workspace, cluster); there == version {
		return version, where
	}
	return version, "this command"
}

// whereHeld is the place of a hold, as where is that of an entry.
func (p *Project) whereHeld(hold workspace.Hold) string {
	for _, there := range p.workspace.Policy.Holds {
		if there.Package == hold.Package && there.Version == hold.Version {
			return there.Where()
		}
	}
	return "this command"
}

// registryNames are the registries that packages come from, in list order; overlays have none.
func registryNames(w *workspace.Workspace) []string {
	names := make([]string, 0, len(w.Registries))
	for _, r := range w.Registries {
		if r.Type != workspace.Overlay {
			names = append(names, r.Name)
		}
	}
	return names
}

// keep is the plan that a lock already holds, when it still is an answer to what the workspace asks: every wanted instance is
// there in an allowed version, nothing is there that nobody asks for, and the cluster has the Kubernetes version for which the
// facts were looked up. It reads no registry.
func keep(held *lock.Lock, w *workspace.Workspace, cluster string) (*resolver.Plan, bool) {
	if held == nil || !slices.ContainsFunc(w.Clusters, func(c workspace.Cluster) bool { return c.Name == cluster && c.Kubernetes == held.Kubernetes }) {
		return nil, false
	}
	reached := map[string]bool{}
	plan := &resolver.Plan{}
	var walk func(name string) bool
	walk = func(name string) bool {
		if reached[name] {
			return true
		}
		reached[name] = true
		i := held.Instance(name)
		if i == nil || i.Removal != nil {
			return false
		}
		for _, needed := range append(slices.Clone(i.Requires), children(held, name)...) {
			if !walk(needed) {
				return false
			}
		}
		return true
	}
	for _, want := range w.Effective(cluster) {
		i := held.Instance(want.Instance())
		if i == nil || !answers(*i, want) || !walk(i.Name) {
			return nil, false
		}
	}
	for _, i := range held.Instances {
		if i.Removal != nil {
			continue
		}
		if !reached[i.Name] || !allowedByHolds(i, w.Policy.Holds) {
			return nil, false
		}
		plan.Instances = append(plan.Instances, chosen(i, w, cluster))
	}
	return plan, true
}

// children are the components of an instance.
func children(l *lock.Lock, parent string) []string {
	var names []string
	for _, i := range l.Instances {
		if i.Parent == parent {
			names = append(names, i.Name)
		}
	}
	return names
}

// answers reports whether a locked instance is what a workspace entry asks for.
func answers(i lock.Instance, want workspace.Package) bool {
	v, err := catalog.ParseVersion(i.Version)
	return err == nil && i.Parent == "" && i.Package == want.Name && want.Range().Allows(v) &&
		(want.Registry == "" || want.Registry == i.Registry)
}

func allowedByHolds(i lock.Instance, holds []workspace.Hold) bool {
	v, err := catalog.ParseVersion(i.Version)
	return err == nil && !slices.ContainsFunc(holds, func(h workspace.Hold) bool {
		return h.Package == i.Package && !h.Range().Allows(v)
	})
}

// chosen is a locked instance as the solver would have told it.
func chosen(i lock.Instance, w *workspace.Workspace, cluster string) resolver.Chosen {
	v, _ := catalog.ParseVersion(i.Version) // answers and allowedByHolds have parsed it
	c := resolver.Chosen{
		Instance: i.Name, Package: i.Package, Registry: i.Registry, Version: v,
		Namespaced: i.Namespaced, Parent: i.Parent, Requires: i.Requires,
	}
	for _, reason := range i.RequiredBy {
		if reason.By != "" {
			r, _ := catalog.ParseRange(reason.Range)
			c.RequiredBy = append(c.RequiredBy, resolver.Reason{By: reason.By, Range: r, Where: reason.Where})
		}
	}
	for _, want := range w.Effective(cluster) {
		if want.Instance() == i.Name {
			c.RequiredBy = append([]resolver.Reason{{Range: want.Range(), Where: want.Where()}}, c.RequiredBy...)
		}
	}
	return c
}
