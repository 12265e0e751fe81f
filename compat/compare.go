package compat

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

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

// CompareCRDs judges the custom resource definitions of two lists of files: what worked with base and does not with head, for
// objects in the cluster, for their authors and for their readers. Only what head changes is told. stored is what is known of the
// time before base, nil when that is nothing. Its error is a file that cannot be had.
func CompareCRDs(ctx context.Context, base, head []File, stored Stored) ([]finding.Finding, error) {
	before, err := Revisions(ctx, base)
	if err != nil {
		return nil, err
	}
	after, err := Revisions(ctx, head)
	if err != nil {
		return nil, err
	}
	return CompareRevisions(before, after, stored), nil
}

// Revisions reads the definitions in files, by name. What cannot be parsed is left to Check.
func Revisions(ctx context.Context, files []File) (map[string]Revision, error) {
	out := map[string]Revision{}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := file.Read()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file.Name, err)
		}
		if !bytes.Contains(data, []byte("CustomResourceDefinition")) {
			continue
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

// subresource is the node of a subresource of a version; old definitions have one for all versions.
func (r *Revision) subresource(version, name string) *yaml.Node {
	if node := document.Lookup(r.version(version), "subresources", name); node != nil {
		return node
	}
	return document.Lookup(r.root, "spec", "subresources", name)
}

// CompareRevisions is CompareCRDs on definitions that were read before, by name.
func CompareRevisions(base, head map[string]Revision, stored Stored) []finding.Finding {
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
		c := comparison{before: before, after: after, stored: stored}
		c.run()
		out = append(out, c.found...)
	}
	finding.Sort(out)
	return out
}

// comparison is one definition before and after.
type comparison struct {
	before, after Revision
	stored        Stored
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
		c.subresources(v.Name)
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
		c.reviewVersions()
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

// reviewVersions compares in which versions of the review a webhook is asked: without a common one it cannot answer while only
// one of definition and webhook is new.
func (c *comparison) reviewVersions() {
	path := []string{"spec", "conversion", "webhook", "conversionReviewVersions"}
	old, now := texts(c.before.root, path...), texts(c.after.root, path...)
	if len(old) == 0 || len(now) == 0 || slices.ContainsFunc(now, func(v string) bool { return slices.Contains(old, v) }) {
		return
	}
	c.add(Breaking, c.line(document.Lookup(c.after.root, path...)), fmt.Sprintf("the webhook that converts is asked in %s, no longer in %s",
		strings.Join(now, ", "), strings.Join(old, ", ")))
}

// subresources compares what of an object is written on its own path.
func (c *comparison) subresources(version string) {
	for _, name := range []string{"status", "scale"} {
		old := c.before.subresource(version, name)
		now := c.after.subresource(version, name)
		switch line := c.line(c.after.version(version)); {
		case old != nil && now == nil && name == "scale":
			c.add(Breaking, line, version+": the subresource scale is dropped: autoscalers and kubectl scale fail")
		case old != nil && now == nil:
			c.add(Breaking, line, version+": the subresource status is dropped: controllers that write it fail")
		case old == nil && now != nil && name == "status":
			f := c.add(Breaking, line, version+": status becomes a subresource: what writes it with the object is ignored")
			f.Severity = finding.Warning
		case name == "scale" && old != nil && !same(old, now):
			f := c.add(Breaking, c.line(now), version+": the paths of the subresource scale change")
			f.Severity = finding.Warning
		}
	}
}

// versionChange compares how one version is served and stored.
func (c *comparison) versionChange(v Version) {
	now := c.after.Version(v.Name)
	if now == nil {
		if v.Served {
			c.add(Breaking, c.after.Line, fmt.Sprintf("the version %s is dropped: what uses it fails", v.Name))
		}
		c.dropped(v)
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
