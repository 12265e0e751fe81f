package resolver

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// generated is a small problem made from chance.
type generated struct {
	shelf   shelf
	problem Problem
}

// generator makes problems that are small enough for the oracle and mean enough for the solver.
type generator struct {
	*rand.Rand
	out  generated
	more int // percent by which versions need and know more
}

var (
	generatedVersions = []string{"1.0.0", "1.1.0", "2.0.0", "2.0.0+1", "3.0.0-rc.1", "3.0.0"}
	generatedRanges   = []string{"", "", "<2", ">=2", "1.0.0", "~1.1", "2.0.0+1", ">=3.0.0-0", "!=2.0.0", "1.x || 3.x", "<3"}
)

// generate makes the problem of a seed. Those of odd seeds have everything that packages can know, the others needs alone.
func generate(seed uint64) generated {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 7))}
	g.out.shelf = shelf{}
	packages := []string{"a", "b", "c", "d", "e"}[:2+g.IntN(4)]
	registries := []string{"one", "two"}[:1+g.IntN(2)]
	g.out.problem.Registries = registries
	for i, pkg := range packages {
		g.fill(pkg, i, packages, registries)
	}
	g.roots(packages, registries)
	g.locks(packages, registries)
	g.rules(packages)
	if seed%2 == 1 {
		g.learn(seed, packages)
	}
	return g.out
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) fill(pkg string, index int, packages, registries []string) {
	namespaced := g.chance(20)
	for _, registry := range registries {
		for _, v := range generatedVersions {
			if !g.chance(45) {
				continue
			}
			needs := Needs{Namespaced: namespaced != g.chance(5)}
			for j, other := range packages {
				likely := 30
				if j <= index {
					likely = 4
				}
				if g.chance(likely) {
					needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: other, Range: g.anyRange()})
				}
			}
			if g.chance(8) {
				needs.Components = append(needs.Components, Component{Package: packages[g.IntN(len(packages))], Range: g.anyRange()})
			}
			if g.chance(2) {
				needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: "nobody", Range: g.anyRange()})
			}
			g.out.shelf[pkg] = append(g.out.shelf[pkg], item{Candidate{Registry: registry, Version: version(v)}, needs})
		}
	}
	g.Shuffle(len(g.out.shelf[pkg]), func(i, j int) {
		g.out.shelf[pkg][i], g.out.shelf[pkg][j] = g.out.shelf[pkg][j], g.out.shelf[pkg][i]
	})
}

func (g *generator) anyRange() catalog.Range {
	return ranged(generatedRanges[g.IntN(len(generatedRanges))])
}

func (g *generator) roots(packages, registries []string) {
	for i, pkg := range packages {
		if !g.chance(35) && i > 0 {
			continue
		}
		root := Root{Package: pkg, Range: g.anyRange(), Where: fmt.Sprintf("gkops.yaml:%d", i+1)}
		if g.chance(15) {
			root.Registry = registries[g.IntN(len(registries))]
		}
		if g.chance(15) {
			root.Instance = pkg + "-x"
		}
		if g.chance(5) {
			root.Instance = packages[g.IntN(len(packages))]
		}
		taken := slices.ContainsFunc(g.out.problem.Roots, func(r Root) bool { return r.name() == root.name() })
		if !taken {
			g.out.problem.Roots = append(g.out.problem.Roots, root)
		}
	}
}

func (g *generator) locks(packages, registries []string) {
	if g.chance(40) {
		return
	}
	for _, pkg := range packages {
		if !g.chance(60) {
			continue
		}
		lock := Locked{Instance: pkg, Package: pkg, Registry: registries[g.IntN(len(registries))], Version: version(generatedVersions[g.IntN(len(generatedVersions))])}
		if items := g.out.shelf[pkg]; len(items) > 0 && g.chance(90) {
			i := items[g.IntN(len(items))]
			lock.Registry, lock.Version = i.Registry, i.Version
		}
		if g.chance(10) {
			lock.Instance = pkg + "-x"
		}
		g.out.problem.Locked = append(g.out.problem.Locked, lock)
	}
}

func (g *generator) rules(packages []string) {
	p := &g.out.problem
	for _, pkg := range packages {
		if g.chance(8) {
			p.Holds = append(p.Holds, Hold{Package: pkg, Range: g.anyRange(), Where: "gkops.yaml:90"})
		}
		if g.chance(10) {
			p.Facts = append(p.Facts, Exclusion{Package: pkg, Version: version(generatedVersions[g.IntN(len(generatedVersions))]), Why: "it is broken"})
		}
		if g.chance(10) {
			p.Move = append(p.Move, pkg)
		}
		if g.chance(10) {
			p.AllowDowngrade = append(p.AllowDowngrade, pkg)
		}
	}
	p.MoveAll = g.chance(10)
	p.Minimal = g.chance(10)
}

func version(s string) catalog.Version {
	v, err := catalog.ParseVersion(s)
	if err != nil {
		panic(err)
	}
	return v
}

func ranged(s string) catalog.Range {
	r, err := catalog.ParseRange(s)
	if err != nil {
		panic(err)
	}
	return r
}
