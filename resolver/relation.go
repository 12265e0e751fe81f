package resolver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// says reports whether two groups say the same of another instance.
func (g group) says(h group) bool {
	a, b := g.origin, h.origin
	return rangeText(a.requested) == rangeText(b.requested) && a.source == b.source && a.reason == b.reason &&
		slices.Equal(a.api.Versions, b.api.Versions)
}

// wider is an origin that is against what either is against.
func (o *origin) wider(other *origin) *origin {
	if o.kind != fromAPI && o.kind != fromConflict {
		return o
	}
	both := *o
	both.against = both.against.or(other.against)
	return &both
}

// needText says what the versions of an instance say of another: "a v1.0.0 needs b ~1; v2.0.0 needs ~2, which no registry has".
func (st *story) needText(n *need) string {
	possible := st.of[n.by].possible
	var parts []string
	nobody := n.unmet() && len(n.groups) > 1
	for i, g := range n.groups {
		if i == maxListed && len(n.groups) > maxListed+1 {
			parts = append(parts, fmt.Sprintf("other versions %s %d other ranges", n.verb(false), len(n.groups)-maxListed))
			break
		}
		part := st.groupText(n, g, i == 0, possible)
		if !nobody {
			part += st.unavailable(n, g)
		}
		parts = append(parts, part+because(g.origin.said()))
	}
	text := strings.Join(parts, "; ")
	if nobody {
		text += ": no registry has any of these" + st.instead(n)
	}
	return text
}

// said is who says so, when it is not the package itself.
func (o *origin) said() string {
	if o.kind == fromAPI && o.reason != "" && o.reason != o.source {
		return join(slices.DeleteFunc([]string{o.source, o.reason}, func(s string) bool { return s == "" }), ", ")
	}
	return o.source
}

// unmet reports whether no registry has anything of what is needed.
func (n *need) unmet() bool {
	return n.kind == fromNeed && len(n.of) == 1 && !slices.ContainsFunc(n.groups, func(g group) bool { return !g.none })
}

// instead says what there is of a package when nothing of it is what is needed.
func (st *story) instead(n *need) string {
	if len(n.of[0].pack.candidates) == 0 {
		return st.meant(n.of[0].pkg)
	}
	return fmt.Sprintf(" (there is %s)", n.of[0].pack.extent())
}

func (st *story) groupText(n *need, g group, first bool, possible set) string {
	verb := n.verb(g.by.count() == 1)
	who := n.by.pack.versions(g.by, possible)
	switch {
	case !first:
	case g.by.count() > 1 && g.by.equal(possible) && possible.equal(n.by.pack.present):
		who, verb = "every version of "+n.by.label(), n.verb(true)
	case g.by.count() > 1 && g.by.equal(possible):
		who, verb = fmt.Sprintf("every possible version of %s (%s)", n.by.label(), who), n.verb(true)
	default:
		who = n.by.label() + " " + who
	}
	return fmt.Sprintf("%s %s %s", who, verb, st.object(n, g, first))
}

// object is what a group speaks of.
func (st *story) object(n *need, g group, first bool) string {
	o := g.origin
	requested := rangeText(o.requested)
	switch {
	case n.kind == fromAPI:
		return st.apiText(n, g)
	case n.kind == fromConflict:
		return st.ruledOut(n, o)
	case n.kind == fromDemand:
		return strings.TrimSpace(ifFirst(first, kubernetes) + " " + minors(o.requested))
	case !first:
		return cmp.Or(requested, "any")
	case n.component:
		return strings.TrimSpace(fmt.Sprintf("%s (%s %s", n.of[0].instance, n.of[0].pkg, requested)) + ")"
	}
	return strings.TrimSpace(n.named + " " + requested)
}

func ifFirst(first bool, word string) string {
	if !first {
		return ""
	}
	return word
}

