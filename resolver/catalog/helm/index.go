package helm

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/resolver/catalog"
)

// Index is the index.yaml of a chart repository. Indexes have tens of megabytes, so an entry is read when somebody asks for it: the
// layout that Helm writes is cut into lines, and any other one is parsed as a whole.
type Index struct {
	file   string
	charts map[string][]*entry
	left   map[string][]string // chart to the versions that are left out
}

// Entry is one version of a chart as the index has it.
type Entry struct {
	Name        string
	Version     catalog.Version
	AppVersion  string
	Description string
	Home        string
	Icon        string
	Type        string // "application", "library" or empty
	KubeVersion string // the Kubernetes versions that the chart demands; empty for any
	Deprecated  bool
	URLs        []string // absolute, or relative to the index
	Digest      catalog.Digest
	Annotations map[string]string
}

// entry is a version whose fields may not have been read yet.
type entry struct {
	version    catalog.Version
	deprecated bool
	line       int
	raw        []byte     // one item of the list, its fields indented alike; nil once node is there
	node       *yaml.Node // the fields
}

// ParseIndex reads an index. Charts whose names cannot be packages, and versions that are no versions here, are left out, see LeftOut. A version
// that is there twice with different digests is an error; the errors are *document.SyntaxError.
func ParseIndex(file string, data []byte) (*Index, error) {
	index := &Index{file: file, charts: map[string][]*entry{}, left: map[string][]string{}}
	if !index.cut(data) {
		clear(index.charts)
		clear(index.left)
		if err := index.parse(data); err != nil {
			return nil, err
		}
	}
	for name, entries := range index.charts {
		kept, err := index.distinct(name, entries)
		if err != nil {
			return nil, err
		}
		index.charts[name] = kept
	}
	return index, nil
}

