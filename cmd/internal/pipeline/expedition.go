package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	lifecycle "gkops.dev/gkops/compat/knowledge"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// expedition is an ascent of a real cluster: with what is known from facts, and with what was found when the steps were rendered.
type expedition struct {
	*ascent
	project *Project
	cluster workspace.Cluster
	names   []string   // of the minors, "1.29"
	known   []*learned // by minor: what cannot be used there; what serves and uses which custom resources is the same for all
	seen    map[string]*verified
}

// The search for the shortest way asks the solver at most so often; then a way is looked for that may be longer.
const (
	searchBudget = 4000
	hasty        = 20 // the weight that goes for the first way
)

func (p *Project) newExpedition(c workspace.Cluster, from, to lifecycle.Minor) (*expedition, error) {
	e := &expedition{project: p, cluster: c, seen: map[string]*verified{}}
	apis := map[release]map[resource]*usage{}
	var at []resolver.Catalog
	a := &ascent{budget: searchBudget, problem: p.problem(p.workspace, c.Name, p.locks[c.Name], Edit{})}
	for minor := from; minor <= to; minor++ {
		v, err := catalog.ParseKubernetes(minor.String())
		if err != nil {
			return nil, err
		}
		known := &learned{apis: apis}
		a.minors, e.names, e.known = append(a.minors, v), append(e.names, minor.String()), append(e.known, known)
		at = append(at, informed{offers{project: p, kubernetes: v, memo: &sync.Map{}}, known})
	}
	a.at = func(minor int) resolver.Catalog { return at[minor] }
	a.barred = func(minor int) []resolver.Exclusion { return e.known[minor].exclusions }
	a.problem.KubernetesWhere = "this plan"
	e.ascent = a
	return e, nil
}

// prepare reads what the search will ask for, several versions at a time.
func (e *expedition) prepare(ctx context.Context, start *stand) error {
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(maxFetches)
	counter := e.project.counter("reading versions", len(start.plan.Instances))
	for _, c := range start.plan.Instances {
		group.Go(func() error {
			defer counter()
			_, err := e.newRungs(reading, c, false)
			return err
		})
	}
	return group.Wait()
}

// plan finds the way as far up as it goes. What a render teaches starts the search again; each time something more is known not to
// work, so it ends.
func (e *expedition) plan(ctx context.Context, start *stand) (*KubernetesPlan, error) {
	top := len(e.minors) - 1
	plan := &KubernetesPlan{Cluster: e.cluster.Name, From: e.names[0], To: e.names[top], Blocked: []Blocked{}, Unknown: []Unknown{}}
	for {
		way, shortest, err := e.find(ctx, start, top)
		if err != nil {
			return nil, err
		}
		if way == nil {
			top--
			continue
		}
		unfit, news, err := e.verify(ctx, way)
		if err != nil {
			return nil, err
		}
		if news {
			continue
		}
		if unfit != nil {
			top = unfit.minor
			if len(plan.Blocked) == 0 || plan.Blocked[0].Why != unfit.blocked.Why {
				plan.Blocked = append([]Blocked{unfit.blocked}, plan.Blocked...)
			}
			continue
		}
		return plan, e.tell(ctx, plan, way, shortest)
	}
}

// find is the shortest way, or, where that would take too long, a way; nil when there is none. To where the cluster is there is
// always one.
func (e *expedition) find(ctx context.Context, start *stand, top int) (way []*waypoint, shortest bool, err error) {
	way, err = e.climb(ctx, start, top, 1)
	if !errors.Is(err, errBudget) {
		return way, true, err
	}
	way, err = e.climb(ctx, start, top, hasty)
	if errors.Is(err, errBudget) {
		return nil, false, nil
	}
	return way, false, err
}

// workspace is gkops.yaml with the cluster at a minor.
func (e *expedition) workspace(minor int) (*workspace.Workspace, workspace.Cluster) {
	w := *e.project.workspace
	w.Clusters = slices.Clone(w.Clusters)
	for n := range w.Clusters {
		if w.Clusters[n].Name == e.cluster.Name {
			w.Clusters[n].Kubernetes = e.names[minor]
		}
	}
	c := e.cluster
	c.Kubernetes = e.names[minor]
	return &w, c
}
