package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// world of packages a, b, c ...: versions 1, 2, 3 ... of each, with what they need.
type universe struct {
	minors   int
	packages []string
	releases map[string][]rel
	roots    []string
}

// rel is one version of a package.
type rel struct {
	fits  []bool            // by minor
	needs map[string][2]int // package, from this version to that one
	hates map[string]int    // package, in this version or above
	from  int               // reachable from this version on; 0 is any
}

// seenFrom is a universe as the catalog of a cluster at a minor.
type seenFrom struct {
	u     *universe
	minor int
}

func (s seenFrom) Candidates(_ context.Context, pkg string) ([]resolver.Candidate, error) {
	var all []resolver.Candidate
	for n := range s.u.releases[pkg] {
		all = append(all, resolver.Candidate{Registry: "main", Version: number(n + 1)})
	}
	return all, nil
}

func (s seenFrom) Needs(_ context.Context, pkg string, c resolver.Candidate) (resolver.Needs, error) {
	r := s.u.releases[pkg][c.Version.Major()-1]
	var needs resolver.Needs
	text := "<0.0.0"
	if r.fits[s.minor] {
		text = ">=0.0.0"
	}
	needs.Kubernetes = []resolver.Demand{{Range: rangeOf(text)}}
	for _, name := range s.u.packages {
		if v, found := r.needs[name]; found {
			needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: name, Range: rangeOf(fmt.Sprintf(">=%d <=%d", v[0], v[1]))})
		}
		if v := r.hates[name]; v > 0 {
			needs.Conflicts = append(needs.Conflicts, resolver.Conflict{Package: name, Range: rangeOf(fmt.Sprintf(">=%d", v))})
		}
	}
	if r.from > 0 {
		needs.From = &resolver.Demand{Range: rangeOf(fmt.Sprintf(">=%d", r.from))}
	}
	return needs, nil
}

func number(n int) catalog.Version {
	v, err := catalog.ParseVersion(fmt.Sprintf("%d.0.0", n))
	if err != nil {
		panic(err)
	}
	return v
}

func rangeOf(s string) catalog.Range {
	r, err := catalog.ParseRange(s)
	if err != nil {
		panic(err)
	}
	return r
}

// ascent is the search over the universe.
func (u *universe) ascent() *ascent {
	a := &ascent{budget: 20_000, barred: func(int) []resolver.Exclusion { return nil }}
	for n := range u.minors {
		v, err := catalog.ParseKubernetes(fmt.Sprintf("1.%d", 29+n))
		if err != nil {
			panic(err)
		}
		a.minors = append(a.minors, v)
	}
	a.at = func(minor int) resolver.Catalog { return seenFrom{u, minor} }
	a.problem = resolver.Problem{Registries: []string{"main"}}
	for _, root := range u.roots {
		a.problem.Roots = append(a.problem.Roots, resolver.Root{Package: root})
	}
	return a
}

// everything is a set of versions, 0 for a package that is not there, in the order of the packages.
type everything [4]int

// valid reports whether a set is an answer at a minor: what is asked for is there, what is needed is there, nobody hates anybody,
// nothing is there for nothing.
func (u *universe) valid(e everything, minor int) bool {
	wanted := map[string]bool{}
	for _, root := range u.roots {
		wanted[root] = true
	}
	for grown := true; grown; {
		grown = false
		for i, name := range u.packages {
			if !wanted[name] || e[i] == 0 {
				continue
			}
			for needed := range u.releases[name][e[i]-1].needs {
				if !wanted[needed] {
					wanted[needed], grown = true, true
				}
			}
		}
	}
	for i, name := range u.packages {
		if wanted[name] != (e[i] > 0) {
			return false
		}
		if e[i] == 0 {
			continue
		}
		r := u.releases[name][e[i]-1]
		if !r.fits[minor] {
			return false
		}
		for j, other := range u.packages {
			if need, found := r.needs[other]; found && (e[j] < need[0] || e[j] > need[1]) || r.hates[other] > 0 && e[j] >= r.hates[other] {
				return false
			}
		}
	}
	return true
}

// leads reports whether one set can follow another at the same minor, and how many versions change.
func (u *universe) leads(from, to everything) (changes int, possible bool) {
	for i, name := range u.packages {
		if from[i] == to[i] {
			continue
		}
		changes++
		if from[i] > 0 && to[i] > 0 && (to[i] < from[i] || from[i] < u.releases[name][to[i]-1].from) {
			return 0, false
		}
	}
	return changes, true
}

// all are the sets that there are.
func (u *universe) all() []everything {
	sets := []everything{{}}
	for i, name := range u.packages {
		for _, e := range slices.Clone(sets) {
			for n := range u.releases[name] {
				e[i] = n + 1
				sets = append(sets, e)
			}
		}
	}
	return sets
}

// shortest is the fewest changes from a set to the last minor, by looking at all of them; -1 when there is no way.
func (u *universe) shortest(start everything) int {
	sets := u.all()
	least := map[everything]int{start: 0}
	for minor := 0; minor < u.minors-1; minor++ {
		for again := true; again; { // all that can be reached at this minor
			again = false
			for from, length := range least {
				for _, to := range sets {
					changes, possible := u.leads(from, to)
					if !possible || !u.valid(to, minor) {
						continue
					}
					if was, seen := least[to]; !seen || length+changes < was {
						least[to], again = length+changes, true
					}
				}
			}
		}
		next := map[everything]int{}
		for e, length := range least {
			if u.valid(e, minor) && u.valid(e, minor+1) {
				next[e] = length
			}
		}
		least = next
	}
	best := -1
	for _, length := range least {
		if best < 0 || length < best {
			best = length
		}
	}
	return best
}

