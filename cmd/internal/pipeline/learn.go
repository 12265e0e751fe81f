package pipeline

import (
	"context"
	"slices"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// learned is what rendered trees taught in earlier rounds: versions that cannot be used in this cluster, and which custom resources
// versions serve and use.
type learned struct {
	exclusions []resolver.Exclusion
	apis       map[release]map[resource]*usage
}

// release is one version of a package in one registry.
type release struct{ registry, pkg, version string }

type resource struct{ group, kind string }

// usage is the versions of a kind that a release serves and uses, with a place.
type usage struct{ serves, uses resolver.API }

// planCluster plans one cluster until nothing new is learned: a plan is rendered, its tree is judged, and what a different version
// could avoid goes back to the solver as a fact. Each round adds one that forbids something, so it ends.
func (p *Project) planCluster(ctx context.Context, w *workspace.Workspace, c workspace.Cluster, e Edit) (*planned, error) {
	held := p.locks[c.Name]
	e.learned = &learned{apis: map[release]map[resource]*usage{}}
	for {
		done, err := p.planOnce(ctx, w, c, e)
		if err != nil || done.deferred || len(done.files) == 0 {
			return done, err
		}
		j, err := p.judge(ctx, w, done, held)
		if err != nil {
			return nil, err
		}
		news := false
		for _, f := range j.facts {
			news = e.learned.learn(f, j, done.lock) || news
		}
		if news {
			continue
		}
		var unfit []finding.Finding
		for _, f := range j.findings {
			if f.Severity == finding.Error {
				unfit = append(unfit, f)
			}
		}
		if len(unfit) > 0 {
			return nil, &UnfitError{Kubernetes: c.Kubernetes, Findings: unfit}
		}
		done.findings = append(done.findings, folded(j.findings, c.Name)...)
		return done, nil
	}
}

// learn notes a fact; false when it is known already.
func (l *learned) learn(f compat.Fact, j *judged, plan *lock.Lock) bool {
	part := releaseOf(plan, f.Part)
	switch {
	case part == nil:
		return false
	case f.Finding.Rule == compat.VersionGone && f.With != "":
		with := releaseOf(plan, f.With)
		if with == nil {
			return false
		}
		return l.join(*part, *with, f, j) || l.exclude(*with, f) // told already, and the solver chose the pair again
	case f.With != "":
		return false // two packages that ship one object: the render refuses them
	}
	return l.exclude(*part, f)
}

// exclude forbids a release; false when it is forbidden already.
func (l *learned) exclude(r release, f compat.Fact) bool {
	v, err := catalog.ParseVersion(r.version)
	if err != nil || slices.ContainsFunc(l.exclusions, func(e resolver.Exclusion) bool {
		return e.Package == r.pkg && e.Registry == r.registry && e.Version.Compare(v) == 0
	}) {
		return false
	}
	l.exclusions = append(l.exclusions, resolver.Exclusion{
		Package: r.pkg, Registry: r.registry, Version: v, Why: f.Why(), Where: f.Where(),
	})
	return true
}

// join notes which versions of a kind one release serves and another one uses.
func (l *learned) join(user, server release, f compat.Fact, j *judged) bool {
	uses, serves := compat.Measured(j.parts[f.Part]).Uses, compat.Measured(j.parts[f.With]).Serves
	changed := false
	for _, u := range uses {
		if u.Group != f.Finding.Object.Group() || u.Kind != f.Finding.Object.Kind {
			continue
		}
		changed = l.note(user, u, func(n *usage) *resolver.API { return &n.uses }) || changed
		for _, s := range serves {
			if s.Group == u.Group && s.Kind == u.Kind {
				if f.Last != "" {
					s.Where += "; the last that served it is " + f.Last
				}
				changed = l.note(server, s, func(n *usage) *resolver.API { return &n.serves }) || changed
			}
		}
	}
	return changed
}

func (l *learned) note(r release, api compat.API, side func(*usage) *resolver.API) bool {
	of := resource{api.Group, api.Kind}
	if l.apis[r] == nil {
		l.apis[r] = map[resource]*usage{}
	}
	if l.apis[r][of] == nil {
		l.apis[r][of] = &usage{}
	}
	into := side(l.apis[r][of])
	if slices.Equal(into.Versions, api.Versions) {
		return false
	}
	*into = resolver.API{Group: api.Group, Kind: api.Kind, Versions: api.Versions, Source: api.Where}
	return true
}

// releaseOf is what an instance of a plan is made from, nil when there is no such instance.
func releaseOf(plan *lock.Lock, instance string) *release {
	i := plan.Instance(instance)
	if i == nil {
		return nil
	}
	return &release{i.Registry, i.Package, i.Version}
}

// informed are offers with what was learned of them.
type informed struct {
	offers
	learned *learned
}

// Needs are those of the registry, and the custom resources that its rendered objects showed.
func (i informed) Needs(ctx context.Context, pkg string, c resolver.Candidate) (resolver.Needs, error) {
	needs, err := i.offers.Needs(ctx, pkg, c)
	if err != nil || i.learned == nil {
		return needs, err
	}
	needs.Serves, needs.Uses = slices.Clone(needs.Serves), slices.Clone(needs.Uses)
	for _, u := range i.learned.apis[release{c.Registry, pkg, c.Version.String()}] {
		if u.serves.Kind != "" {
			needs.Serves = append(needs.Serves, u.serves)
		}
		if u.uses.Kind != "" {
			needs.Uses = append(needs.Uses, u.uses)
		}
	}
	byKind := func(a, b resolver.API) int { return compareStrings(a.Group+"/"+a.Kind, b.Group+"/"+b.Kind) }
	slices.SortStableFunc(needs.Serves, byKind)
	slices.SortStableFunc(needs.Uses, byKind)
	return needs, nil
}

// facts are the versions that cannot be used.
func (l *learned) facts() []resolver.Exclusion {
	if l == nil {
		return nil
	}
	return l.exclusions
}
