package lock

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// wayOut is what to do with a lock that a merge has broken.
const wayOut = "take either side whole, then run 'gkops render'"

// Parse reads a lock strictly. file names it in errors, each of which is a *document.SyntaxError, or several of them joined in the
// order of their lines. A lock of a newer format, one with merge markers and one that a merge has put together wrongly (an instance
// twice, out of order, or with what it needs missing) are errors with the way out.
func Parse(file string, data []byte) (*Lock, error) {
	if err := unmerged(file, data); err != nil {
		return nil, err
	}
	doc, err := document.ParseOne(file, data)
	if err != nil {
		return nil, withHint(err, wayOut)
	}
	if err := identity(file, doc.Root()); err != nil {
		return nil, err
	}
	l := &Lock{}
	if err := doc.Decode(l); err != nil {
		return nil, err
	}
	c := checker{file: file, root: doc.Root(), lock: l}
	if err := c.check(); err != nil {
		return nil, err
	}
	return l, nil
}

// unmerged reports the first marker of a merge that nobody has resolved.
func unmerged(file string, data []byte) error {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) || bytes.Equal(line, []byte("=======")) || bytes.HasPrefix(line, []byte(">>>>>>> ")) {
			return &document.SyntaxError{File: file, Line: number, Reason: "a merge conflict is not resolved", Hint: wayOut}
		}
	}
	return nil
}

// withHint adds a hint to a syntax error that has none.
func withHint(err error, hint string) error {
	var syntax *document.SyntaxError
	if !errors.As(err, &syntax) || syntax.Hint != "" {
		return err
	}
	hinted := *syntax
	hinted.Hint = hint
	return &hinted
}

// identity checks what the file is, and its format, before its keys are looked at: a newer format may have others.
func identity(file string, root *yaml.Node) error {
	wrong := func(node *yaml.Node, hint, format string, args ...any) error {
		return &document.SyntaxError{File: file, Line: node.Line, Reason: fmt.Sprintf(format, args...), Hint: hint}
	}
	for _, want := range []struct{ key, value string }{{"apiVersion", APIVersion}, {"kind", Kind}} {
		switch node := document.Lookup(root, want.key); {
		case node == nil:
			return wrong(root, "it is not a lock of gkops, or a merge broke it: "+wayOut, "%s is missing", want.key)
		case node.Value != want.value:
			return wrong(node, "when a newer gkops wrote this file, use that one", "%s is %.80q, this gkops reads %s", want.key, node.Value, want.value)
		}
	}
	node := document.Lookup(root, "format")
	if node == nil {
		return wrong(root, wayOut, "format is missing")
	}
	format, err := strconv.Atoi(node.Value)
	switch {
	case err != nil || format < 1:
		return wrong(node, wayOut, "format %.80q is not a number from 1", node.Value)
	case format > Format:
		return wrong(node, "use the gkops that wrote it, or a newer one", "the lock has format %d, written by a newer gkops; this one reads up to %d", format, Format)
	}
	return nil
}

// checker collects what is wrong with a decoded lock. Without a root, for a lock that is to be written, there are no lines.
type checker struct {
	file   string
	root   *yaml.Node
	lock   *Lock
	faults []*document.SyntaxError
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
	fault := &document.SyntaxError{File: c.file, Reason: fmt.Sprintf(format, args...), Hint: hint}
	if node != nil {
		fault.Line = node.Line
	}
	c.faults = append(c.faults, fault)
}

func (c *checker) check() error {
	c.head()
	c.namespaces()
	c.instances()
	c.files([]any{"files"}, c.lock.Files)
	slices.SortStableFunc(c.faults, func(a, b *document.SyntaxError) int { return a.Line - b.Line })
	joined := make([]error, len(c.faults))
	for n, fault := range c.faults {
		joined[n] = fault
	}
	return errors.Join(joined...)
}
