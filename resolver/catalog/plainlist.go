package catalog

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainList is a list of mappings of strings in the form that registries are written in: keys of the root with a value on their line, then the
// list, an item or a key per line, with one indentation. An index of 10,000 packages takes a tenth of the time that it takes the reader of
// documents. It reads nothing that has two readings and reports nothing: what is not exactly of this form is left to that reader.
type plainList struct {
	key  string // of the list
	set  func(item int, key, value string) bool
	text string // what is still to be read

	items  int
	indent int // of the dashes
}

// maxPlainLines keeps a file below what the reader of documents takes: a line has at most three of its values.
const maxPlainLines = 300_000

// plain calls set for each key of the root, as item -1, and for each key of each item, in the order of the file; set says whether it takes the key.
// The number of items is 0 when the file has another form, or a key was not taken; then what was set means nothing.
func plain(data []byte, list string, set func(item int, key, value string) bool) (items int) {
	if !utf8.Valid(data) || bytes.Count(data, []byte("\n")) > maxPlainLines {
		return 0
	}
	p := plainList{key: list, set: set, text: string(data)}
	if !p.root() {
		return 0
	}
	for p.text != "" {
		if !p.entry() {
			return 0
		}
	}
	return p.items
}

// root reads up to the key of the list.
func (p *plainList) root() bool {
	for p.text != "" {
		line := p.line()
		if strings.HasPrefix(line, "#") && isPlainText(line) {
			continue
		}
		if strings.TrimSuffix(line, ":") == p.key && len(line) > len(p.key) {
			return true
		}
		if !p.pair(line, -1, 0) {
			return false
		}
	}
	return false
}

// entry reads a line of the list, with the lines that its value goes on in.
func (p *plainList) entry() bool {
	line := p.line()
	content := strings.TrimLeft(line, " ")
	indent := len(line) - len(content)
	if rest, starts := strings.CutPrefix(content, "- "); starts {
		if p.items == 0 {
			p.indent = indent
		}
		p.items++
		content, indent = rest, indent+2
	}
	return p.items > 0 && indent == p.indent+2 && p.pair(content, p.items-1, indent)
}

// pair reads a key and its value.
func (p *plainList) pair(content string, item, indent int) bool {
	key, value, found := strings.Cut(content, ": ")
	if !found || value == "" || !isPlainText(value) {
		return false
	}
	for _, c := range []byte(key) {
		if !isLetter(c) {
			return false
		}
	}
	if quote := value[0]; quote == '"' || quote == '\'' {
		inner := value[1:]
		end := strings.IndexByte(inner, quote)
		return end > 0 && end == len(inner)-1 && !strings.Contains(inner, `\`) && p.set(item, key, inner[:end])
	}
	if !isPlainString(value) {
		return false
	}
	for {
		more, ok := p.continuation(indent)
		if !ok {
			return false
		}
		if more == "" {
			return p.set(item, key, value)
		}
		value += " " + more
	}
}

// continuation is the line that goes on with a value of a key at this indentation; empty when the next line is of something else.
func (p *plainList) continuation(indent int) (more string, ok bool) {
	content := strings.TrimLeft(p.text, " ")
	if len(p.text)-len(content) <= indent {
		return "", true
	}
	more = strings.TrimLeft(p.line(), " ")
	return more, more != "" && isLetter(more[0]) && isPlainText(more) && !strings.ContainsAny(more, ":#")
}

// line takes the next line.
func (p *plainList) line() string {
	line, rest, _ := strings.Cut(p.text, "\n")
	p.text = rest
	return line
}

// isPlainText reports whether a text has no character that YAML treats in a way of its own, and does not end with a space.
func isPlainText(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c >= utf8.RuneSelf {
			return !strings.HasSuffix(text, " ") && !strings.ContainsFunc(text, isUnprintable)
		} else if c < ' ' || c > '~' {
			return false
		}
	}
	return !strings.HasSuffix(text, " ")
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) }

// isPlainString reports whether a scalar without quotes is a string to every reader: it starts with a letter, is no word for a truth or for
// nothing, and holds neither a key nor a comment.
func isPlainString(value string) bool {
	if !isLetter(value[0]) || strings.HasSuffix(value, ":") || strings.Contains(value, ": ") || strings.Contains(value, " #") {
		return false
	}
	return len(value) > len("false") || !slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(value))
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// plainIndex reads an index.yaml of the plain form. It is not ok when ParseIndex has to read it: to understand it, or to say what is wrong.
func plainIndex(data []byte) (listings []Listing, ok bool) {
	items := plain(data, "packages", func(item int, key, value string) bool {
		if item < 0 {
			return false
		}
		if item == len(listings) {
			listings = append(listings, Listing{})
		}
		return listings[item].take(key, value)
	})
	slices.SortFunc(listings, func(a, b Listing) int { return cmp.Compare(a.Name, b.Name) })
	for i, listing := range listings {
		if !isLabel(listing.Name) || i > 0 && listings[i-1].Name == listing.Name {
			return nil, false
		}
	}
	return listings, items > 0
}

// take sets the field of a key that it does not have yet, if the value is a right one.
func (l *Listing) take(key, value string) bool {
	var field *string
	switch key {
	case "name":
		field = &l.Name
	case "shortDescription":
		field = &l.ShortDescription
	case "iconUrl":
		field = &l.IconURL
	case "latestVersion":
		field = &l.LatestVersion
		if _, err := ParseVersion(value); err != nil {
			return false
		}
	case "scope":
		if l.Scope != "" || Scope(value) != ClusterScope && Scope(value) != NamespacedScope {
			return false
		}
		l.Scope = Scope(value)
		return true
	default:
		return false
	}
	if *field != "" {
		return false
	}
	*field = value
	return true
}

// plainVersions reads a versions.yaml as plainIndex reads an index.
func plainVersions(data []byte) (versions []Version, ok bool) {
	latest := false
	items := plain(data, "versions", func(item int, key, value string) bool {
		v, err := ParseVersion(value)
		switch {
		case err != nil:
			return false
		case item < 0:
			first := !latest
			latest = true
			return first && key == "latestVersion"
		}
		versions = append(versions, v)
		return key == "version" && item == len(versions)-1
	})
	slices.SortFunc(versions, Version.Compare)
	for i := 1; i < len(versions); i++ {
		if versions[i-1].Key() == versions[i].Key() {
			return nil, false
		}
	}
	return versions, items > 0
}
