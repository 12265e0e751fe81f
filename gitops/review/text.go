package review

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// The colours of a terminal.
const (
	plainColor = "\x1b[0m"
	bold       = "\x1b[1m"
	dim        = "\x1b[2m"
	red        = "\x1b[31m"
	green      = "\x1b[32m"
	yellow     = "\x1b[33m"
	cyan       = "\x1b[36m"
)

// Text writes the report for a terminal: what it is about and the counts, what needs attention and why, tables, then each object
// with the lines that change.
func Text(w io.Writer, report *Report, color bool) error {
	t := terminal{out: bufio.NewWriter(w), color: color}
	if report.Empty() {
		t.line("", "no changes")
		t.folded(report)
		return t.out.Flush()
	}
	t.headline(report)
	for _, g := range report.groups() {
		t.attention(g)
	}
	t.tables(report)
	for i := range report.Objects {
		if !report.Objects[i].Folded() {
			t.object(&report.Objects[i])
		}
	}
	t.folded(report)
	return t.out.Flush()
}

type terminal struct {
	out   *bufio.Writer
	color bool
}

// line writes a line in a colour; a writer that fails is noticed by Flush.
func (t *terminal) line(color, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if t.color && color != "" {
		text = color + text + plainColor
	}
	t.out.WriteString(text + "\n")
}

func (t *terminal) headline(report *Report) {
	for _, c := range report.Clusters {
		if title := c.Title(); title != "" {
			t.line(bold, "%s", neutral(title))
		}
		for _, i := range c.Instances {
			t.line(bold, "  %s", neutral(i.Title()))
			if len(i.Reasons) > 0 {
				t.line(dim, "    %s", neutral(strings.Join(i.Reasons, ", ")))
			}
			for _, note := range i.Notes {
				t.line(dim, "    %s: %s", neutral(note.Label), neutral(note.URL))
			}
		}
		switch fits := c.Fits(); {
		case fits != "" && c.Title() == "":
			t.line("", "%s", neutral(fits))
		case fits != "":
			t.line("", "  %s", neutral(fits))
		}
	}
	t.line(bold, "%s", report.Summary.Headline())
}

// colorOf is how loud a risk is.
func colorOf(risk Risk) string {
	switch {
	case risk >= High:
		return red
	case risk == Medium:
		return yellow
	}
	return ""
}

func (t *terminal) attention(g group) {
	t.line("", "")
	t.line(colorOf(g.risk), "! %s: %s", g.risk, g.rule.Name)
	for _, a := range g.items {
		t.line("", "  - %s", neutral(a.Message))
		t.line(dim, "    %s", neutral(place(a)))
	}
	t.line(dim, "  why: %s", g.rule.Why)
	t.line(dim, "  do:  %s", g.rule.Do)
}

func (t *terminal) tables(report *Report) {
	t.title("images", len(report.Tables.Images))
	for _, i := range report.Tables.Images {
		switch {
		case i.From == "":
			t.line(green, "  + %s", neutral(i.To))
		case i.To == "":
			t.line(red, "  - %s", neutral(i.From))
		default:
			t.line("", "  ~ %s -> %s", neutral(i.From), neutral(i.To))
		}
	}
	t.title("restarts", len(report.Tables.Rollouts))
	for _, r := range report.Tables.Rollouts {
		t.line("", "  ~ %s: %s", neutral(title(r.Object)), strings.Join(r.Reasons, ", "))
	}
	t.title("rights", len(report.Tables.Rights))
	for _, r := range report.Tables.Rights {
		t.line("", "  %s %s", marks[r.Change], neutral(title(r.Object)))
		if len(r.Added) > 0 {
			t.line(green, "    + %s", neutral(listed(r.Added)))
		}
		if len(r.Removed) > 0 {
			t.line(red, "    - %s", neutral(listed(r.Removed)))
		}
	}
	t.title("definitions", len(report.Tables.CRDs))
	for _, c := range report.Tables.CRDs {
		parts := []string{c.versions(), c.fields()}
		t.line("", "  %s %s %s", marks[c.Change], neutral(c.Object.Name), neutral(strings.Trim(strings.Join(parts, "; "), "; ")))
	}
	t.title("webhooks", len(report.Tables.Webhooks))
	for _, h := range report.Tables.Webhooks {
		t.line("", "  %s %s %s", marks[h.Change], neutral(h.Webhook), neutral(h.says()))
	}
}

