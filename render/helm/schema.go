package helm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// ValuesError says that values are not what the schema of a chart allows.
type ValuesError struct {
	Chart  string
	Faults []string // each "path: what is wrong", sorted
}

// Error tells every fault.
func (e *ValuesError) Error() string {
	if len(e.Faults) == 1 {
		return fmt.Sprintf("chart %s refuses its values: %s", e.Chart, e.Faults[0])
	}
	return fmt.Sprintf("chart %s refuses its values:\n  %s", e.Chart, strings.Join(e.Faults, "\n  "))
}

// Hint says where to look.
func (e *ValuesError) Hint() string { return "'gkops info' lists the values of the chart" }

// SchemaError says that the schema of a chart cannot be used.
type SchemaError struct {
	Chart string
	Err   error
}

// Error names the chart.
func (e *SchemaError) Error() string {
	return fmt.Sprintf("chart %s: values.schema.json cannot be used: %v", e.Chart, e.Err)
}

// Unwrap is the cause.
func (e *SchemaError) Unwrap() error { return e.Err }

// ErrReference says that a schema refers to something outside itself.
var ErrReference = errors.New("it refers to another file or address, which is never read")

// validate checks the values against the schemas of the chart and its subcharts. The error is a *ValuesError or a *SchemaError.
func (c *Chart) validate(made *chart.Chart, values map[string]any) error {
	var faults []string
	if err := validate(made, values, "", &faults); err != nil {
		return &SchemaError{Chart: c.name, Err: err}
	}
	if len(faults) == 0 {
		return nil
	}
	slices.Sort(faults)
	return &ValuesError{Chart: c.name, Faults: slices.Compact(faults)}
}

func validate(c *chart.Chart, values map[string]any, path string, faults *[]string) error {
	if c.Schema != nil {
		if err := against(c.Schema, values, path, faults); err != nil {
			return err
		}
	}
	for _, sub := range c.Dependencies() {
		switch given := values[sub.Name()].(type) {
		case nil:
		case map[string]any:
			if err := validate(sub, given, dotted(path, sub.Name()), faults); err != nil {
				return err
			}
		default:
			*faults = append(*faults, fmt.Sprintf("%s: is %T, want a mapping", dotted(path, sub.Name()), given))
		}
	}
	return nil
}

// sealed loads nothing: a schema is whole in itself.
type sealed struct{}

func (sealed) Load(string) (any, error) { return nil, ErrReference }

// against checks values against one schema. Values are what JSON makes of them, so that numbers compare.
func against(schema []byte, values map[string]any, path string, faults *[]string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return err
	}
	const address = "mem:///values.schema.json"
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(sealed{})
	if err := compiler.AddResource(address, parsed); err != nil {
		return err
	}
	compiled, err := compiler.Compile(address)
	if err != nil {
		var load *jsonschema.LoadURLError
		if errors.As(err, &load) && errors.Is(load.Err, ErrReference) {
			return fmt.Errorf("%.200s: %w", load.URL, ErrReference)
		}
		return err
	}
	plain, err := plainJSON(values)
	if err != nil {
		return err
	}
	var invalid *jsonschema.ValidationError
	if err := compiled.Validate(plain); errors.As(err, &invalid) {
		leaves(invalid, path, faults)
	} else if err != nil {
		return err
	}
	return nil
}

// leaves are the faults at the end of each branch of a validation error.
func leaves(e *jsonschema.ValidationError, path string, faults *[]string) {
	for _, cause := range e.Causes {
		leaves(cause, path, faults)
	}
	if len(e.Causes) > 0 {
		return
	}
	where := path
	for _, segment := range e.InstanceLocation {
		where = dotted(where, segment)
	}
	if where == "" {
		where = "values"
	}
	*faults = append(*faults, where+": "+e.ErrorKind.LocalizedString(printer()))
}
