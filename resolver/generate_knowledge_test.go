package resolver

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// learn adds what packages know of each other and of the cluster, and takes away enough of the rest that this decides.
func (g *generator) learn(seed uint64, packages []string) {
	g.Rand = rand.New(rand.NewPCG(seed, 11))
	if g.chance(70) {
		g.out.problem.Kubernetes, g.out.problem.KubernetesWhere = version("2.0.0"), "gkops.yaml:9"
	}
	names := append([]string{"v", "w"}, packages...)
	kinds := []string{"cluster", "conflict", "provides", "api", "yanked", "path"}
	g.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	some := strings.Join(kinds[:1+g.IntN(len(kinds))], " ")
	if seed%4 == 3 {
		some = "provides " + kinds[0]
	}
	if strings.Contains(some, "path") && g.chance(50) {
		g.out.problem.MoveAll = true
	}
	for i := range g.out.problem.Roots {
		if root := &g.out.problem.Roots[i]; g.chance(60) {
			root.Range, root.Registry = anyStable, ""
		}
	}
	for _, pkg := range packages {
		for i := range g.out.shelf[pkg] {
			g.forget(&g.out.shelf[pkg][i])
			g.learnOf(&g.out.shelf[pkg][i], some, names)
		}
	}
	for _, root := range g.out.problem.Roots {
		for i := range g.out.shelf[root.Package] {
			if root.Instance != "" {
				g.out.shelf[root.Package][i].needs.Namespaced = true
			}
		}
	}
}

// forget takes away needs.
func (g *generator) forget(i *item) {
	if g.chance(60 - g.more) {
		i.needs.Dependencies, i.needs.Components = nil, nil
	}
	if g.chance(80) {
		i.needs.Namespaced = false
	}
}

func (g *generator) learnOf(i *item, some string, names []string) {
	does := func(kind string, percent int) bool { return g.chance(percent+g.more) && strings.Contains(some, kind) }
	name := func() string {
		if g.chance(60) {
			return names[g.IntN(2)]
		}
		return names[g.IntN(len(names))]
	}
	if does("cluster", 25) {
		i.needs.Kubernetes = append(i.needs.Kubernetes, Demand{Range: g.anyRange(), Source: "its readme"})
	}
	if does("conflict", 45) {
		i.needs.Conflicts = append(i.needs.Conflicts, Conflict{Package: name(), Range: g.anyRange()})
	}
	if does("provides", 30) {
		i.Provides = append(i.Provides, catalog.Provided{Name: name(), Version: version(generatedVersions[g.IntN(len(generatedVersions))])})
	}
	if does("provides", 15) {
		i.Provides = append(i.Provides, catalog.Provided{Name: names[g.IntN(2)]})
	}
	if does("provides", 30) {
		r := g.anyRange()
		if g.chance(60) {
			r = anyStable
		}
		i.needs.Dependencies = append(i.needs.Dependencies, catalog.Requirement{Package: names[g.IntN(2)], Range: r})
	}
	if does("api", 50) {
		i.needs.Uses = append(i.needs.Uses, g.anyAPI())
	}
	if does("api", 50) {
		i.needs.Serves = append(i.needs.Serves, g.anyAPI())
	}
	if does("yanked", 15) {
		i.Yanked = "it is broken"
	}
	if does("yanked", 20) {
		i.Deprecated = "it is old"
	}
	if does("path", 40) {
		i.needs.From = &Demand{Range: g.anyRange()}
		if g.chance(70) {
			i.needs.From.Range = ranged([]string{"", "<2", "<3", ">=2"}[i.Version.Major()])
		}
	}
}

func (g *generator) anyAPI() API {
	versions := []string{"v1", "v2", "v3"}
	first := g.IntN(3)
	return API{Group: "example.com", Kind: [...]string{"A", "A", "B"}[g.IntN(3)], Versions: versions[first : first+1+g.IntN(3-first)/2]}
}

// knowledge is what a candidate knows, in words.
func (i item) knowledge() string {
	var b strings.Builder
	for _, d := range i.needs.Kubernetes {
		fmt.Fprintf(&b, " fits %q", d.Range)
	}
	for _, c := range i.needs.Conflicts {
		fmt.Fprintf(&b, " against %s %q", c.Package, c.Range)
	}
	for _, p := range i.Provides {
		fmt.Fprintf(&b, " provides %s %q", p.Name, p.Version)
	}
	for _, a := range i.needs.Uses {
		fmt.Fprintf(&b, " uses %s %v", a.Kind, a.Versions)
	}
	for _, a := range i.needs.Serves {
		fmt.Fprintf(&b, " serves %s %v", a.Kind, a.Versions)
	}
	if i.needs.From != nil {
		fmt.Fprintf(&b, " after %q", i.needs.From.Range)
	}
	return b.String() + map[bool]string{true: " yanked"}[i.Yanked != ""] + map[bool]string{true: " deprecated"}[i.Deprecated != ""]
}

// generatePaths makes two packages that are locked low and asked to move, with versions that can be reached from some others.
func generatePaths(seed uint64) generated {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 13))}
	g.out.shelf = shelf{}
	g.out.problem = Problem{Registries: []string{"one"}, MoveAll: true, Kubernetes: version("2.0.0")}
	for _, pkg := range []string{"a", "b"} {
		for v := 1; v <= 7; v++ {
			i := item{Candidate: Candidate{Registry: "one", Version: version(fmt.Sprintf("%d.0.0", v))}}
			if v > 1 && g.chance(80) {
				low := 1 + g.IntN(v)
				i.needs.From = &Demand{Range: ranged(fmt.Sprintf(">=%d <%d", low, low+1+g.IntN(3)))}
			}
			if pkg == "a" && g.chance(30) {
				i.needs.Dependencies = append(i.needs.Dependencies, catalog.Requirement{Package: "b", Range: ranged(fmt.Sprintf("<%d", 2+g.IntN(6)))})
			}
			if g.chance(10) {
				i.Yanked = "it is broken"
			}
			if g.chance(10) {
				i.needs.Kubernetes = []Demand{{Range: g.anyRange()}}
			}
			g.out.shelf[pkg] = append(g.out.shelf[pkg], i)
		}
		g.out.problem.Roots = append(g.out.problem.Roots, Root{Package: pkg})
		g.out.problem.Locked = append(g.out.problem.Locked, Locked{pkg, pkg, "one", version("1.0.0")})
	}
	return g.out
}
