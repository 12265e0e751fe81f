package pipeline

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// offers answers the questions of the solver from the registries, for a cluster with this version of Kubernetes.
type offers struct {
	project    *Project
	kubernetes catalog.Version
	memo       *sync.Map // of Needs by registry, package and version; nil asks the registries each time
}

// offersTo are the offers for a cluster of a workspace.
func (p *Project) offersTo(w *workspace.Workspace, cluster string) offers {
	version, _ := kubernetes(w, cluster)
	return offers{project: p, kubernetes: version}
}

// kubernetes is the version of a cluster and the place that says so; zero for a cluster that is not there.
func kubernetes(w *workspace.Workspace, cluster string) (version catalog.Version, where string) {
	for _, c := range w.Clusters {
		if c.Name == cluster {
			version, _ = catalog.ParseKubernetes(c.Kubernetes) // workspace.Parse has checked it
			return version, c.Where()
		}
	}
	return catalog.Version{}, ""
}

// Candidates lists every version of a package in every registry.
func (o offers) Candidates(ctx context.Context, pkg string) ([]resolver.Candidate, error) {
	return o.project.registries.Candidates(ctx, pkg)
}

// Names lists the packages of all registries that can be read.
func (o offers) Names(ctx context.Context) []string { return o.project.PackageNames(ctx) }

// Providers lists the packages of which some version provides a virtual one.
func (o offers) Providers(ctx context.Context, virtual string) ([]string, error) {
	return o.project.registries.Providers(ctx, virtual)
}

// Prefetch reads what will be asked for, several packages at a time. What cannot be read is told when it is asked for.
func (o offers) Prefetch(ctx context.Context, pkgs []string) {
	several(len(pkgs), func(i int) { _, _ = o.project.registries.Candidates(ctx, pkgs[i]) })
}

// PrefetchNeeds reads what will be asked for, several versions at a time.
func (o offers) PrefetchNeeds(ctx context.Context, of []resolver.Wanted) {
	several(len(of), func(i int) { _, _, _ = o.read(ctx, of[i].Package, of[i].Candidate) })
}

// several calls do for 0 to n-1, maxFetches at the same time, and waits for all.
func several(n int, do func(i int)) {
	var workers sync.WaitGroup
	var next atomic.Int64
	for range min(n, maxFetches) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}

// Needs says what one candidate needs: by its package.yaml, and by the facts about it.
func (o offers) Needs(ctx context.Context, pkg string, c resolver.Candidate) (resolver.Needs, error) {
	if o.memo == nil {
		return o.needs(ctx, pkg, c)
	}
	key := release{c.Registry, pkg, c.Version.String()}
	if known, found := o.memo.Load(key); found {
		needs, _ := known.(resolver.Needs)
		return needs, nil
	}
	needs, err := o.needs(ctx, pkg, c)
	if err == nil {
		o.memo.Store(key, needs)
	}
	return needs, err
}

func (o offers) needs(ctx context.Context, pkg string, c resolver.Candidate) (resolver.Needs, error) {
	release, known, err := o.read(ctx, pkg, c)
	if err != nil {
		return resolver.Needs{}, err
	}
	needs, err := declared(release.Manifest)
	if err != nil {
		return resolver.Needs{}, err
	}
	o.addFacts(&needs, known)
	return needs, nil
}

// read reads the files that say what a candidate needs, at the same time.
func (o offers) read(ctx context.Context, pkg string, c resolver.Candidate) (release *catalog.Release, known catalog.Known, err error) {
	var group errgroup.Group
	group.Go(func() (err error) {
		known, _, err = o.project.factsOf(ctx, c.Registry, pkg, c.Version)
		return err
	})
	release, err = o.project.read(ctx, c.Registry, pkg, c.Version)
	return release, known, cmp.Or(err, group.Wait())
}

// declared is what a package.yaml says of its needs.
func declared(m *catalog.Manifest) (resolver.Needs, error) {
	needs := resolver.Needs{Namespaced: m.Namespaced()}
	requirements, err := m.Requirements()
	if err != nil {
		return resolver.Needs{}, err
	}
	needs.Dependencies = requirements
	for _, part := range m.Components {
		r, err := catalog.ParseRange(part.Version)
		if err != nil {
			return resolver.Needs{}, err
		}
		needs.Components = append(needs.Components, resolver.Component{Package: part.Name, Name: componentName(part), Range: r})
	}
	return needs, nil
}

// addFacts adds what facts say. A requirement that package.yaml states as well, or more strictly, is not stated twice.
func (o offers) addFacts(needs *resolver.Needs, known catalog.Known) {
	for _, r := range known.Requirements() {
		again := slices.ContainsFunc(needs.Dependencies, func(d catalog.Requirement) bool {
			return d.Package == r.Package && (r.Range.IsAny() || r.Range.String() == d.Range.String())
		})
		if !again {
			needs.Dependencies = append(needs.Dependencies, r)
		}
	}
	for _, d := range known.Kubernetes(o.kubernetes) {
		needs.Kubernetes = append(needs.Kubernetes, resolver.Demand(d))
	}
	for _, c := range known.Conflicts() {
		needs.Conflicts = append(needs.Conflicts, resolver.Conflict(c))
	}
	for _, a := range known.Serves() {
		needs.Serves = append(needs.Serves, resolver.API{Group: a.Group, Kind: a.Kind, Versions: a.Versions, Source: a.Source})
	}
	for _, a := range known.Uses() {
		needs.Uses = append(needs.Uses, resolver.API{Group: a.Group, Kind: a.Kind, Versions: a.Versions, Source: a.Source})
	}
	if from, said := known.From(); said {
		demand := resolver.Demand(from)
		needs.From = &demand
	}
}
