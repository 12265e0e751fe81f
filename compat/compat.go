// Package compat says which Kubernetes versions a tree of manifests fits, and what in it would break on a given one.
//
// It judges every object by what each Kubernetes minor really serves, kinds and fields, and custom resources by the definitions
// in the same tree. It refuses to know where a tree comes from, who is told, and which package an object belongs to: files in,
// findings out. What it cannot read it reports; it never passes over a file in silence.
package compat

import (
	"context"
	"fmt"
	"hash/maphash"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// Target is what a tree is judged against.
type Target struct {
	Kubernetes string               // "1.34", "v1.31.10-eks-1234"; empty judges against the newest known minor
	Knowledge  *knowledge.Knowledge // nil loads the built-in one
	Provided   []Definition         // custom resource definitions that are in the cluster, or that somebody makes at run time
	Schemas    Schemas              // validates custom resources; nil does not
	Before     []Use                // of the report on what the tree replaces: rules that compare old and new objects see them
	Earlier    []Definition         // of what the tree replaces, the newest last: they name who still served a version that is gone
}

// Report is what Check has to say about a tree.
type Report struct {
	Kubernetes string            `json:"kubernetes,omitempty"` // the minor that was judged against, empty when none was asked for
	Files      int               `json:"files"`
	Objects    int               `json:"objects"` // Kubernetes objects that were read; the items of a List count, not the List
	Skipped    int               `json:"skipped"` // documents that are no Kubernetes objects: values, configuration of tools
	Interval   Interval          `json:"interval"`
	Findings   []finding.Finding `json:"findings"`

	Definitions []Definition `json:"-"` // of custom resources, in the tree
	Uses        []Use        `json:"-"` // custom resources in the tree
}

// File is one file to check; Read may be called on another goroutine, and again for a definition that something uses.
type File struct {
	Name string
	Read func() ([]byte, error)
}

// Check judges every YAML and JSON file of a tree. Its error is a file that cannot be had, a Kubernetes version that is none, or
// the end of ctx; what a file holds is never an error but a finding.
func Check(ctx context.Context, tree fs.FS, target Target) (*Report, error) {
	files, err := Files(tree)
	if err != nil {
		return nil, err
	}
	return CheckFiles(ctx, files, target)
}

// Files lists the YAML and JSON files of a tree, without what lies in a .git folder.
func Files(tree fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		switch strings.ToLower(path.Ext(name)) {
		case ".yaml", ".yml", ".json":
			files = append(files, File{Name: name, Read: func() ([]byte, error) { return fs.ReadFile(tree, name) }})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list manifests: %w", err)
	}
	return files, nil
}

// CheckFiles is Check on a list of files.
func CheckFiles(ctx context.Context, files []File, target Target) (*Report, error) {
	c, err := newChecker(target)
	if err != nil {
		return nil, err
	}
	results := make([]result, len(files))
	group, reading := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	group.SetLimit(workers)
	parsers := make(chan *document.Parser, workers) // one for each file that is read
	for range workers {
		parsers <- &document.Parser{}
	}
	for i, file := range files {
		group.Go(func() error {
			if err := reading.Err(); err != nil {
				return err
			}
			data, err := file.Read()
			if err != nil {
				return fmt.Errorf("read %s: %w", file.Name, err)
			}
			parser := <-parsers
			results[i] = c.file(parser, file.Name, data)
			parsers <- parser
			for j := range results[i].definitions {
				results[i].definitions[j].source = file
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	report, limits := c.report(results)
	if target.Schemas != nil {
		rules, err := c.judgeRules(ctx, report)
		if err != nil {
			return nil, err
		}
		limits = append(limits, rules...)
		if err := c.validate(ctx, report); err != nil {
			return nil, err
		}
	}
	report.Interval = c.interval(limits)
	finding.Sort(report.Findings)
	return report, nil
}

// CheckDocuments is Check on documents that were parsed before.
func CheckDocuments(ctx context.Context, docs []document.Document, target Target) (*Report, error) {
	c, err := newChecker(target)
	if err != nil {
		return nil, err
	}
	one := result{}
	for i := range docs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.piece(&piece{doc: &docs[i]}, &one)
	}
	report, limits := c.report([]result{one})
	report.Interval = c.interval(limits)
	finding.Sort(report.Findings)
	return report, nil
}

// checker is a target made ready.
type checker struct {
	known      *knowledge.Knowledge
	at         knowledge.Minor // what is judged against
	asked      bool            // by the caller
	provided   []Definition
	definition *knowledge.Type // of a CustomResourceDefinition
	schemas    Schemas
	before     []Use
	earlier    []Definition
	seed       maphash.Seed // of what tells definitions apart

	varying func() func(rules []byte, fractions bool) bool // of schemas, made on first use
}

func newChecker(target Target) (*checker, error) {
	c := &checker{known: target.Knowledge, provided: target.Provided, schemas: target.Schemas, before: target.Before, earlier: target.Earlier, seed: maphash.MakeSeed()}
	c.varying = sync.OnceValue(func() func([]byte, bool) bool { return c.schemas.Varying(c.known.Minors()) })
	if c.known == nil {
		var err error
		if c.known, err = knowledge.Load(); err != nil {
			return nil, err
		}
	}
	c.at = c.known.Newest
	if target.Kubernetes != "" {
		at, err := knowledge.ParseMinor(target.Kubernetes)
		if err != nil {
			return nil, err
		}
		c.at, c.asked = at, true
	}
	if row := c.known.Kind(knowledge.GVK{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}); row != nil {
		c.definition = row.Type
	}
	return c, nil
}

// result is what one file gives.
type result struct {
	objects, skipped int
	findings         []finding.Finding
	limits           []limit
	definitions      []Definition
	uses             []Use
}

// report puts the results of all files together and judges what needs more than one file. The limits are those that objects set.
func (c *checker) report(results []result) (*Report, []limit) {
	r := &Report{Files: len(results), Findings: []finding.Finding{}}
	if c.asked {
		r.Kubernetes = c.at.String()
	}
	var limits []limit
	for i := range results {
		one := &results[i]
		r.Objects += one.objects
		r.Skipped += one.skipped
		r.Findings = append(r.Findings, one.findings...)
		limits = append(limits, one.limits...)
		r.Definitions = append(r.Definitions, one.definitions...)
		r.Uses = append(r.Uses, one.uses...)
	}
	if c.asked && c.at != c.known.Clamp(c.at) {
		r.Findings = append(r.Findings, outside(c.known, c.at))
	}
	r.Findings = append(r.Findings, c.customs(r)...)
	return r, limits
}

// outside says that a version lies beyond what is known.
func outside(known *knowledge.Knowledge, at knowledge.Minor) finding.Finding {
	return newFinding(Outside, finding.Object{}, fmt.Sprintf("Kubernetes %s is outside of what is known (%s to %s): judged by promises",
		at, known.Oldest, known.Newest))
}

// piece is one document, and what has to be added to its lines.
type piece struct {
	doc    *document.Document
	shift  int
	within string // what holds the document, when it is no file: "data[psp.yaml] of ConfigMap web/manifests"
}

// document judges one document.
func (c *checker) piece(p *piece, out *result) {
	object := detached(p.doc.Object())
	if incomplete(object) || configuration(object) {
		if lacking(p, object, out) {
			return
		}
		out.skipped++
		if p.within == "" {
			c.nested(p, out)
		}
		return
	}
	out.objects++
	gvk := knowledge.ParseGVK(object.APIVersion, object.Kind)
	row := c.known.Kind(gvk)
	at := place{piece: p, object: object, line: p.doc.Line + p.shift}
	if gvk.Group == "apiextensions.k8s.io" && gvk.Kind == "CustomResourceDefinition" {
		c.kind(at, row, out)
		c.customDefinition(p, row, out)
		return
	}
	switch {
	case row != nil:
		if object.Name == "" && unnamed(p, row) {
			out.findings = append(out.findings, at.find(Incomplete, "the object has no name: the API server refuses it"))
		}
		c.kind(at, row, out)
		if row.Type != nil {
			c.fields(at, row, out)
		}
	default:
		out.uses = append(out.uses, c.use(p))
	}
	c.nested(p, out)
}
