package review

import (
	"cmp"
	"fmt"
	"strings"
)

// Headline counts what changed on one line.
func (s Summary) Headline() string {
	var counts []string
	for _, count := range []struct {
		n    int
		what string
	}{{s.Added, "added"}, {s.Removed, "removed"}, {s.Changed, "changed"}, {s.MetadataOnly, "labels only"}} {
		if count.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", count.n, count.what))
		}
	}
	if len(counts) == 0 {
		counts = []string{"no object changed"}
	}
	text := strings.Join(counts, ", ")
	if s.Rolled > 0 {
		text += "; " + plural(s.Rolled, "workload restarts", "workloads restart")
	}
	return text + "; risk " + s.Risk.String()
}

// Title is the cluster as a heading has it: "prod, Kubernetes 1.33 -> 1.34"; empty when nothing is known of it.
func (c Cluster) Title() string {
	kubernetes := c.Kubernetes
	if c.OldKubernetes != "" && c.OldKubernetes != c.Kubernetes {
		kubernetes = c.OldKubernetes + " -> " + c.Kubernetes
	}
	switch {
	case kubernetes == "":
		return c.Name
	case c.Name == "":
		return "Kubernetes " + kubernetes
	}
	return c.Name + ", Kubernetes " + kubernetes
}

// Fits says which Kubernetes versions the objects fit, and which they did; empty when that is not known.
func (c Cluster) Fits() string {
	if c.Interval == nil {
		return ""
	}
	text := "fits Kubernetes: " + c.Interval.String()
	if c.OldInterval != nil && *c.OldInterval != *c.Interval {
		text += ", before " + c.OldInterval.String()
	}
	return text
}

// String is the range in words: "1.25 to 1.34", "1.25 and newer".
func (i Interval) String() string {
	switch {
	case i.Min == "" && i.Max == "":
		return "every known version"
	case i.Max == "":
		return i.Min + " and newer"
	case i.Min == "":
		return i.Max + " and older"
	case i.Min == i.Max:
		return i.Min
	}
	return i.Min + " to " + i.Max
}

// Title is the instance as a heading has it: "cert-manager v1.16.1 -> v1.17.0".
func (i Instance) Title() string {
	name := i.Name
	if i.Package != "" && i.Package != i.Name {
		name += " (" + i.Package + ")"
	}
	switch {
	case i.Change == Added:
		return strings.TrimSpace("new: " + name + " " + i.New)
	case i.Change == Removed:
		return strings.TrimSpace("gone: " + name + " " + i.Old)
	case i.Old == i.New:
		return strings.TrimSpace(name + " " + i.New + ", other settings")
	}
	return name + " " + i.Old + " -> " + i.New
}

// String is the fact with its count, for people.
func (f Fold) String() string {
	switch f.Fact {
	case FactLabel:
		return plural(f.Count, "label or annotation of tools", "labels or annotations of tools")
	case FactChecksum:
		return plural(f.Count, "checksum annotation", "checksum annotations")
	case FactCertificate:
		return plural(f.Count, "certificate", "certificates")
	case FactMoved:
		return plural(f.Count, "object moved to another file", "objects moved to other files")
	case FactRespelled:
		return plural(f.Count, "object written otherwise that means the same", "objects written otherwise that mean the same")
	}
	text := plural(f.Count, "field ignored", "fields ignored")
	if f.Fact == FactAccepted {
		text = plural(f.Count, "finding of the compatibility check accepted", "findings of the compatibility check accepted")
	}
	if f.Where != "" {
		text += " by " + f.Where
	}
	if f.Reason != "" {
		text += ": " + f.Reason
	}
	return text
}

// footer says what was compared and what the patch is, in parts.
func (o Origin) footer() []string {
	var parts []string
	side := func(what, name, commit string) {
		switch {
		case commit != "" && commit != name && name != "":
			parts = append(parts, what+" "+name+" ("+commit+")")
		case name+commit != "":
			parts = append(parts, what+" "+cmp.Or(name, commit))
		}
	}
	side("base", o.Base, o.BaseCommit)
	side("head", o.Head, o.HeadCommit)
	if o.Patch != "" {
		parts = append(parts, "patch "+o.Patch)
	}
	if o.LeftOut > 0 {
		parts = append(parts, plural(o.LeftOut, "hunk", "hunks")+" left out of the patch: what could show a secret, or is no text")
	}
	return parts
}

// command shows all of the report.
func (o Origin) command() string {
	if o.Command != "" {
		return o.Command
	}
	return strings.TrimSpace("gkops diff " + strings.TrimSpace(o.Base+" "+o.Head))
}

// group is the attention of one rule and risk.
type group struct {
	rule  Rule
	risk  Risk
	items []Attention
}

// groups are the attention of a report, most dangerous first, one group for each rule of a risk.
func (r *Report) groups() []group {
	var all []group
	for _, a := range r.Attention {
		if n := len(all); n > 0 && all[n-1].rule.Name == a.Rule && all[n-1].risk == a.Risk {
			all[n-1].items = append(all[n-1].items, a)
			continue
		}
		all = append(all, group{explain(a.Rule), a.Risk, []Attention{a}})
	}
	return all
}

func place(a Attention) string {
	if a.Line == 0 {
		return a.File
	}
	return fmt.Sprintf("%s:%d", a.File, a.Line)
}

// plural is a number with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
