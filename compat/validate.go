package compat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// Schemas makes validators of custom resource definitions, and judges their rules. Its methods are safe for concurrent use.
type Schemas interface {
	// Varying gives a quick look at the text of rules, as YAML: false when Rules has nothing to say of them. fractions says that
	// their schema has numbers that need not be integers.
	Varying(minors knowledge.Minors) func(rules []byte, fractions bool) bool
	// Rules are the CEL rules of a definition (the Value of its document) that API servers of only some of the minors take in a
	// new definition, in a fixed order, and how many were not looked at because there are too many.
	Rules(definition any, minors knowledge.Minors) (limits []RuleLimit, left int)
	// Compile reads a definition (the Value of its document). Its error says why the definition cannot be used. used are the versions
	// that objects will be validated in.
	Compile(definition any, used []string) (Validator, error)
}

// Validator holds one definition. It is used by one goroutine at a time.
type Validator interface {
	// Validate judges an object of a version that it was compiled for; the faults come in a fixed order. before is what the
	// object replaces, nil when it is new: some rules compare the two. budget bounds what rules may cost, in the API server's
	// units, of which it allows ten million for one object, about a second; what is left of it is returned.
	Validate(ctx context.Context, version string, object, before any, budget int64) ([]Fault, int64, error)
}

// Fault is one thing that a custom resource does wrong.
type Fault struct {
	Path    []string // keys and indexes down to the value, as document.Lookup takes them
	Unknown bool     // the schema does not have the field: the API server drops it, or refuses the object when told to be strict
	Message string
}

// ruleBudget bounds what the rules of one check may cost together, in the API server's units: two seconds or so. A rule that holds costs tens of them.
const ruleBudget = 20_000_000

