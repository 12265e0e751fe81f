package resolver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/resolver/catalog"
)

// ledger is a Catalog that writes down what it was asked.
type ledger struct {
	shelf
	asked    map[string]int
	announce []string
	fail     string // the question that is answered with an error
}

var errUnreachable = errors.New("registry is unreachable")

func (l *ledger) ask(question string) error {
	if l.asked == nil {
		l.asked = map[string]int{}
	}
	l.asked[question]++
	if question == l.fail {
		return errUnreachable
	}
	return nil
}

func (l *ledger) Candidates(ctx context.Context, pkg string) ([]Candidate, error) {
	if err := l.ask(pkg); err != nil {
		return nil, err
	}
	return l.shelf.Candidates(ctx, pkg)
}

func (l *ledger) Needs(ctx context.Context, pkg string, c Candidate) (Needs, error) {
	if err := l.ask(pkg + " " + c.Version.String()); err != nil {
		return Needs{}, err
	}
	return l.shelf.Needs(ctx, pkg, c)
}

func (l *ledger) Prefetch(_ context.Context, pkgs []string) {
	l.announce = append(l.announce, strings.Join(pkgs, " "))
}

func (l *ledger) PrefetchNeeds(_ context.Context, of []Wanted) {
	var texts []string
	for _, w := range of {
		texts = append(texts, w.Package+" "+w.Candidate.Version.String())
	}
	l.announce = append(l.announce, strings.Join(texts, ", "))
}

// stocked reads a universe in the language of the scenarios.
func stocked(t *testing.T, text string) (shelf, Problem) {
	t.Helper()
	all := parseScenarios(t, t.Name(), "case test\n"+text)
	return all.list[0].shelf, all.list[0].problem
}

// The catalog is asked for what is tried, once, and hears what will be asked for.
func TestTheCatalogIsAskedLazily(t *testing.T) {
	stock, problem := stocked(t, `
a 1 2 -> b 1, c *
b 1 2
c 1
d 1 -> a *
want a
`)
	catalog := &ledger{shelf: stock}
	if _, err := Solve(t.Context(), catalog, problem); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"a": 1, "b": 1, "c": 1, "a 2.0.0": 1, "b 1.0.0": 1, "c 1.0.0": 1}
	if diff := gocmp.Diff(want, catalog.asked); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := gocmp.Diff([]string{"a", "a 2.0.0", "b c", "b 1.0.0, c 1.0.0"}, catalog.announce); diff != "" {
		t.Errorf("announced: -want +got\n%s", diff)
	}
}

// What is announced is asked for, but for a twentieth that conflicts make needless, and nothing is asked for that was not announced.
func TestWhatIsAnnouncedIsAskedFor(t *testing.T) {
	catalog := &ledger{shelf: bigRegistry(1000, 20)}
	if _, err := Solve(t.Context(), catalog, bigProblem(1, 50, 1000)); err != nil {
		t.Fatal(err)
	}
	announced := strings.Split(strings.Join(catalog.announce, ", "), ", ")
	announced = slices.DeleteFunc(announced, func(what string) bool { return !strings.HasSuffix(what, ".0") }) // those of packages
	asked := slices.DeleteFunc(slices.Collect(maps.Keys(catalog.asked)), func(what string) bool { return !strings.Contains(what, " ") })
	needless := slices.DeleteFunc(slices.Clone(announced), func(what string) bool { return catalog.asked[what] == 1 })
	unannounced := slices.DeleteFunc(asked, func(what string) bool { return slices.Contains(announced, what) })
	if len(announced) < 200 || len(needless) > len(announced)/20 || len(unannounced) > 0 {
		t.Errorf("of %d announced %d were not asked for; not announced were %v", len(announced), len(needless), unannounced)
	}
}

// Not even an explanation asks twice.
func TestAnExplanationAsksNothingTwice(t *testing.T) {
	for seed := range uint64(500) {
		g := generate(seed)
		catalog := &ledger{shelf: g.shelf}
		Solve(t.Context(), catalog, g.problem)
		for question, times := range catalog.asked {
			if times > 1 {
				registries := len(g.problem.Registries)
				if strings.Contains(question, " ") && times <= registries {
					continue // the same version in two registries
				}
				t.Fatalf("problem %d: %q was asked %d times", seed, question, times)
			}
		}
	}
}

