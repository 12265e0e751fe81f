//go:build prove

package resolver

// How many problems the solver is compared on by "make prove".
const (
	necessityProblems     = 20000
	wideNecessityProblems = 5000
	satProblems           = 10000 // of each size
	smallestProblems      = 2000
)
