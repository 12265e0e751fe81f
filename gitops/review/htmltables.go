package review

import (
	"net/url"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// pageCluster is what is known of a cluster.
type pageCluster struct {
	ID, Name, Kubernetes, Interval string
	Instances                      []pageInstance
	Graph                          *graph
}

type pageInstance struct {
	Change                 Change
	Name, Old, New, Target string
	Reasons                []string
	Notes                  []Link // without an address where it may not be followed
}

// pageTable is a table of a report.
type pageTable struct {
	ID, Name string
	Open     bool
	Columns  []string
	Rows     [][]pageCell
}

// pageCell is what stands in a cell: the first entries, and those that are folded.
type pageCell struct {
	Column      string
	First, Rest []cellEntry
}

// cellEntry is one line of a cell.
type cellEntry struct {
	Class, Text, Target string
	Code                bool
	Risk                Risk
	Change              Change
}

func (b *builder) clusters() []pageCluster {
	var shown []pageCluster
	for _, c := range b.report.Clusters {
		target := func(instance string) string { return b.targets[c.Name+"\x00"+instance] }
		one := pageCluster{Name: c.Name, Kubernetes: c.Kubernetes, Interval: interval(c), Graph: layout(c, target)}
		if c.OldKubernetes != "" && c.OldKubernetes != c.Kubernetes {
			one.Kubernetes = c.OldKubernetes + " → " + c.Kubernetes
		}
		for _, i := range c.Instances {
			one.Instances = append(one.Instances, pageInstance{
				Change: i.Change, Name: i.Name, Old: i.Old, New: i.New, Target: target(i.Name), Reasons: i.Reasons, Notes: followable(i.Notes),
			})
		}
		if len(one.Instances) == 0 && one.Graph == nil && one.Interval == "" {
			continue
		}
		one.ID = b.names.of("cluster~" + c.Name)
		shown = append(shown, one)
	}
	return shown
}

// interval says which Kubernetes versions everything fits.
func interval(c Cluster) string {
	if c.Interval == nil {
		return ""
	}
	text := "Everything fits Kubernetes " + c.Interval.String()
	if c.OldInterval != nil && *c.OldInterval != *c.Interval {
		text += "; before, " + c.OldInterval.String()
	}
	return text + "."
}

// followable keeps the addresses of web pages; of others the label alone is shown.
func followable(links []Link) []Link {
	var shown []Link
	for _, link := range links {
		address, err := url.Parse(link.URL)
		if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "" || address.User != nil {
			link.URL = ""
		}
		shown = append(shown, link)
	}
	return shown
}

// openRows is how many rows a table may have to be open from the start.
const openRows = 12

// tables are those of the report that are not empty.
func (b *builder) tables() []pageTable {
	t := b.report.Tables
	var shown []pageTable
	add := func(name string, cells [][][]cellEntry, columns ...string) {
		if len(cells) == 0 {
			return
		}
		table := pageTable{ID: b.names.of("table~" + strings.ReplaceAll(strings.ToLower(name), " ", "-")), Name: name, Open: len(cells) <= openRows, Columns: columns}
		for _, row := range cells {
			table.Rows = append(table.Rows, pageRow(columns, row))
		}
		shown = append(shown, table)
	}
	add("Images", rows(t.Images, b.image), "from", "to", "used by")
	add("Restarts", rows(t.Rollouts, func(r Rollout) [][]cellEntry {
		return [][]cellEntry{b.link(r.Object, r.File), cellEntries(r.Reasons, "")}
	}), "workload", "because of")
	add("Rights", rows(t.Rights, func(r Rights) [][]cellEntry {
		return [][]cellEntry{b.link(r.Object, r.File), {{Risk: r.Risk}}, cellEntries(r.Added, ""), cellEntries(r.Removed, "")}
	}), "who", "risk", "may now", "may no more")
	add("Custom resource definitions", rows(t.CRDs, b.definition), "definition", "versions", "storage", "fields")
	add("Webhooks", rows(t.Webhooks, func(h WebhookChange) [][]cellEntry {
		return [][]cellEntry{b.link(h.Object, h.File), {{Text: h.Webhook}}, {{Text: h.Field, Change: h.Change}}, {{Text: h.Old, Code: true}}, {{Text: h.New, Code: true}}}
	}), "configuration", "webhook", "field", "from", "to")
	return shown
}

func rows[T any](items []T, row func(T) [][]cellEntry) [][][]cellEntry {
	var all [][][]cellEntry
	for _, item := range items {
		all = append(all, row(item))
	}
	return all
}

// firstEntries is how many entries of a cell are told at once.
const firstEntries = 6

// pageRow makes cells of entries; what is empty is left out.
func pageRow(columns []string, row [][]cellEntry) []pageCell {
	var cells []pageCell
	for i, entries := range row {
		cell := pageCell{Column: columns[i]}
		cell.First = slices.DeleteFunc(slices.Clone(entries), func(e cellEntry) bool { return e.Text == "" && e.Risk == None && e.Change == "" })
		if len(cell.First) > firstEntries+1 {
			cell.First, cell.Rest = cell.First[:firstEntries], cell.First[firstEntries:]
		}
		cells = append(cells, cell)
	}
	return cells
}

func (b *builder) image(i Image) [][]cellEntry {
	var users []cellEntry
	for _, user := range i.Users {
		users = append(users, b.link(user.Object, user.File)...)
		if user.Container != "" {
			users[len(users)-1].Text += " (" + user.Container + ")"
		}
	}
	return [][]cellEntry{{{Text: i.From, Code: true}}, {{Text: i.To, Code: true}}, users}
}

func (b *builder) definition(d CRDChange) [][]cellEntry {
	storage := ""
	if d.Storage != "" && d.Storage != d.OldStorage {
		storage = d.OldStorage + " → " + d.Storage
	}
	fields := cellEntries(d.FieldsDropped, "removed")
	if d.FieldsAdded > 0 {
		fields = append(fields, cellEntry{Text: plural(d.FieldsAdded, "field", "fields"), Change: Added})
	}
	return [][]cellEntry{b.link(d.Object, d.File), append(cellEntries(d.Served, "added"), cellEntries(d.Dropped, "removed")...), {{Text: storage}}, fields}
}

// link leads to an object of the report.
func (b *builder) link(object finding.Object, file string) []cellEntry {
	one := cellEntry{Text: strings.TrimSuffix(object.String(), " ("+object.APIVersion+")")}
	if i, known := b.places[keyOf(file, object)]; known {
		one.Target = b.objects[i].ID
	}
	return []cellEntry{one}
}

// cellEntries are entries of texts, with what became of them.
func cellEntries(texts []string, change Change) []cellEntry {
	var all []cellEntry
	for _, text := range texts {
		all = append(all, cellEntry{Text: text, Change: change})
	}
	return all
}
