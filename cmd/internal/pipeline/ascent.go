package pipeline

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// ascent finds the shortest way of one cluster through several Kubernetes minors. It knows nothing of files, registries and renders:
// what is possible it asks the solver, through a catalog for each minor.
//
// A way is a list of steps, each to a set of versions that is an answer at its minor, or to the next minor with a set that is an
// answer on both. Its length is the number of versions that change, as the minors are the same for every way. The search is A*: the
// bound is the number of changes that each instance needs if nothing else were there.
type ascent struct {
	minors  []catalog.Version // the cluster's own first
	problem resolver.Problem  // what is asked for at every minor; its Locked is where the way begins
	// at is the catalog of a cluster with the minor of a number, barred the versions that were found not to work there.
	at     func(minor int) resolver.Catalog
	barred func(minor int) []resolver.Exclusion
	// budget bounds how often the solver is asked.
	budget int

	asked int
}

// errBudget says that the search was given up.
var errBudget = errors.New("the search for the shortest way was given up")

// stand is a set of versions on the way: an answer of the solver.
type stand struct {
	plan *resolver.Plan
	key  string
}

func newStand(plan *resolver.Plan) *stand {
	var key strings.Builder
	for _, c := range plan.Instances {
		key.WriteString(c.Instance + " " + c.Registry + " " + c.Version.String() + "\n")
	}
	return &stand{plan, key.String()}
}

func (s *stand) locked() []resolver.Locked {
	all := make([]resolver.Locked, 0, len(s.plan.Instances))
	for _, c := range s.plan.Instances {
		all = append(all, resolver.Locked{Instance: c.Instance, Package: c.Package, Registry: c.Registry, Version: c.Version})
	}
	return all
}

// changes counts the instances that are not the same in another stand.
func (s *stand) changes(other *stand) int {
	n := 0
	for _, c := range s.plan.Instances {
		if o := other.plan.Instance(c.Instance); o == nil || o.Package != c.Package || o.Registry != c.Registry || !o.Version.Equal(c.Version) {
			n++
		}
	}
	for _, o := range other.plan.Instances {
		if s.plan.Instance(o.Instance) == nil {
			n++
		}
	}
	return n
}

func (a *ascent) isRoot(instance string) bool {
	return slices.ContainsFunc(a.problem.Roots, func(root resolver.Root) bool { return rootName(root) == instance })
}

func rootName(root resolver.Root) string { return cmp.Or(root.Instance, root.Package) }

// pin is an instance at a version.
type pin struct {
	instance, pkg string
	version       catalog.Version
}

// pinned is a problem in which instances go to these versions, or stay at them.
func pinned(p resolver.Problem, pins []pin) resolver.Problem {
	p.Roots, p.Holds, p.Move = slices.Clone(p.Roots), slices.Clone(p.Holds), slices.Clone(p.Move)
	for _, to := range pins {
		exactly := catalog.Exactly(to.version)
		if !slices.ContainsFunc(p.Locked, func(l resolver.Locked) bool { return l.Instance == to.instance && l.Version.Equal(to.version) }) {
			p.Move = append(p.Move, to.instance)
		}
		n := slices.IndexFunc(p.Roots, func(root resolver.Root) bool { return rootName(root) == to.instance })
		if n >= 0 {
			p.Roots[n].Range = exactly
			continue
		}
		p.Holds = append(p.Holds, resolver.Hold{Package: to.pkg, Range: exactly, Reason: "it goes to exactly this version", Where: "this change"})
	}
	return p
}

// settle asks the solver for the answer that fits two minors and moves the fewest locked instances; nil when there is none.
func (a *ascent) settle(ctx context.Context, problem resolver.Problem, low, high int) (*stand, error) {
	if a.asked++; a.asked > a.budget {
		return nil, errBudget
	}
	plan, err := a.solve(ctx, problem, low, high)
	var no *resolver.NoSolutionError
	if errors.As(err, &no) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return newStand(plan), nil
}

// solve is the solver's answer for a cluster that goes from one minor to another.
func (a *ascent) solve(ctx context.Context, problem resolver.Problem, low, high int) (*resolver.Plan, error) {
	problem.Kubernetes = a.minors[high]
	problem.Facts = append(slices.Clone(a.barred(low)), a.barred(high)...)
	offers := a.at(high)
	if low != high {
		offers = onBoth{Catalog: offers, low: a.at(low), minor: a.minors[low]}
	}
	return resolver.Solve(ctx, offers, problem)
}

// onBoth is a catalog of what fits two minors: what does not fit the lower one demands what no cluster is.
type onBoth struct {
	resolver.Catalog // of the higher
	low              resolver.Catalog
	minor            catalog.Version
}

// Needs are those at the higher minor, and nothing is enough for what does not fit the lower one.
func (b onBoth) Needs(ctx context.Context, pkg string, c resolver.Candidate) (resolver.Needs, error) {
	needs, err := b.Catalog.Needs(ctx, pkg, c)
	if err != nil {
		return needs, err
	}
	below, err := b.low.Needs(ctx, pkg, c)
	if err != nil {
		return needs, err
	}
	needs.Kubernetes = slices.Clone(needs.Kubernetes)
	for _, d := range unmet(below, b.minor) {
		never, err := catalog.ParseRange("<0.0.0")
		if err != nil {
			return needs, err
		}
		needs.Kubernetes = append(needs.Kubernetes, resolver.Demand{Range: never, Source: d.Source})
	}
	return needs, nil
}

// Providers are those of the higher minor's catalog.
func (b onBoth) Providers(ctx context.Context, virtual string) ([]string, error) {
	if p, ok := b.Catalog.(resolver.Provider); ok {
		return p.Providers(ctx, virtual)
	}
	return nil, nil
}
