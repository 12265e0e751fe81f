package review

import (
	"cmp"
	"fmt"
	"html/template"
	"path"
	"slices"
	"strings"
)

// pageView is what the template shows.
type pageView struct {
	Title, Compared string
	Policy          string
	Style           template.CSS
	Script          template.JS
	Report          *Report
	Summary         Summary
	Origin          Origin
	Empty           bool
	Counts          []pageCount
	Sections        []pageSection
	Facets          []facet
	Attention       []alert
	Clusters        []pageCluster
	Tables          []pageTable
	Groups          []pageGroup
	Listed          int
	Folds           []string
}

// pageCount is one number of the headline.
type pageCount struct{ What, Number, Sign string }

// pageSection is an entry of the contents.
type pageSection struct {
	ID, Name string
	Number   int
}

// facet is one thing to filter by.
type facet struct {
	Key, Name string
	Values    []facetValue
}

type facetValue struct {
	Value, Label string
	Number       int
}

// alert is the attention of one rule.
type alert struct {
	ID, Rule, Why, Do string
	Risk              Risk
	Open              bool
	Number            int
	Items, Rest       []alertItem // the first, and those that are folded
}

type alertItem struct {
	Message, Object, Path, Place, Target string
	Excerpt                              []lineRun
}

// pageGroup is the objects of one instance, or of one folder.
type pageGroup struct {
	ID, Cluster, Name, Versions string
	Objects                     []*pageObject
}

func newPage(report *Report) *pageView {
	b := newBuilder(report)
	p := &pageView{
		Title: pageTitle(report), Compared: compared(report.Origin), Report: report, Summary: report.Summary, Origin: report.Origin, Empty: report.Empty(),
		Counts: counts(report), Groups: b.groups(), Attention: b.attention(), Listed: len(report.Objects), Folds: folds(report),
	}
	p.Tables, p.Clusters = b.tables(), b.clusters()
	if len(report.Objects) > 1 {
		p.Facets = facets(report)
	}
	p.Sections = sections(p)
	return p
}

// pageTitle says in a line what moves.
func pageTitle(report *Report) string {
	var moved []Instance
	where := map[string]bool{}
	for _, cluster := range report.Clusters {
		moved = append(moved, cluster.Instances...)
		if len(cluster.Instances) > 0 {
			where[cluster.Name] = true
		}
	}
	place := ""
	if len(where) == 1 && moved != nil {
		for name := range where {
			place = " in " + name
		}
	}
	if place == " in " {
		place = ""
	}
	switch {
	case len(moved) == 0:
		return "Review of changes"
	case len(moved) == 1:
		return strings.TrimSpace(moved[0].Name+" "+versions(moved[0])) + place
	case len(where) > 1:
		place = fmt.Sprintf(" in %d clusters", len(where))
	}
	return plural(len(moved), "instance changes", "instances change") + place
}

// versions are those of an instance, with an arrow when there are two.
func versions(i Instance) string {
	switch {
	case i.Change == Removed:
		return i.Old + " leaves"
	case i.Old == "" || i.Old == i.New:
		return i.New
	}
	return i.Old + " → " + i.New
}

func compared(o Origin) string {
	if o.Base == "" && o.Head == "" {
		return ""
	}
	return cmp.Or(o.Base, "nothing") + " → " + cmp.Or(o.Head, "work tree")
}

func counts(report *Report) []pageCount {
	s := report.Summary
	var shown []pageCount
	for _, c := range []struct {
		what string
		n    int
		sign Change
	}{{"added", s.Added, Added}, {"removed", s.Removed, Removed}, {"changed", s.Changed, Changed}, {"labels only", s.MetadataOnly, ""}, {"restarts", s.Rolled, ""},
		{"moved", s.Moved, ""}, {"respelled", s.Respelled, ""}} {
		if c.n > 0 || c.sign != "" {
			shown = append(shown, pageCount{c.what, fmt.Sprint(c.n), string(c.sign)})
		}
	}
	for _, c := range report.Clusters {
		if c.Interval != nil && len(report.Clusters) == 1 {
			shown = append(shown, pageCount{"Kubernetes that fits", c.Interval.String(), "words"})
		}
	}
	return shown
}

