package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// Parse reads gkops.yaml strictly: unknown keys, wrong types and whatever contradicts itself are errors. file names it in errors,
// each of which is a *document.SyntaxError, or several of them joined in the order of their lines.
func Parse(file string, data []byte) (*Workspace, error) {
	if err := unmerged(file, data); err != nil {
		return nil, err
	}
	doc, err := document.ParseOne(file, data)
	if err != nil {
		return nil, err
	}
	if err := identity(file, doc.Root()); err != nil {
		return nil, err
	}
	w := &Workspace{}
	if err := doc.Decode(w); err != nil {
		return nil, err
	}
	w.locate(file, doc.Root())
	c := checker{file: file, root: doc.Root(), workspace: w}
	if err := c.check(); err != nil {
		return nil, err
	}
	return w, nil
}

// unmerged reports the first marker of a merge that nobody has resolved.
func unmerged(file string, data []byte) error {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) || bytes.Equal(line, []byte("=======")) || bytes.HasPrefix(line, []byte(">>>>>>> ")) {
			return &document.SyntaxError{
				File: file, Line: number, Reason: "a merge conflict is not resolved",
				Hint: "edit the file so that it says what you want, without the markers, then run 'gkops render'",
			}
		}
	}
	return nil
}

// identity checks what the file is before its keys are looked at, so that another kind of file is not reported key by key.
func identity(file string, root *yaml.Node) error {
	for _, want := range []struct{ key, value string }{{"apiVersion", APIVersion}, {"kind", Kind}} {
		node := document.Lookup(root, want.key)
		switch {
		case node == nil:
			return &document.SyntaxError{
				File: file, Line: root.Line, Reason: want.key + " is missing", Hint: "add '" + want.key + ": " + want.value + "'",
			}
		case node.Value != want.value:
			return &document.SyntaxError{
				File: file, Line: node.Line, Reason: fmt.Sprintf("%s is %.80q, this gkops reads %s", want.key, node.Value, want.value),
				Hint: "when a newer gkops wrote this file, use that one",
			}
		}
	}
	return nil
}

// locate notes the line of every entry that explanations name.
func (w *Workspace) locate(file string, root *yaml.Node) {
	where := func(n int, path ...string) string {
		return file + ":" + strconv.Itoa(document.Lookup(root, append(path, strconv.Itoa(n))...).Line)
	}
	for n := range w.Registries {
		w.Registries[n].where = where(n, "registries")
	}
	for n := range w.Packages {
		w.Packages[n].where = where(n, "packages")
	}
	for n := range w.Policy.Holds {
		w.Policy.Holds[n].where = where(n, "policy", "holds")
	}
	for n := range w.Policy.Rules {
		w.Policy.Rules[n].where = where(n, "policy", "rules")
	}
	for n := range w.Policy.Pins {
		w.Policy.Pins[n].where = where(n, "policy", "pins")
	}
	for n := range w.Policy.Skips {
		w.Policy.Skips[n].where = where(n, "policy", "skips")
	}
	for n := range w.Policy.Ignore {
		w.Policy.Ignore[n].where = where(n, "policy", "ignore")
	}
	for n := range w.Policy.Review.Ignore {
		w.Policy.Review.Ignore[n].where = where(n, "policy", "review", "ignore")
	}
	for n := range w.Clusters {
		w.Clusters[n].where = where(n, "clusters")
		for m := range w.Clusters[n].Packages {
			w.Clusters[n].Packages[m].where = where(m, "clusters", strconv.Itoa(n), "packages")
		}
	}
}

// checker collects what is wrong with a decoded workspace.
type checker struct {
	file      string
	root      *yaml.Node
	workspace *Workspace
	faults    []*document.SyntaxError
}

// wrong reports a fault at a path of keys and list positions; what is not there is reported at what should hold it.
func (c *checker) wrong(at []any, hint, format string, args ...any) {
	node := c.root
	for _, step := range at {
		next := document.Lookup(node, fmt.Sprint(step))
		if next == nil {
			break
		}
		node = next
	}
	c.faults = append(c.faults, &document.SyntaxError{File: c.file, Line: node.Line, Reason: fmt.Sprintf(format, args...), Hint: hint})
}

func (c *checker) check() error {
	c.engine()
	c.registries()
	c.mirrors()
	c.clusters()
	c.list(nil, c.workspace.Packages)
	for n, cluster := range c.workspace.Clusters {
		c.list([]any{"clusters", n}, cluster.Packages)
	}
	c.overrides()
	c.policy()
	slices.SortStableFunc(c.faults, func(a, b *document.SyntaxError) int { return a.Line - b.Line })
	joined := make([]error, len(c.faults))
	for n, fault := range c.faults {
		joined[n] = fault
	}
	return errors.Join(joined...)
}
