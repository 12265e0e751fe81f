package review

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineRun is some lines of one kind in a row. A page has tens of thousands of lines, so what most of them lack is not asked of each:
// Lines are plain texts, Marked stands for them where a line has a name or a word that differs.
type lineRun struct {
	Tag    string // ins, del, note, gap or keep
	Lines  []string
	Marked []markedLine
}

// markedLine is a line that can be linked to, or of which one word differs from the line that it replaces.
type markedLine struct{ ID, Before, Word, After string }

// chunkLines is how many lines a browser lays out at once; what is out of sight waits.
const chunkLines = 200

var lineTags = map[Op]string{Insert: "ins", Delete: "del", Note: "note", Gap: "gap", Keep: "keep"}

// chunk is a piece of a hunk; Full says that it has chunkLines lines, so that its height is known before it is laid out.
type chunk struct {
	Full bool
	Runs []lineRun
}

// chunks are the lines of a hunk in pieces of at most chunkLines. The names are those of lines, by index.
func chunks(lines []Line, names map[int]string) []chunk {
	words := differences(lines)
	var pieces []chunk
	for start := 0; start < len(lines); start += chunkLines {
		end := min(len(lines), start+chunkLines)
		pieces = append(pieces, chunk{Full: end-start == chunkLines, Runs: lineRuns(lines, start, end, names, words)})
	}
	return pieces
}

// lineRuns are the lines from start to before end.
func lineRuns(lines []Line, start, end int, names map[int]string, words map[int]markedLine) []lineRun {
	var runs []lineRun
	for i := start; i < end; i++ {
		tag, text := lineTags[lines[i].Op], lines[i].Text
		marked, isMarked := words[i]
		if name, named := names[i]; named {
			if !isMarked {
				marked.Before = text
			}
			marked.ID, isMarked = name, true
		}
		if n := len(runs); n == 0 || runs[n-1].Tag != tag || isMarked != (runs[n-1].Marked != nil) {
			runs = append(runs, lineRun{Tag: tag})
		}
		run := &runs[len(runs)-1]
		if isMarked {
			run.Marked = append(run.Marked, marked)
			continue
		}
		run.Lines = append(run.Lines, text)
	}
	return runs
}

// differences finds the word that differs in lines that replace each other: the first line that goes and the first that comes, and
// so on. Lines that have little in common are not marked.
func differences(lines []Line) map[int]markedLine {
	words := map[int]markedLine{}
	for i := 0; i < len(lines); {
		gone := run(lines, i, Delete)
		come := run(lines, i+gone, Insert)
		for k := range min(gone, come) {
			old, new := i+k, i+gone+k
			if before, after, ok := difference(lines[old].Text, lines[new].Text); ok {
				words[old], words[new] = before, after
			}
		}
		i += max(1, gone+come)
	}
	return words
}

// run counts the lines of one kind from a start on.
func run(lines []Line, start int, op Op) int {
	n := 0
	for start+n < len(lines) && lines[start+n].Op == op {
		n++
	}
	return n
}

// difference cuts two lines into what they share and the word between. It says no when less than half of the longer one is shared.
func difference(old, new string) (before, after markedLine, ok bool) {
	head := 0
	for head < len(old) && head < len(new) && old[head] == new[head] {
		head++
	}
	for head > 0 && (inWord(old, head) || inWord(new, head)) {
		head--
	}
	tail := 0
	for tail < len(old)-head && tail < len(new)-head && old[len(old)-1-tail] == new[len(new)-1-tail] {
		tail++
	}
	for tail > 0 && (inWord(old, len(old)-tail) || inWord(new, len(new)-tail)) {
		tail--
	}
	same := len(strings.TrimSpace(old[:head])) + len(strings.TrimSpace(old[len(old)-tail:]))
	if 2*same < max(len(strings.TrimSpace(old)), len(strings.TrimSpace(new))) {
		return before, after, false
	}
	return cut(old, head, tail), cut(new, head, tail), true
}

func cut(text string, head, tail int) markedLine {
	return markedLine{Before: text[:head], Word: text[head : len(text)-tail], After: text[len(text)-tail:]}
}

// inWord reports whether a place in a text lies inside of a word, a version or a character.
func inWord(text string, at int) bool {
	if at <= 0 || at >= len(text) {
		return false
	}
	if !utf8.RuneStart(text[at]) {
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return ofWord(before) && ofWord(after)
}

func ofWord(r rune) bool { return r == '.' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