// folds says what is counted instead of shown.
func folds(report *Report) []string {
	var said []string
	for _, fold := range report.Folded {
		said = append(said, fold.String())
	}
	return said
}

func sections(p *pageView) []pageSection {
	var found []pageSection
	add := func(there bool, id, name string, number int) {
		if there {
			found = append(found, pageSection{id, name, number})
		}
	}
	add(len(p.Attention) > 0, "attention", "Attention", len(p.Report.Attention))
	for _, c := range p.Clusters {
		add(true, c.ID, strings.TrimSpace("Cluster "+c.Name), len(c.Instances))
	}
	for _, t := range p.Tables {
		add(true, t.ID, t.Name, len(t.Rows))
	}
	add(len(p.Groups) > 0, "objects", "Objects", p.Listed)
	add(len(p.Report.Files)+len(p.Folds) > 0, "folded", "Not shown one by one", 0)
	return found
}

// facets are what objects differ in. One that all share is left out.
func facets(report *Report) []facet {
	var shown []facet
	for _, f := range []struct {
		key, name string
		of        func(Object) string
		order     []string
	}{
		{"risk", "Risk", func(o Object) string { return o.Risk.String() }, []string{"blocked", "high", "medium", "low", "none"}},
		{"change", "Change", func(o Object) string { return string(shownChange(o)) }, []string{"added", "removed", "changed", "metadataOnly"}},
		{"cluster", "Cluster", func(o Object) string { return o.Cluster }, nil},
		{"instance", "Instance", func(o Object) string { return o.Instance }, nil},
		{"kind", "Kind", func(o Object) string { return o.Object.Kind }, nil},
	} {
		numbers := map[string]int{}
		for _, o := range report.Objects {
			numbers[f.of(o)]++
		}
		one := facet{Key: f.key, Name: f.name}
		for value, n := range numbers {
			one.Values = append(one.Values, facetValue{value, cmp.Or(changeLabels[Change(value)], value, "(none)"), n})
		}
		slices.SortFunc(one.Values, func(a, b facetValue) int {
			return cmp.Or(slices.Index(f.order, a.Value)-slices.Index(f.order, b.Value), cmp.Compare(strings.ToLower(a.Value), strings.ToLower(b.Value)), cmp.Compare(a.Value, b.Value))
		})
		if len(one.Values) > 1 {
			shown = append(shown, one)
		}
	}
	return shown
}

var changeLabels = map[Change]string{MetadataOnly: "labels only"}

// shownChange is the change that an object is listed under.
func shownChange(o Object) Change {
	if o.Folded() {
		return MetadataOnly
	}
	return o.Change
}

// groups are the objects by instance, or by folder where there is none; those with nothing to show come last.
func (b *builder) groups() []pageGroup {
	var found []pageGroup
	at := map[string]int{}
	folded := pageGroup{ID: b.names.of("folded-objects"), Name: "Changed in nothing that has to be shown"}
	for i, object := range b.report.Objects {
		if object.Folded() {
			folded.Objects = append(folded.Objects, b.objects[i])
			continue
		}
		key := object.Cluster + "\x00" + cmp.Or(object.Instance, "\x00"+path.Dir(object.File))
		if _, known := at[key]; !known {
			at[key] = len(found)
			found = append(found, b.group(object))
		}
		found[at[key]].Objects = append(found[at[key]].Objects, b.objects[i])
	}
	if len(folded.Objects) > 0 {
		found = append(found, folded)
	}
	return found
}

func (b *builder) group(object Object) pageGroup {
	group := pageGroup{Cluster: object.Cluster, Name: object.Instance}
	if object.Instance == "" {
		group.Cluster, group.Name = "", path.Dir(object.File)
	}
	group.ID = b.names.of("in~" + strings.TrimPrefix(group.Cluster+"~"+group.Name, "~"))
	for _, cluster := range b.report.Clusters {
		for _, i := range cluster.Instances {
			if cluster.Name == object.Cluster && i.Name == object.Instance && i.Name != "" {
				group.Versions = versions(i)
			}
		}
	}
	b.targets[object.Cluster+"\x00"+object.Instance] = group.ID
	return group
}