// What the catalog cannot read is no answer "no".
func TestCatalogErrorsArePassedOn(t *testing.T) {
	stock, problem := stocked(t, "a 1 -> b *\nb 1\nwant a")
	for _, question := range []string{"a", "b", "a 1.0.0", "b 1.0.0"} {
		_, err := Solve(t.Context(), &ledger{shelf: stock, fail: question}, problem)
		var no *NoSolutionError
		if !errors.Is(err, errUnreachable) || errors.As(err, &no) {
			t.Errorf("%s: %v", question, err)
		}
	}
}

// A proof that there is no answer stands, though a way to help cannot be read.
func TestAnExplanationOutlivesTheCatalog(t *testing.T) {
	stock, problem := stocked(t, "a 1\na 2 -> b *\nb 1\nwant a 1.0.0\nhold a 2.0.0")
	_, err := Solve(t.Context(), &ledger{shelf: stock, fail: "a 2.0.0"}, problem)
	var no *NoSolutionError
	if !errors.As(err, &no) || len(no.Fixes) != 1 || no.Fixes[0].Kind != "hold" {
		t.Errorf("%v: %+v", err, no)
	}
}

func TestACancelledContextEndsTheSearch(t *testing.T) {
	stock, problem := stocked(t, "a 1\nwant a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Solve(ctx, stock, problem); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAPlanSaysWhoAskedAndWhatForWhom(t *testing.T) {
	stock, problem := stocked(t, `
app 1 -> with db <2, operator ~1
db 1 2 namespaced -> operator >=1
operator 1 1.5 2 3-rc.1
want app
want operator <2
`)
	plan, err := Solve(t.Context(), stock, problem)
	if err != nil {
		t.Fatal(err)
	}
	one := version("1.0.0")
	want := []Chosen{
		{Instance: "app", Package: "app", Registry: "main", Version: one, Requires: []string{"app-db", "operator"},
			RequiredBy: []Reason{{Where: "gkops.yaml:1"}}, Newest: one},
		{Instance: "app-db", Package: "db", Registry: "main", Version: one, Namespaced: true, Parent: "app", Requires: []string{"operator"},
			RequiredBy: []Reason{{By: "app", Range: ranged("<2")}}, Newest: version("2.0.0")},
		{Instance: "operator", Package: "operator", Registry: "main", Version: version("1.5.0"), Newest: version("2.0.0"),
			RequiredBy: []Reason{{Range: ranged("<2"), Where: "gkops.yaml:2"}, {By: "app", Range: ranged("~1")}, {By: "app-db", Range: ranged(">=1")}}},
	}
	same := gocmp.Options{
		gocmp.Comparer(func(a, b catalog.Version) bool { return a.String() == b.String() }),
		gocmp.Comparer(func(a, b catalog.Range) bool { return a.String() == b.String() }),
	}
	if diff := gocmp.Diff(want, plan.Instances, same); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var why []string
	for _, chain := range plan.Why("operator") {
		why = append(why, chain.String())
	}
	wantWhy := []string{
		"gkops.yaml:2 asks for operator <2",
		"gkops.yaml:1 asks for app; app needs operator ~1",
		"gkops.yaml:1 asks for app; app needs app-db <2; app-db needs operator >=1",
	}
	if diff := gocmp.Diff(wantWhy, why); diff != "" {
		t.Errorf("why: -want +got\n%s", diff)
	}
	if plan.Why("nothing") != nil {
		t.Error("there is a reason for what is not in the plan")
	}
}

func TestAProblemThatContradictsItself(t *testing.T) {
	for text, want := range map[string]string{
		"want a\nwant b as a":    "gkops.yaml:2: instance a is named twice: for a at gkops.yaml:1, and for b",
		"locked a 1\nlocked a 2": "the lock holds a twice",
	} {
		stock, problem := stocked(t, "a 1\n"+text)
		_, err := Solve(t.Context(), stock, problem)
		var contradiction *ProblemError
		if !errors.As(err, &contradiction) || contradiction.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A thousand packages in diamonds: a hundred layers of ten, each needing all of the next.
func TestAThousandNodeDiamond(t *testing.T) {
	for _, impossible := range []bool{false, true} {
		stock, problem := diamond(100, 10, impossible)
		plan, err := Solve(t.Context(), stock, problem)
		var no *NoSolutionError
		switch {
		case impossible && !errors.As(err, &no):
			t.Errorf("impossible diamond: %v", err)
		case impossible && len(strings.Split(no.Explain(), "\n")) > 40:
			t.Errorf("the explanation is longer than a screen:\n%s", no.Explain())
		case !impossible && (err != nil || len(plan.Instances) != 1000):
			t.Errorf("diamond: %v", err)
		}
	}
}

// diamond is layers of packages, each with three versions that need every package of the next layer. The newest versions of the
// last but one layer do not agree on the last; when it is impossible, no versions do.
func diamond(layers, width int, impossible bool) (shelf, Problem) {
	stock := shelf{}
	name := func(layer, i int) string { return fmt.Sprintf("p%d-%d", layer, i) }
	for layer := range layers {
		for i := range width {
			for v := 1; v <= 3; v++ {
				var needs Needs
				for j := range width {
					if layer+1 < layers {
						r := "*"
						if layer+2 == layers && (impossible || v == 3) {
							r = fmt.Sprintf("%d.0.0", 1+(i+v)%3)
						}
						needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: name(layer+1, j), Range: ranged(r)})
					}
				}
				if impossible && layer+2 == layers && i == 0 {
					needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: name(layer+1, 0), Range: ranged(">3")})
				}
				stock[name(layer, i)] = append(stock[name(layer, i)], item{Candidate{Registry: "main", Version: version(fmt.Sprintf("%d.0.0", v))}, needs})
			}
		}
	}
	problem := Problem{Registries: []string{"main"}}
	for i := range width {
		problem.Roots = append(problem.Roots, Root{Package: name(0, i), Where: fmt.Sprintf("gkops.yaml:%d", i+1)})
	}
	return stock, problem
}

