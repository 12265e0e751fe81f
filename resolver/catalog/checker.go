package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// checker collects what breaks the rules of a file that was decoded.
type checker struct {
	file   string
	root   *yaml.Node
	line   int
	faults []*document.SyntaxError
}

func newChecker(doc *document.Document) *checker {
	return &checker{file: doc.File, root: doc.Root(), line: doc.Line}
}

// place is the way from the root to a node: keys, and indexes as numbers.
type place []string

func (p place) at(segments ...string) place { return append(p[:len(p):len(p)], segments...) }

func (p place) item(i int) place { return p.at(strconv.Itoa(i)) }

// name is the place as messages write it, targets[0].patch.
func (p place) name() string {
	var b strings.Builder
	for _, segment := range p {
		if segment != "" && strings.Trim(segment, "0123456789") == "" && b.Len() > 0 {
			fmt.Fprintf(&b, "[%s]", segment)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(segment)
	}
	return b.String()
}

// wrong reports a fault at a place, or at the nearest node above it when there is none.
func (c *checker) wrong(p place, hint, format string, args ...any) {
	fault := &document.SyntaxError{File: c.file, Line: c.lineOf(p), Hint: hint, Reason: fmt.Sprintf(format, args...)}
	if name := p.name(); name != "" {
		fault.Reason = name + " " + fault.Reason
	}
	c.faults = append(c.faults, fault)
}

func (c *checker) lineOf(p place) int {
	for n := len(p); n > 0; n-- {
		if node := document.Lookup(c.root, p[:n]...); node != nil && node.Line > 0 {
			return node.Line
		}
	}
	return max(c.line, 1)
}

func (c *checker) err() error {
	slices.SortStableFunc(c.faults, func(a, b *document.SyntaxError) int { return cmp.Compare(a.Line, b.Line) })
	errs := make([]error, len(c.faults))
	for i, fault := range c.faults {
		errs[i] = fault
	}
	return errors.Join(errs...)
}

// has reports whether the file says something at the place.
func (c *checker) has(p place) bool { return document.Lookup(c.root, p...) != nil }

// required reports an absent or empty string and says whether there is one.
func (c *checker) required(p place, value string) bool {
	switch {
	case value != "":
		return true
	case c.has(p):
		c.wrong(p, "", "is empty")
	default:
		c.wrong(p, "", "is missing")
	}
	return false
}

// label reports what is no DNS label; an absent one is fine.
func (c *checker) label(p place, value string) {
	if (value != "" || c.has(p)) && !isLabel(value) {
		c.wrong(p, "lower-case letters, digits and dashes, 1 to 63, with a letter or digit at both ends", "is %.80q, which is not a DNS label", value)
	}
}

// oneOf reports a value that is none of the known.
func (c *checker) oneOf(p place, value string, known ...string) {
	if !slices.Contains(known, value) {
		c.wrong(p, "one of "+strings.Join(known, ", "), "is %.80q, which is unknown", value)
	}
}

// rangeOf reports what is no version range.
func (c *checker) rangeOf(p place, text string) {
	if _, err := ParseRange(text); err != nil {
		c.wrong(p, `a range is written like ">=1.17 <2", "~1.3.0" or "1.x.x"`, "is no version range: %v", err)
	}
}

// url reports what is no URL of one of the schemes, or holds credentials.
func (c *checker) url(p place, text string, schemes ...string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme):
		c.wrong(p, "", "is not a URL with %s://", strings.Join(schemes, ":// or "))
	case u.User != nil:
		c.wrong(p, "", "holds a user name or password")
	}
}