// says is what differs of a webhook.
func (h WebhookChange) says() string {
	switch {
	case h.Field == "":
		return h.New
	case h.Old == "":
		return h.Field + ": " + h.New
	case h.New == "":
		return h.Field + ": no more " + h.Old
	}
	return h.Field + ": " + h.Old + " -> " + h.New
}

// title is a heading over some lines, unless there are none.
func (t *terminal) title(name string, lines int) {
	if lines > 0 {
		t.line("", "")
		t.line(bold, "%s", name)
	}
}

// marks say what happened to an object in one character.
var marks = map[Change]string{Added: "+", Removed: "-", Changed: "~", MetadataOnly: "~"}

func (t *terminal) object(object *Object) {
	t.line("", "")
	risk := ""
	if object.Risk >= Medium {
		risk = " [" + object.Risk.String() + "]"
	}
	t.line(bold, "%s %s%s", marks[object.Change], neutral(object.Object.String()), risk)
	place := neutral(object.File)
	if object.OldFile != "" {
		place = neutral(object.OldFile) + " -> " + place
	}
	t.line(dim, "  %s", place)
	if object.Change != Changed {
		t.line("", "    %s", object.size())
		return
	}
	heading := "\x00"
	folded := map[Fold]int{}
	for _, hunk := range object.Hunks {
		if hunk.Noise {
			folded[Fold{Fact: hunk.Fact}]++
			continue
		}
		if hunk.Heading() != heading {
			heading = hunk.Heading()
			t.line(cyan, "  @ %s", neutral(orRoot(heading)))
		}
		t.lines(hunk)
	}
	for _, fold := range foldsOf(folded) {
		t.line(dim, "    (%s)", fold)
	}
}

// size is how much of an object came or went.
func (o *Object) size() string {
	lines := 0
	for _, hunk := range o.Hunks {
		lines += len(split(hunk.Old)) + len(split(hunk.New))
	}
	return plural(lines, "line", "lines")
}

func orRoot(heading string) string {
	if heading == "" {
		return "(root)"
	}
	return heading
}

func (t *terminal) lines(hunk Hunk) {
	if hunk.Change == Reordered {
		t.line(yellow, "    ~ %s: only the order changed", neutral(hunk.Name()))
	}
	for _, line := range hunk.Lines() {
		switch line.Op {
		case Gap:
			t.line("", "      ...")
		default:
			t.line(lineColors[line.Op], "    %c %s", line.Op, neutral(line.Text))
		}
	}
}

var lineColors = map[Op]string{Insert: green, Delete: red, Note: yellow}

// folded says in a line each what the report holds and the text does not show.
func (t *terminal) folded(report *Report) {
	objects, whole := 0, 0
	for i := range report.Objects {
		switch o := &report.Objects[i]; {
		case o.Folded():
			objects++
		case o.Change != Changed:
			whole++
		}
	}
	var lines []string
	if whole > 0 {
		lines = append(lines, plural(whole, "object that comes or goes is", "objects that come or go are")+" counted in lines; -o html and -o markdown show them")
	}
	if objects > 0 {
		lines = append(lines, plural(objects, "object", "objects")+" changed in labels, annotations or other noise only")
	}
	if len(report.Files) > 0 {
		names := make([]string, len(report.Files))
		for i, file := range report.Files {
			names[i] = neutral(file.File)
		}
		lines = append(lines, plural(len(names), "file", "files")+" without objects changed: "+listed(names))
	}
	for _, fold := range report.Folded {
		lines = append(lines, "folded: "+neutral(fold.String()))
	}
	for _, part := range report.Origin.footer() {
		lines = append(lines, neutral(part))
	}
	if len(lines) > 0 {
		t.line("", "")
	}
	for _, line := range lines {
		t.line(dim, "%s", line)
	}
}