// validate judges every custom resource by the schema of its definition. Definitions are read again, as they are not kept in
// memory.
func (c *checker) validate(ctx context.Context, report *Report) error {
	work := c.validations(report)
	group, compiling := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	first := map[uint64]*validation{} // of each content
	for _, v := range work {
		twin := first[v.definition.digest]
		if twin == nil {
			twin = v
			first[v.definition.digest] = v
		}
		for _, use := range v.uses {
			if !slices.Contains(twin.versions, use.GVK.Version) {
				twin.versions = append(twin.versions, use.GVK.Version)
			}
		}
	}
	for _, v := range work {
		if first[v.definition.digest] == v {
			group.Go(func() error { return v.compile(compiling, c.schemas) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	before := map[string]*Use{}
	for i := range c.before {
		before[c.before[i].Object.Key()] = &c.before[i]
	}
	budget := int64(ruleBudget)
	for _, v := range work {
		twin := first[v.definition.digest]
		v.validator, v.fault = twin.validator, twin.fault
		var err error
		if budget, err = v.run(ctx, before, budget); err != nil {
			return err
		}
		report.Findings = append(report.Findings, v.found...)
	}
	return nil
}

// validation is one definition and what is judged by it.
type validation struct {
	definition *Definition
	uses       []*Use
	versions   []string  // that are used of it and of its twins
	validator  Validator // nil when the definition cannot be used, for its fault
	fault      error
	found      []finding.Finding
}

// validations are the definitions that something uses, each with its uses, by place.
func (c *checker) validations(report *Report) []*validation {
	index := c.definitions(report)
	byDefinition := map[*Definition]*validation{}
	for i := range report.Uses {
		use := &report.Uses[i]
		if use.piece == nil {
			continue
		}
		d := nearest(use, index[groupKind{use.GVK.Group, use.GVK.Kind}])
		if d == nil {
			continue
		}
		if byDefinition[d] == nil {
			byDefinition[d] = &validation{definition: d}
		}
		byDefinition[d].uses = append(byDefinition[d].uses, use)
	}
	return slices.SortedFunc(maps.Values(byDefinition), func(a, b *validation) int {
		return cmp.Or(cmp.Compare(a.definition.File, b.definition.File), cmp.Compare(a.definition.Line, b.definition.Line))
	})
}

// nearest is, of the definitions that serve the version of a custom resource and that can be read, the one whose file shares
// most folders with it, as a folder may hold several releases of the same package. It is nil when there is none.
func nearest(use *Use, definitions []*Definition) *Definition {
	var best *Definition
	most := -1
	for _, d := range definitions {
		if v := d.Version(use.GVK.Version); v == nil || !v.Served || d.source.Read == nil {
			continue
		}
		if n := sharedFolders(use.File, d.File); n > most {
			best, most = d, n
		}
	}
	return best
}

// sharedFolders is the number of leading folders that two files have in common; the same file has one more.
func sharedFolders(a, b string) int {
	if a == b {
		return strings.Count(a, "/") + 1
	}
	n := 0
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			n++
		}
	}
	return n
}

// compile makes the validator.
func (v *validation) compile(ctx context.Context, schemas Schemas) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	found, err := reread(v.definition)
	if err != nil {
		return err
	}
	definition, err := document.Value(found.doc.Root())
	if err != nil {
		return fmt.Errorf("read %s in %s: %w", v.definition.Object, v.definition.File, err)
	}
	v.validator, v.fault = schemas.Compile(definition, v.versions)
	return nil
}

// run judges the uses, and returns what is left of the budget.
func (v *validation) run(ctx context.Context, before map[string]*Use, budget int64) (int64, error) {
	if v.fault != nil {
		f := newFinding(InvalidCRD, v.definition.Object, "the definition cannot be used: "+v.fault.Error())
		f.File, f.Line = v.definition.File, v.definition.Line
		v.found = append(v.found, f)
		return budget, nil
	}
	for _, use := range v.uses {
		if budget <= 0 {
			v.found = append(v.found, use.find(NotValidated, "not validated: the rules of the custom resources before it cost too much"))
			continue
		}
		found, left, err := validateUse(ctx, v.validator, use, before[use.Object.Key()], budget)
		if err != nil {
			return 0, err
		}
		v.found, budget = append(v.found, found...), left
	}
	return budget, nil
}

// validateUse judges one custom resource; a fault has the line of its field.
func validateUse(ctx context.Context, validator Validator, use, before *Use, budget int64) ([]finding.Finding, int64, error) {
	root := use.piece.doc.Root()
	object, err := document.Value(root)
	if err != nil {
		return nil, 0, fmt.Errorf("read %s in %s: %w", use.Object, use.File, err)
	}
	var old any
	if before != nil && before.piece != nil && before.GVK == use.GVK {
		if old, err = document.Value(before.piece.doc.Root()); err != nil {
			return nil, 0, fmt.Errorf("read %s in %s: %w", before.Object, before.File, err)
		}
	}
	faults, budget, err := validator.Validate(ctx, use.GVK.Version, object, old, budget)
	if err != nil {
		return nil, 0, fmt.Errorf("validate %s in %s: %w", use.Object, use.File, err)
	}
	var out []finding.Finding
	for _, fault := range faults {
		rule := Invalid
		if fault.Unknown {
			rule = UnknownField
		}
		f := use.find(rule, fault.Message)
		if line := lineOf(root, fault.Path); line > 0 {
			f.Line = line + use.piece.shift
		}
		out = append(out, f)
	}
	return out, budget, nil
}

// lineOf is the line of a field, that of its key; of what is not there, the line of the innermost field that should hold it.
func lineOf(root *yaml.Node, path []string) int {
	line := 0
	for _, segment := range path {
		next := document.Lookup(root, segment)
		if next == nil {
			break
		}
		line = next.Line
		for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
			if root.Content[i].Value == segment && root.Content[i].Line > 0 {
				line = root.Content[i].Line
			}
		}
		root = next
	}
	return line
}

// reread is the document of a definition, from its file.
func reread(d *Definition) (*piece, error) {
	data, err := d.source.Read()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", d.File, err)
	}
	own := part{text: data}
	for _, p := range splitParts(data) {
		if p.line < d.Line {
			own = p
		}
	}
	for _, p := range []part{own, {text: data}} { // a separator in a text is none
		pieces, _ := readPieces(d.source.Name, p.text)
		for i := range pieces {
			one := &pieces[i]
			if one.shift += p.line; one.doc.Line+one.shift == d.Line && one.doc.Object() == d.Object {
				return one, nil
			}
		}
	}
	return nil, errors.New("read " + d.File + ": the file changed while it was checked")
}
