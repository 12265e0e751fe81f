package resolver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/crillab/gophersat/solver"

	"gkops.dev/gkops/resolver/catalog"
)

// The solver and a SAT solver, which reads the problem by itself, give the same verdict, and the checker of plans, which does so
// too, finds no fault in an answer. Half of the problems are of needs alone. Those of the second generator are too large to try
// everything.
func TestVerdictsAgreeWithSAT(t *testing.T) {
	for name, generate := range map[string]func(uint64) generated{"small": generate, "wide": generateWide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			solved, decided := [2]int{}, 0
			for seed := range uint64(satProblems) {
				g := generate(seed + 1<<32)
				plan, err := Solve(t.Context(), g.shelf, g.problem)
				var no *NoSolutionError
				if err != nil && !errors.As(err, &no) {
					t.Fatalf("problem %d: %v", seed, err)
				}
				if model := newFormula(g, g.shelf.providers()).solve(); model != (plan != nil) {
					t.Fatalf("problem %d: a plan: %v, a model: %v\n%s", seed, plan != nil, model, describe(g))
				}
				if plan == nil {
					if citesKnowledge(no) {
						decided++
					}
					continue
				}
				solved[seed%2]++
				if faults := faultsOf(g, plan); len(faults) > 0 {
					t.Fatalf("problem %d: %s\n%s\n%s", seed, strings.Join(faults, "; "), outline(plan), describe(g))
				}
			}
			t.Logf("%d problems; %d of needs alone with an answer, %d of the others; %d of the others have none because of what packages know",
				satProblems, solved[0], solved[1], decided)
			for _, n := range solved {
				if n < satProblems/20 || n > satProblems*9/20 {
					t.Errorf("%v of %d problems have an answer: the generator makes them too easy or too hard", solved, satProblems)
				}
			}
			if decided < satProblems/40 {
				t.Errorf("what packages know decides %d of %d problems", decided, satProblems)
			}
		})
	}
}

// citesKnowledge reports whether an explanation cites more than needs, entries of the workspace and the lock.
func citesKnowledge(no *NoSolutionError) bool {
	for e := range no.cited.edges {
		if e.kind != fromNeed {
			return true
		}
	}
	return no.cited.entries[entry{fromCluster, 0}]
}

// formula is a problem as clauses over variables that say "this instance has this candidate". The clauses say of one candidate and
// of two what the oracle says of them; they share nothing with the solver but the data.
type formula struct {
	oracle
	providers map[string][]string
	places    map[string]*place
	order     []*place
	clauses   [][]int
	what      []variable // variable i+1
	costs     []int      // variables of which as few as possible shall hold
}

// place is one instance that may come into a plan.
type place struct {
	pick  // without a candidate
	key   string
	items []pick // with those that fit whatever else is in the plan
	vars  []int
}

type variable struct {
	place *place
	item  int
}

func newFormula(g generated, providers map[string][]string) *formula {
	f := &formula{oracle: oracle{shelf: g.shelf, problem: g.problem}, providers: providers, places: map[string]*place{}}
	for _, r := range g.problem.Roots {
		f.clauses = append(f.clauses, slices.Clone(f.place(r.name(), r.Package, &place{}).vars))
	}
	for i := 0; i < len(f.order); i++ {
		f.expand(f.order[i])
	}
	f.separate()
	f.oppose()
	return f
}

// providers lists the packages of which some version provides a virtual package, by that.
func (s shelf) providers() map[string][]string {
	all := map[string][]string{}
	for _, name := range s.Names(context.Background()) {
		for _, i := range s[name] {
			for _, v := range i.Provides {
				if !slices.Contains(all[v.Name], name) {
					all[v.Name] = append(all[v.Name], name)
				}
			}
		}
	}
	return all
}

// place is the place of an instance; one without a parent is part of the empty place.
func (f *formula) place(name, pkg string, parent *place) *place {
	key := parent.key + "/" + name + "=" + pkg
	if known := f.places[key]; known != nil {
		return known
	}
	p := &place{key: key, pick: pick{name: name, pkg: pkg, parent: parent.name, lineage: append(slices.Clone(parent.lineage), pkg)}}
	for _, i := range f.shelf[pkg] {
		one := p.pick
		if one.item = i; f.fits(one) {
			p.items = append(p.items, one)
			f.what = append(f.what, variable{p, len(p.vars)})
			p.vars = append(p.vars, len(f.what))
		}
	}
	f.places[key] = p
	f.order = append(f.order, p)
	return p
}

// expand says what each candidate of a place needs: one of the candidates, of any place, that meet a need.
func (f *formula) expand(p *place) {
	for i, one := range p.items {
		for _, d := range one.needs.Dependencies {
			if one.helpsItself(d) {
				continue
			}
			clause := []int{-p.vars[i]}
			for _, name := range f.couldMeet(d) {
				clause = f.place(name, name, &place{}).add(clause, func(q pick) bool { return q.name != one.name && q.can(d) })
			}
			f.clauses = append(f.clauses, clause)
		}
		for _, c := range one.needs.Components {
			part := f.place(one.name+"-"+c.name(), c.Package, p)
			f.clauses = append(f.clauses, part.add([]int{-p.vars[i]}, func(q pick) bool { return c.Range.Allows(q.Version) }))
		}
	}
}

