package resolver

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"gkops.dev/gkops/resolver/catalog"
)

// Registries made to take long take a bounded number of conflicts, seconds and bytes. The limits are far above what they take on an
// idle machine, and far below what a search without learning would.
func TestAdversariesStayBounded(t *testing.T) {
	const seconds, megabytes = 10, 600
	for _, c := range []struct {
		name      string
		stock     shelf
		root      string
		solvable  bool
		conflicts int
	}{
		{"a diamond of a thousand packages", layered(100, 10, 1), "l000-0", true, 2000},
		{"a diamond of a thousand packages without an answer", layered(100, 10, 0), "l000-0", false, 2000},
		{"a ring of a thousand packages", ring(1000), "p0000", false, 2000},
		{"rings that every version has but the lowest", rings(100), "p0000", true, 2000},
		{"a chain of ten thousand packages", chain(10000, "1.0.0"), "p0000", true, 10},
		{"a chain of ten thousand packages whose end is missing", chain(10000, "2.0.0"), "p0000", false, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			problem := Problem{Registries: []string{"main"}, Roots: []Root{{Package: c.root, Where: "gkops.yaml:1"}}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			plan, err := Solve(t.Context(), bare{c.stock}, problem)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			var no *NoSolutionError
			if err != nil && !errors.As(err, &no) {
				t.Fatal(err)
			}
			if (plan != nil) != c.solvable {
				t.Errorf("has an answer: %v", plan != nil)
			}
			s, _, err := answer(t.Context(), newUniverse(bare{c.stock}, problem.Registries), &problem)
			if err != nil {
				t.Fatal(err)
			}
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%d conflicts, %v, %d MB allocated", s.conflicts, took.Round(time.Millisecond), allocated)
			if s.conflicts > c.conflicts || took > seconds*time.Second || allocated > megabytes {
				t.Errorf("%d conflicts, %v, %d MB allocated: more than %d, %d s, %d MB", s.conflicts, took, allocated, c.conflicts, seconds, megabytes)
			}
		})
	}
}

// bare is a shelf without virtual packages, which a shelf looks for in everything that it has.
type bare struct{ of shelf }

func (b bare) Candidates(ctx context.Context, pkg string) ([]Candidate, error) {
	return b.of.Candidates(ctx, pkg)
}

func (b bare) Needs(ctx context.Context, pkg string, c Candidate) (Needs, error) {
	return b.of.Needs(ctx, pkg, c)
}

// layered is layers of packages with five versions each, of which every version needs all packages of the next layer in a range
// about its own age. The last layer needs a common end, which has the first so many versions.
func layered(layers, width, ends int) shelf {
	stock := shelf{}
	for l := range layers {
		for p := range width {
			for v := 1; v <= 5; v++ {
				var needs Needs
				for n := range width {
					next, r := fmt.Sprintf("l%03d-%d", l+1, n), fmt.Sprintf(">=%d <=%d", max(1, v-1), v)
					if l == layers-1 {
						next, r = "end", fmt.Sprintf("%d.0.0", v)
					}
					needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: next, Range: ranged(r)})
					if l == layers-1 {
						break
					}
				}
				stock.add(fmt.Sprintf("l%03d-%d", l, p), v, needs)
			}
		}
	}
	for v := range ends {
		stock.add("end", v+1, Needs{})
	}
	return stock
}

func (s shelf) add(name string, v int, needs Needs) {
	s[name] = append(s[name], item{Candidate{Registry: "main", Version: version(fmt.Sprintf("%d.0.0", v))}, needs})
}

func numbered(p int) string { return fmt.Sprintf("p%04d", p) }

// ring is packages of which each needs the next, and the last the first.
func ring(packages int) shelf {
	stock := shelf{}
	for p := range packages {
		stock.add(numbered(p), 1, Needs{Dependencies: []catalog.Requirement{{Package: numbered((p + 1) % packages)}}})
	}
	return stock
}

// rings is a chain of packages whose upper versions need the one before as well.
func rings(packages int) shelf {
	stock := shelf{}
	for p := range packages {
		for v := 1; v <= 4; v++ {
			var needs Needs
			if p+1 < packages {
				needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: numbered(p + 1)})
			}
			if v > 1 && p > 0 {
				needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: numbered(p - 1)})
			}
			stock.add(numbered(p), v, needs)
		}
	}
	return stock
}

// chain is packages of which each needs the next; of the last, a version.
func chain(packages int, last string) shelf {
	stock := shelf{}
	for p := range packages - 1 {
		r := ""
		if p == packages-2 {
			r = last
		}
		stock.add(numbered(p), 1, Needs{Dependencies: []catalog.Requirement{{Package: numbered(p + 1), Range: ranged(r)}}})
	}
	stock.add(numbered(packages-1), 1, Needs{})
	return stock
}
