package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// thousands is a registry of 3,000 packages with ten versions each, which makes its files when they are asked for, and counts. Package
// p0 needs p1 and p2, p1 needs p2 and p3, and so on to p4, which needs nothing. The newest version of p2 does not fit any cluster.
type thousands struct {
	mu    sync.Mutex
	reads map[string]int
}

func (s *thousands) Read(_ context.Context, address string) ([]byte, error) {
	name := strings.ReplaceAll(strings.TrimPrefix(address, "https://r.example/"), "%2B", "+")
	s.mu.Lock()
	s.reads[name]++
	s.mu.Unlock()
	pkg, rest, _ := strings.Cut(name, "/")
	switch {
	case name == "index.yaml":
		var index strings.Builder
		index.WriteString("packages:\n")
		for n := range 3000 {
			fmt.Fprintf(&index, "  - name: p%d\n", n)
		}
		return []byte(index.String()), nil
	case rest == "versions.yaml":
		var list strings.Builder
		list.WriteString("versions:\n")
		for minor := range 10 {
			fmt.Fprintf(&list, "  - version: v1.%d.0\n", minor)
		}
		return []byte(list.String()), nil
	case name == "p2/facts.yaml":
		return []byte("{apiVersion: gkops.dev/v1alpha1, kind: PackageFacts, package: p2, facts: [{versions: 1.9.x, kubernetes: '<1.10'}]}"), nil
	case strings.HasSuffix(rest, "/package.yaml"):
		var n int
		if _, err := fmt.Sscanf(pkg, "p%d", &n); err != nil {
			return nil, err
		}
		manifest := fmt.Sprintf("name: %s\ndefaultNamespace: space\nmanifests: [{url: m.yaml}]\n", pkg)
		if n < 4 {
			manifest += "dependencies:\n"
			for m := n + 1; m <= min(n+2, 4); m++ {
				manifest += fmt.Sprintf("  - name: p%d\n", m)
			}
		}
		return []byte(manifest), nil
	}
	return nil, fmt.Errorf("%s: %w", address, catalog.ErrNotFound)
}

// TestNotReadWhole proves what is read of a registry of 3,000 packages for one that needs four others: the index, the versions and
// facts of these five, and each version that was tried. Each file once.
func TestNotReadWhole(t *testing.T) {
	source := &thousands{reads: map[string]int{}}
	p := &Project{registries: catalog.NewSet(catalog.NewRegistry("main", "https://r.example", source))}
	kubernetes, err := catalog.ParseKubernetes("1.33")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := resolver.Solve(t.Context(), offers{project: p, kubernetes: kubernetes}, resolver.Problem{
		Registries: []string{"main"}, Roots: []resolver.Root{{Package: "p0"}}, Kubernetes: kubernetes, KubernetesWhere: "gkops.yaml:9",
	})
	if err != nil {
		t.Fatal(err)
	}
	var chosen []string
	for _, c := range plan.Instances {
		chosen = append(chosen, c.Package+" "+c.Version.String())
	}
	if diff := cmp.Diff([]string{"p0 v1.9.0", "p1 v1.9.0", "p2 v1.8.0", "p3 v1.9.0", "p4 v1.9.0"}, chosen); diff != "" {
		t.Error(diff)
	}
	want := []string{"index.yaml", "provides.yaml"}
	for n := range 5 {
		pkg := fmt.Sprintf("p%d", n)
		want = append(want, pkg+"/versions.yaml", pkg+"/facts.yaml", pkg+"/v1.9.0/package.yaml", pkg+"/v1.9.0/facts.yaml")
	}
	want = append(want, "p2/v1.8.0/package.yaml", "p2/v1.8.0/facts.yaml")
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(source.reads))); diff != "" {
		t.Errorf("-want +read\n%s", diff)
	}
	for name, n := range source.reads {
		if n != 1 {
			t.Errorf("%s was read %d times", name, n)
		}
	}
}
