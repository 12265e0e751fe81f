package review

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Patch writes the change as git diff does, for 'git apply'. What could show a secret is left out: every hunk that touches the
// document of a Secret, files that hold one and come, go, or cannot be read, and what is not text: links too. Origin.LeftOut counts them; when it is zero, the
// patch makes head of base.
func Patch(w io.Writer, report *Report) error {
	_, err := w.Write(report.patch.text)
	return err
}

// patch is the change as text, and what was counted on the way.
type patch struct {
	text    []byte
	leftOut int
	lines   map[string]lineCount // outside of objects, by file
}

type lineCount struct{ added, removed int }

// hash names the patch, so that two people can tell whether they look at the same one; it is empty for an empty one.
func (p *patch) hash() string {
	if len(p.text) == 0 {
		return ""
	}
	sum := sha256.Sum256(p.text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// makePatch compares every file line by line, several at a time.
func makePatch(ctx context.Context, pairs []filePair, sides []parsedPair) (*patch, error) {
	parts := make([]filePatch, len(pairs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range pairs {
		group.Go(func() error {
			parts[i].compare(&pairs[i], &sides[i])
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	whole := &patch{lines: make(map[string]lineCount, len(pairs))}
	var text bytes.Buffer
	for i, part := range parts {
		text.Write(part.text)
		whole.leftOut += part.leftOut
		whole.lines[pairs[i].name] = part.outside
	}
	whole.text = text.Bytes()
	return whole, nil
}

// filePatch is the patch of one file.
type filePatch struct {
	text     []byte
	leftOut  int
	outside  lineCount // changed lines outside of objects
	old, new cover
}

func (p *filePatch) compare(pair *filePair, parsed *parsedPair) {
	p.old = coverOf(pair.name, pair.base, parsed.base, parsed.baseRest, parsed.unread)
	p.new = coverOf(pair.name, pair.head, parsed.head, parsed.headRest, parsed.unread)
	groups := changedGroups(p.old.lines, p.new.lines)
	for _, g := range groups {
		p.count(g)
	}
	binary := bytes.IndexByte(pair.base, 0) >= 0 || bytes.IndexByte(pair.head, 0) >= 0
	whole := pair.base == nil || pair.head == nil
	hidden := p.old.secret || p.new.secret
	for _, g := range groups {
		hidden = hidden || whole && p.touches(g)
	}
	if binary || hidden {
		p.leftOut = max(1, len(groups))
		return
	}
	var body bytes.Buffer
	shift := 0
	for _, h := range p.hunks(groups) {
		h.write(&body, p.old.lines, p.new.lines, shift)
		for _, g := range h.groups {
			shift += g.newEnd - g.newStart - (g.oldEnd - g.oldStart)
		}
	}
	if body.Len() > 0 || whole || pair.baseRuns != pair.headRuns {
		p.text = append(header(pair, body.Len() > 0), body.Bytes()...)
	}
}

// count adds the lines of a group that belong to no object.
func (p *filePatch) count(g lineGroup) {
	for i := g.oldStart; i < g.oldEnd; i++ {
		if !p.old.object[i] {
			p.outside.removed++
		}
	}
	for j := g.newStart; j < g.newEnd; j++ {
		if !p.new.object[j] {
			p.outside.added++
		}
	}
}

// touches reports whether a group holds a line that may not be shown.
func (p *filePatch) touches(g lineGroup) bool {
	for i := g.oldStart; i < g.oldEnd; i++ {
		if p.old.hidden[i] {
			return true
		}
	}
	for j := g.newStart; j < g.newEnd; j++ {
		if p.new.hidden[j] {
			return true
		}
	}
	return false
}

// header is what stands before the hunks of a file.
func header(pair *filePair, hunks bool) []byte {
	var out bytes.Buffer
	old, new := quotedName("a/"+pair.name), quotedName("b/"+pair.name)
	fmt.Fprintf(&out, "diff --git %s %s\n", old, new)
	if strings.ContainsAny(pair.name, " \t") {
		old, new = old+"\t", new+"\t"
	}
	switch {
	case pair.base == nil:
		out.WriteString("new file mode " + fileMode(pair.headRuns) + "\n")
		old = "/dev/null"
	case pair.head == nil:
		out.WriteString("deleted file mode " + fileMode(pair.baseRuns) + "\n")
		new = "/dev/null"
	case pair.baseRuns != pair.headRuns:
		out.WriteString("old mode " + fileMode(pair.baseRuns) + "\nnew mode " + fileMode(pair.headRuns) + "\n")
	}
	if pair.base != nil && pair.head != nil && !hunks {
		return out.Bytes()
	}
	if len(pair.base)+len(pair.head) == 0 {
		// Git knows an empty file that comes or goes by these ids alone.
		ids := "0000000000000000000000000000000000000000..e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
		if pair.head == nil {
			ids = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391..0000000000000000000000000000000000000000"
		}
		out.WriteString("index " + ids + "\n")
		return out.Bytes()
	}
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", old, new)
	return out.Bytes()
}

// fileMode is the mode of a file as Git writes it.
func fileMode(runs bool) string {
	if runs {
		return "100755"
	}
	return "100644"
}

// quotedName is a path as Git writes it in a diff.
func quotedName(name string) string {
	plain := true
	var out strings.Builder
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
			plain = false
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&out, `\%03o`, c)
			plain = false
		default:
			out.WriteByte(c)
		}
	}
	if plain {
		return name
	}
	return `"` + out.String() + `"`
}

// patchHunk is some groups that stand close together, with the kept lines around and between them.
type patchHunk struct {
	groups        []lineGroup
	before, after int // kept lines before the first and after the last group
}

// hunks joins groups whose context meets. A group that may not be shown is counted and left out, and so is one that Git could not
// place because what follows it may not be shown either.
func (p *filePatch) hunks(groups []lineGroup) []patchHunk {
	var joined []patchHunk
	floor := 0 // the first old line that may be context of the next group
	for n, g := range groups {
		ceiling := len(p.old.lines)
		if n+1 < len(groups) {
			ceiling = groups[n+1].oldStart
		}
		before, after := p.context(g, floor, ceiling)
		if p.touches(g) || after == 0 && g.oldEnd < len(p.old.lines) {
			p.leftOut++
			floor = g.oldEnd
			continue
		}
		last := len(joined) - 1
		if last >= 0 {
			previous := joined[last].groups[len(joined[last].groups)-1]
			if gap := g.oldStart - previous.oldEnd; gap <= joined[last].after+before && floor <= previous.oldEnd {
				joined[last].groups = append(joined[last].groups, g)
				joined[last].after = after
				floor = g.oldEnd
				continue
			}
		}
		joined = append(joined, patchHunk{groups: []lineGroup{g}, before: before, after: after})
		floor = g.oldEnd
	}
	return joined
}

// context counts the kept lines around a group that may be shown, at most nearby on each side.
func (p *filePatch) context(g lineGroup, floor, ceiling int) (before, after int) {
	shown := func(i, j int) bool {
		return i >= floor && i < ceiling && j >= 0 && j < len(p.new.lines) && !p.old.hidden[i] && !p.new.hidden[j]
	}
	for before < nearby && shown(g.oldStart-before-1, g.newStart-before-1) {
		before++
	}
	for after < nearby && shown(g.oldEnd+after, g.newEnd+after) {
		after++
	}
	return before, after
}

// write writes a hunk. shift is how many lines more the new file has above it, counting only what the patch holds.
func (h patchHunk) write(out *bytes.Buffer, old, new []string, shift int) {
	first, last := h.groups[0], h.groups[len(h.groups)-1]
	start, end := first.oldStart-h.before, last.oldEnd+h.after
	length := end - start
	newLength := length
	for _, g := range h.groups {
		newLength += g.newEnd - g.newStart - (g.oldEnd - g.oldStart)
	}
	fmt.Fprintf(out, "@@ -%s +%s @@\n", span(start, length), span(start+shift, newLength))
	at := start
	for _, g := range h.groups {
		writeLines(out, ' ', old[at:g.oldStart])
		writeLines(out, '-', old[g.oldStart:g.oldEnd])
		writeLines(out, '+', new[g.newStart:g.newEnd])
		at = g.oldEnd
	}
	writeLines(out, ' ', old[at:end])
}

// span is a place in a file as a hunk's header has it: the first line, from 1, and how many; of no lines, the one before.
func span(start, length int) string {
	if length == 0 {
		return strconv.Itoa(start) + ",0"
	}
	return strconv.Itoa(start+1) + "," + strconv.Itoa(length)
}

func writeLines(out *bytes.Buffer, mark byte, lines []string) {
	for _, line := range lines {
		out.WriteByte(mark)
		out.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}
