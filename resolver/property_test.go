package resolver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// generatedProblems is how many problems the properties are checked on.
const generatedProblems = 4000

// The solver and the oracle give the same verdict, and the same plan: none is better by the stated order. A solver that hunts
// for any answer after the first conflict does not change which one is best.
func TestSolveAgreesWithTheOracle(t *testing.T) {
	solved, moved, hunts := 0, 0, 0
	for seed := range uint64(generatedProblems) {
		g := generate(seed)
		want := (&oracle{shelf: g.shelf, problem: g.problem}).best()
		plan, err := Solve(t.Context(), g.shelf, g.problem)
		var no *NoSolutionError
		if err != nil && !errors.As(err, &no) {
			t.Fatalf("problem %d: %v", seed, err)
		}
		if got, want := outline(plan), outlinePicks(want); got != want {
			t.Fatalf("problem %d:\n%s\ngot  %s\nwant %s", seed, describe(g), got, want)
		}
		if len(g.problem.Move) == 0 {
			plan, hunted := impatient(t, g)
			if got, want := outline(plan), outlinePicks(want); got != want {
				t.Fatalf("problem %d, with hunts:\n%s\ngot  %s\nwant %s", seed, describe(g), got, want)
			}
			if hunted {
				hunts++
			}
		}
		if plan != nil {
			solved++
			if len(g.problem.Locked) > 0 {
				moved++
			}
		}
	}
	if hunts < generatedProblems/100 {
		t.Errorf("only %d hunts", hunts)
	}
	if solved < generatedProblems/10 || solved > generatedProblems*9/10 || moved < generatedProblems/20 {
		t.Errorf("%d of %d problems have an answer, %d with a lock: the generator makes them too easy or too hard", solved, generatedProblems, moved)
	}
}

// Problems without structure take a bounded number of conflicts, whether they have an answer or not.
func TestHardProblemsStayBounded(t *testing.T) {
	const size, bound = 240, 20000
	for _, width := range []int{2, 3} {
		stock := hardRegistry(size, width)
		for seed := range uint64(2) {
			p := hardProblem(seed, size)
			q, err := newQuestion(&p)
			if err != nil {
				t.Fatal(err)
			}
			s, err := newSearch(t.Context(), newUniverse(stock, p.Registries), q)
			if err != nil {
				t.Fatal(err)
			}
			s.limit = bound
			found, err := s.best(t.Context())
			if err != nil {
				t.Errorf("width %d, problem %d: %v", width, seed, err)
			}
			if (found != nil) != (width == 3) {
				t.Errorf("width %d, problem %d: has an answer: %v", width, seed, found != nil)
			}
		}
	}
}

// FuzzSolve checks more problems than the test above.
func FuzzSolve(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed << 40)
		f.Add(seed<<40 + 1)
	}
	f.Add(uint64(39478))         // a goal that was found late was passed over
	f.Add(uint64(4398046510935)) // what shall move and needs its own name is needed by nobody
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := generate(seed)
		want := outlinePicks((&oracle{shelf: g.shelf, problem: g.problem}).best())
		plan, err := Solve(t.Context(), g.shelf, g.problem)
		var no *NoSolutionError
		if err != nil && !errors.As(err, &no) {
			t.Fatal(err)
		}
		if got := outline(plan); got != want {
			t.Fatalf("%s\ngot  %s\nwant %s", describe(g), got, want)
		}
	})
}

// impatient solves a problem with a hunt after the first conflict, and reports whether one brought an answer.
func impatient(t *testing.T, g generated) (plan *Plan, hunted bool) {
	t.Helper()
	q, err := newQuestion(&g.problem)
	if err != nil {
		t.Fatal(err)
	}
	q.patience = 1
	s, found, err := ask(t.Context(), newUniverse(g.shelf, g.problem.Registries), q)
	if err != nil {
		t.Fatal(err)
	}
	if found != nil {
		plan = s.plan(found)
	}
	return plan, s.prey != nil
}

// outline is a plan on one line.
func outline(p *Plan) string {
	if p == nil {
		return "no"
	}
	var all []string
	for _, c := range p.Instances {
		all = append(all, fmt.Sprintf("%s=%s@%s/%s<%s", c.Instance, c.Package, c.Registry, c.Version, c.Parent))
	}
	return strings.Join(all, " ")
}

func outlinePicks(picks []pick) string {
	if picks == nil {
		return "no"
	}
	picks = slices.SortedFunc(slices.Values(picks), func(a, b pick) int { return strings.Compare(a.name, b.name) })
	var all []string
	for _, p := range picks {
		all = append(all, fmt.Sprintf("%s=%s@%s/%s<%s", p.name, p.pkg, p.Registry, p.Version, p.parent))
	}
	return strings.Join(all, " ")
}

func describe(g generated) string {
	var b strings.Builder
	for _, name := range g.shelf.Names(context.Background()) {
		for _, i := range g.shelf[name] {
			fmt.Fprintf(&b, "%s %s@%s namespaced=%v", name, i.Version, i.Registry, i.needs.Namespaced)
			for _, d := range i.needs.Dependencies {
				fmt.Fprintf(&b, " needs %s %q", d.Package, d.Range)
			}
			for _, c := range i.needs.Components {
				fmt.Fprintf(&b, " with %s %q", c.Package, c.Range)
			}
			b.WriteString(i.knowledge() + "\n")
		}
	}
	fmt.Fprintf(&b, "kubernetes %q\n", g.problem.Kubernetes)
	fmt.Fprintf(&b, "registries %v all %v minimal %v move %v down %v\n", g.problem.Registries, g.problem.MoveAll, g.problem.Minimal, g.problem.Move, g.problem.AllowDowngrade)
	for _, r := range g.problem.Roots {
		fmt.Fprintf(&b, "want %s %q as %s from %q\n", r.Package, r.Range, r.name(), r.Registry)
	}
	for _, l := range g.problem.Locked {
		fmt.Fprintf(&b, "locked %s %s@%s %s\n", l.Instance, l.Package, l.Registry, l.Version)
	}
	for _, h := range g.problem.Holds {
		fmt.Fprintf(&b, "hold %s %q\n", h.Package, h.Range)
	}
	for _, f := range g.problem.Facts {
		fmt.Fprintf(&b, "exclude %s %s\n", f.Package, f.Version)
	}
	return b.String()
}
