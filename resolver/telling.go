package resolver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// entryText is a requirement of the problem in words.
func (st *story) entryText(c *chapter, o *origin) string {
	switch o.kind {
	case fromRoot:
		return st.rootText(c, o)
	case fromHold:
		hold := st.problem.Holds[o.index]
		if st.isAsked(o) {
			return fmt.Sprintf("the question is %s", named(hold.Package, hold.Range))
		}
		return fmt.Sprintf("%s holds %s at %s%s", st.speaker(hold.Where), hold.Package, anyText(rangeText(hold.Range)), because(hold.Reason))
	case fromFact:
		fact := st.problem.Facts[o.index]
		return fmt.Sprintf("%s cannot be used: %s%s", strings.TrimSpace(fact.Package+" "+fact.Version.String()+ofRegistry(fact.Registry)),
			cmp.Or(fact.Why, "it was excluded"), at(fact.Where))
	case fromCluster:
		return fmt.Sprintf("%s says that the cluster runs kubernetes %s", st.speaker(st.problem.KubernetesWhere), st.problem.Kubernetes)
	case fromYanked:
		return fmt.Sprintf("%s %s%s: %s", c.node.pkg, c.node.pack.versions(o.set, c.node.pack.present),
			st.bars(fromYanked, c.node, o.set.count() == 1), o.reason)
	case fromPath:
		return st.pathText(c.node, o)
	case fromLockedVersion:
		lock, gone := st.problem.Locked[o.index], ""
		if c.node.pack.element(lock.Registry, lock.Version) == absent {
			gone = fmt.Sprintf(", which registry %s does not have any more", lock.Registry)
		}
		return fmt.Sprintf("the lock holds %s %s%s, and nothing goes below its locked version unasked", c.node.instance, lock.Version, gone)
	}
	lock := st.problem.Locked[o.index]
	missing := ""
	if c.node.pack.of(lock.Registry).empty() {
		missing = ", which does not have it"
	}
	return fmt.Sprintf("the lock takes %s from registry %s%s, and nothing changes its registry unasked", c.node.instance, lock.Registry, missing)
}

func (st *story) isAsked(o *origin) bool {
	return st.asked != nil && *st.asked == entry{o.kind, o.index}
}

// speaker is the place that asks, or who asks when there is no place.
func (st *story) speaker(where string) string { return cmp.Or(where, "the workspace") }

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", reason)
}

func at(where string) string { return because(where) }

func ofRegistry(registry string) string {
	if registry == "" {
		return ""
	}
	return " of " + registry
}

func anyText(text string) string {
	if text == "*" {
		text = ""
	}
	return cmp.Or(text, "any stable version")
}

// rootText says what the workspace asks for, and what there is when that is nothing it could have.
func (st *story) rootText(c *chapter, o *origin) string {
	root := st.problem.Roots[o.index]
	what := named(root.Package, root.Range)
	if root.name() != root.Package {
		what = fmt.Sprintf("%s (%s)", root.name(), what)
	}
	text := fmt.Sprintf("%s asks for %s", st.speaker(root.Where), what)
	if st.isAsked(o) {
		text = "the question is " + what
	}
	if root.Registry != "" {
		text += " from registry " + root.Registry
	}
	return text + st.shortfall(c.node, o)
}

// shortfall says what there is of a package when a root can have none of it.
func (st *story) shortfall(n *node, o *origin) string {
	root := st.problem.Roots[o.index]
	left := n.pack.present.without(o.set)
	switch {
	case !left.empty():
		return st.onlyFrom(n, left, root)
	case len(n.pack.candidates) == 0 && len(st.virtual[n.pkg]) > 0:
		return fmt.Sprintf(", which is no package: %s it", provide(st.virtual[n.pkg]))
	case len(n.pack.candidates) == 0:
		return ", which no registry has" + st.meant(n.pkg)
	case root.Registry != "" && n.pack.of(root.Registry).empty():
		return ", which does not have it"
	case n.pack.extentIsPrerelease() && !root.Range.Prerelease():
		return fmt.Sprintf(", but there are %s; a range that names one would allow it", n.pack.extent())
	}
	return ", but there is " + n.pack.extent()
}

