package compat

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// Revision is a definition as one tree has it, with its nodes.
type Revision struct {
	Definition
	root  *yaml.Node
	shift int
}

// CompareCRDs judges the custom resource definitions of two trees: what worked with base and does not with head, for objects in
// the cluster, for their authors and for their readers. Only what head changes is told. Its error is a file that cannot be had.
func CompareCRDs(ctx context.Context, base, head fs.FS) ([]finding.Finding, error) {
	before, err := Revisions(ctx, base)
	if err != nil {
		return nil, err
	}
	after, err := Revisions(ctx, head)
	if err != nil {
		return nil, err
	}
	return CompareRevisions(before, after), nil
}

// Revisions reads the definitions of a tree, by name. What cannot be parsed is left to Check.
func Revisions(ctx context.Context, tree fs.FS) (map[string]Revision, error) {
	files, err := Files(tree)
	if err != nil {
		return nil, err
	}
	out := map[string]Revision{}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := file.Read()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file.Name, err)
		}
		pieces, _ := readPieces(file.Name, data)
		for _, p := range pieces {
			if o := p.doc.Object(); o.Kind != "CustomResourceDefinition" || o.Group() != "apiextensions.k8s.io" {
				continue
			}
			r := NewRevision(p.doc)
			r.move(p.shift)
			out[r.Name] = r
		}
	}
	return out, nil
}

// NewRevision reads one definition.
func NewRevision(doc *document.Document) Revision {
	r := Revision{root: doc.Root(), Definition: Definition{Object: doc.Object(), File: doc.File, Line: doc.Line}}
	r.Name = r.Object.Name
	readDefinition(r.root, &r.Definition, 0)
	return r
}

// move adds to the lines of a revision.
func (r *Revision) move(shift int) {
	r.shift = shift
	r.Line += shift
	for i := range r.Versions {
		r.Versions[i].Line += shift
	}
}

// version is the node of a version, nil when there is none.
func (r *Revision) version(name string) *yaml.Node {
	versions := document.Lookup(r.root, "spec", "versions")
	if versions == nil {
		return nil
	}
	for _, node := range versions.Content {
		if text(node, "name") == name {
			return node
		}
	}
	return nil
}

// schema is the node of the schema of a version; old definitions have one for all versions.
func (r *Revision) schema(name string) *yaml.Node {
	if schema := document.Lookup(r.version(name), "schema", "openAPIV3Schema"); schema != nil {
		return schema
	}
	return document.Lookup(r.root, "spec", "validation", "openAPIV3Schema")
}

// CompareRevisions is CompareCRDs on definitions that were read before, by name.
func CompareRevisions(base, head map[string]Revision) []finding.Finding {
	out := []finding.Finding{}
	for _, name := range slices.Sorted(maps.Keys(base)) {
		before := base[name]
		after, found := head[name]
		if !found {
			f := newFinding(Breaking, before.Object, "the definition is dropped: when it is deleted, every "+before.Kind+" in the cluster is deleted with it")
			f.File, f.Line = before.File, before.Line
			out = append(out, f)
			continue
		}
		c := comparison{before: before, after: after}
		c.run()
		out = append(out, c.found...)
	}
	finding.Sort(out)
	return out
}

// comparison is one definition before and after.
type comparison struct {
	before, after Revision
	version       string // that schemas are compared of
	found         []finding.Finding
}

func (c *comparison) run() {
	c.identity()
	c.conversion()
	for _, v := range c.before.Versions {
		c.versionChange(v)
	}
	for _, v := range c.before.Versions {
		next := c.after.Version(v.Name)
		if !v.Served || next == nil || !next.Served {
			continue
		}
		c.version = v.Name
		old, now := c.before.schema(v.Name), c.after.schema(v.Name)
		if old != nil && now != nil {
			c.schema(old, now, "")
		}
	}
}

func (c *comparison) add(rule string, line int, message string) *finding.Finding {
	f := newFinding(rule, c.after.Object, message)
	f.File, f.Line = c.after.File, line
	c.found = append(c.found, f)
	return &c.found[len(c.found)-1]
}

