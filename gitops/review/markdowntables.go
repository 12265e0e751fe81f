package review

import (
	"fmt"
	"strings"
)

func (p *page) tables(report *Report) {
	t := report.Tables
	var images, rollouts, rights, crds, hooks []string
	for _, i := range t.Images {
		images = append(images, row(cellCode(i.From), cellCode(i.To), users(i.Users)))
	}
	for _, r := range t.Rollouts {
		rollouts = append(rollouts, row(cellCode(title(r.Object)), cell(strings.Join(r.Reasons, ", "))))
	}
	for _, r := range t.Rights {
		rights = append(rights, row(r.Risk.String(), cellCode(title(r.Object)), cell(listed(r.Added)), cell(listed(r.Removed))))
	}
	for _, c := range t.CRDs {
		crds = append(crds, row(cellCode(c.Object.Name), string(c.Change), cell(c.versions()), cell(c.fields())))
	}
	for _, h := range t.Webhooks {
		hooks = append(hooks, row(cellCode(h.Webhook), string(h.Change), cell(h.Field), cellCode(h.Old), cellCode(h.New)))
	}
	p.table("Images", "from | to | where", images)
	p.table("Restarts", "workload | because of", rollouts)
	p.table("Rights", "risk | object | more | less", rights)
	p.table("Definitions", "definition | change | versions | fields", crds)
	p.table("Webhooks", "webhook | change | field | before | after", hooks)
}

// table writes a table, folded when it is long.
func (p *page) table(name, columns string, rows []string) {
	const short = 8
	rule := strings.Repeat("|---", strings.Count(columns, "|")+1) + "|\n"
	head := "| " + columns + " |\n" + rule
	if len(rows) <= short || !p.forge.folds() {
		p.list("\n**"+name+"**\n\n"+head, rows, 25)
		return
	}
	const end = "\n</details>\n"
	p.left -= len(end)
	before := p.out.Len()
	p.list(fmt.Sprintf("\n<details><summary><b>%s</b> (%d)</summary>\n\n%s", name, len(rows), head), rows, 25)
	p.left += len(end)
	if p.out.Len() > before {
		p.add(end)
	}
}

func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// users names the first users of an image.
func users(places []Place) string {
	var names []string
	for _, u := range places {
		name := title(u.Object)
		if u.Container != "" && u.Container != u.Object.Name {
			name += " " + u.Container
		}
		names = append(names, name)
	}
	return cell(listed(names))
}

// versions says what a definition serves otherwise.
func (c CRDChange) versions() string {
	var parts []string
	if len(c.Served) > 0 {
		parts = append(parts, "+ "+strings.Join(c.Served, ", "))
	}
	if len(c.Dropped) > 0 {
		parts = append(parts, "- "+strings.Join(c.Dropped, ", "))
	}
	if c.Change == Changed && c.Storage != "" {
		parts = append(parts, "stored "+c.OldStorage+" -> "+c.Storage)
	}
	return strings.Join(parts, "; ")
}

// fields counts the fields of a definition that come and go.
func (c CRDChange) fields() string {
	var parts []string
	if c.FieldsAdded > 0 {
		parts = append(parts, plural(c.FieldsAdded, "added", "added"))
	}
	if len(c.FieldsDropped) > 0 {
		parts = append(parts, plural(len(c.FieldsDropped), "dropped", "dropped")+": "+listed(c.FieldsDropped))
	}
	return strings.Join(parts, ", ")
}
