package resolver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"gkops.dev/gkops/resolver/catalog"
)

// The number of locked instances that leave their version is the least that any plan needs, proven by a SAT solver that minimises
// it, in at least 99 of 100 problems.
func TestChangesAreTheFewest(t *testing.T) {
	compared, equal, changes, most := 0, 0, 0, 0
	for seed := uint64(0); compared < smallestProblems; seed++ {
		g, ok := generateLocked(t, seed)
		if !ok {
			continue
		}
		plan, err := Solve(t.Context(), g.shelf, g.problem)
		var no *NoSolutionError
		if errors.As(err, &no) {
			continue
		}
		if err != nil {
			t.Fatalf("problem %d: %v", seed, err)
		}
		got := (&oracle{shelf: g.shelf, problem: g.problem}).departures(g.picks(plan))
		want := got
		if got > 0 {
			want = newFormula(g, g.shelf.providers()).fewest()
		} else if seed%4 > 0 {
			continue // Nothing moves, and nothing can be better: a few of those are enough.
		}
		compared++
		changes += want
		most = max(most, want)
		switch {
		case got == want:
			equal++
		case got < want:
			t.Fatalf("problem %d: %d changes, fewer than the proven %d\n%s", seed, got, want, describe(g))
		}
	}
	t.Logf("%d problems, %d with the fewest changes; %d changes in all, %d at most", compared, equal, changes, most)
	if 100*equal < 99*compared {
		t.Errorf("only %d of %d plans have the fewest changes", equal, compared)
	}
	if changes < 2*compared || most < 8 {
		t.Errorf("%d changes in %d problems, %d at most: the generator makes them too easy", changes, compared, most)
	}
}

// generateLocked makes a problem of up to forty packages whose lock was once an answer: then somebody asks for more, or forbids
// some of what is locked. Versions of about one age go together, so that one change brings others. In those of odd seeds some needs are
// of virtual packages, and some versions cannot be with old ones of others.
func generateLocked(t *testing.T, seed uint64) (generated, bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 13))
	g := generated{shelf: shelf{}, problem: Problem{Registries: []string{"main"}, Minimal: true}}
	packages := 12 + r.IntN(29)
	for p := range packages {
		agingStock(r, g.shelf, p, packages)
	}
	if seed%2 == 1 {
		mingle(r, g.shelf, packages)
	}
	for p := range packages / 2 {
		if r.IntN(4) == 0 {
			g.problem.Roots = append(g.problem.Roots, Root{Package: wideName(p)})
		}
	}
	_, found, err := answer(t.Context(), newUniverse(g.shelf, g.problem.Registries), &g.problem)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return g, false
	}
	g.problem.Minimal = false
	for _, c := range found {
		held := c.node.pack.candidate(c.element)
		g.problem.Locked = append(g.problem.Locked, Locked{c.node.instance, c.node.pkg, held.Registry, held.Version})
	}
	for n := range r.IntN(4) {
		name := fmt.Sprintf("new%d", n)
		demandingStock(r, g, name)
		g.problem.Roots = append(g.problem.Roots, Root{Package: name})
	}
	for range r.IntN(3) {
		l := g.problem.Locked[r.IntN(len(g.problem.Locked))]
		g.problem.Facts = append(g.problem.Facts, Exclusion{Package: l.Package, Version: l.Version, Why: "it is broken"})
	}
	return g, true
}

// demandingStock fills a registry with a package, each version of which needs that some of what is locked moves.
func demandingStock(r *rand.Rand, g generated, name string) {
	for v := range 3 + r.IntN(3) {
		var needs Needs
		for range 1 + r.IntN(4) {
			l := g.problem.Locked[r.IntN(len(g.problem.Locked))]
			needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: l.Package, Range: ranged(">" + l.Version.String())})
		}
		g.shelf[name] = append(g.shelf[name], item{Candidate{Registry: "main", Version: version(fmt.Sprintf("%d.0.0", 1+v))}, needs})
	}
}

// mingle lets the later packages provide two virtual ones, turns needs of the earlier ones into needs of those, and adds conflicts and
// custom resources that go with age.
func mingle(r *rand.Rand, stock shelf, packages int) {
	for p := range packages {
		for i := range stock[wideName(p)] {
			one := &stock[wideName(p)][i]
			age := int(one.Version.Major()-1)*4 + int(one.Version.Minor())
			if p >= packages/2 && p%3 > 0 {
				one.Provides = []catalog.Provided{{Name: fmt.Sprintf("role%d", p%3), Version: one.Version}}
			}
			if p < packages/2 && len(one.needs.Dependencies) > 0 && p%2 == 0 {
				one.needs.Dependencies[0].Package = fmt.Sprintf("role%d", 1+p%3%2)
			}
			if low := age - r.IntN(4); low > 0 && r.IntN(3) == 0 {
				one.needs.Conflicts = []Conflict{{Package: wideName(r.IntN(packages)), Range: ranged(fmt.Sprintf("<%d.%d.0", 1+low/4, low%4))}}
			}
			api := API{Group: "example.com", Kind: fmt.Sprint("K", p/6), Versions: []string{fmt.Sprint("v", age/4), fmt.Sprint("v", (age+1)/4)}}
			switch p % 6 {
			case 0:
				one.needs.Uses = []API{api}
			case 5:
				one.needs.Serves = []API{api}
			}
		}
	}
}

// agingStock fills a registry with a package, whose versions need packages after it in ranges about their own age.
func agingStock(r *rand.Rand, stock shelf, p, packages int) {
	var others []string
	for range 1 + r.IntN(3) {
		if p+1 < packages {
			others = append(others, wideName(p+1+r.IntN(packages-p-1)))
		}
	}
	for v := range 8 {
		var needs Needs
		for _, other := range others {
			low := max(0, v-r.IntN(3))
			text := fmt.Sprintf(">=%d.%d.0", 1+low/4, low%4)
			if high := v + 1 + r.IntN(3); r.IntN(3) > 0 {
				text += fmt.Sprintf(" <%d.%d.0", 1+high/4, high%4)
			}
			needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: other, Range: ranged(text)})
		}
		c := Candidate{Registry: "main", Version: version(fmt.Sprintf("%d.%d.0", 1+v/4, v%4))}
		stock[wideName(p)] = append(stock[wideName(p)], item{c, needs})
	}
}