// Neither the order of what has no order, nor a repetition, nor packages that nobody asks for, change an answer.
func TestTheAnswerDependsOnTheProblemAlone(t *testing.T) {
	for seed := range uint64(generatedProblems / 6) {
		g := generate(seed)
		before := told(Solve(t.Context(), g.shelf, g.problem))
		for _, change := range []struct {
			name string
			do   func(*generated)
		}{
			{"again", func(*generated) {}},
			{"turned around", turnAround},
			{"with unrelated packages", addUnrelated},
		} {
			changed := generate(seed)
			change.do(&changed)
			if after := told(Solve(t.Context(), changed.shelf, changed.problem)); after != before {
				t.Fatalf("problem %d, %s:\n%s\nbefore %s\nafter  %s", seed, change.name, describe(g), before, after)
			}
		}
	}
}

func told(p *Plan, err error) string {
	var no *NoSolutionError
	if errors.As(err, &no) {
		return no.Explain()
	}
	return fmt.Sprint(outline(p), err)
}

func turnAround(g *generated) {
	for _, items := range g.shelf {
		slices.Reverse(items)
		for _, i := range items {
			slices.Reverse(i.needs.Dependencies)
			slices.Reverse(i.needs.Components)
			slices.Reverse(i.needs.Kubernetes)
			slices.Reverse(i.needs.Conflicts)
			slices.Reverse(i.needs.Uses)
			slices.Reverse(i.needs.Serves)
			slices.Reverse(i.Provides)
		}
	}
	slices.Reverse(g.problem.Locked)
	slices.Reverse(g.problem.Holds)
	slices.Reverse(g.problem.Facts)
	slices.Reverse(g.problem.Move)
	slices.Reverse(g.problem.AllowDowngrade)
}

func addUnrelated(g *generated) {
	other := generate(98)
	for name, items := range other.shelf {
		g.shelf["unrelated-package-"+name] = items
	}
	g.problem.Holds = append(g.problem.Holds, Hold{Package: "unrelated-package-a", Range: ranged("1.0.0")})
	g.problem.Facts = append(g.problem.Facts, Exclusion{Package: "unrelated-package-b", Version: version("1.0.0")})
	g.problem.Locked = append(g.problem.Locked, Locked{"unrelated-package-b", "unrelated-package-b", "one", version("1.0.0")})
}