// couldMeet is the instances of which some version might meet a need.
func (f *formula) couldMeet(d catalog.Requirement) []string {
	return append([]string{d.Package}, f.providers[d.Package]...)
}

// add appends to a clause that the place has one of the candidates that do.
func (p *place) add(clause []int, does func(pick) bool) []int {
	for i, q := range p.items {
		if does(q) {
			clause = append(clause, p.vars[i])
		}
	}
	return clause
}

// separate says that one name stands for one candidate of one package.
func (f *formula) separate() {
	byName := map[string][]int{}
	for _, p := range f.order {
		byName[p.name] = append(byName[p.name], p.vars...)
	}
	for _, p := range f.order {
		vars := byName[p.name]
		delete(byName, p.name)
		for i, v := range vars {
			for _, w := range vars[:i] {
				f.clauses = append(f.clauses, []int{-v, -w})
			}
		}
	}
}

// oppose says which two candidates cannot be together.
func (f *formula) oppose() {
	for _, p := range f.order {
		for i, one := range p.items {
			if len(one.needs.Conflicts)+len(one.needs.Uses) == 0 {
				continue
			}
			for _, q := range f.order {
				if p.name == q.name {
					continue
				}
				for _, other := range q.add(nil, one.quarrels) {
					f.clauses = append(f.clauses, []int{-p.vars[i], -other})
				}
			}
		}
	}
}

// solve reports whether there is a model without circles. A circle is forbidden when a model has one.
func (f *formula) solve() bool {
	for {
		s := solver.New(solver.ParseSliceNb(f.clauses, len(f.what)))
		if s.Solve() != solver.Sat {
			return false
		}
		if f.breaksNoCircle(s.Model()) {
			return true
		}
	}
}

// fewest is the least number of locked instances that leave their version, -1 when there is no model.
func (f *formula) fewest() int {
	f.wishes()
	for {
		problem := solver.ParseSliceNb(f.clauses, len(f.what))
		lits, weights := make([]solver.Lit, len(f.costs)), make([]int, len(f.costs))
		for i, v := range f.costs {
			lits[i], weights[i] = solver.IntToLit(int32(v)), 1
		}
		problem.SetCostFunc(lits, weights)
		s := solver.New(problem)
		cost := s.Minimize()
		if cost < 0 {
			return -1
		}
		if f.breaksNoCircle(s.Model()) {
			return cost
		}
	}
}

// wishes makes a variable for each locked instance that holds when the instance is in the plan in another version.
func (f *formula) wishes() {
	for _, p := range f.order {
		lock := f.lock(p.pick)
		if lock == nil {
			continue
		}
		f.what = append(f.what, variable{})
		leaves := len(f.what)
		f.costs = append(f.costs, leaves)
		for _, v := range p.add(nil, func(q pick) bool { return q.Registry != lock.Registry || q.Version.Compare(lock.Version) != 0 }) {
			f.clauses = append(f.clauses, []int{-v, leaves})
		}
	}
}

// pick is what a variable says.
func (f *formula) pick(v int) pick { return f.what[v-1].place.items[f.what[v-1].item] }

// breaksNoCircle reports whether no candidates of a model wait for each other; if some do, those of one circle are forbidden from
// now on.
func (f *formula) breaksNoCircle(model []bool) bool {
	chosen := map[string]int{}
	for i, v := range f.what {
		if v.place != nil && model[i] {
			chosen[v.place.name] = i + 1
		}
	}
	seen := map[int]bool{}
	for i := range f.what {
		if !model[i] || f.what[i].place == nil {
			continue
		}
		if circle := f.circleFrom(i+1, chosen, seen, nil); circle != nil {
			for j, v := range circle {
				circle[j] = -v
			}
			f.clauses = append(f.clauses, circle)
			return false
		}
	}
	return true
}

// circleFrom follows needs in depth until it meets its own path. What was seen before leads nowhere.
func (f *formula) circleFrom(v int, chosen map[string]int, seen map[int]bool, path []int) []int {
	if i := slices.Index(path, v); i >= 0 {
		return path[i:]
	}
	if seen[v] {
		return nil
	}
	seen[v] = true
	path = append(slices.Clone(path), v)
	for _, name := range f.couldWaitFor(f.pick(v)) {
		if next := chosen[name]; next != 0 && f.pick(v).waitsFor(f.pick(next)) {
			if circle := f.circleFrom(next, chosen, seen, path); circle != nil {
				return circle
			}
		}
	}
	return nil
}

// couldWaitFor is the instances that a candidate might wait for.
func (f *formula) couldWaitFor(p pick) []string {
	var names []string
	for _, d := range p.needs.Dependencies {
		names = append(names, f.couldMeet(d)...)
	}
	for _, c := range p.needs.Components {
		names = append(names, p.name+"-"+c.name())
	}
	return names
}
