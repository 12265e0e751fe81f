// Package big makes up a registry as large as no real one, for benchmarks: the same one every time, from chance.
//
// It knows what a registry's files look like and how packages depend on each other; it refuses to know what reads them.
package big

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Registry is packages in eight layers. All versions of a package need the same up to three packages of the next layers, some
// much more often than others, each in a range about its own age, so that versions of about one age go together.
// One range in three is narrow, and the newer half of the versions of one package in four lags: it needs one of the others as that
// was a third of the versions ago. Both force steps back.
type Registry struct{ Packages []Package }

// Package is one package with its versions, lowest first.
type Package struct {
	Name     string
	Versions []Version
}

// Version is one version, "1.4.0", and what it needs.
type Version struct {
	Version string
	Needs   []Need
}

// Need is another package, by its place in the registry, and a range.
type Need struct {
	Package int
	Range   string
}

const layers = 8

// Make makes a registry of so many packages with so many versions each.
func Make(packages, versions int) *Registry {
	r := rand.New(rand.NewPCG(1, 2))
	registry := &Registry{Packages: make([]Package, packages)}
	for p := range packages {
		registry.Packages[p] = makePackage(r, p, packages, versions)
	}
	return registry
}

func makePackage(r *rand.Rand, p, packages, versions int) Package {
	perLayer := packages / layers
	first := (p/perLayer + 1) * perLayer
	var near []int
	for range r.IntN(4) {
		if first >= packages {
			continue
		}
		popular := math.Pow(r.Float64(), 4)
		if n := first + int(popular*float64(min(3*perLayer, packages-first))); !slices.Contains(near, n) {
			near = append(near, n)
		}
	}
	lags := len(near) > 0 && r.IntN(4) == 0
	made := Package{Name: fmt.Sprintf("package-%05d", p), Versions: make([]Version, versions)}
	for v := range versions {
		made.Versions[v].Version = numbers(v)
		for i, n := range near {
			text := anyRange(r, v, versions)
			if i == 0 && lags && v >= versions/2 {
				text = fmt.Sprintf("<%s", numbers(v-versions/3))
			}
			made.Versions[v].Needs = append(made.Versions[v].Needs, Need{n, text})
		}
	}
	return made
}

func numbers(v int) string { return fmt.Sprintf("%d.%d.0", 1+v/5, v%5) }

// anyRange is a range that somebody could write who tested against versions of the age v.
func anyRange(r *rand.Rand, v, versions int) string {
	v = max(0, min(versions-1, v+r.IntN(7)-3))
	major, minor := 1+v/5, v%5
	switch n := r.IntN(100); {
	case n < 10:
		return fmt.Sprintf("~%d.%d.0", major, minor)
	case n < 33:
		return fmt.Sprintf(">=%d.%d.0 <%d.0.0", major, minor, major+1)
	case n < 40:
		return fmt.Sprintf(">=%d.0.0 <%d.0.0", max(1, major-1), major+2)
	case n < 70:
		return fmt.Sprintf(">=%d.%d.0", max(1, major-1), minor)
	}
	return "*"
}

// Ask chooses so many packages, all over the registry.
func (r *Registry) Ask(seed uint64, packages int) []int {
	return rand.New(rand.NewPCG(seed, 3)).Perm(len(r.Packages))[:packages]
}

// Reachable is what any version of the asked packages may need, and so on, with the asked ones.
func (r *Registry) Reachable(asked []int) []int {
	seen := make(map[int]bool, len(asked))
	var all []int
	add := func(p int) {
		if !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	for _, p := range asked {
		add(p)
	}
	for i := 0; i < len(all); i++ {
		for _, v := range r.Packages[all[i]].Versions {
			for _, n := range v.Needs {
				add(n.Package)
			}
		}
	}
	return all
}

// Write writes the registry to a folder in Glasskube's layout: the whole index, and the files of these packages.
func (r *Registry) Write(dir string, packages []int) error {
	files := map[string]string{"index.yaml": r.index()}
	for _, p := range packages {
		name := r.Packages[p].Name
		files[name+"/versions.yaml"] = r.versions(p)
		for _, v := range r.Packages[p].Versions {
			files[name+"/v"+v.Version+"/package.yaml"] = r.manifest(name, v)
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *Registry) index() string {
	var b strings.Builder
	b.WriteString("packages:\n")
	for _, p := range r.Packages {
		fmt.Fprintf(&b, "  - name: %s\n    shortDescription: Something that a cluster needs\n    latestVersion: v%s\n    iconUrl: https://registry.example/%s.svg\n",
			p.Name, p.Versions[len(p.Versions)-1].Version, p.Name)
	}
	return b.String()
}

func (r *Registry) versions(p int) string {
	versions := r.Packages[p].Versions
	var b strings.Builder
	fmt.Fprintf(&b, "latestVersion: v%s\nversions:\n", versions[len(versions)-1].Version)
	for _, v := range versions {
		fmt.Fprintf(&b, "  - version: v%s\n", v.Version)
	}
	return b.String()
}

func (r *Registry) manifest(name string, v Version) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\nscope: Cluster\ndefaultNamespace: %s\nshortDescription: Something that a cluster needs\nmanifests:\n  - url: manifests.yaml\n", name, name)
	if len(v.Needs) > 0 {
		b.WriteString("dependencies:\n")
	}
	for _, n := range v.Needs {
		fmt.Fprintf(&b, "  - name: %s\n    version: %q\n", r.Packages[n.Package].Name, n.Range)
	}
	return b.String()
}
