package resolver

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Solve decides the versions of a problem. The order of preference is:
//
//  1. Instances named in Move, in the order of Roots, then by name, go to the newest version that the problem allows.
//  2. The fewest other locked instances leave their version. Nothing goes below its locked version unless AllowDowngrade
//     names it, and nothing changes its registry.
//  3. Each instance takes its locked version, else the newest allowed one (with Minimal, the lowest), and a deprecated one only
//     where its registry has no other. Where two instances compete, the roots come first in the order of the problem, then what
//     they need, by name, then what that needs.
//  4. Of the packages that provide what is needed, one that is in the plan anyway, else the locked one, else the package of that
//     very name, else the first by name.
//
// Nothing is left to chance after that: two answers that agree on all of it are the same.
//
// What never is chosen: a version that does not fit the cluster's Kubernetes, that conflicts with another of the plan, or whose
// resource APIs another needs in a version that it no longer serves; a withdrawn version, unless it is the locked one or a root or
// a hold names exactly it; and for a locked instance a version that cannot be reached from the locked one. Chosen.Next then says
// which steps remain.
//
// Registries: a root that names one gets its versions from there only. Otherwise a locked instance stays with its registry, and
// a root takes the first listed registry that has a version in its range, and no other. A dependency or a component prefers
// the registry of the first instance, in the order above, that needs it, then list order; a version of a preferred registry
// wins over a newer one elsewhere, and the next registry is used when none of the preferred one's versions is possible.
//
// It returns a *NoSolutionError when there is no answer, a *ProblemError when the problem contradicts itself, and
// otherwise what the catalog returned, wrapped.
func Solve(ctx context.Context, c Catalog, p Problem) (*Plan, error) {
	u := newUniverse(c, p.Registries)
	s, found, err := answer(ctx, u, &p)
	if err != nil {
		return nil, err
	}
	if found == nil {
		no, err := explain(ctx, &p, s, nil)
		if err != nil {
			return nil, err
		}
		return nil, no
	}
	plan := s.plan(found)
	return plan, s.forecast(ctx, plan)
}

// answer searches for the best solution; without one, the search holds the refutation.
func answer(ctx context.Context, u *universe, p *Problem) (*search, solution, error) {
	q, err := newQuestion(p)
	if err != nil {
		return nil, nil, err
	}
	return reply(ctx, u, q)
}

// reply is answer for a question.
func reply(ctx context.Context, u *universe, q *question) (*search, solution, error) {
	if len(q.kept) > 0 {
		s, found, err := ask(ctx, u, q)
		if err != nil || found != nil && s.supported(found) {
			return s, found, err
		}
		q.kept = nil
	}
	return ask(ctx, u, q)
}

func ask(ctx context.Context, u *universe, q *question) (*search, solution, error) {
	s, err := newSearch(ctx, u, q)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.best(ctx)
	return s, found, err
}

// supported reports whether everything in a solution is a root or needed by something.
func (s *search) supported(found solution) bool {
	needed := map[*node]bool{}
	chosen := found.elements()
	for _, c := range found {
		for _, child := range c.requires(chosen) {
			needed[child] = true
		}
	}
	return !slices.ContainsFunc(found, func(c choice) bool { return c.node.root < 0 && !needed[c.node] })
}

// plan is a solution in the words of the caller.
func (s *search) plan(found solution) *Plan {
	at := make(map[*node]int, len(found))
	chosen := found.elements()
	plan := &Plan{Instances: make([]Chosen, len(found))}
	for i, c := range found {
		at[c.node] = i
		plan.Instances[i] = s.chosen(c)
	}
	for i, c := range found {
		by := &plan.Instances[i]
		for _, child := range c.requires(chosen) {
			by.Requires = append(by.Requires, child.instance)
		}
		for _, request := range s.requests(c, chosen) {
			needed := &plan.Instances[at[request.node]]
			needed.RequiredBy = append(needed.RequiredBy, request.reason)
		}
	}
	for i := range plan.Instances {
		chosen := &plan.Instances[i]
		slices.Sort(chosen.Requires)
		slices.SortFunc(chosen.RequiredBy, func(a, b Reason) int {
			return cmp.Or(strings.Compare(a.By, b.By), strings.Compare(a.Virtual, b.Virtual), strings.Compare(a.Range.String(), b.Range.String()))
		})
	}
	slices.SortFunc(plan.Instances, func(a, b Chosen) int { return strings.Compare(a.Instance, b.Instance) })
	return plan
}

func (s *search) chosen(c choice) Chosen {
	n, candidate := c.node, c.node.pack.candidate(c.element)
	chosen := Chosen{
		Instance:   n.instance,
		Package:    n.pkg,
		Registry:   candidate.Registry,
		Version:    candidate.Version,
		Namespaced: n.namespaced.has(c.element),
		Parent:     n.parentName,
		Newest:     n.pack.newest(candidate.Registry),
		Yanked:     candidate.Yanked,
		Deprecated: candidate.Deprecated,
	}
	if chosen.Newest.IsZero() {
		chosen.Newest = candidate.Version
	}
	if n.root >= 0 {
		root := s.question.problem.Roots[n.root]
		chosen.RequiredBy = []Reason{{Range: root.Range, Where: root.Where}}
	}
	return chosen
}

// requested is a reason and the node that it is for.
type requested struct {
	node   *node
	reason Reason
}

// requests lists what a choice asks for. What it provides itself, or demands of the cluster, it asks of nobody.
func (s *search) requests(c choice, chosen map[*node]int) []requested {
	needs := c.node.pack.needs[c.element-1]
	var list []requested
	for _, d := range needs.Dependencies {
		reason := Reason{By: c.node.instance, Range: d.Range}
		if o := c.node.optionFor(c.element, d); o != nil {
			list = append(list, o.requests(chosen, reason)...)
			continue
		}
		target := s.nodes[identity{instance: d.Package, pkg: d.Package}]
		if slices.Contains(c.node.children[c.element], target) {
			list = append(list, requested{target, reason})
		}
	}
	for _, m := range needs.Components {
		id := identity{instance: c.node.instance + "-" + m.name(), pkg: m.Package, parentName: c.node.instance}
		list = append(list, requested{s.nodes[id], Reason{By: c.node.instance, Range: m.Range}})
	}
	return list
}

// requests lists what an option asks for: every instance in a solution that meets it.
func (o *option) requests(chosen map[*node]int, reason Reason) []requested {
	var list []requested
	for _, n := range o.met(chosen) {
		if reason.Virtual = ""; n.pkg != o.need.Package {
			reason.Virtual = o.need.Package
		}
		list = append(list, requested{n, reason})
	}
	return list
}
