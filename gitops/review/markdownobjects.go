package review

import (
	"cmp"
	"slices"
	"strings"
)

// placed is an object of a report with the room that it takes in a pull.
type placed struct {
	object *Object
	text   string // with its lines
	name   int    // bytes, where it is only named
	whole  bool   // its lines have room
}

// objects writes whole objects, most dangerous first, names the rest in a line for each kind, and returns how many are not shown: those
// that change and are only named, and those that are not even named. One that would take more than an eighth of the room has to wait
// until all smaller ones are in, so that a schema does not crowd out everything else.
func (p *page) objects(report *Report) int {
	var all []placed
	named, kinds := len(shortHeading), map[string]bool{}
	for i := range report.Objects {
		if o := &report.Objects[i]; !o.Folded() {
			all = append(all, placed{object: o, name: len(", ") + len(shortName(o))})
			named += all[len(all)-1].name
			if kind := shortKind(o); !kinds[kind] {
				kinds[kind] = true
				named += len(kind) + len("- : \n")
			}
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(b.object.Risk, a.object.Risk) })
	const heading = "\n### Objects\n"
	p.left -= len(heading)
	most := p.left * 2 / 5 // for the names
	room := p.left - min(named, most)
	for _, limit := range []int{p.left / 8, p.left} {
		for i := range all {
			o := &all[i]
			if o.whole {
				continue
			}
			if o.text == "" {
				o.text = p.object(o.object)
			}
			cost := len(o.text)
			if named <= most {
				cost -= o.name
			}
			if len(o.text) <= limit && cost <= room {
				o.whole = true
				room -= cost
			}
		}
	}
	p.left += len(heading)
	title := heading
	for _, o := range all {
		if o.whole {
			p.add(title + o.text)
			title = ""
		}
	}
	return p.short(slices.DeleteFunc(all, func(o placed) bool { return o.whole }))
}

// shortHeading stands over objects that are only named.
const shortHeading = "\n**Without their lines**\n\n"

// shortName is an object where it is only named.
func shortName(o *Object) string {
	return code(strings.TrimPrefix(o.Object.Namespace+"/"+o.Object.Name, "/"))
}

// short names objects, those of one change and kind on a line, and returns how many are not shown.
func (p *page) short(objects []placed) int {
	byKind := map[string][]placed{}
	var kinds []string
	for _, o := range objects {
		kind := shortKind(o.object)
		if byKind[kind] == nil {
			kinds = append(kinds, kind)
		}
		byKind[kind] = append(byKind[kind], o)
	}
	text := shortHeading
	named, left := 0, 0
	for _, kind := range kinds {
		mark := "- " + kind + ": "
		for _, o := range byKind[kind] {
			name := mark + shortName(o.object)
			fits := len(text)+len(name)+len("\n") <= p.left
			if fits {
				text += name
				mark = ", "
				named++
			}
			if !fits || o.object.Change == Changed {
				left++
			}
		}
		if mark == ", " {
			text += "\n"
		}
	}
	if named > 0 {
		p.add(text)
	}
	return left
}

// shortKind is what happened to which kind of objects, and in which cluster.
func shortKind(o *Object) string {
	text := string(o.Change) + " " + escape(o.Object.Kind)
	if o.Cluster != "" {
		text += " of " + escape(o.Cluster)
	}
	return text
}
