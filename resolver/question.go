package resolver

import (
	"cmp"
	"fmt"
	"slices"
)

// question is a problem as a search reads it, with some of its requirements left out.
type question struct {
	problem  *Problem
	only     *premises // what counts; nil for everything
	plain    bool      // any answer will do
	patience int       // conflicts before the search hunts
	kept     []int     // lock entries that shall stay in the plan, though no root asks for them
	asked    *entry    // the entry of the problem that is the question itself; nil for none

	roots map[string]int   // by instance
	locks map[string]int   // by instance
	holds map[string][]int // by package
	facts map[string][]int // by package
	moved map[string]bool  // instances and packages
	lower map[string]bool  // instances and packages
}

// newQuestion reads a problem. It returns a *ProblemError when an instance is named twice.
func newQuestion(p *Problem) (*question, error) {
	q := &question{problem: p, roots: map[string]int{}, locks: map[string]int{}, holds: map[string][]int{},
		facts: map[string][]int{}, moved: map[string]bool{}, lower: map[string]bool{},
		patience: huntAfter}
	for i, root := range p.Roots {
		name := root.name()
		switch root.Package {
		case "":
			continue
		case kubernetes:
			return nil, &ProblemError{Where: root.Where, Reason: "kubernetes is the cluster itself, and no package to install",
				Hint: "the cluster's version is its kubernetes: in gkops.yaml"}
		}
		if first, twice := q.roots[name]; twice {
			return nil, twiceError(name, p.Roots[first], root)
		}
		q.roots[name] = i
	}
	for i, lock := range p.Locked {
		if _, twice := q.locks[lock.Instance]; twice {
			return nil, &ProblemError{Reason: fmt.Sprintf("the lock holds %s twice", lock.Instance)}
		}
		q.locks[lock.Instance] = i
	}
	for i, hold := range p.Holds {
		q.holds[hold.Package] = append(q.holds[hold.Package], i)
	}
	for i, fact := range p.Facts {
		q.facts[fact.Package] = append(q.facts[fact.Package], i)
	}
	q.sort()
	for _, name := range p.Move {
		q.moved[name] = true
	}
	for _, name := range p.AllowDowngrade {
		q.lower[name] = true
	}
	q.keep()
	return q, nil
}

func (r Root) name() string { return cmp.Or(r.Instance, r.Package) }

func twiceError(name string, first, second Root) error {
	return &ProblemError{
		Where:  second.Where,
		Reason: fmt.Sprintf("instance %s is named twice: for %s at %s, and for %s", name, first.Package, cmp.Or(first.Where, "its first place"), second.Package),
		Hint:   "give one of them another name with as:",
	}
}

// sort makes holds and facts independent of their order in the problem.
func (q *question) sort() {
	for _, of := range q.holds {
		slices.SortStableFunc(of, func(i, j int) int {
			a, b := q.problem.Holds[i], q.problem.Holds[j]
			return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.Range.String(), b.Range.String()), cmp.Compare(a.Reason, b.Reason))
		})
	}
	for _, of := range q.facts {
		slices.SortStableFunc(of, func(i, j int) int {
			a, b := q.problem.Facts[i], q.problem.Facts[j]
			return cmp.Or(a.Version.Compare(b.Version), cmp.Compare(a.Registry, b.Registry), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Where, b.Where))
		})
	}
}

// keep lists what is locked, asked to move and no root: it shall move, not vanish.
func (q *question) keep() {
	for i, lock := range q.problem.Locked {
		_, root := q.roots[lock.Instance]
		if !root && lock.Instance == lock.Package && q.moved[lock.Instance] {
			q.kept = append(q.kept, i)
		}
	}
	slices.SortFunc(q.kept, func(i, j int) int {
		return cmp.Compare(q.problem.Locked[i].Instance, q.problem.Locked[j].Instance)
	})
}

// asks reports whether an entry of the problem counts.
func (q *question) asks(kind originKind, index int) bool {
	return q.only == nil || q.only.entries == nil || q.only.entries[entry{kind, index}]
}

// counts reports whether what a package says of another counts.
func (q *question) counts(e edge) bool {
	return q.only == nil || q.only.edges == nil || q.only.edges[e]
}

// rootOf is the index of the root that a node is, or -1.
func (q *question) rootOf(id identity) int {
	if i, ok := q.roots[id.instance]; ok && id.parentName == "" && q.problem.Roots[i].Package == id.pkg && q.asks(fromRoot, i) {
		return i
	}
	return -1
}

// lockOf is the index of the lock entry of a node, or -1.
func (q *question) lockOf(id identity) int {
	if i, ok := q.locks[id.instance]; ok && q.problem.Locked[i].Package == id.pkg {
		return i
	}
	return -1
}

// isMoved reports whether an instance was asked to leave its locked version.
func (q *question) isMoved(id identity) bool {
	return q.problem.MoveAll || q.moved[id.instance] || q.moved[id.pkg]
}

// mayGoDown reports whether an instance may go below its locked version.
func (q *question) mayGoDown(id identity) bool { return q.lower[id.instance] || q.lower[id.pkg] }
