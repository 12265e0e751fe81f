package resolver

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// generateWide makes a problem of up to sixteen packages with up to eight versions in up to three registries: too large to try
// everything, and near the point where an answer becomes unlikely. Those of odd seeds have everything that packages can know.
func generateWide(seed uint64) generated {
	r := rand.New(rand.NewPCG(seed, 11))
	packages := 6 + r.IntN(11)
	g := generated{shelf: shelf{}, problem: Problem{Registries: []string{"one", "two", "three"}[:1+r.IntN(3)]}}
	for p := range packages {
		wideStock(r, &g, p, packages)
	}
	for p := range packages {
		if p == 0 || r.IntN(4) == 0 {
			wideRoot(r, &g, wideName(p))
		}
	}
	for p := range packages {
		wideRules(r, &g, wideName(p))
	}
	if seed%2 == 1 {
		(&generator{out: g, more: 40}).learn(seed, slices.Sorted(maps.Keys(g.shelf)))
	}
	return g
}

func wideName(p int) string { return fmt.Sprintf("p%02d", p) }

// wideRange is a range about a version from 1.0 to 2.3.
func wideRange(r *rand.Rand) catalog.Range {
	v := r.IntN(8)
	low := fmt.Sprintf("%d.%d.0", 1+v/4, v%4)
	switch r.IntN(8) {
	case 0, 6, 7:
		return ranged("*")
	case 1:
		return ranged("<=" + low)
	case 2:
		return ranged("^" + low)
	case 3:
		return ranged("~" + low)
	case 4:
		return ranged("!=" + low)
	}
	return ranged(">=" + low)
}

// wideStock fills the registries with a package, whose versions mostly need packages after it.
func wideStock(r *rand.Rand, g *generated, p, packages int) {
	namespaced := r.IntN(5) == 0
	for _, registry := range g.problem.Registries {
		if r.IntN(4) == 0 {
			continue
		}
		for v := range 8 {
			if r.IntN(3) == 0 {
				continue
			}
			needs := Needs{Namespaced: namespaced}
			for range r.IntN(4) {
				other := wideName(p + 1 + r.IntN(packages-p))
				if r.IntN(20) == 0 {
					other = wideName(r.IntN(packages))
				}
				needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: other, Range: wideRange(r)})
			}
			if r.IntN(10) == 0 {
				needs.Components = append(needs.Components, Component{Package: wideName(r.IntN(packages)), Name: []string{"", "db"}[r.IntN(2)], Range: wideRange(r)})
			}
			c := Candidate{Registry: registry, Version: version(fmt.Sprintf("%d.%d.0", 1+v/4, v%4))}
			g.shelf[wideName(p)] = append(g.shelf[wideName(p)], item{c, needs})
		}
	}
}

func wideRoot(r *rand.Rand, g *generated, pkg string) {
	root := Root{Package: pkg, Range: wideRange(r), Where: "gkops.yaml:1"}
	items := g.shelf[pkg]
	if len(items) == 0 {
		return
	}
	if items[0].needs.Namespaced && r.IntN(2) == 0 {
		root.Instance = pkg + "-own"
	}
	if r.IntN(10) == 0 {
		root.Registry = g.problem.Registries[r.IntN(len(g.problem.Registries))]
	}
	g.problem.Roots = append(g.problem.Roots, root)
}

func wideRules(r *rand.Rand, g *generated, pkg string) {
	items := g.shelf[pkg]
	if len(items) == 0 {
		return
	}
	at := items[r.IntN(len(items))].Candidate
	switch r.IntN(12) {
	case 0, 1:
		g.problem.Locked = append(g.problem.Locked, Locked{pkg, pkg, at.Registry, at.Version})
	case 2:
		g.problem.Holds = append(g.problem.Holds, Hold{Package: pkg, Range: wideRange(r), Where: "gkops.yaml:2"})
	case 3:
		g.problem.Facts = append(g.problem.Facts, Exclusion{Package: pkg, Version: at.Version, Why: "it is broken"})
	case 4:
		g.problem.Locked = append(g.problem.Locked, Locked{pkg, pkg, at.Registry, at.Version})
		g.problem.AllowDowngrade = append(g.problem.AllowDowngrade, pkg)
	}
}
