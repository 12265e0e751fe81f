//go:build !prove

package resolver

// How many problems the solver is compared on. With the build tag prove, see prove_test.go, there are ten times as many or more.
const (
	necessityProblems     = 2000
	wideNecessityProblems = 200
	satProblems           = 500 // of each size
	smallestProblems      = 200
)
