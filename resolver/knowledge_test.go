package resolver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// What a plan says is left to go is what the oracle finds best when it is asked again and again, each time with a lock of what it
// found before.
func TestTheStepsThatRemainAreGone(t *testing.T) {
	walked := 0
	for seed := range uint64(generatedProblems / 4) {
		g := generatePaths(seed)
		plan, err := Solve(t.Context(), g.shelf, g.problem)
		if err != nil {
			continue
		}
		got, want := map[string][]string{}, map[string][]string{}
		for _, c := range plan.Instances {
			got[c.Instance] = []string{c.Version.String()}
			for _, next := range c.Next {
				walked++
				got[c.Instance] = append(got[c.Instance], next.String())
			}
		}
		for moved := true; moved; {
			moved = false
			picks := (&oracle{shelf: g.shelf, problem: g.problem}).best()
			g.problem.Locked = nil
			for _, p := range picks {
				g.problem.Locked = append(g.problem.Locked, Locked{p.name, p.pkg, p.Registry, p.Version})
				if text := p.Version.String(); !slices.Contains(want[p.name], text) {
					want[p.name], moved = append(want[p.name], text), true
				}
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("problem %d: -want +got\n%s\n%s", seed, diff, describe(generatePaths(seed)))
		}
	}
	if walked < generatedProblems/40 {
		t.Errorf("only %d ways", walked)
	}
}

// A conflict, a kind and a withdrawn version are told without asking for what nothing needs.
func TestAConflictAsksForNothing(t *testing.T) {
	stock, problem := stocked(t, `
a 1 2 -> against b because they fight, uses Widget.example.com v1
b 1
want a
`)
	catalog := &ledger{shelf: stock}
	if _, err := Solve(t.Context(), catalog, problem); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(map[string]int{"a": 1, "a 2.0.0": 1}, catalog.asked); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// The cluster is in no plan and nobody is asked for it.
func TestTheClusterIsNoInstance(t *testing.T) {
	stock, problem := stocked(t, "kubernetes 1.33\na 1 -> fits >=1.30, kubernetes >=1.29\nwant a")
	catalog := &ledger{shelf: stock}
	plan, err := Solve(t.Context(), catalog, problem)
	if err != nil || len(plan.Instances) != 1 || len(plan.Instances[0].Requires) != 0 || catalog.asked[kubernetes] != 0 {
		t.Errorf("%v %v, asked %v", plan, err, catalog.asked)
	}
}

// reticent is a Catalog that cannot say what provides anything.
type reticent struct{ shelf }

func (reticent) Providers(context.Context, string) ([]string, error) { return nil, errUnreachable }

func TestWhatProvidesIsPassedOnWhenItCannotBeRead(t *testing.T) {
	stock, problem := stocked(t, "a 1 -> b *\nb 1\nwant a")
	_, err := Solve(t.Context(), reticent{stock}, problem)
	if !errors.Is(err, errUnreachable) || !strings.Contains(err.Error(), "what provides b") {
		t.Error(err)
	}
}

func TestAPlanNamesWhoProvides(t *testing.T) {
	stock, problem := stocked(t, `
shop 1 -> gateway ~1
contour 2 provides gateway 1.2
traefik 3 provides gateway 1.4
want shop
want traefik
deprecated traefik 3 because it is replaced
`)
	plan, err := Solve(t.Context(), stock, problem)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"traefik"}, plan.Instance("shop").Requires); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	traefik := plan.Instance("traefik")
	if len(traefik.RequiredBy) != 2 || traefik.RequiredBy[1].Virtual != "gateway" || traefik.Deprecated != "it is replaced" {
		t.Errorf("%+v", traefik)
	}
	var why []string
	for _, chain := range plan.Why("traefik") {
		why = append(why, chain.String())
	}
	want := []string{"gkops.yaml:2 asks for traefik", "gkops.yaml:1 asks for shop; shop needs gateway ~1, which traefik provides"}
	if diff := gocmp.Diff(want, why); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Newest is no version that was withdrawn.
func TestTheNewestIsNotWithdrawn(t *testing.T) {
	stock, problem := stocked(t, "a 1 2 3\nyanked a 3 because it is broken\nwant a\nlocked a 1")
	plan, err := Solve(t.Context(), stock, problem)
	if err != nil || plan.Instances[0].Newest.String() != "2.0.0" {
		t.Errorf("%v %v", plan, err)
	}
}

// A small cause in a big set fits on a screen, whatever kind it is of.
func TestASmallCauseIsToldOnAScreen(t *testing.T) {
	const screen = 24
	for name, cause := range map[string]string{
		"kubernetes": "kubernetes 1.36\nend 1 2 3 -> fits <1.30",
		"demands":    "kubernetes 1.36\n" + repeated(30, "end %d -> fits <1.%d"),
		"conflict":   "end 1 2 -> against p7-1 because they fight",
		"provides":   "end 1 -> v >=2\np1-1 4 provides v 1\np2-1 4 provides v 1\np3-1 4 provides v 1\np4-1 4 provides v 1\np5-1 4 provides v 1\np6-1 4 provides v 1",
		"api":        "end 1 2 -> uses K.example.com v1\nfoe 1 2 -> serves K.example.com v2\nwant foe",
		"yanked":     "end " + repeated(30, "%d ") + "\n" + repeated(30, "yanked end %d because reason %d"),
		"lock":       "end 1 2\nhold end 1\nlocked end 2",
		"registry":   "end 1 of other\nregistries main other\nwant end from main",
		"scope":      "end " + repeated(30, "%d ") + " namespaced",
		"name":       "end 1\nother 1 namespaced\nwant other as end",
		"circle":     "end 1 2 -> p0-7 *",
		"component":  "end " + repeated(30, "%d ") + " -> with end as own",
		"only one":   "end 1 -> against role because there is one\np5-5 4 provides role\nwant p5-5 4",
		"path":       "end 1\n" + repeated(30, "end %d.5 -> after <0.%d") + "\nlocked end 1",
	} {
		var b strings.Builder
		for layer := range 9 {
			for i := range 10 {
				fmt.Fprintf(&b, "p%d-%d 1 2 3 -> ", layer, i)
				for j := range 10 {
					fmt.Fprintf(&b, "p%d-%d *, ", layer+1, j)
				}
				b.WriteString("\n")
			}
		}
		for i := range 10 {
			fmt.Fprintf(&b, "p9-%d 1 2 3 -> end *\nwant p0-%d\n", i, i)
		}
		if name == "path" {
			cause += "\nwant end >=1.2"
		}
		no := explained(t, b.String()+cause)
		if lines := strings.Count(no.Explain(), "\n"); lines > screen {
			t.Errorf("%s: %d lines\n%s", name, lines, no.Explain())
		}
	}
}

// repeated is a line for each number from 2.
func repeated(n int, line string) string {
	var b strings.Builder
	for i := range n {
		if strings.Count(line, "%d") == 1 {
			fmt.Fprintf(&b, line, i+2)
			continue
		}
		fmt.Fprintf(&b, line+"\n", i+2, i+2)
	}
	return strings.TrimSpace(b.String())
}

// The explanations of which every citation is shown to be necessary cite every kind of requirement.
func TestExplanationsCiteEveryKind(t *testing.T) {
	cited := map[originKind]int{}
	for seed := range uint64(necessityProblems) {
		g := generate(seed)
		_, err := Solve(t.Context(), g.shelf, g.problem)
		var no *NoSolutionError
		if !errors.As(err, &no) {
			continue
		}
		for e := range no.cited.edges {
			cited[e.kind]++
		}
		for e := range no.cited.entries {
			cited[e.kind]++
		}
	}
	for _, kind := range []originKind{fromCluster, fromDemand, fromConflict, fromAPI, fromYanked, fromPath, fromNeed} {
		if cited[kind] < 5 {
			t.Errorf("%s is cited %d times", kind, cited[kind])
		}
	}
}
