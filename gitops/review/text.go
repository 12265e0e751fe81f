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
	red        = "\x1b[31m"
	green      = "\x1b[32m"
	yellow     = "\x1b[33m"
	cyan       = "\x1b[36m"
)

// Text writes the report for a terminal: the counts, what needs attention, then each object with the lines that change.
func Text(w io.Writer, report *Report, color bool) error {
	t := terminal{out: bufio.NewWriter(w), color: color}
	if report.Empty() {
		t.line("", "no changes")
		return t.out.Flush()
	}
	t.line(bold, "%s", report.Summary.Headline())
	for _, attention := range report.Attention {
		t.line("", "")
		t.attention(attention)
	}
	for _, object := range report.Objects {
		if object.Change != MetadataOnly {
			t.object(object)
		}
	}
	t.folded(report)
	return t.out.Flush()
}

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
	return strings.Join(counts, ", ") + "; risk " + s.Risk.String()
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

func (t *terminal) attention(a Attention) {
	color := yellow
	if a.Risk >= High {
		color = red
	}
	t.line(color, "! %s (%s, %s)", neutral(a.Message), a.Rule, a.Risk)
	place := neutral(a.File)
	if a.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, a.Line)
	}
	t.line("", "  %s", place)
}

// marks say what happened to an object in one character.
var marks = map[Change]string{Added: "+", Removed: "-", Changed: "~", MetadataOnly: "~"}

func (t *terminal) object(object Object) {
	t.line("", "")
	t.line(bold, "%s %s", marks[object.Change], neutral(object.Object.String()))
	place := neutral(object.File)
	if object.OldFile != "" {
		place = neutral(object.OldFile) + " -> " + place
	}
	t.line("", "  %s", place)
	if object.Change != Changed {
		t.line("", "    %s", object.size())
		return
	}
	heading, hidden := "\x00", 0
	for _, hunk := range object.Hunks {
		if hunk.Noise {
			hidden++
			continue
		}
		if hunk.Heading() != heading {
			heading = hunk.Heading()
			t.line(cyan, "  @ %s", neutral(orRoot(heading)))
		}
		t.lines(hunk)
	}
	if hidden > 0 {
		t.line("", "    (%s of tools)", plural(hidden, "label or annotation", "labels or annotations"))
	}
}

// size is how much of an object came or went.
func (o Object) size() string {
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
	if n := report.Summary.MetadataOnly; n > 0 {
		t.line("", "")
		t.line("", "%s changed in labels or annotations of tools only", plural(n, "object", "objects"))
	}
	if len(report.Files) > 0 {
		names := make([]string, len(report.Files))
		for i, file := range report.Files {
			names[i] = neutral(file.File)
		}
		t.line("", "")
		t.line("", "%s without objects changed: %s", plural(len(names), "file", "files"), listed(names))
	}
}
