package pipeline

import (
	"context"
	"fmt"
	"slices"

	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// rungs are the versions that an instance may go to, its own first, and at which minors of an ascent each fits.
type rungs struct {
	versions []catalog.Version // ascending
	fits     [][]bool
	root     bool
	least    [][]int // by minor and version: the fewest moves from there to the top; never when there is no way
}

// never is more moves than any way has.
const never = 1 << 20

// at is the number of a version, -1 when it is not among them.
func (r *rungs) at(v catalog.Version) int {
	return slices.IndexFunc(r.versions, v.Equal)
}

// ladder are the rungs of an instance, which are looked up once.
func (r *run) ladder(ctx context.Context, c resolver.Chosen) (*rungs, error) {
	if known := r.ladders[c.Instance]; known != nil && known.at(c.Version) >= 0 {
		return known, nil
	}
	fresh, err := r.newRungs(ctx, c, false)
	if err != nil {
		return nil, err
	}
	fresh.count(r.top)
	r.ladders[c.Instance] = fresh
	return fresh, nil
}

// newRungs looks the rungs of an instance up; lower says that it is not there yet, so that it may also start below.
func (a *ascent) newRungs(ctx context.Context, c resolver.Chosen, lower bool) (*rungs, error) {
	candidates, err := a.at(0).Candidates(ctx, c.Package)
	if err != nil {
		return nil, err
	}
	candidates = slices.DeleteFunc(slices.Clone(candidates), func(o resolver.Candidate) bool {
		held := o.Version.Equal(c.Version)
		return o.Registry != c.Registry || !lower && o.Version.Compare(c.Version) < 0 || !held && (o.Yanked != "" || !a.allowed(c, o.Version))
	})
	slices.SortFunc(candidates, func(x, y resolver.Candidate) int { return x.Version.Compare(y.Version) })
	fresh := &rungs{root: a.isRoot(c.Instance)}
	for _, candidate := range candidates {
		fits := make([]bool, len(a.minors))
		for minor := range a.minors {
			if fits[minor], err = a.fits(ctx, minor, c.Package, candidate); err != nil {
				return nil, err
			}
		}
		fresh.versions, fresh.fits = append(fresh.versions, candidate.Version), append(fresh.fits, fits)
	}
	if fresh.at(c.Version) < 0 {
		return nil, fmt.Errorf("%s %s is locked, and registry %s does not list it any more", c.Instance, c.Version, c.Registry)
	}
	return fresh, nil
}

// allowed reports whether gkops.yaml lets an instance have a version.
func (a *ascent) allowed(c resolver.Chosen, v catalog.Version) bool {
	bound := false
	for _, root := range a.problem.Roots {
		if rootName(root) == c.Instance {
			if bound = true; !root.Range.Allows(v) {
				return false
			}
		}
	}
	for _, hold := range a.problem.Holds {
		if hold.Package == c.Package && !hold.Range.Allows(v) {
			return false
		}
	}
	return bound || !v.Prerelease()
}

// fits reports whether a version fits a minor, by what is known of it and by what was found.
func (a *ascent) fits(ctx context.Context, minor int, pkg string, c resolver.Candidate) (bool, error) {
	if slices.ContainsFunc(a.barred(minor), func(e resolver.Exclusion) bool {
		return e.Package == pkg && (e.Registry == "" || e.Registry == c.Registry) && e.Version.Equal(c.Version)
	}) {
		return false, nil
	}
	needs, err := a.at(minor).Needs(ctx, pkg, c)
	return err == nil && len(unmet(needs, a.minors[minor])) == 0, err
}

// unmet are the demands on Kubernetes that a version of it does not meet.
func unmet(needs resolver.Needs, minor catalog.Version) []resolver.Demand {
	var all []resolver.Demand
	for _, d := range needs.Kubernetes {
		if !d.Range.Allows(minor) {
			all = append(all, d)
		}
	}
	for _, d := range needs.Dependencies {
		if d.Package == "kubernetes" && !d.Range.Allows(minor) {
			all = append(all, resolver.Demand{Range: d.Range, Source: d.Source})
		}
	}
	return all
}

// count fills in the fewest moves to the top.
func (r *rungs) count(top int) {
	r.least = make([][]int, top+1)
	r.least[top] = make([]int, len(r.versions))
	for minor := top - 1; minor >= 0; minor-- {
		r.least[minor] = make([]int, len(r.versions))
		best := never // of the versions above
		for n := len(r.versions) - 1; n >= 0; n-- {
			stay := never
			if r.fits[n][minor] && r.fits[n][minor+1] {
				stay = r.least[minor+1][n]
			}
			r.least[minor][n] = min(stay, best+1, never)
			best = min(best, stay)
		}
	}
}

// moves are the fewest moves from a version at a minor to the top. What nobody names may go for good when nothing asks for it any
// more, which is one change.
func (r *rungs) moves(minor, n int) int {
	if r.root {
		return r.least[minor][n]
	}
	return min(r.least[minor][n], 1)
}

// bound is how many versions change at least on the way from a stand at a minor to the top; never when there is no way.
func (r *run) bound(ctx context.Context, minor int, s *stand) (int, error) {
	total := 0
	for _, c := range s.plan.Instances {
		steps, err := r.ladder(ctx, c)
		if err != nil {
			return 0, err
		}
		total = min(total+steps.moves(minor, steps.at(c.Version)), never)
	}
	return total, nil
}
