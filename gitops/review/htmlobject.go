package review

import (
	"fmt"
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// pageObject is one object with its hunks.
type pageObject struct {
	ID, APIVersion, Kind, Namespace, Name string
	Change                                Change
	Risk                                  Risk
	Cluster, Instance, File, OldFile      string
	Inserted, Deleted                     int
	Open                                  bool
	Needs                                 []need
	Blocks                                []hunkBlock
	Folded                                []hunkBlock
	Hidden                                string // says what Folded is
}

// need is an attention, told again where it belongs.
type need struct {
	Risk    Risk
	Message string
}

// hunkBlock is the hunks below one heading.
type hunkBlock struct {
	Heading string
	Hunks   []pageHunk
}

type pageHunk struct {
	ID, Said string
	Chunks   []chunk
}

// builder makes the page of a report. All names on the page are given out in one order, so the same report has the same links.
type builder struct {
	report  *Report
	names   *anchors
	objects []*pageObject     // as in the report
	lines   [][][]Line        // of each hunk of each object
	aims    []aim             // of each attention
	places  map[string]int    // of an object by its key
	targets map[string]string // of an instance
}

// openLines is how many lines a report may have for its objects to be open from the start.
const openLines = 400

func newBuilder(report *Report) *builder {
	b := &builder{
		report: report, names: newAnchors(), lines: make([][][]Line, len(report.Objects)), aims: make([]aim, len(report.Attention)),
		places: make(map[string]int, len(report.Objects)), targets: map[string]string{},
	}
	total := 0
	for i, object := range report.Objects {
		if _, known := b.places[object.Key()]; !known {
			b.places[object.Key()] = i
		}
		b.lines[i] = make([][]Line, len(object.Hunks))
		for j, hunk := range object.Hunks {
			b.lines[i][j] = hunk.Lines()
			total += len(b.lines[i][j])
		}
	}
	needs, aimers := map[int][]int{}, map[int]*aimer{}
	for n, a := range report.Attention {
		b.aims[n] = aim{-1, -1}
		if i, known := b.places[keyOf(a.File, a.Object)]; known && a.Object.Kind != "" {
			if aimers[i] == nil {
				aimers[i] = newAimer(report.Objects[i].Hunks, b.lines[i])
			}
			b.aims[n] = aimers[i].at(a.Path)
			needs[i] = append(needs[i], n)
		}
	}
	for i := range report.Objects {
		b.objects = append(b.objects, b.object(i, needs[i]))
		b.objects[i].Open = total <= openLines && !report.Objects[i].Folded()
	}
	return b
}

func keyOf(file string, object finding.Object) string {
	return Object{File: file, Object: object}.Key()
}

func (b *builder) object(i int, needs []int) *pageObject {
	o := b.report.Objects[i]
	shown := &pageObject{
		ID:         b.names.of(strings.Trim(strings.ToLower(o.Object.Kind)+"."+o.Object.Group(), ".") + "~" + strings.TrimPrefix(o.Object.Namespace+"~"+o.Object.Name, "~")),
		APIVersion: o.Object.APIVersion, Kind: o.Object.Kind, Namespace: o.Object.Namespace, Name: o.Object.Name,
		Change: shownChange(o), Risk: o.Risk, Cluster: o.Cluster, Instance: o.Instance, File: o.File, OldFile: o.OldFile,
	}
	lineNames := map[int]map[int]string{}
	for _, n := range needs {
		shown.Needs = append(shown.Needs, need{b.report.Attention[n].Risk, b.report.Attention[n].Message})
		if at := b.aims[n]; at.line >= 0 {
			if lineNames[at.hunk] == nil {
				lineNames[at.hunk] = map[int]string{}
			}
			lineNames[at.hunk][at.line] = lineName(shown.ID, at)
		}
	}
	noise := 0
	for j, hunk := range o.Hunks {
		into := &shown.Blocks
		if hunk.Noise && !o.Folded() {
			into = &shown.Folded
			noise++
		}
		heading := hunk.Heading()
		if n := len(*into); n == 0 || (*into)[n-1].Heading != heading {
			*into = append(*into, hunkBlock{Heading: heading})
		}
		block := &(*into)[len(*into)-1]
		block.Hunks = append(block.Hunks, pageHunk{ID: hunkName(shown.ID, j), Said: said(hunk), Chunks: chunks(b.lines[i][j], lineNames[j])})
		shown.Inserted += countLines(b.lines[i][j], Insert)
		shown.Deleted += countLines(b.lines[i][j], Delete)
	}
	if noise > 0 {
		shown.Hidden = plural(noise, "field that is", "fields that are") + " folded: labels, annotations and what else is ignored"
	}
	return shown
}

// said is a sentence about a hunk that its lines do not say.
func said(h Hunk) string {
	if h.Change == Reordered {
		return h.Name() + ": only the order changed"
	}
	return ""
}

func countLines(lines []Line, op Op) int {
	n := 0
	for _, line := range lines {
		if line.Op == op {
			n++
		}
	}
	return n
}

func hunkName(object string, hunk int) string { return fmt.Sprintf("%s~h%d", object, hunk+1) }

func lineName(object string, at aim) string {
	return fmt.Sprintf("%s~h%d~%d", object, at.hunk+1, at.line+1)
}

// anchors are the ids that elements of the page have, each once.
type anchors struct{ taken map[string]bool }

func newAnchors() *anchors {
	n := &anchors{taken: map[string]bool{}}
	for _, own := range []string{ // of the page itself
		"top", "title", "attention", "objects", "folded", "find", "found", "previous", "next", "unified", "split", "expand", "collapse",
		"theme", "keys", "filters", "filtered", "reset", "listed", "none", "help", "shortcuts",
	} {
		n.taken[own] = true
	}
	return n
}

// of makes an id of a text: letters, digits and what needs no escape in a link. Texts that would share one get a number.
func (n *anchors) of(text string) string {
	id := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', strings.ContainsRune("-._~", r):
			return r
		}
		return '-'
	}, text)
	if id == "" {
		id = "-"
	}
	free := id
	for i := 2; n.taken[free]; i++ {
		free = fmt.Sprintf("%s~~%d", id, i)
	}
	n.taken[free] = true
	return free
}
