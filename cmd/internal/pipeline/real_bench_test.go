//go:build real

package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"gkops.dev/gkops/resolver"
)

// BenchmarkRealRegistry asks for every package of a real registry at once, with the registry read already. An explained no is an
// answer too.
func BenchmarkRealRegistry(b *testing.B) {
	shared := os.Getenv("GKOPS_SHARED")
	if shared == "" {
		b.Fatal("GKOPS_SHARED names no folder with registry and upstream")
	}
	for _, name := range []string{"registry", "upstream"} {
		b.Run(name, func(b *testing.B) {
			project := openFolder(b, filepath.Join(shared, name))
			problem := resolver.Problem{Registries: []string{"big"}}
			for _, pkg := range project.PackageNames(b.Context()) {
				problem.Roots = append(problem.Roots, resolver.Root{Package: pkg, Where: "gkops.yaml"})
			}
			if len(problem.Roots) < 20 {
				b.Fatalf("only %d packages", len(problem.Roots))
			}
			answer := func() {
				_, err := resolver.Solve(b.Context(), offers{project: project}, problem)
				var no *resolver.NoSolutionError
				if err != nil && !errors.As(err, &no) {
					b.Fatal(err)
				}
			}
			answer()
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				answer()
			}
		})
	}
}
