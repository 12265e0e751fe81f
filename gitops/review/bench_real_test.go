//go:build real

package review

import (
	"io/fs"
	"maps"
	"testing"

	"gkops.dev/gkops/golden"
)

// BenchmarkRealArgoCD is the goal itself: argo-cd v2.14 to v3.2 in under a second.
func BenchmarkRealArgoCD(b *testing.B) {
	benchmark(b, mirrored(b, "argo-cd", "v2.14.11"), mirrored(b, "argo-cd", "v3.2.0"))
}

// BenchmarkRealTwenty is 20 real upgrades at once: the pairs of the tests, some twice, in folders of their own.
func BenchmarkRealTwenty(b *testing.B) {
	base, head := map[string][]byte{}, map[string][]byte{}
	for n := range 20 {
		pair := realPairs[n%len(realPairs)]
		for all, tree := range map[*map[string][]byte]fs.FS{&base: mirrored(b, pair.pkg, pair.from), &head: mirrored(b, pair.pkg, pair.to)} {
			files, err := golden.Files(tree)
			if err != nil {
				b.Fatal(err)
			}
			for name, data := range files {
				maps.Copy(*all, map[string][]byte{string(rune('a'+n)) + "/" + name: data})
			}
		}
	}
	benchmark(b, golden.Map(base), golden.Map(head))
}
