//go:build !prove

package resolver

// How many problems the solver is compared on. With the build tag prove, see prove_test.go, there are ten times as many.
const (
	necessityProblems = 2000
	satProblems       = 1000 // of each size
	smallestProblems  = 200
)
