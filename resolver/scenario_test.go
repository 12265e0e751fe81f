package resolver

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/resolver/catalog"
)

// update writes what the solver says into the scenarios. Read the difference before you commit it.
var update = flag.Bool("update", false, "accept what the solver answers")

// Every case of testdata/*.txt has the answer that it states. The language, one statement a line, versions without a "v" and with as few numbers as they
// need (2 is 2.0.0):
//
//	case SENTENCE                        what the case shows; the lines below belong to it
//	registries NAME...                   in list order; without it there is one, main
//	kubernetes VERSION                   the cluster's version, which gkops.yaml:9 says; without it, it is not judged
//	PKG VERSION... [of REGISTRY] [namespaced] [provides NAME [VERSION]]... [-> NEED, NEED...]
//	                                     versions that a registry has, the virtual packages that they provide, and their needs; each
//	                                     may end in "by WORDS", who says so when it is not the package itself:
//	    PKG [RANGE]                      a dependency
//	    with PKG [as NAME] [RANGE]       a component
//	    fits RANGE                       a demand on the cluster's version
//	    against NAME [RANGE] [because WORDS]  a conflict
//	    after RANGE                      the versions of the package that it can be reached from
//	    serves KIND.GROUP VERSION...     a custom resource API
//	    uses KIND.GROUP VERSION...
//	yanked PKG VERSION... [of REGISTRY] because WORDS      of versions above
//	deprecated PKG VERSION... [of REGISTRY] because WORDS
//	want PKG [RANGE] [as INSTANCE] [from REGISTRY]
//	locked INSTANCE VERSION [of REGISTRY] [package PKG]
//	hold PKG RANGE [because WORDS]
//	exclude PKG VERSION [of REGISTRY] [because WORDS]
//	move all | move NAME...              what may leave its locked version
//	downgrade NAME...                    what may go below it
//	minimal                              lowest versions
//	plan INSTANCE VERSION [REGISTRY] [then VERSION...], ...  the whole answer, sorted; the registry only where there are several;
//	                                     what it is to go to in further steps, after then
//	no                                   no answer; lines starting with | are its explanation
//	whynot PKG RANGE                     a question after the plan; lines starting with | are the verdict
//
// Wants, holds and exclusions are at gkops.yaml:1, :2 and so on, in the order of the case.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	total := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases := parseScenarios(t, file, string(data))
		total += len(cases.list)
		for _, c := range cases.list {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+c.title, func(t *testing.T) { c.check(t) })
		}
		if *update {
			if err := os.WriteFile(file, []byte(cases.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if total < 100 {
		t.Errorf("%d scenarios, want at least 100", total)
	}
}

type scenarios struct {
	head string
	list []*scenario
}

func (s scenarios) String() string {
	var b strings.Builder
	b.WriteString(s.head)
	for _, c := range s.list {
		b.WriteString(strings.Join(c.given, "\n") + "\n" + strings.Join(c.want, "\n") + "\n\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

type scenario struct {
	title       string
	given, want []string
	file        string
	line        int
	shelf       shelf
	problem     Problem
	whynot      *catalog.Requirement
}

func parseScenarios(t *testing.T, file, text string) scenarios {
	var all scenarios
	var c *scenario
	for i, line := range strings.Split(text, "\n") {
		title, starts := strings.CutPrefix(line, "case ")
		switch {
		case starts:
			c = &scenario{title: title, file: file, line: i + 1, shelf: shelf{}, problem: Problem{Registries: []string{"main"}}}
			c.given = append(c.given, line)
			all.list = append(all.list, c)
		case c == nil:
			all.head += line + "\n"
		case strings.TrimSpace(line) == "":
		default:
			if err := c.statement(line); err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
		}
	}
	return all
}

func (c *scenario) statement(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "plan", "no", "|":
		c.want = append(c.want, line)
		return nil
	}
	c.given = append(c.given, line)
	fields := strings.Fields(rest)
	p := &c.problem
	switch word {
	case "#":
	case "registries":
		p.Registries = fields
	case "want":
		rest, registry := cutWord(rest, " from ")
		rest, as := cutWord(rest, " as ")
		pkg, r, _ := strings.Cut(rest, " ")
		parsed, err := catalog.ParseRange(r)
		p.Roots = append(p.Roots, Root{Package: pkg, Range: parsed, Instance: as, Registry: registry, Where: c.where()})
		return err
	case "locked":
		return c.locked(rest)
	case "hold":
		rest, why := cutWord(rest, " because ")
		pkg, r, _ := strings.Cut(rest, " ")
		parsed, err := catalog.ParseRange(r)
		p.Holds = append(p.Holds, Hold{Package: pkg, Range: parsed, Reason: why, Where: c.where()})
		return err
	case "exclude":
		rest, why := cutWord(rest, " because ")
		rest, registry := cutWord(rest, " of ")
		pkg, v, _ := strings.Cut(rest, " ")
		parsed, err := catalog.ParseVersion(full(v))
		p.Facts = append(p.Facts, Exclusion{Package: pkg, Version: parsed, Registry: registry, Why: why, Where: c.where()})
		return err
	case "move":
		if rest == "all" {
			p.MoveAll = true
			return nil
		}
		p.Move = fields
	case "downgrade":
		p.AllowDowngrade = fields
	case "minimal":
		p.Minimal = true
	case "kubernetes":
		v, err := catalog.ParseKubernetes(rest)
		p.Kubernetes, p.KubernetesWhere = v, "gkops.yaml:9"
		return err
	case "yanked", "deprecated":
		return c.mark(rest, word == "yanked")
	case "whynot":
		pkg, r, _ := strings.Cut(rest, " ")
		parsed, err := catalog.ParseRange(r)
		c.whynot = &catalog.Requirement{Package: pkg, Range: parsed}
		return err
	default:
		return c.stock(word, rest)
	}
	return nil
}

func (c *scenario) where() string {
	return fmt.Sprintf("gkops.yaml:%d", len(c.problem.Roots)+len(c.problem.Holds)+len(c.problem.Facts)+1)
}

func (c *scenario) locked(rest string) error {
	rest, pkg := cutWord(rest, " package ")
	rest, registry := cutWord(rest, " of ")
	instance, v, _ := strings.Cut(rest, " ")
	parsed, err := catalog.ParseVersion(full(v))
	lock := Locked{Instance: instance, Package: cmp.Or(pkg, instance), Registry: cmp.Or(registry, "main"), Version: parsed}
	c.problem.Locked = append(c.problem.Locked, lock)
	return err
}

// stock reads what a registry has.
func (c *scenario) stock(pkg, rest string) error {
	have, need, _ := strings.Cut(rest+" ", "-> ")
	needs, err := parseNeeds(need)
	if err != nil {
		return err
	}
	if before, _, namespaced := strings.Cut(have, "namespaced"); namespaced {
		have, needs.Namespaced = before, true
	}
	have, provided := cutWord(strings.TrimSpace(have), " provides ")
	provides, err := parseProvided(provided)
	if err != nil {
		return err
	}
	have, registry := cutWord(strings.TrimSpace(have), " of ")
	for _, text := range strings.Fields(have) {
		v, err := catalog.ParseVersion(full(text))
		if err != nil {
			return err
		}
		c.shelf[pkg] = append(c.shelf[pkg], item{Candidate{Registry: cmp.Or(registry, "main"), Version: v, Provides: provides}, needs})
	}
	return nil
}

func parseProvided(text string) ([]catalog.Provided, error) {
	var all []catalog.Provided
	for part := range strings.SplitSeq(text, " provides ") {
		name, number, versioned := strings.Cut(strings.TrimSpace(part), " ")
		if name == "" {
			continue
		}
		one := catalog.Provided{Name: name}
		if versioned {
			v, err := catalog.ParseVersion(full(number))
			if err != nil {
				return nil, err
			}
			one.Version = v
		}
		all = append(all, one)
	}
	return all, nil
}

// mark withdraws or deprecates versions that were stated before.
func (c *scenario) mark(rest string, yanked bool) error {
	rest, why := cutWord(rest, " because ")
	rest, registry := cutWord(rest, " of ")
	pkg, versions, _ := strings.Cut(rest, " ")
	for _, text := range strings.Fields(versions) {
		i := slices.IndexFunc(c.shelf[pkg], func(i item) bool {
			return i.Version.String() == full(text) && i.Registry == cmp.Or(registry, "main")
		})
		if i < 0 {
			return fmt.Errorf("there is no %s %s to mark", pkg, text)
		}
		if yanked {
			c.shelf[pkg][i].Yanked = why
		} else {
			c.shelf[pkg][i].Deprecated = why
		}
	}
	return nil
}

func parseNeeds(text string) (Needs, error) {
	var needs Needs
	for _, need := range strings.Split(text, ",") {
		need, source := cutWord(strings.TrimSpace(need), " by ")
		if known, err := parseKnowledge(&needs, need, source); known || err != nil {
			if err != nil {
				return needs, err
			}
			continue
		}
		component, isComponent := strings.CutPrefix(need, "with ")
		pkg, rest, _ := strings.Cut(component, " ")
		name := ""
		if after, named := strings.CutPrefix(rest, "as "); named {
			name, rest, _ = strings.Cut(after, " ")
		}
		r, err := catalog.ParseRange(rest)
		switch {
		case err != nil:
			return needs, err
		case isComponent:
			needs.Components = append(needs.Components, Component{Package: pkg, Name: name, Range: r})
		case pkg != "":
			needs.Dependencies = append(needs.Dependencies, catalog.Requirement{Package: pkg, Range: r, Source: source})
		}
	}
	return needs, nil
}

// parseKnowledge reads a need that is neither a dependency nor a component, and says whether it is one.
func parseKnowledge(needs *Needs, text, source string) (known bool, err error) {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "fits":
		r, err := catalog.ParseRange(rest)
		needs.Kubernetes = append(needs.Kubernetes, Demand{r, source})
		return true, err
	case "after":
		r, err := catalog.ParseRange(rest)
		needs.From = &Demand{r, source}
		return true, err
	case "against":
		rest, why := cutWord(rest, " because ")
		name, rest, _ := strings.Cut(rest, " ")
		r, err := catalog.ParseRange(rest)
		needs.Conflicts = append(needs.Conflicts, Conflict{name, r, why, source})
		return true, err
	case "serves", "uses":
		name, versions, _ := strings.Cut(rest, " ")
		kind, group, _ := strings.Cut(name, ".")
		api := API{Group: group, Kind: kind, Versions: strings.Fields(versions), Source: source}
		if word == "uses" {
			needs.Uses = append(needs.Uses, api)
		} else {
			needs.Serves = append(needs.Serves, api)
		}
		return true, nil
	}
	return false, nil
}

// full writes a short version out: "2" is "2.0.0", "2+1" is "2.0.0+1".
func full(v string) string {
	numbers, rest := v, ""
	if i := strings.IndexAny(v, "-+"); i >= 0 {
		numbers, rest = v[:i], v[i:]
	}
	for strings.Count(numbers, ".") < 2 {
		numbers += ".0"
	}
	return numbers + rest
}

// short is the reverse of full.
func short(v catalog.Version) string {
	text, rest := v.String(), ""
	if i := strings.IndexAny(text, "-+"); i >= 0 {
		text, rest = text[:i], text[i:]
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, ".0"), ".0") + rest
}

func cutWord(s, word string) (before, after string) {
	if strings.HasPrefix(s, strings.TrimLeft(word, " ")) {
		return "", strings.TrimPrefix(s, strings.TrimLeft(word, " "))
	}
	before, after, _ = strings.Cut(s, word)
	return before, after
}

// check solves a scenario, and again with everything turned around that must not matter.
func (c *scenario) check(t *testing.T) {
	got := c.answer(t)
	if *update {
		c.want = got
		return
	}
	if diff := gocmp.Diff(c.want, got); diff != "" {
		t.Errorf("%s:%d: -want +got\n%s", c.file, c.line, diff)
	}
	for _, items := range c.shelf {
		slices.Reverse(items)
	}
	slices.Reverse(c.problem.Locked)
	if diff := gocmp.Diff(got, c.answer(t)); diff != "" {
		t.Errorf("%s:%d: the order of candidates or of the lock matters: -before +after\n%s", c.file, c.line, diff)
	}
}

func (c *scenario) answer(t *testing.T) []string {
	plan, err := Solve(t.Context(), c.shelf, c.problem)
	var no *NoSolutionError
	if errors.As(err, &no) {
		return append([]string{"no"}, barred(no.Explain())...)
	}
	if err != nil {
		return append([]string{"no"}, barred("error: "+err.Error())...)
	}
	lines := []string{strings.TrimRight("plan "+c.outline(plan), " ")}
	if c.whynot == nil {
		return lines
	}
	verdict, err := WhyNot(t.Context(), c.shelf, c.problem, c.whynot.Package, c.whynot.Range)
	if err != nil {
		t.Fatal(err)
	}
	return append(lines, barred(verdict.Text)...)
}

func barred(text string) []string {
	var lines []string
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, strings.TrimRight("| "+line, " "))
	}
	return lines
}

func (c *scenario) outline(p *Plan) string {
	var all []string
	for _, i := range p.Instances {
		text := i.Instance + " " + short(i.Version)
		if len(c.problem.Registries) > 1 {
			text += " " + i.Registry
		}
		for _, next := range i.Next {
			text += " then " + short(next)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
