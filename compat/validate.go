package compat

import (
	"context"
	"errors"
	"fmt"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// Schemas makes validators of custom resource definitions. It is asked once per definition that something uses.
type Schemas interface {
	// Compile reads a definition (the Value of its document). Its error says why the definition cannot be used.
	Compile(definition any) (Validator, error)
}

// Validator holds one definition. It is used by one goroutine at a time.
type Validator interface {
	// Validate judges an object of a version that the definition serves; the faults come in a fixed order.
	Validate(ctx context.Context, version string, object any) ([]Fault, error)
}

// Fault is one thing that a custom resource does wrong.
type Fault struct {
	Path    []string // keys and indexes down to the value, as document.Lookup takes them
	Unknown bool     // the schema does not have the field: the API server drops it, or refuses the object when told to be strict
	Message string
}

// validate judges every custom resource by the schema of its definition in the tree. Definitions are read again, as they are not
// kept in memory.
func (c *checker) validate(ctx context.Context, files []File, results []result, report *Report) error {
	wanted := map[groupKind][]*Use{}
	for i := range report.Uses {
		use := &report.Uses[i]
		if use.piece != nil && use.Within == "" {
			key := groupKind{use.GVK.Group, use.GVK.Kind}
			wanted[key] = append(wanted[key], use)
		}
	}
	for i := range results {
		for _, d := range results[i].definitions {
			uses := wanted[groupKind{d.Group, d.Kind}]
			if len(uses) == 0 {
				continue
			}
			delete(wanted, groupKind{d.Group, d.Kind})
			found, err := c.validateUses(ctx, files[i], d, uses)
			if err != nil {
				return err
			}
			report.Findings = append(report.Findings, found...)
		}
	}
	return nil
}

// validateUses judges the uses of one definition.
func (c *checker) validateUses(ctx context.Context, file File, d Definition, uses []*Use) ([]finding.Finding, error) {
	definition, err := reread(file, d)
	if err != nil {
		return nil, err
	}
	validator, err := c.schemas.Compile(definition)
	if err != nil {
		f := newFinding(InvalidCRD, d.Object, "the definition cannot be used: "+err.Error())
		f.File, f.Line = d.File, d.Line
		return []finding.Finding{f}, nil
	}
	var out []finding.Finding
	for _, use := range uses {
		if v := d.Version(use.GVK.Version); v == nil || !v.Served {
			continue
		}
		found, err := validateUse(ctx, validator, use)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// validateUse judges one custom resource; a fault has the line of the innermost node on its path.
func validateUse(ctx context.Context, validator Validator, use *Use) ([]finding.Finding, error) {
	root := use.piece.doc.Root()
	object, err := document.Value(root)
	if err != nil {
		return nil, fmt.Errorf("read %s in %s: %w", use.Object, use.File, err)
	}
	faults, err := validator.Validate(ctx, use.GVK.Version, object)
	if err != nil {
		return nil, fmt.Errorf("validate %s in %s: %w", use.Object, use.File, err)
	}
	var out []finding.Finding
	for _, fault := range faults {
		rule := Invalid
		if fault.Unknown {
			rule = UnknownField
		}
		f := use.find(rule, fault.Message)
		for depth := len(fault.Path); depth > 0; depth-- {
			if node := document.Lookup(root, fault.Path[:depth]...); node != nil && node.Line > 0 {
				f.Line = node.Line + use.piece.shift
				break
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// reread is the value of a definition, from its file.
func reread(file File, d Definition) (any, error) {
	data, err := file.Read()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file.Name, err)
	}
	pieces, _ := readPieces(file.Name, data)
	for _, p := range pieces {
		if p.doc.Line+p.shift == d.Line && p.doc.Object() == d.Object {
			return document.Value(p.doc.Root())
		}
	}
	return nil, errors.New("read " + file.Name + ": the file changed while it was checked")
}
