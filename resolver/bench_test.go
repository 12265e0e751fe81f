package resolver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"gkops.dev/gkops/golden/big"
	"gkops.dev/gkops/resolver/catalog"
)

// bigRegistry is the registry that golden/big makes up.
func bigRegistry(packages, versions int) shelf {
	made := big.Make(packages, versions)
	ranges := map[string]catalog.Range{}
	stock := shelf{}
	for _, p := range made.Packages {
		for _, v := range p.Versions {
			var needs Needs
			for _, n := range v.Needs {
				if _, known := ranges[n.Range]; !known {
					ranges[n.Range] = ranged(n.Range)
				}
				needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: bigName(n.Package), Range: ranges[n.Range]})
			}
			stock[p.Name] = append(stock[p.Name], item{Candidate{Registry: "main", Version: version(v.Version)}, needs})
		}
	}
	return stock
}

func bigName(p int) string { return fmt.Sprintf("package-%05d", p) }

// bigProblem asks for some packages, all over the registry.
func bigProblem(seed uint64, roots, packages int) Problem {
	r := rand.New(rand.NewPCG(seed, 3))
	p := Problem{Registries: []string{"main"}}
	for _, n := range r.Perm(packages)[:roots] {
		p.Roots = append(p.Roots, Root{Package: bigName(n), Where: fmt.Sprintf("gkops.yaml:%d", n)})
	}
	return p
}

func BenchmarkBigRegistry(b *testing.B) {
	const packages = 10000
	stock := bigRegistry(packages, 20)
	for _, roots := range []int{10, 50, 200} {
		b.Run(fmt.Sprintf("roots=%d", roots), func(b *testing.B) {
			b.ReportAllocs()
			measure(b, stock, func(i int) Problem { return bigProblem(uint64(i%20), roots, packages) })
		})
	}
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	b.Logf("heap with the registry: %d MB, from the system: %d MB", after.HeapAlloc>>20, after.Sys>>20)
}

// BenchmarkLocked solves what is solved already: with nothing to do, with one root asked to move, and with everything.
func BenchmarkLocked(b *testing.B) {
	const packages = 10000
	stock := bigRegistry(packages, 20)
	problem := bigProblem(1, 50, packages)
	problem.Minimal = true
	plan, err := Solve(b.Context(), bare{stock}, problem)
	if err != nil {
		b.Fatal(err)
	}
	problem.Minimal = false
	for _, c := range plan.Instances {
		problem.Locked = append(problem.Locked, Locked{c.Instance, c.Package, c.Registry, c.Version})
	}
	one, all := problem, problem
	one.Move = []string{problem.Roots[0].Package}
	all.MoveAll = true
	b.Run("nothing", func(b *testing.B) { measure(b, stock, func(int) Problem { return problem }) })
	b.Run("one", func(b *testing.B) { measure(b, stock, func(int) Problem { return one }) })
	b.Run("all", func(b *testing.B) { measure(b, stock, func(int) Problem { return all }) })
}

// measure solves problems and reports how large the plans are, and how many steps back they take.
func measure(b *testing.B, stock shelf, problem func(i int) Problem) {
	b.Helper()
	instances, solved, conflicts := 0, 0, 0
	for i := range b.N {
		p := problem(i)
		plan, err := Solve(b.Context(), bare{stock}, p)
		var no *NoSolutionError
		if err != nil && !errors.As(err, &no) {
			b.Fatal(err)
		}
		if plan != nil {
			solved++
			instances += len(plan.Instances)
		}
		b.StopTimer()
		s, _, err := answer(b.Context(), newUniverse(bare{stock}, p.Registries), &p)
		if err != nil {
			b.Fatal(err)
		}
		conflicts += s.conflicts
		b.StartTimer()
	}
	b.ReportMetric(float64(instances)/float64(max(1, solved)), "instances/plan")
	b.ReportMetric(100*float64(solved)/float64(b.N), "%solved")
	b.ReportMetric(float64(conflicts)/float64(b.N), "conflicts/op")
}

// Problems without structure: some packages whose versions need versions of others at random, near the point where an answer
// becomes unlikely, which is where they are hardest.
func BenchmarkHard(b *testing.B) {
	for _, size := range []int{60, 120, 240} {
		for _, width := range []int{3, 2} {
			b.Run(fmt.Sprintf("packages=%d/width=%d", size, width), func(b *testing.B) {
				b.ReportAllocs()
				stock := hardRegistry(size, width)
				measure(b, stock, func(i int) Problem { return hardProblem(uint64(i), size) })
			})
		}
	}
	b.Run("pigeons", func(b *testing.B) {
		stock, problem := pigeons(7)
		measure(b, stock, func(int) Problem { return problem })
	})
	b.Run("diamond", func(b *testing.B) {
		stock, problem := diamond(100, 10, false)
		measure(b, stock, func(int) Problem { return problem })
	})
	b.Run("impossible-diamond", func(b *testing.B) {
		stock, problem := diamond(100, 10, true)
		measure(b, stock, func(int) Problem { return problem })
	})
}

// hardRegistry has six versions of each package, each with two or three needs in ranges of about so many versions.
func hardRegistry(size, width int) shelf {
	r := rand.New(rand.NewPCG(5, 6))
	stock := shelf{}
	for p := range size {
		for v := 1; v <= 6; v++ {
			var needs Needs
			for range 2 + r.IntN(2) {
				if p+1 == size {
					break
				}
				low := 1 + r.IntN(5)
				needs.Dependencies = append(needs.Dependencies, catalog.Requirement{
					Package: bigName(p + 1 + r.IntN(size-p-1)),
					Range:   ranged(fmt.Sprintf(">=%d <%d", low, low+width+r.IntN(2))),
				})
			}
			stock[bigName(p)] = append(stock[bigName(p)], item{Candidate{Registry: "main", Version: version(fmt.Sprintf("%d.0.0", v))}, needs})
		}
	}
	return stock
}

func hardProblem(seed uint64, size int) Problem {
	r := rand.New(rand.NewPCG(seed, 8))
	p := Problem{Registries: []string{"main"}}
	for n := range size {
		if r.IntN(4) == 0 {
			p.Roots = append(p.Roots, Root{Package: bigName(n), Where: "gkops.yaml:1"})
		}
	}
	return p
}

// pigeons is n+1 packages that each need a hole of n of their own, a problem that no derivation of this kind refutes quickly.
func pigeons(n int) (shelf, Problem) {
	stock := shelf{}
	problem := Problem{Registries: []string{"main"}}
	for pigeon := range n + 1 {
		name := fmt.Sprintf("pigeon-%d", pigeon)
		problem.Roots = append(problem.Roots, Root{Package: name})
		for hole := 1; hole <= n; hole++ {
			needs := Needs{Dependencies: []catalog.Requirement{{Package: fmt.Sprintf("hole-%d", hole), Range: ranged(fmt.Sprintf("%d.0.0", pigeon+1))}}}
			stock[name] = append(stock[name], item{Candidate{Registry: "main", Version: version(fmt.Sprintf("%d.0.0", hole))}, needs})
		}
	}
	for hole := 1; hole <= n; hole++ {
		for pigeon := range n + 1 {
			name := fmt.Sprintf("hole-%d", hole)
			stock[name] = append(stock[name], item{Candidate{Registry: "main", Version: version(fmt.Sprintf("%d.0.0", pigeon+1))}, Needs{}})
		}
	}
	return stock, problem
}