// random makes a universe of two to four packages.
func random(r *rand.Rand) *universe {
	u := &universe{minors: 2 + r.IntN(4), releases: map[string][]rel{}}
	for n := range 2 + r.IntN(2) {
		u.packages = append(u.packages, string(rune('a'+n)))
	}
	for i, name := range u.packages {
		low := 0
		for n := range 2 + r.IntN(3) {
			one := rel{fits: make([]bool, u.minors), needs: map[string][2]int{}, hates: map[string]int{}}
			if n > 0 {
				low = min(low+r.IntN(2), u.minors-1)
			}
			for m := low; m < min(u.minors, low+2+r.IntN(2)); m++ {
				one.fits[m] = r.IntN(20) > 0
			}
			if other := u.packages[r.IntN(len(u.packages))]; other > name && r.IntN(2) == 0 {
				first := 1 + r.IntN(2)
				one.needs[other] = [2]int{first, first + r.IntN(3)}
			}
			if r.IntN(8) == 0 {
				if other := u.packages[r.IntN(len(u.packages))]; other != name {
					one.hates[other] = 2 + r.IntN(3)
				}
			}
			if n > 0 && r.IntN(4) == 0 {
				one.from = n
			}
			u.releases[name] = append(u.releases[name], one)
		}
		if i == 0 || r.IntN(2) == 0 {
			u.roots = append(u.roots, name)
		}
	}
	return u
}

// start is a set that the solver would have chosen at the first minor, some time ago.
func (u *universe) start(r *rand.Rand) (everything, bool) {
	var valid []everything
	for _, e := range u.all() {
		if u.valid(e, 0) {
			valid = append(valid, e)
		}
	}
	if len(valid) == 0 {
		return everything{}, false
	}
	return valid[r.IntN(len(valid))], true
}

func (u *universe) stand(e everything) *stand {
	plan := &resolver.Plan{}
	for i, name := range u.packages {
		if e[i] > 0 {
			plan.Instances = append(plan.Instances, resolver.Chosen{Instance: name, Package: name, Registry: "main", Version: number(e[i])})
		}
	}
	return newStand(plan)
}

// set is a stand as a set.
func (u *universe) set(s *stand) everything {
	var e everything
	for i, name := range u.packages {
		if c := s.plan.Instance(name); c != nil {
			e[i] = int(c.Version.Major())
		}
	}
	return e
}

// seeds is the number of random universes.
const seeds = 1200

// TestNoWayIsShorter compares the search with looking at every way there is, in small random universes: the length is the same, and
// every step is valid where it must be.
func TestNoWayIsShorter(t *testing.T) {
	ways, none, longest := 0, 0, 0
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 7))
		u := random(r)
		start, ok := u.start(r)
		if !ok {
			continue
		}
		want := u.shortest(start)
		way, err := u.ascent().climb(context.Background(), u.stand(start), u.minors-1, 1)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got := -1
		if way != nil {
			got = way[len(way)-1].length
			u.check(t, seed, way)
			ways++
			longest = max(longest, got)
		} else {
			none++
		}
		if got != want {
			t.Errorf("seed %d: length %d, the shortest is %d\n%s", seed, got, want, u.describe(start, way))
		}
	}
	t.Logf("%d ways, the longest of %d changes; %d times none", ways, longest, none)
	if ways < 300 || none < 50 || longest < 3 {
		t.Errorf("the universes are too easy")
	}
}

// check holds a way to what a way is.
func (u *universe) check(t *testing.T, seed uint64, way []*waypoint) {
	t.Helper()
	length := 0
	for n, w := range way[1:] {
		before, after := u.set(way[n].stand), u.set(w.stand)
		changes, possible := u.leads(before, after)
		length += changes
		switch {
		case w.minor == way[n].minor:
			if !possible || changes == 0 || !u.valid(after, w.minor) {
				t.Errorf("seed %d: step %d from %v to %v is not valid", seed, n+1, before, after)
			}
		case w.minor != way[n].minor+1 || before != after || !u.valid(after, w.minor-1) || !u.valid(after, w.minor):
			t.Errorf("seed %d: step %d to minor %d is not valid", seed, n+1, w.minor)
		}
	}
	if last := way[len(way)-1]; length != last.length || last.minor != u.minors-1 {
		t.Errorf("seed %d: ends at minor %d after %d changes, and says %d", seed, last.minor, length, last.length)
	}
}

func (u *universe) describe(start everything, way []*waypoint) string {
	var b strings.Builder
	fmt.Fprintf(&b, "roots %v, start %v, %d minors\n", u.roots, start, u.minors)
	for _, name := range u.packages {
		for n, r := range u.releases[name] {
			fmt.Fprintf(&b, "%s %d: fits %v needs %v hates %v from %d\n", name, n+1, r.fits, r.needs, r.hates, r.from)
		}
	}
	for _, w := range way {
		fmt.Fprintf(&b, "minor %d: %v after %d\n", w.minor, u.set(w.stand), w.length)
	}
	return b.String()
}
