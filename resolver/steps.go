package resolver

import "fmt"

// steps tells the story.
func (st *story) steps() []Step {
	var steps []Step
	for _, c := range st.chapters {
		steps = append(steps, st.entrySteps(c)...)
		steps = append(steps, st.faultSteps(c, false)...)
		for _, n := range c.needs {
			kind := n.kind.String()
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
	told := map[originKind]int{}
	for i, o := range c.entries {
		told[o.kind]++
		all := c.count(o.kind)
		if all <= maxListed+1 || told[o.kind] <= maxListed || o.kind == fromHold {
			steps = append(steps, Step{Kind: o.kind.String(), Package: c.node.pkg, Where: st.where(o), Text: st.entryText(c, o)})
		}
		if i+1 == len(c.entries) || c.entries[i+1].kind != o.kind {
			steps = append(steps, c.hidden(o.kind, all-maxListed)...)
		}
	}
	return steps
}

func (c *chapter) count(kind originKind) int {
	n := 0
	for _, o := range c.entries {
		if o.kind == kind {
			n++
		}
	}
	return n
}

// hidden is the step for what was not listed.
func (c *chapter) hidden(kind originKind, n int) []Step {
	if n <= 1 {
		return nil
	}
	text, told := map[originKind]string{
		fromFact:   "%d more versions of %s cannot be used",
		fromYanked: "%d more groups of versions of %s were withdrawn",
		fromPath:   "%d more groups of versions of %s cannot be reached",
	}[kind]
	if !told {
		return nil
	}
	return []Step{{Kind: kind.String(), Package: c.node.pkg, Text: fmt.Sprintf(text, n, c.node.pkg)}}
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
	case fromCluster:
		return st.problem.KubernetesWhere
	}
	return ""
}

// String is the kind of a step.
func (k originKind) String() string {
	return [...]string{"root", "hold", "kubernetes", "fact", "withdrawn", "path", "lock", "registry", "dependency", "demand", "conflict", "api",
		"scope", "name", "cycle"}[k]
}
