package review

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

const kustomizeGroup = "kustomize.config.k8s.io"

// compareRest notes a change in the documents of a file that are no objects. When they could do something to a cluster it is
// called to attention, because this review does not show what.
func (p *parsedPair) compareRest(base, head []document.Document) {
	if slices.EqualFunc(base, head, equalDocuments) {
		return
	}
	p.otherThan(len(base) > 0, len(head) > 0)
	for _, doc := range head {
		if !slices.ContainsFunc(base, func(old document.Document) bool { return equalDocuments(old, doc) }) {
			p.attendRest(&doc)
		}
	}
	before, after := kustomization(p.name, base), kustomization(p.name, head)
	p.left = missing(p.name, before, after)
	p.came = missing(p.name, after, before)
	if !sameBuild(before, after) {
		p.notReviewed(doesMore(before, after), "the kustomization changes objects in ways that are not shown here: build both sides and compare those")
	}
}

func equalDocuments(a, b document.Document) bool {
	return a.Raw != nil && bytes.Equal(a.Raw, b.Raw) || canonical(a.Root()) == canonical(b.Root())
}

// attendRest calls a document to attention that looks like an object but cannot be told from others.
func (p *parsedPair) attendRest(doc *document.Document) {
	object := doc.Object()
	if object.APIVersion == "" && object.Kind == "" || isBuildFile(object) {
		return
	}
	p.notReviewed(doc.Line, "an object without apiVersion, kind or name: it is not compared")
}

func (p *parsedPair) notReviewed(line int, message string) {
	p.attention = append(p.attention, Attention{Rule: ruleNotReviewed, Risk: Medium, Message: message, File: p.name, Line: line})
}

// kustomizations are the names of the file that kustomize reads in a folder; it needs neither apiVersion nor kind.
var kustomizations = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// kustomization is the first build file of kustomize among documents, or nil.
func kustomization(file string, docs []document.Document) *yaml.Node {
	for _, doc := range docs {
		if doc.Object().Group() == kustomizeGroup || slices.Contains(kustomizations, path.Base(file)) {
			return doc.Root()
		}
	}
	return nil
}

// sameBuild reports whether two kustomizations do the same with the files that they list.
func sameBuild(before, after *yaml.Node) bool {
	return canonical(build(before)) == canonical(build(after))
}

// build is a kustomization without its list of files and without what only names it.
func build(root *yaml.Node) *yaml.Node {
	kept := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; root != nil && i+1 < len(root.Content); i += 2 {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "resources"}, root.Content[i].Value) {
			kept.Content = append(kept.Content, root.Content[i], root.Content[i+1])
		}
	}
	return kept
}

// doesMore is the line of what a kustomization does besides listing files; of the new one if that does anything.
func doesMore(before, after *yaml.Node) int {
	for _, root := range []*yaml.Node{after, before} {
		if kept := build(root); len(kept.Content) > 0 {
			return kept.Content[0].Line
		}
	}
	return 0
}

// entry is a file or folder that a kustomization lists.
type entry struct {
	file   string // the kustomization
	line   int
	target string // as a path of the tree
}

// missing is what the first kustomization lists and the second does not.
func missing(file string, from, in *yaml.Node) []entry {
	listed := map[string]bool{}
	for _, item := range resources(in) {
		listed[item.Value] = true
	}
	var found []entry
	for _, item := range resources(from) {
		if !listed[item.Value] {
			found = append(found, entry{file: file, line: item.Line, target: target(file, item.Value)})
		}
	}
	return found
}

// target is the path of what a kustomization lists; the address of another repository or file stays one.
func target(file, value string) string {
	if strings.ContainsAny(value, ":?") || strings.HasPrefix(value, "github.com/") {
		return value
	}
	return path.Join(path.Dir(file), value)
}

func resources(root *yaml.Node) []*yaml.Node {
	if list := document.Lookup(root, "resources"); list != nil && list.Kind == yaml.SequenceNode {
		return list.Content
	}
	return nil
}

// unlisted finds files that a kustomization takes in or leaves out while the file itself stays: objects come or go, and no file
// says so. What one kustomization leaves out and another takes in has only moved.
func unlisted(sides []parsedPair, trees *input) []Attention {
	left, came := map[string]bool{}, map[string]bool{}
	for _, side := range sides {
		for _, e := range side.left {
			left[e.target] = true
		}
		for _, e := range side.came {
			came[e.target] = true
		}
	}
	var found []Attention
	say := func(e entry, format string) {
		found = append(found, Attention{Rule: ruleNotReviewed, Risk: Medium, Message: fmt.Sprintf(format, e.target), File: e.file, Line: e.line})
	}
	for _, side := range sides {
		for _, e := range side.left {
			if !came[e.target] && trees.head.has(e.target) {
				say(e, "the kustomization leaves out %s, which is still there: its objects are removed, and not shown here")
			}
		}
		for _, e := range side.came {
			switch {
			case left[e.target]:
			case !trees.head.has(e.target):
				say(e, "the kustomization takes in %s, which is not in this tree: what it holds is not shown here")
			case trees.base.has(e.target):
				say(e, "the kustomization takes in %s, which was there before: its objects are added, and not shown here")
			}
		}
	}
	return found
}

// leftOut calls objects to attention that hold data and whose file stays while a kustomization lists it no more: they leave all the same.
func (r *Report) leftOut(ctx context.Context, sides []parsedPair, trees *input) error {
	came := map[string]bool{}
	for _, side := range sides {
		for _, e := range side.came {
			came[e.target] = true
		}
	}
	for _, side := range sides {
		for _, e := range side.left {
			if came[e.target] || !trees.head.has(e.target) {
				continue
			}
			docs, err := trees.objectsIn(ctx, sides, e.target)
			if err != nil {
				return err
			}
			for _, doc := range docs {
				object := doc.Object()
				if lost, holds := holders[object.Group()+"/"+object.Kind]; holds {
					r.Attention = append(r.Attention, Attention{Rule: ruleDataLoss, Risk: High, Object: object, File: doc.File, Line: doc.Line,
						Message: title(object) + " is left out by " + e.file + ": when the engine prunes it, " + lost})
				}
			}
		}
	}
	return nil
}

// objectsIn are the objects of head in a file, or in the files below a folder.
func (in *input) objectsIn(ctx context.Context, sides []parsedPair, target string) ([]document.Document, error) {
	var found []document.Document
	for _, side := range sides {
		if side.name == target || strings.HasPrefix(side.name, target+"/") {
			found = append(found, side.head...)
		}
	}
	err := in.same(ctx, func(name string, data []byte) bool {
		if name == target || strings.HasPrefix(name, target+"/") {
			if docs, err := document.Parse(name, data); err == nil {
				found = append(found, docs...)
			}
		}
		return true
	})
	return found, err
}