// Charts are the names of all charts, sorted.
func (x *Index) Charts() []string {
	names := make([]string, 0, len(x.charts))
	for name, entries := range x.charts {
		if len(entries) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Versions are those of a chart, lowest first.
func (x *Index) Versions(chart string) []catalog.Version {
	versions := make([]catalog.Version, 0, len(x.charts[chart]))
	for _, e := range x.charts[chart] {
		versions = append(versions, e.version)
	}
	return versions
}

// LeftOut are the versions of each chart that cannot be packages here: all of a chart whose name cannot be that of a package, and versions that
// are written in no way that is understood.
func (x *Index) LeftOut() map[string][]string { return x.left }

// Deprecated are the versions of a chart that say so of themselves, lowest first.
func (x *Index) Deprecated(chart string) []catalog.Version {
	var versions []catalog.Version
	for _, e := range x.charts[chart] {
		if e.deprecated {
			versions = append(versions, e.version)
		}
	}
	return versions
}

// Entry is one version of a chart. The version may be spelled in another way ("v1.0.0"). It returns catalog.ErrNotFound.
func (x *Index) Entry(chart, version string) (*Entry, error) {
	all := x.charts[chart]
	at := slices.IndexFunc(all, func(e *entry) bool { return e.version.String() == version })
	if want, err := catalog.ParseVersion(version); at < 0 && err == nil {
		at = slices.IndexFunc(all, func(e *entry) bool { return e.version.Equal(want) })
	}
	if at < 0 {
		return nil, fmt.Errorf("chart %s %s in %s: %w", chart, version, x.file, catalog.ErrNotFound)
	}
	return x.read(chart, all[at])
}

// distinct sorts versions, and drops what is there twice with the same digest.
func (x *Index) distinct(name string, entries []*entry) ([]*entry, error) {
	slices.SortStableFunc(entries, func(a, b *entry) int { return a.version.Compare(b.version) })
	kept := entries[:0]
	for _, e := range entries {
		if len(kept) == 0 || !kept[len(kept)-1].version.Equal(e.version) {
			kept = append(kept, e)
			continue
		}
		first, err := x.read(name, kept[len(kept)-1])
		if err != nil {
			return nil, err
		}
		second, err := x.read(name, e)
		if err != nil {
			return nil, err
		}
		if first.Digest != second.Digest {
			return nil, &document.SyntaxError{
				File: x.file, Line: max(kept[len(kept)-1].line, e.line),
				Reason: fmt.Sprintf("chart %s has version %s twice, with different digests", name, e.version),
				Hint:   "the repository is damaged, or somebody changed it: ask who keeps it",
			}
		}
	}
	return kept, nil
}

// read gives the fields of an entry.
func (x *Index) read(chart string, e *entry) (*Entry, error) {
	node := e.node
	if node == nil {
		doc, err := document.ParseOne(x.file, e.raw)
		if err != nil {
			var syntax *document.SyntaxError
			if errors.As(err, &syntax) {
				moved := *syntax
				moved.Line += e.line - 1
				return nil, &moved
			}
			return nil, err
		}
		node = doc.Root()
	}
	read := &Entry{
		Name: chart, Version: e.version, AppVersion: text(node, "appVersion"), Description: text(node, "description"), Home: text(node, "home"),
		Icon: text(node, "icon"), Type: text(node, "type"), KubeVersion: strings.TrimSpace(text(node, "kubeVersion")),
		Deprecated: e.deprecated, Annotations: map[string]string{},
	}
	if urls := document.Lookup(node, "urls"); urls != nil {
		for _, item := range urls.Content {
			read.URLs = append(read.URLs, item.Value)
		}
	}
	if notes := document.Lookup(node, "annotations"); notes != nil && notes.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(notes.Content); i += 2 {
			read.Annotations[notes.Content[i].Value] = notes.Content[i+1].Value
		}
	}
	if digest := strings.TrimPrefix(text(node, "digest"), "sha256:"); digest != "" {
		parsed, err := catalog.ParseDigest("sha256:" + strings.ToLower(digest))
		if err != nil {
			return nil, &document.SyntaxError{File: x.file, Line: e.line, Reason: fmt.Sprintf("chart %s %s: %v", chart, e.version, err)}
		}
		read.Digest = parsed
	}
	return read, nil
}

func text(node *yaml.Node, path ...string) string {
	if found := document.Lookup(node, path...); found != nil && found.Kind == yaml.ScalarNode {
		return found.Value
	}
	return ""
}

// parse reads an index of any layout.
func (x *Index) parse(data []byte) error {
	doc, err := document.ParseOne(x.file, data)
	if err != nil {
		return err
	}
	entries := document.Lookup(doc.Root(), "entries")
	if entries == nil || entries.Kind != yaml.MappingNode && entries.Tag != "!!null" {
		return &document.SyntaxError{File: x.file, Line: max(doc.Line, 1), Reason: "it is no index of charts: entries is missing or no mapping"}
	}
	for i := 0; i+1 < len(entries.Content); i += 2 {
		for _, item := range entries.Content[i+1].Content {
			if item.Kind != yaml.MappingNode {
				return &document.SyntaxError{File: x.file, Line: item.Line, Reason: "a version of chart " + entries.Content[i].Value + " is no mapping"}
			}
			x.add(entries.Content[i].Value, &entry{deprecated: text(item, "deprecated") == "true", line: item.Line, node: item}, text(item, "version"))
		}
	}
	return nil
}

// add takes a version, unless it, or the chart's name, cannot be used.
func (x *Index) add(chart string, e *entry, version string) {
	parsed, err := catalog.ParseVersion(version)
	if err != nil || !isName(chart) {
		x.left[chart] = append(x.left[chart], version)
		return
	}
	e.version = parsed
	x.charts[chart] = append(x.charts[chart], e)
}

// isName reports whether a chart's name can be that of a package.
func isName(name string) bool {
	return len(name) > 0 && len(name) <= 63 && name[0] != '-' && name[len(name)-1] != '-' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// cut reads the layout that Helm writes, without parsing what the entries hold: "entries:", names indented by two, list items at the
// same indentation and fields by four. It is false for any other layout.
func (x *Index) cut(data []byte) bool {
	var chart string
	var current *entry
	var version string
	inside, any := false, false
	flush := func() {
		if current != nil {
			x.add(chart, current, version)
		}
		current, version = nil, ""
	}
	number, at := 0, 0
	for line := range bytes.Lines(data) {
		number++
		start := at
		at += len(line)
		trimmed := bytes.TrimRight(line, " \r\n")
		switch {
		case len(trimmed) == 0 || bytes.HasPrefix(trimmed, []byte("#")):
		case trimmed[0] != ' ':
			flush()
			inside = string(trimmed) == "entries:"
			any = any || inside
			if bytes.HasPrefix(trimmed, []byte("entries:")) && !inside || trimmed[0] == '{' || trimmed[0] == '-' || bytes.HasPrefix(trimmed, []byte("---")) {
				return false
			}
		case !inside:
		case bytes.HasPrefix(trimmed, []byte("  - ")) && len(trimmed) > 4 && isLetter(trimmed[4]) && chart != "":
			flush()
			current = &entry{line: number, raw: data[start:at]}
			version = current.field(trimmed[4:], version)
		case bytes.HasPrefix(trimmed, []byte("    ")) && current != nil:
			current.raw = current.raw[:len(current.raw)+len(line)]
			switch {
			case trimmed[4] == ' ', trimmed[4] == '-':
			case !isLetter(trimmed[4]): // a key in quotes, a merge: it may hide what has to be known
				return false
			default:
				version = current.field(trimmed[4:], version)
			}
		case len(trimmed) > 3 && trimmed[1] == ' ' && trimmed[2] != ' ' && trimmed[2] != '-' && bytes.HasSuffix(trimmed, []byte(":")):
			flush()
			chart = string(trimmed[2 : len(trimmed)-1])
		default:
			return false
		}
	}
	flush()
	x.dash()
	return any
}

// isLetter reports whether a byte begins a plain key of an entry.
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// dash turns the dash of each item into a space, on copies: what is left is a mapping.
func (x *Index) dash() {
	for _, entries := range x.charts {
		for _, e := range entries {
			e.raw = bytes.Clone(e.raw)
			e.raw[2] = ' '
		}
	}
}

// field notes what must be known of an entry before it is parsed, and gives the version.
func (e *entry) field(line []byte, version string) string {
	key, value, found := strings.Cut(string(line), ":")
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	switch {
	case !found:
	case key == "version":
		return value
	case key == "deprecated":
		e.deprecated = value == "true"
	}
	return version
}

// Compare orders entries by name and version.
func (e *Entry) Compare(other *Entry) int {
	return cmp.Or(cmp.Compare(e.Name, other.Name), e.Version.Compare(other.Version))
}
