package review

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// cover says of every line of a file what it belongs to.
type cover struct {
	lines  []string // with their ends
	hidden []bool   // lines of a document that may not be shown
	object []bool   // lines of a document that is an object
	secret bool     // nothing of the file may be shown
}

// lineGroup is a run of lines of the old file in whose place the new one has others; one of the two may be empty.
type lineGroup struct{ oldStart, oldEnd, newStart, newEnd int }

// changedGroups are the differences between two files.
func changedGroups(old, new []string) []lineGroup {
	var groups []lineGroup
	i, j := 0, 0
	for _, anchor := range append(common(old, new), [2]int{len(old), len(new)}) {
		if i < anchor[0] || j < anchor[1] {
			groups = append(groups, lineGroup{i, anchor[0], j, anchor[1]})
		}
		i, j = anchor[0]+1, anchor[1]+1
	}
	return groups
}

// coverOf sorts the lines of a file by the documents that they belong to. unread says that the file could not be parsed.
func coverOf(name string, data []byte, objects, rest []document.Document, unread bool) cover {
	c := cover{lines: linesOf(data)}
	c.hidden, c.object = make([]bool, len(c.lines)), make([]bool, len(c.lines))
	plain := !isManifest(name) && (holdsSecret(string(data)) || bytes.Contains(data, []byte("PRIVATE KEY-----")))
	if plain || unread && mayHoldSecret(data) || secretName.MatchString(path.Base(name)) && len(objects) == 0 {
		c.secret = true
		return c
	}
	starts := documentStarts(c.lines)
	blockOf := func(line int) int {
		n, found := slices.BinarySearch(starts, line)
		if !found {
			n--
		}
		return max(n, 0)
	}
	hidden, object, known := map[int]bool{}, map[int]bool{}, map[int]bool{}
	for i, doc := range append(documents(objects), documents(rest)...) {
		n := blockOf(doc.Line - 1)
		object[n], known[n] = object[n] || i < len(objects), true
		hidden[n] = hidden[n] || secretive(doc)
		end := len(c.lines)
		if n+1 < len(starts) {
			end = starts[n+1]
		}
		privacyOf(doc).lines(doc.Root(), end, c.hide)
	}
	for i, line := range c.lines {
		n := blockOf(i)
		hidden[n] = hidden[n] || strings.Contains(line, "Secret") && commentedSecret.MatchString(line) || !known[n] && isManifest(name) && mayBeSecret.MatchString(line)
	}
	for i, line := range c.lines {
		n := blockOf(i)
		marker := strings.TrimSpace(line) == "---" && slices.Contains(starts, i)
		c.object[i] = object[n] && !marker
		c.hidden[i] = c.hidden[i] || hidden[n] && !marker || strings.Contains(line, "PRIVATE KEY-----") || strings.Contains(line, "#") && len(finding.Secrets(line)) > 0
	}
	if !isManifest(name) {
		c.hideIn(string(data))
	}
	return c
}

// hide hides lines, from 0, up to one that is not.
func (c *cover) hide(from, to int) {
	for i := max(from, 0); i < to && i < len(c.hidden); i++ {
		c.hidden[i] = true
	}
}

// hideIn hides the lines of a text that hold secrets.
func (c *cover) hideIn(text string) {
	line, at := 0, 0
	for _, s := range finding.Secrets(text) {
		line += strings.Count(text[at:s.Start], "\n")
		at = s.Start
		c.hide(line, line+strings.Count(text[s.Start:s.End], "\n")+1)
	}
}

func isManifest(name string) bool { return slices.Contains(manifestNames, path.Ext(name)) }

// secretName finds files that hold secrets by their name: environments, keys, key stores.
var secretName = regexp.MustCompile(`(?i)\.(env|pem|key|p12|pfx|jks)$|^\.env|secret|password|credential`)

// commentedSecret finds the manifest of a Secret in a comment.
var commentedSecret = regexp.MustCompile(`^\s*#.*\bkind["']?:\s*["']?Secret\b`)

// secretive reports whether the text of a document may not be shown: it is a Secret, or makes one, or has a key in it.
func secretive(doc *document.Document) bool {
	p := privacyOf(doc)
	raw := doc.Raw
	if raw == nil {
		raw = []byte(canonical(doc.Root()))
	}
	return p.secret || p.stringData || strings.HasSuffix(doc.Object().Kind, "SecretList") || document.Lookup(doc.Root(), "secretGenerator") != nil ||
		bytes.Contains(raw, []byte("PRIVATE KEY-----")) || bytes.Contains(raw, []byte("Secret")) && embeds(doc.Root())
}

// embeds reports whether some text of a document holds the manifest of a Secret.
func embeds(node *yaml.Node) bool {
	if node.Kind == yaml.ScalarNode {
		return holdsSecret(node.Value)
	}
	return slices.ContainsFunc(node.Content, embeds)
}

// documentStarts are the lines, from 0, at which a document of a YAML stream starts; the marker "---" belongs to what follows it.
func documentStarts(lines []string) []int {
	starts := []int{0}
	for i, line := range lines {
		if i > 0 && strings.HasPrefix(line, "---") && (len(line) == 3 || strings.ContainsAny(line[3:4], " \t\r\n")) {
			starts = append(starts, i)
		}
	}
	return starts
}

// linesOf splits a file into lines that keep their ends.
func linesOf(data []byte) []string {
	if len(data) == 0 {
		return nil
	}
	return slices.AppendSeq(make([]string, 0, bytes.Count(data, []byte("\n"))+1), strings.Lines(string(data)))
}
