package resolver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// cycle is the names of the first cycle of the story, nil when there is none.
func (st *story) cycle() []string {
	for _, c := range st.chapters {
		for _, o := range c.faults {
			if o.kind == fromCycle {
				return o.names()
			}
		}
	}
	return nil
}

// conflict is the story on one line: where requirements meet, or else who asked.
func (st *story) conflict() string {
	if cycle := st.cycle(); cycle != nil {
		return fmt.Sprintf("dependency cycle: %s (%s)", arrows(cycle), st.askers())
	}
	var meeting []*chapter
	for _, c := range st.chapters {
		if len(c.needed)+len(c.entries) > 1 {
			meeting = append(meeting, c)
		}
	}
	if c := st.misfitting(meeting); c != nil {
		return st.misfit(c)
	}
	if len(meeting) == 1 && meeting[0].opposed() {
		return join(st.meeting(meeting[0]), ", and ")
	}
	if len(meeting) == 1 {
		return fmt.Sprintf("no version of %s fits: %s", meeting[0].node.label(), and(st.meeting(meeting[0])))
	}
	steps := st.steps()
	if len(meeting) == 0 && len(steps) > 0 {
		return st.single(steps)
	}
	return "no versions go together: " + st.askers()
}

// single is the conflict of a story without a meeting: its last requirement cannot be had.
func (st *story) single(steps []Step) string {
	last := steps[len(steps)-1]
	if c := st.chapters[len(st.chapters)-1]; len(c.needed) == 1 && len(c.needed[0].groups) > 2 {
		return fmt.Sprintf("no registry has a version of %s that %s needs (%s)", c.node.label(), c.needed[0].by.label(), st.askers())
	}
	if len(steps) == 1 || last.Kind == fromRoot.String() {
		return last.Text
	}
	return fmt.Sprintf("%s (%s)", last.Text, st.askers())
}

// askers lists what the workspace asks for in the story.
func (st *story) askers() string {
	var who []string
	for _, c := range st.chapters {
		for _, o := range c.entries {
			switch {
			case st.isAsked(o):
				who = append(who, "the question is "+c.node.label())
			case o.kind == fromRoot:
				who = append(who, fmt.Sprintf("%s asks for %s", st.speaker(st.where(o)), c.node.label()))
			case o.kind == fromHold:
				who = append(who, fmt.Sprintf("%s holds %s", st.speaker(st.where(o)), c.node.label()))
			case o.kind == fromCluster:
				who = append(who, fmt.Sprintf("%s says kubernetes %s", st.speaker(st.where(o)), st.problem.Kubernetes))
			case o.kind == fromLockedVersion, o.kind == fromLockedRegistry:
				who = append(who, fmt.Sprintf("the lock holds %s", c.node.label()))
			}
		}
	}
	return and(slices.Compact(who))
}

// meeting lists what is asked of one instance.
func (st *story) meeting(c *chapter) []string {
	var parts []string
	opposing := slices.DeleteFunc(slices.Clone(c.needed), func(n *need) bool { return !n.opposes() })
	needing := slices.DeleteFunc(slices.Clone(c.needed), (*need).opposes)
	for _, n := range slices.Concat(opposing, needing) {
		text := st.asks(n)
		if c.opposed() && text == "needs "+anyText("") {
			text = "needs it"
		}
		parts = append(parts, st.placed(n.by)+" "+text)
	}
	for _, o := range c.entries {
		if !o.kind.barring() {
			parts = append(parts, st.demand(o))
		}
	}
	for _, kind := range []originKind{fromFact, fromYanked, fromPath} {
		unusable := emptySet(c.node.pack.size)
		for _, o := range c.entries {
			if o.kind == kind {
				unusable = unusable.or(o.set)
			}
		}
		if !unusable.empty() {
			parts = append(parts, c.node.pack.versions(unusable, c.node.pack.present)+st.bars(kind, c.node, unusable.count() == 1))
		}
	}
	for _, n := range c.needs {
		if n.unmet() && len(n.groups) == 1 {
			parts = append(parts, st.needText(n))
		}
	}
	return parts
}

// barring reports whether entries of a kind exclude versions one by one.
func (k originKind) barring() bool { return k == fromFact || k == fromYanked || k == fromPath }

func (st *story) bars(kind originKind, n *node, one bool) string {
	switch {
	case kind == fromFact:
		return " cannot be used"
	case kind == fromPath:
		return fmt.Sprintf(" cannot be reached from %s", st.problem.Locked[n.lock].Version)
	case one:
		return " was withdrawn"
	}
	return " were withdrawn"
}

