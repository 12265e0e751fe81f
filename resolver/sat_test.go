package resolver

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/crillab/gophersat/solver"

	"gkops.dev/gkops/resolver/catalog"
)

// The solver and a SAT solver, which reads the problem by itself, give the same verdict, and the checker of plans, which does so
// too, finds no fault in an answer. The problems of the second generator are too large to try everything.
func TestVerdictsAgreeWithSAT(t *testing.T) {
	for name, generate := range map[string]func(uint64) generated{"small": generatePlain, "wide": generateWide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			solved := 0
			for seed := range uint64(satProblems / 2) {
				g := generate(seed + 1<<32)
				plan, err := Solve(t.Context(), g.shelf, g.problem)
				var no *NoSolutionError
				if err != nil && !errors.As(err, &no) {
					t.Fatalf("problem %d: %v", seed, err)
				}
				if model := newFormula(g).solve(); (model != nil) != (plan != nil) {
					t.Fatalf("problem %d: a plan: %v, a model: %v\n%s", seed, plan != nil, model != nil, describe(g))
				}
				if plan == nil {
					continue
				}
				solved++
				if faults := faultsOf(g, plan); len(faults) > 0 {
					t.Fatalf("problem %d: %s\n%s\n%s", seed, strings.Join(faults, "; "), outline(plan), describe(g))
				}
			}
			t.Logf("%d problems, %d with an answer", satProblems/2, solved)
			if solved < satProblems/20 || solved > satProblems*9/20 {
				t.Errorf("%d of %d problems have an answer: the generator makes them too easy or too hard", solved, satProblems/2)
			}
		})
	}
}

// formula is a problem as clauses over variables that say "this instance has this candidate". What it knows of the rules is
// written down here and in place.fits; it shares nothing with the solver but the data.
type formula struct {
	generated
	places  map[string]*place
	order   []*place
	clauses [][]int
	what    []variable // variable i+1
	costs   []int      // variables of which as few as possible shall hold
}

// place is one instance that may come into a plan.
type place struct {
	name, pkg string
	parent    *place // of a component
	items     []item // those that fit whatever else is in the plan
	vars      []int
}

type variable struct {
	place *place
	item  int
}

func newFormula(g generated) *formula {
	f := &formula{generated: g, places: map[string]*place{}}
	for _, r := range g.problem.Roots {
		p := f.place(r.name(), r.Package, nil)
		f.clauses = append(f.clauses, slices.Clone(p.vars))
	}
	for i := 0; i < len(f.order); i++ {
		f.expand(f.order[i])
	}
	f.separate()
	return f
}

// key names a place with its line of parents.
func (p *place) key() string {
	if p == nil {
		return ""
	}
	return p.parent.key() + "/" + p.name + "=" + p.pkg
}

func (f *formula) place(name, pkg string, parent *place) *place {
	p := &place{name: name, pkg: pkg, parent: parent}
	if known := f.places[p.key()]; known != nil {
		return known
	}
	for _, i := range f.shelf[pkg] {
		if p.fits(&f.problem, f.shelf, i) {
			p.items = append(p.items, i)
			f.what = append(f.what, variable{p, len(p.vars)})
			p.vars = append(p.vars, len(f.what))
		}
	}
	f.places[p.key()] = p
	f.order = append(f.order, p)
	return p
}

// expand says what each candidate of a place needs.
func (f *formula) expand(p *place) {
	for i, it := range p.items {
		for _, d := range it.needs.Dependencies {
			f.need(p.vars[i], f.place(d.Package, d.Package, nil), d.Range, true)
		}
		for _, c := range it.needs.Components {
			f.need(p.vars[i], f.place(p.name+"-"+c.name(), c.Package, p), c.Range, false)
		}
	}
}

// need says that a variable implies one of the candidates of another place.
func (f *formula) need(who int, target *place, r catalog.Range, cluster bool) {
	clause := []int{-who}
	for i, it := range target.items {
		if r.Allows(it.Version) && !(cluster && it.needs.Namespaced) {
			clause = append(clause, target.vars[i])
		}
	}
	f.clauses = append(f.clauses, clause)
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

// solve is the chosen candidate of each place of a model without cycles, nil when there is no model. Cycles are forbidden when a
// model has one.
func (f *formula) solve() map[*place]item {
	for {
		s := solver.New(solver.ParseSliceNb(f.clauses, len(f.what)))
		if s.Solve() != solver.Sat {
			return nil
		}
		if chosen := f.chosen(s.Model()); f.breaksNoCycle(chosen) {
			return chosen
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
		if f.breaksNoCycle(f.chosen(s.Model())) {
			return cost
		}
	}
}

// wishes makes a variable for each locked instance that holds when the instance is in the plan in another version.
func (f *formula) wishes() {
	for _, p := range f.order {
		lock := lockOf(&f.problem, p.name, p.pkg)
		if lock == nil {
			continue
		}
		f.what = append(f.what, variable{})
		leaves := len(f.what)
		f.costs = append(f.costs, leaves)
		for i, it := range p.items {
			if it.Registry != lock.Registry || it.Version.Compare(lock.Version) != 0 {
				f.clauses = append(f.clauses, []int{-p.vars[i], leaves})
			}
		}
	}
}

func (f *formula) chosen(model []bool) map[*place]item {
	chosen := map[*place]item{}
	for i, v := range f.what {
		if v.place != nil && model[i] {
			chosen[v.place] = v.place.items[v.item]
		}
	}
	return chosen
}

// breaksNoCycle reports whether the chosen candidates are free of cycles; if not, those of one cycle are forbidden from now on.
func (f *formula) breaksNoCycle(chosen map[*place]item) bool {
	byName := map[string]*place{}
	for p := range chosen {
		byName[p.name] = p
	}
	for _, start := range f.order {
		if _, there := chosen[start]; !there {
			continue
		}
		if cycle := cycleFrom(start, chosen, byName, map[*place]bool{}, nil); cycle != nil {
			f.forbid(cycle, chosen)
			return false
		}
	}
	return true
}

// cycleFrom follows needs in depth until it meets its own path. What was seen before leads nowhere.
func cycleFrom(p *place, chosen map[*place]item, byName map[string]*place, seen map[*place]bool, path []*place) []*place {
	if i := slices.Index(path, p); i >= 0 {
		return path[i:]
	}
	if seen[p] {
		return nil
	}
	seen[p] = true
	path = append(slices.Clone(path), p)
	for _, name := range neededNames(p.name, chosen[p].needs) {
		if next := byName[name]; next != nil {
			if cycle := cycleFrom(next, chosen, byName, seen, path); cycle != nil {
				return cycle
			}
		}
	}
	return nil
}

// neededNames are the instances that one with these needs asks for.
func neededNames(name string, needs Needs) []string {
	var names []string
	for _, d := range needs.Dependencies {
		names = append(names, d.Package)
	}
	for _, c := range needs.Components {
		names = append(names, name+"-"+c.name())
	}
	return names
}

func (f *formula) forbid(cycle []*place, chosen map[*place]item) {
	var clause []int
	for _, p := range cycle {
		for i, it := range p.items {
			if it.Registry == chosen[p].Registry && it.Version == chosen[p].Version {
				clause = append(clause, -p.vars[i])
			}
		}
	}
	f.clauses = append(f.clauses, clause)
}
