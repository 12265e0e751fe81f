package document

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// bangFinder finds nodes with the tag "!", which makes a string of any scalar for kubectl while the YAML library reads over it.
type bangFinder map[place]bool

// place is a line and a column as the YAML library counts them, from 1 and in characters.
type place struct{ line, column int }

// newBangFinder notes where a chunk has an exclamation mark that may be such a tag, and the anchor in front of it.
func newBangFinder(chunk []byte) bangFinder {
	text := string(chunk)
	if !strings.Contains(text, "!") {
		return nil
	}
	found := bangFinder{}
	at, anchor := place{1, 1}, place{} // anchor: of an &name with nothing but blanks behind it
	named := false
	for i, r := range text {
		switch {
		case r == '!' && bangEnds(text[i+1:]):
			found[at] = true
			if anchor.line > 0 {
				found[anchor] = true
			}
		case r == '&':
			anchor, named = at, true
		case isBlank(r):
			named = false
		case !named:
			anchor = place{}
		}
		at.column++
		if isBreak(r) && !strings.HasPrefix(text[i:], "\r\n") {
			at = place{at.line + 1, 1}
		}
	}
	return found
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || isBreak(r) }

// isBreak knows the line breaks of YAML 1.1.
func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// bangEnds says whether a tag that starts with ! ends before rest.
func bangEnds(rest string) bool {
	if rest == "" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return isBlank(r) || strings.ContainsRune(",[]{}", r)
}

// tags says whether the source of a node starts with the tag.
func (f bangFinder) tags(node *yaml.Node) bool {
	return node.Style&yaml.TaggedStyle == 0 && f[place{node.Line, node.Column}]
}
