package resolver

import "slices"

// openTerm is a term of the incompatibility that a conflict is being turned into.
type openTerm struct {
	node *node
	set  set
	i    int // index of the step in the node's history since which the term holds
}

func (t *openTerm) step() *step { return &t.node.history[t.i] }

// analysis turns a conflict into what it follows from, step by step, latest first.
type analysis struct {
	terms []*openTerm
	from  []*incompatibility
}

// resolve learns from an incompatibility whose terms all hold: it goes back along the steps that made them hold until one
// decision is alone to blame, undoes that decision and adds what it learned. Without any decision to blame, the problem is
// refuted.
func (s *search) resolve(conflict *incompatibility) {
	a := analyse(conflict)
	defer a.close()
	for len(a.terms) > 0 {
		latest := a.latest()
		latest.node.activity += s.bump
		before := a.levelBefore(latest)
		if latest.step().cause == nil || before < latest.step().level {
			s.backjump(before)
			s.adopt(a, conflict)
			return
		}
		a.explain(latest)
	}
	s.refuted = &incompatibility{from: a.from}
}

// adopt adds the incompatibility of an analysis, or looks at the conflict itself again when there was nothing to learn.
func (s *search) adopt(a *analysis, conflict *incompatibility) {
	if len(a.from) == 1 {
		s.fresh = append(s.fresh, conflict)
		return
	}
	inc := &incompatibility{from: a.from}
	for _, t := range a.terms {
		inc.terms = append(inc.terms, term{t.node, t.set})
	}
	s.add(inc)
}

// blame lists the goals which together exclude that a node's state gets out of a set. All decisions must be those of goals.
func (s *search) blame(n *node, within set) []*goal {
	a := &analysis{}
	defer a.close()
	a.require(term{n, within})
	var blamed []*goal
	for len(a.terms) > 0 {
		latest := a.latest()
		if step := latest.step(); step.cause == nil {
			blamed = append(blamed, s.goals[s.marks[step.level-1].next])
		}
		a.explain(latest)
	}
	return blamed
}

func analyse(conflict *incompatibility) *analysis {
	a := &analysis{from: []*incompatibility{conflict}}
	for _, t := range conflict.terms {
		a.require(t)
	}
	return a
}

// require adds a term; a node has one term at most.
func (a *analysis) require(t term) {
	n := t.node
	if n.opened != nil {
		t.set = t.set.and(n.opened.set)
		a.drop(n.opened)
	}
	if n.pack.full.within(t.set) {
		return
	}
	n.opened = &openTerm{n, t.set, n.satisfier(t.set)}
	a.terms = append(a.terms, n.opened)
}

func (a *analysis) drop(t *openTerm) {
	t.node.opened = nil
	i := slices.Index(a.terms, t)
	a.terms = slices.Delete(a.terms, i, i+1)
}

func (a *analysis) close() {
	for _, t := range a.terms {
		t.node.opened = nil
	}
}

// latest is the term that came to hold last.
func (a *analysis) latest() *openTerm {
	return slices.MaxFunc(a.terms, func(t, u *openTerm) int { return t.step().at - u.step().at })
}

// levelBefore is the lowest level at which all else holds but the step of one term.
func (a *analysis) levelBefore(latest *openTerm) int {
	level := 0
	for _, t := range a.terms {
		if t != latest {
			level = max(level, t.step().level)
		}
	}
	if i := latest.node.supporter(latest.i, latest.set); i >= 0 {
		level = max(level, latest.node.history[i].level)
	}
	return level
}

// explain replaces a term by what made it hold: the cause of its step, and of the steps before what the step does not say by
// itself. A decision has no cause.
func (a *analysis) explain(t *openTerm) {
	step := t.step()
	a.drop(t)
	if !step.own.within(t.set) {
		a.require(term{t.node, t.set.or(t.node.pack.full.without(step.own))})
	}
	if step.cause == nil {
		return
	}
	a.from = append(a.from, step.cause)
	for _, u := range step.cause.terms {
		if u.node != t.node {
			a.require(u)
		}
	}
}
