package resolver

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// story is a refutation in the order in which a person asks: what the workspace asks for, what that needs, and what stands
// against it.
type story struct {
	problem  *Problem
	asked    *entry   // the entry that is the question itself, nil for none
	names    []string // of packages, for near names
	chapters []*chapter
	of       map[*node]*chapter
}

// chapter is all that a refutation says of one instance.
type chapter struct {
	node     *node
	entries  []*origin // roots, holds, locks, facts
	faults   []*origin // scopes, names, cycles
	needs    []*need
	needed   []*need
	possible set // what the entries leave of the candidates
}

// need is what one instance needs of another, by version.
type need struct {
	by, of    *node
	component bool
	groups    []group
}

// group is the versions of an instance that need the same.
type group struct {
	by        set
	requested string
	none      bool // no registry has it
	pre       bool // it names a prerelease
}

// newStory orders the requirements of a refutation.
func newStory(p *Problem, refuted *incompatibility, names []string, asked *entry) *story {
	st := &story{problem: p, asked: asked, names: names, of: map[*node]*chapter{}}
	found := leaves(refuted)
	slices.SortStableFunc(found, compareOrigins)
	for _, o := range found {
		st.place(o)
	}
	for _, c := range st.of {
		c.possible = c.node.pack.present
		for _, o := range c.entries {
			c.possible = c.possible.without(o.set)
		}
	}
	for _, o := range found {
		if o.kind == fromNeed {
			st.placeNeed(o)
		}
	}
	st.order()
	return st
}

func compareOrigins(a, b *origin) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.index, b.index), compareNodes(a.node, b.node),
		cmp.Compare(a.requested.String(), b.requested.String()), cmp.Compare(a.set.count(), b.set.count()))
}

// compareNodes orders nodes by name; one of the two may be missing.
func compareNodes(a, b *node) int {
	if a == nil || b == nil {
		return 0
	}
	return cmp.Or(strings.Compare(a.instance, b.instance), strings.Compare(a.pkg, b.pkg), strings.Compare(a.parentName, b.parentName))
}

func (st *story) chapter(n *node) *chapter {
	c := st.of[n]
	if c == nil {
		c = &chapter{node: n}
		st.of[n] = c
	}
	return c
}

func (st *story) place(o *origin) {
	c := st.chapter(o.node)
	switch o.kind {
	case fromNeed:
		st.chapter(o.target)
	case fromScope, fromName, fromCycle:
		c.faults = append(c.faults, o)
	default:
		c.entries = append(c.entries, o)
	}
}

func (st *story) placeNeed(o *origin) {
	by, of := st.of[o.node], st.of[o.target]
	who := o.set.and(by.possible)
	if who.empty() {
		return
	}
	i := slices.IndexFunc(by.needs, func(n *need) bool { return n.of == o.target })
	if i < 0 {
		n := &need{by: o.node, of: o.target, component: o.component}
		by.needs, of.needed = append(by.needs, n), append(of.needed, n)
		i = len(by.needs) - 1
	}
	by.needs[i].join(group{who, rangeText(o.requested), o.target.pack.allowed(o.requested).empty(), o.requested.Prerelease()})
}

// join adds a group, or makes the one with the same request larger. Groups stay ordered by their lowest version.
func (n *need) join(g group) {
	for i := range n.groups {
		if n.groups[i].requested == g.requested {
			n.groups[i].by = n.groups[i].by.or(g.by)
			return
		}
	}
	n.groups = append(n.groups, g)
	size := n.by.pack.size
	slices.SortStableFunc(n.groups, func(a, b group) int { return a.by.lowest(1, size) - b.by.lowest(1, size) })
}

// order puts the chapters of roots first, as they are in the problem, then what those need, and so on.
func (st *story) order() {
	var queue []*chapter
	for _, c := range slices.SortedFunc(maps.Values(st.of), func(a, b *chapter) int {
		return cmp.Or(cmp.Compare(a.place(), b.place()), compareNodes(a.node, b.node))
	}) {
		if c.isRoot() {
			queue = append(queue, c)
		}
	}
	seen := map[*chapter]bool{}
	for len(queue) > 0 {
		c := queue[0]
		queue = queue[1:]
		if seen[c] {
			continue
		}
		seen[c] = true
		st.chapters = append(st.chapters, c)
		slices.SortStableFunc(c.needs, func(a, b *need) int { return compareNodes(a.of, b.of) })
		for _, n := range c.needs {
			queue = append(queue, st.of[n.of])
		}
	}
}

func (c *chapter) isRoot() bool {
	return slices.ContainsFunc(c.entries, func(o *origin) bool { return o.kind == fromRoot })
}

func (c *chapter) place() int {
	for _, o := range c.entries {
		if o.kind == fromRoot {
			return o.index
		}
	}
	return 0
}

// steps tells the story.
func (st *story) steps() []Step {
	var steps []Step
	for _, c := range st.chapters {
		steps = append(steps, st.entrySteps(c)...)
		steps = append(steps, st.faultSteps(c, false)...)
		for _, n := range c.needs {
			kind := fromNeed.String()
			if n.component {
				kind = "component"
			}
			steps = append(steps, Step{Kind: kind, Package: n.by.pkg, Text: st.needText(n)})
		}
	}
	for _, c := range st.chapters {
		steps = append(steps, st.faultSteps(c, true)...)
	}
	return steps
}

// faultSteps tells the faults of a chapter: the circles, which come last of all, or the others.
func (st *story) faultSteps(c *chapter, cycles bool) []Step {
	var steps []Step
	for _, o := range c.faults {
		if (o.kind == fromCycle) == cycles {
			steps = append(steps, Step{Kind: o.kind.String(), Package: c.node.pkg, Text: st.fault(o)})
		}
	}
	return steps
}

func (st *story) entrySteps(c *chapter) []Step {
	var steps []Step
	facts := 0
	for i, o := range c.entries {
		step := Step{Kind: o.kind.String(), Package: c.node.pkg, Where: st.where(o)}
		if o.kind != fromFact {
			step.Text = st.entryText(c, o)
			steps = append(steps, step)
			continue
		}
		if facts++; facts <= maxListed || len(st.factsOf(c)) <= maxListed+1 {
			step.Text = st.entryText(c, c.entries[i])
			steps = append(steps, step)
		}
	}
	if hidden := len(st.factsOf(c)) - maxListed; hidden > 1 {
		steps = append(steps, Step{Kind: fromFact.String(), Package: c.node.pkg,
			Text: fmt.Sprintf("%d more versions of %s cannot be used", hidden, c.node.pkg)})
	}
	return steps
}

func (st *story) factsOf(c *chapter) []*origin {
	var facts []*origin
	for _, o := range c.entries {
		if o.kind == fromFact {
			facts = append(facts, o)
		}
	}
	return facts
}

// where is the place of an entry in a file.
func (st *story) where(o *origin) string {
	switch o.kind {
	case fromRoot:
		return st.problem.Roots[o.index].Where
	case fromHold:
		return st.problem.Holds[o.index].Where
	case fromFact:
		return st.problem.Facts[o.index].Where
	}
	return ""
}

// String is the kind of a step.
func (k originKind) String() string {
	return [...]string{"root", "hold", "fact", "lock", "registry", "dependency", "scope", "name", "cycle"}[k]
}
