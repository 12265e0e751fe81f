package resolver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// Solve decides the versions of a problem. It returns a *NoSolutionError when there is no answer, a *ProblemError when the
// problem contradicts itself, and otherwise what the catalog returned, wrapped.
func Solve(ctx context.Context, c Catalog, p Problem) (*Plan, error) {
	s := &chronological{ctx: ctx, catalog: c, problem: p, chosen: map[string]*Chosen{}}
	var queue []request
	for _, root := range p.Roots {
		queue = append(queue, request{cmpOr(root.Instance, root.Package), root.Package, "", root.Registry, Reason{Range: root.Range, Where: root.Where}, false})
	}
	ok, err := s.next(queue)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &NoSolutionError{Conflict: "no set of versions satisfies every requirement"}
	}
	plan := &Plan{}
	for _, chosen := range s.chosen {
		slices.Sort(chosen.Requires)
		plan.Instances = append(plan.Instances, *chosen)
	}
	slices.SortFunc(plan.Instances, func(a, b Chosen) int { return strings.Compare(a.Instance, b.Instance) })
	return plan, nil
}

// chronological is a plain backtracking search, the first version of the solver.
type chronological struct {
	ctx     context.Context
	catalog Catalog
	problem Problem
	chosen  map[string]*Chosen
}

type request struct {
	instance, pkg, parent, registry string
	reason                          Reason
	cluster                         bool
}

func (s *chronological) next(queue []request) (bool, error) {
	if len(queue) == 0 {
		return true, nil
	}
	r, rest := queue[0], queue[1:]
	if there := s.chosen[r.instance]; there != nil {
		if there.Package != r.pkg || !r.reason.Range.Allows(there.Version) || r.cluster && there.Namespaced {
			return false, nil
		}
		there.RequiredBy = append(there.RequiredBy, r.reason)
		ok, err := s.next(rest)
		if !ok {
			there.RequiredBy = there.RequiredBy[:len(there.RequiredBy)-1]
		}
		return ok, err
	}
	candidates, err := s.catalog.Candidates(s.ctx, r.pkg)
	if err != nil {
		return false, fmt.Errorf("read candidates of %s: %w", r.pkg, err)
	}
	for _, c := range s.order(r, candidates) {
		if ok, err := s.try(r, c, rest); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (s *chronological) try(r request, c Candidate, rest []request) (bool, error) {
	needs, err := s.catalog.Needs(s.ctx, r.pkg, c)
	if err != nil {
		return false, fmt.Errorf("read needs of %s %s: %w", r.pkg, c.Version, err)
	}
	if r.cluster && needs.Namespaced || !needs.Namespaced && r.instance != r.pkg {
		return false, nil
	}
	chosen := &Chosen{Instance: r.instance, Package: r.pkg, Registry: c.Registry, Version: c.Version, Namespaced: needs.Namespaced,
		Parent: r.parent, RequiredBy: []Reason{r.reason}, Newest: c.Version}
	queue := slices.Clone(rest)
	for _, d := range needs.Dependencies {
		chosen.Requires = append(chosen.Requires, d.Package)
		queue = append(queue, request{d.Package, d.Package, "", "", Reason{By: r.instance, Range: d.Range}, true})
	}
	for _, m := range needs.Components {
		name := r.instance + "-" + cmpOr(m.Name, m.Package)
		chosen.Requires = append(chosen.Requires, name)
		queue = append(queue, request{name, m.Package, r.instance, "", Reason{By: r.instance, Range: m.Range}, false})
	}
	s.chosen[r.instance] = chosen
	ok, err := s.next(queue)
	if !ok {
		delete(s.chosen, r.instance)
	}
	return ok, err
}

func (s *chronological) order(r request, candidates []Candidate) []Candidate {
	var fit []Candidate
	for _, c := range candidates {
		if r.reason.Range.Allows(c.Version) && (r.registry == "" || r.registry == c.Registry) && s.held(r.pkg, c.Version) {
			fit = append(fit, c)
		}
	}
	slices.SortStableFunc(fit, func(a, b Candidate) int {
		if d := slices.Index(s.problem.Registries, a.Registry) - slices.Index(s.problem.Registries, b.Registry); d != 0 {
			return d
		}
		return b.Version.Compare(a.Version)
	})
	for i, c := range fit {
		for _, l := range s.problem.Locked {
			if l.Instance == r.instance && l.Package == r.pkg && l.Version.Compare(c.Version) == 0 && !s.problem.MoveAll {
				return append([]Candidate{c}, slices.Delete(fit, i, i+1)...)
			}
		}
	}
	return fit
}

func (s *chronological) held(pkg string, v catalog.Version) bool {
	for _, h := range s.problem.Holds {
		if h.Package == pkg && !h.Range.Allows(v) {
			return false
		}
	}
	return true
}
