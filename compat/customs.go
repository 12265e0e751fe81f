package compat

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// Use is an object of a kind that Kubernetes itself does not have, or a reference to one.
type Use struct {
	GVK    knowledge.GVK
	Object finding.Object
	File   string
	Line   int
	Path   string // of the reference inside of the object; empty for a custom resource itself
	Within string // the text that holds it, empty for a file

	piece *piece // kept for validation
}

func (c *checker) use(p *piece) Use {
	object := detached(p.doc.Object())
	u := Use{GVK: knowledge.ParseGVK(object.APIVersion, object.Kind), Object: object, File: p.doc.File, Line: p.doc.Line + p.shift, Within: p.within}
	if c.schemas != nil {
		u.piece = p
	}
	return u
}

func (u *Use) find(rule, message string) finding.Finding {
	if u.Path != "" {
		message = u.Path + ": " + message
	}
	if u.Within != "" {
		message = u.Within + ": " + message
	}
	f := newFinding(rule, u.Object, message)
	f.File, f.Line = u.File, u.Line
	return f
}

type groupKind struct{ group, kind string }

// definitions are the definitions in the tree, then those that are provided, by what they define.
func (c *checker) definitions(r *Report) map[groupKind][]*Definition {
	index := map[groupKind][]*Definition{}
	for _, list := range [][]Definition{r.Definitions, c.provided} {
		for i := range list {
			d := &list[i]
			index[groupKind{d.Group, d.Kind}] = append(index[groupKind{d.Group, d.Kind}], d)
		}
	}
	return index
}

// customs judges custom resources by the definitions in the tree and those that are provided.
func (c *checker) customs(r *Report) []finding.Finding {
	index := c.definitions(r)
	out := duplicates(r.Definitions)
	for i := range r.Uses {
		use := &r.Uses[i]
		definitions := index[groupKind{use.GVK.Group, use.GVK.Kind}]
		if f, found := c.judgeUse(use, definitions); found {
			out = append(out, f)
		}
	}
	return out
}

func (c *checker) judgeUse(use *Use, definitions []*Definition) (finding.Finding, bool) {
	switch {
	case len(definitions) > 0:
		f, found := judgeVersion(use, definitions)
		if found && f.Rule == VersionGone {
			f.Message += stillServed(lastServed(use, c.earlier))
		}
		return f, found
	case use.GVK.Group == "" || c.known.Group(use.GVK.Group):
		return c.unknownKind(use), true
	case use.Path != "" || use.Within != "":
		return finding.Finding{}, false // what it names may be anywhere, the text may never be applied
	}
	return use.find(Missing, fmt.Sprintf("no definition of %s is in the tree", use.GVK)), true
}

// unknownKind is about a kind of a group that Kubernetes has.
func (c *checker) unknownKind(use *Use) finding.Finding {
	message := fmt.Sprintf("no known Kubernetes version serves %s", use.GVK)
	var near string
	if rows := c.known.Versions(use.GVK.Group, use.GVK.Kind); len(rows) > 0 {
		near = rows[0].GVK.String()
	} else {
		least := len(use.GVK.Kind)/3 + 1
		for _, row := range c.known.Kinds() {
			if d := distance(use.GVK.Kind, row.Kind); row.Group == use.GVK.Group && d < least {
				near, least = row.GVK.String(), d
			}
		}
	}
	if near != "" {
		message += ": did you mean " + near + "?"
	}
	f := use.find(UnknownKind, message)
	f.Replacement = near
	return f
}

// judgeVersion compares the version of a custom resource with what its definitions serve.
func judgeVersion(use *Use, definitions []*Definition) (finding.Finding, bool) {
	var served []string
	deprecated := false
	for _, d := range definitions {
		for _, v := range d.Versions {
			if v.Name == use.GVK.Version && v.Served {
				if !v.Deprecated {
					return finding.Finding{}, false
				}
				deprecated = true
			}
			if v.Served {
				served = append(served, v.Name)
			}
		}
	}
	slices.SortFunc(served, knowledge.CompareVersions)
	served = slices.Compact(served)
	where := definitions[0].place()
	if deprecated {
		return use.find(Deprecated, fmt.Sprintf("%s is deprecated by its definition%s, which serves %s", use.GVK, where, strings.Join(served, ", "))), true
	}
	f := use.find(VersionGone, fmt.Sprintf("the definition of %s%s serves %s, not %s", use.GVK.Kind, where,
		cmp.Or(strings.Join(served, ", "), "no version"), use.GVK.Version))
	if len(served) > 0 {
		f.Replacement = knowledge.GVK{Group: use.GVK.Group, Version: served[0], Kind: use.GVK.Kind}.String()
	}
	return f, true
}

// lastServed names the last of earlier definitions that served the version of a custom resource, empty when none is known.
func lastServed(use *Use, earlier []Definition) string {
	for _, d := range slices.Backward(earlier) {
		if v := d.Version(use.GVK.Version); d.Group == use.GVK.Group && d.Kind == use.GVK.Kind && v != nil && v.Served {
			return cmp.Or(d.From, strings.TrimPrefix(d.place(), " at "))
		}
	}
	return ""
}

// stillServed is the end of a message that names what still served something, empty for none.
func stillServed(last string) string {
	if last == "" {
		return ""
	}
	return "; the last that served it is " + last
}

// place is where a definition lies, for messages: " at crds.yaml:12", empty when it lies nowhere.
func (d *Definition) place() string {
	if d.File == "" {
		return ""
	}
	return fmt.Sprintf(" at %s:%d", d.File, d.Line)
}

// duplicates finds definitions that are in the tree more than once: only one of them can win.
func duplicates(definitions []Definition) []finding.Finding {
	byName := map[string][]*Definition{}
	for i := range definitions {
		byName[definitions[i].Name] = append(byName[definitions[i].Name], &definitions[i])
	}
	var out []finding.Finding
	for name, twins := range byName {
		slices.SortFunc(twins, func(a, b *Definition) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
		for _, twin := range twins[1:] {
			message := fmt.Sprintf("the definition %s is also at %s:%d, with other content", name, twins[0].File, twins[0].Line)
			same := twin.digest == twins[0].digest
			if same {
				message = fmt.Sprintf("the definition %s is also at %s:%d, with the same content", name, twins[0].File, twins[0].Line)
			}
			f := newFinding(Duplicate, twin.Object, message)
			f.File, f.Line = twin.File, twin.Line
			if same {
				f.Severity = finding.Warning
			}
			out = append(out, f)
		}
	}
	return out
}