// asks is what one instance says of another, for the line on which they meet.
func (st *story) asks(n *need) string {
	var ranges []string
	for _, g := range n.groups {
		switch n.kind {
		case fromAPI:
			ranges = append(ranges, n.api.in(g.origin.api.Versions))
		case fromDemand:
			ranges = append(ranges, minors(g.origin.requested))
		default:
			ranges = append(ranges, anyText(rangeText(g.origin.requested)))
		}
	}
	text := or(ranges)
	switch {
	case n.kind == fromDemand:
		text = kubernetes + " " + text
	case n.kind == fromAPI:
		text += fmt.Sprintf(", which %s does not serve", n.of[0].label())
	case n.kind == fromConflict:
		text = strings.TrimSpace(n.of[0].label() + " " + strings.TrimPrefix(text, anyText("")))
		if n.named != n.of[0].pkg {
			text = fmt.Sprintf("%s (%s)", n.of[0].label(), strings.TrimSpace(n.named+" "+rangeText(n.groups[0].origin.requested)))
		}
	case n.kind == fromNeed && (len(n.of) > 1 || n.named != n.of[0].pkg):
		text = strings.TrimSpace(n.named + " " + strings.TrimPrefix(text, anyText("")))
	}
	return n.verb(true) + " " + text
}

// misfitting is the chapter of the cluster, when nothing else meets but at what does not fit it.
func (st *story) misfitting(meeting []*chapter) *chapter {
	var cluster *chapter
	for _, c := range meeting {
		demands := slices.ContainsFunc(c.needs, func(n *need) bool { return n.kind == fromDemand })
		switch {
		case c.node.pkg == kubernetes:
			cluster = c
		case len(c.needed) > 1 || !demands:
			return nil
		}
	}
	return cluster
}

// opposed reports whether another instance conflicts with that of the chapter.
func (c *chapter) opposed() bool {
	return slices.ContainsFunc(c.needed, (*need).opposes)
}

// opposes reports whether a need is that another instance is not there as it is.
func (n *need) opposes() bool { return n.kind == fromConflict || n.kind == fromAPI }

// misfit is the conflict of a story in which the cluster's version is in the way.
func (st *story) misfit(c *chapter) string {
	var parts []string
	for _, n := range c.needed {
		if len(n.groups) > 2 {
			return fmt.Sprintf("no version of %s that can be had fits kubernetes %s, which %s says that the cluster runs", st.placed(n.by),
				st.problem.Kubernetes, st.speaker(st.problem.KubernetesWhere))
		}
		parts = append(parts, fmt.Sprintf("%s %s", st.placed(n.by), st.asks(n)))
	}
	return fmt.Sprintf("%s, and %s that the cluster runs %s", and(parts), st.speaker(st.problem.KubernetesWhere)+" says", st.problem.Kubernetes)
}

// placed is an instance with its package and the place that asks for it.
func (st *story) placed(n *node) string {
	var notes []string
	if n.instance != n.pkg {
		notes = append(notes, n.pkg)
	}
	if n.root >= 0 && st.problem.Roots[n.root].Where != "" {
		notes = append(notes, st.problem.Roots[n.root].Where)
	}
	return n.instance + because(strings.Join(notes, ", "))
}

// demand is an entry in the words of a list of what is asked of one instance.
func (st *story) demand(o *origin) string {
	switch {
	case o.kind == fromRoot && st.isAsked(o):
		return "the question is " + anyText(rangeText(st.problem.Roots[o.index].Range))
	case o.kind == fromHold && st.isAsked(o):
		return "the question is " + anyText(rangeText(st.problem.Holds[o.index].Range))
	case o.kind == fromRoot:
		root := st.problem.Roots[o.index]
		text := fmt.Sprintf("%s asks for %s", st.speaker(root.Where), cmp.Or(rangeText(root.Range), "it"))
		if root.Registry != "" {
			text += " from " + root.Registry
		}
		return text
	case o.kind == fromHold:
		hold := st.problem.Holds[o.index]
		return fmt.Sprintf("%s holds %s", st.speaker(hold.Where), anyText(rangeText(hold.Range)))
	case o.kind == fromLockedVersion:
		return fmt.Sprintf("the lock holds %s", st.problem.Locked[o.index].Version)
	}
	return fmt.Sprintf("the lock takes it from %s", st.problem.Locked[o.index].Registry)
}