// onlyFrom says which registry a root is limited to, when others have versions in range as well.
func (st *story) onlyFrom(n *node, left set, root Root) string {
	if root.Registry != "" || n.lock >= 0 || n.pack.allowed(root.Range).equal(left) {
		return ""
	}
	first := n.pack.candidate(left.lowest(1, n.pack.size))
	return fmt.Sprintf(", which registry %s has, the first in the list", first.Registry)
}

func (p *pack) extentIsPrerelease() bool {
	return p.where(func(c Candidate) bool { return !c.Version.Prerelease() }).empty()
}

func (st *story) meant(name string) string {
	if names := near(name, st.names); len(names) > 0 {
		return fmt.Sprintf(" (did you mean %s?)", or(names))
	}
	return ""
}

// fault is a requirement that nobody stated but the rules of instances.
func (st *story) fault(o *origin) string {
	n := o.node
	who, is, has := n.pkg+" "+n.pack.versions(o.set, n.pack.present), "is", "has"
	switch {
	case o.set.count() > 1 && o.set.equal(n.pack.present):
		who = "every version of " + n.pkg
	case o.set.count() > 1:
		is, has = "are", "have"
	}
	switch {
	case o.kind == fromCycle:
		return cycleText(o, who)
	case o.kind == fromName && o.component:
		return fmt.Sprintf("%s %s two components that would be %s", who, has, o.called)
	case o.kind == fromName:
		return fmt.Sprintf("%s and %s would both be the instance %s", n.origin(), o.target.origin(), n.instance)
	case o.target != nil:
		return fmt.Sprintf("%s %s namespaced, but %s needs it once in the cluster", who, is, o.target.label())
	case n.free():
		return fmt.Sprintf("%s %s installed once in the cluster, so not as %s", who, is, n.instance)
	}
	return fmt.Sprintf("%s %s namespaced, and only what is installed once in the cluster can be depended on", who, is)
}

// origin is where an instance comes from, in words.
func (n *node) origin() string {
	if n.parent != nil {
		return fmt.Sprintf("the component %s of %s", n.pkg, n.parent.instance)
	}
	return "the package " + n.pkg
}

func cycleText(o *origin, which string) string {
	if len(o.cycle) == 1 && !o.component {
		return fmt.Sprintf("%s needs itself", which)
	}
	if o.component {
		return fmt.Sprintf("%s would contain %s again, as a component: %s", which, o.cycle[0].pkg, arrows(o.names()))
	}
	var links []string
	for i, n := range o.cycle {
		next := o.cycle[(i+1)%len(o.cycle)]
		link := fmt.Sprintf("%s needs %s", n.instance, next.instance)
		if o.cites[i].to != next.pkg {
			link = fmt.Sprintf("%s needs %s from %s", n.instance, o.cites[i].to, next.instance)
		}
		links = append(links, link)
	}
	return and(links) + ": a cycle"
}

// maxCircle bounds how many instances of a cycle are named on one line.
const maxCircle = 12

// arrows is a cycle on one line; of a long one the middle is left out.
func arrows(names []string) string {
	if n := len(names) - maxCircle; n > 1 {
		names = slices.Concat(names[:maxCircle-2], []string{fmt.Sprintf("%d more", n)}, names[len(names)-2:])
	}
	return strings.Join(names, " -> ")
}

// names is the cycle, from the least name around and back to it.
func (o *origin) names() []string {
	start := 0
	if !o.component {
		for i, n := range o.cycle {
			if n.instance < o.cycle[start].instance {
				start = i
			}
		}
	}
	var names []string
	for i := range o.cycle {
		names = append(names, o.cycle[(start+i)%len(o.cycle)].instance)
	}
	if o.component {
		return append(names, o.called)
	}
	return append(names, names[0])
}
