package resolver

import (
	"errors"
	"maps"
	"testing"
)

// Every requirement that an explanation cites is necessary: the cited ones alone have no answer, and without any one of them
// they have.
func TestEveryCitedRequirementIsNecessary(t *testing.T) {
	families := []struct {
		name            string
		generate        func(uint64) generated
		problems, least int // least: explanations
	}{
		{"small", generate, necessityProblems, necessityProblems / 2},
		{"wide", generateWide, wideNecessityProblems, wideNecessityProblems / 2},
	}
	for _, family := range families {
		t.Run(family.name, func(t *testing.T) {
			t.Parallel()
			explained, cited := 0, 0
			for seed := range uint64(family.problems) {
				g := family.generate(seed)
				_, err := Solve(t.Context(), g.shelf, g.problem)
				var no *NoSolutionError
				if !errors.As(err, &no) {
					continue
				}
				explained++
				cited += len(no.cited.entries) + len(no.cited.edges)
				checkNecessity(t, seed, g, no)
			}
			t.Logf("%d explanations of %d problems, %d requirements cited", explained, family.problems, cited)
			if explained < family.least {
				t.Errorf("only %d explanations", explained)
			}
		})
	}
}

func checkNecessity(t *testing.T, seed uint64, g generated, no *NoSolutionError) {
	t.Helper()
	if hasAnswer(t, g, no.cited) {
		t.Fatalf("problem %d: what is cited has an answer\n%s\n%s", seed, describe(g), no.Explain())
	}
	for e := range no.cited.entries {
		fewer := &premises{entries: maps.Clone(no.cited.entries)}
		if delete(fewer.entries, e); !hasAnswer(t, g, fewer) {
			t.Fatalf("problem %d: %v is cited and not necessary\n%s\n%s", seed, e, describe(g), no.Explain())
		}
	}
	for e := range no.cited.edges {
		fewer := &premises{no.cited.entries, maps.Clone(no.cited.edges)}
		if delete(fewer.edges, e); !hasAnswer(t, g, fewer) {
			t.Fatalf("problem %d: that %s needs %s is cited and not necessary\n%s\n%s", seed, e.from, e.to, describe(g), no.Explain())
		}
	}
	if len(no.Steps) == 0 {
		t.Fatalf("problem %d: nothing is explained\n%s", seed, describe(g))
	}
}

// hasAnswer asks a part of a problem in a new universe.
func hasAnswer(t *testing.T, g generated, only *premises) bool {
	t.Helper()
	trial := &trial{universe: newUniverse(g.shelf, g.problem.Registries), left: 1, conflicts: maxConflicts}
	_, found, err := trial.ask(t.Context(), &g.problem, only)
	if err != nil {
		t.Fatal(err)
	}
	return found != nil
}

// Every fix that an explanation offers was tried: this tries those again that can be told from their kind.
func TestOfferedFixesHelp(t *testing.T) {
	tried := 0
	for seed := range uint64(generatedProblems / 2) {
		g := generate(seed)
		_, err := Solve(t.Context(), g.shelf, g.problem)
		var no *NoSolutionError
		if !errors.As(err, &no) {
			continue
		}
		for _, fix := range no.Fixes {
			p := g.problem
			switch fix.Kind {
			case "hold":
				p.Holds = nil
			case "downgrade":
				p.AllowDowngrade = append([]string{}, p.AllowDowngrade...)
				for _, l := range p.Locked {
					p.AllowDowngrade = append(p.AllowDowngrade, l.Instance)
				}
			default:
				continue
			}
			tried++
			if _, err := Solve(t.Context(), g.shelf, p); err != nil {
				t.Fatalf("problem %d: %s does not help\n%s", seed, fix.Text, describe(g))
			}
		}
	}
	if tried < 10 {
		t.Errorf("only %d fixes tried", tried)
	}
}