func (n *need) verb(one bool) string {
	verbs := [2]string{"needs", "need"}
	switch {
	case n.component:
		verbs = [2]string{"comes with", "come with"}
	case n.kind == fromDemand:
		verbs = [2]string{"fits", "fit"}
	case n.kind == fromConflict:
		verbs = [2]string{"conflicts with", "conflict with"}
	case n.kind == fromAPI:
		verbs = [2]string{"uses", "use"}
	}
	if one {
		return verbs[0]
	}
	return verbs[1]
}

// apiText is a kind in the versions that are used, and who does not serve them.
func (st *story) apiText(n *need, g group) string {
	server := n.of[0]
	against := g.origin.against.and(st.of[server].possible)
	if against.empty() {
		against = g.origin.against
	}
	do := "do"
	if against.count() == 1 {
		do = "does"
	}
	return fmt.Sprintf("%s, which %s %s %s not serve", n.api.in(g.origin.api.Versions), server.label(),
		server.pack.versions(against, st.of[server].possible), do)
}

// in is a kind in some versions: "Certificate of cert-manager.io/v1alpha2".
func (k apiKind) in(versions []string) string {
	return fmt.Sprintf("%s of %s/%s", k.kind, k.group, or(versions))
}

// ruledOut is what a conflict is with, and why.
func (st *story) ruledOut(n *need, o *origin) string {
	other := n.of[0]
	text := named(n.named, o.requested)
	if n.named != other.pkg {
		verb := "provide"
		if o.against.count() == 1 {
			verb = "provides"
		}
		text += fmt.Sprintf(", which %s %s %s", other.label(), other.pack.versions(o.against, st.of[other].possible), verb)
	}
	if o.reason != "" {
		text += ": " + o.reason
	}
	return text
}

func (st *story) unavailable(n *need, g group) string {
	switch {
	case n.kind != fromNeed:
		return ""
	case len(n.of) > 1 || g.origin.option != nil:
		return st.providedBy(g.origin)
	case !g.none:
		return ""
	case len(n.of[0].pack.candidates) == 0:
		return ", which no registry has" + st.meant(n.of[0].pkg)
	case n.of[0].pack.extentIsPrerelease() && !g.origin.requested.Prerelease():
		return ", of which there are " + n.of[0].pack.extent()
	case n.unmet():
		return ", which no registry has" + st.instead(n)
	}
	return ", which no registry has"
}

// providedBy says who could meet a need, or that nobody can.
func (st *story) providedBy(o *origin) string {
	var parts, misfits []string
	many := false
	for _, f := range o.option.offers {
		p := f.node.pack
		if f.fit.empty() {
			if versions := p.provided(o.named); len(versions) > 0 {
				misfits = append(misfits, fmt.Sprintf("%s provides %s", f.node.label(), and(versions)))
			}
			continue
		}
		many = many || f.fit.count() > 1 || len(parts) > 0
		parts = append(parts, f.node.label()+" "+p.versions(f.fit, p.present))
	}
	switch {
	case len(parts) == 0:
		return ", which nothing provides" + because(and(misfits))
	case many:
		return fmt.Sprintf(", which %s provide", and(parts))
	}
	return fmt.Sprintf(", which only %s provides", parts[0])
}

// provided is the versions of a virtual package that a package provides, ascending.
func (p *pack) provided(name string) []string {
	var versions []catalog.Version
	for _, c := range p.candidates {
		for _, v := range c.Provides {
			if v.Name == name && !v.Version.IsZero() {
				versions = append(versions, v.Version)
			}
		}
	}
	slices.SortFunc(versions, catalog.Version.Compare)
	var texts []string
	for _, v := range slices.CompactFunc(versions, catalog.Version.Equal) {
		texts = append(texts, v.String())
	}
	return texts
}

func provide(names []string) string {
	if len(names) == 1 {
		return names[0] + " provides"
	}
	return and(names) + " provide"
}

// pathText says which versions the locked one cannot reach, and from where they can be.
func (st *story) pathText(n *node, o *origin) string {
	versions := n.pack.versions(o.set, n.pack.present)
	return fmt.Sprintf("%s %s can be reached only from %s%s, and the lock holds %s", n.label(), versions, anyText(rangeText(o.requested)),
		because(o.source), st.problem.Locked[n.lock].Version)
}