// line is where a node of the new definition stands, or the definition itself.
func (c *comparison) line(node *yaml.Node) int {
	if node == nil || node.Line == 0 {
		return c.after.Line
	}
	return node.Line + c.after.shift
}

// identity compares what cannot change without making everything anew.
func (c *comparison) identity() {
	for _, path := range [][]string{{"group"}, {"scope"}, {"names", "kind"}, {"names", "plural"}, {"names", "listKind"}} {
		full := append([]string{"spec"}, path...)
		old, now := text(c.before.root, full...), text(c.after.root, full...)
		if old != now && (old != "" && now != "" || path[len(path)-1] != "listKind") {
			node := document.Lookup(c.after.root, full...)
			c.add(Breaking, c.line(node), fmt.Sprintf("%s changes from %q to %q: the API server refuses it, or loses the objects",
				path[len(path)-1], old, now))
		}
	}
}

// conversion compares how the versions are converted into each other.
func (c *comparison) conversion() {
	path := []string{"spec", "conversion", "strategy"}
	old, now := text(c.before.root, path...), text(c.after.root, path...)
	if old == "" {
		old = "None"
	}
	if now == "" {
		now = "None"
	}
	if old == now {
		return
	}
	message := fmt.Sprintf("the conversion between versions changes from %s to %s", old, now)
	if now == "Webhook" {
		f := c.add(Breaking, c.line(document.Lookup(c.after.root, path...)), message+": objects of other versions can be read only while the webhook answers")
		f.Severity = finding.Warning
		return
	}
	c.add(Breaking, c.line(document.Lookup(c.after.root, "spec", "conversion")), message+": objects of other versions lose what only the webhook translated")
}

// versionChange compares how one version is served and stored.
func (c *comparison) versionChange(v Version) {
	now := c.after.Version(v.Name)
	switch {
	case now == nil && v.Storage:
		c.add(StoredAtRisk, c.after.Line, fmt.Sprintf("the version %s was the storage version and is dropped: objects may still be stored in it, "+
			"and the API server refuses the definition while status.storedVersions names it", v.Name))
		return
	case now == nil && v.Served:
		c.add(Breaking, c.after.Line, fmt.Sprintf("the version %s is dropped: what uses it fails", v.Name))
		return
	case now == nil:
		f := c.add(StoredAtRisk, c.after.Line, fmt.Sprintf("the version %s is dropped: if it was ever the storage version, objects may still be stored in it", v.Name))
		f.Severity = finding.Warning
		return
	}
	if v.Served && !now.Served {
		c.add(Breaking, now.Line, fmt.Sprintf("the version %s is no longer served: what uses it fails", v.Name))
	}
	if !v.Storage && now.Storage {
		f := c.add(StoredAtRisk, now.Line, fmt.Sprintf("the storage version becomes %s: objects stay stored in the old one until they are written again, "+
			"so it must not be dropped in one of the next steps", v.Name))
		f.Severity = finding.Warning
	}
	if !v.Deprecated && now.Deprecated {
		c.add(Deprecated, now.Line, fmt.Sprintf("the version %s becomes deprecated", v.Name))
	}
}

// StoredVersions replays the history of a definition, oldest first, and says which versions may be in status.storedVersions: all
// that were ever the storage version. A version among them that the last revision lacks needs a migration first.
func StoredVersions(history []Revision) []string {
	var stored []string
	for _, r := range history {
		for _, v := range r.Versions {
			if v.Storage && !slices.Contains(stored, v.Name) {
				stored = append(stored, v.Name)
			}
		}
	}
	return stored
}

// AtRisk is a finding for every version that the last revision of a history lacks although objects may be stored in it.
func AtRisk(history []Revision) []finding.Finding {
	if len(history) == 0 {
		return nil
	}
	last := history[len(history)-1]
	var out []finding.Finding
	for _, name := range StoredVersions(history) {
		if last.Version(name) != nil {
			continue
		}
		f := newFinding(StoredAtRisk, last.Object, fmt.Sprintf("the version %s was once the storage version and is no longer listed: migrate stored objects "+
			"and remove it from status.storedVersions first", name))
		f.File, f.Line = last.File, last.Line
		out = append(out, f)
	}
	return out
}
