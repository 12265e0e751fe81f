package resolver

import "testing"

// BenchmarkPeer solves for the same 50 packages of the big registry with this solver, which finds the best plan, and with gophersat,
// which finds any; its clauses are made anew each time, as ours are.
func BenchmarkPeer(b *testing.B) {
	const packages = 10000
	stock := bigRegistry(packages, 20)
	problem := bigProblem(1, 50, packages)
	b.Run("solver=gkops", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := Solve(b.Context(), bare{stock}, problem); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("solver=gophersat", func(b *testing.B) {
		b.ReportAllocs()
		providers := stock.providers()
		b.ResetTimer()
		for range b.N {
			if !newFormula(generated{stock, problem}, providers).solve() {
				b.Fatal("no model")
			}
		}
	})
}
