package values

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gkops.dev/gkops/resolver/catalog"
)

// constrain checks a literal against its definition. Nothing is known of what a reference holds.
func constrain(name string, def catalog.ValueDefinition, value Value) error {
	if value.Reference != nil {
		return nil
	}
	var reason string
	switch def.Type {
	case catalog.BooleanValue:
	case catalog.NumberValue:
		reason = outOfRange(value.number, def.Constraints)
	case catalog.OptionsValue:
		if !slices.Contains(def.Options, value.text) {
			return &Error{
				Value: name, Reason: fmt.Sprintf("%q is not one of %s", value.text, strings.Join(def.Options, ", ")),
				Hint: didYouMean(Nearest(value.text, def.Options)),
			}
		}
		reason = misfit(value.text, def.Constraints)
	default:
		reason = misfit(value.text, def.Constraints)
	}
	if reason == "" {
		return nil
	}
	return &Error{Value: name, Reason: reason}
}

func outOfRange(n int64, c catalog.Constraints) string {
	switch {
	case c.Min != nil && n < int64(*c.Min):
		return fmt.Sprintf("%d is less than %d", n, *c.Min)
	case c.Max != nil && n > int64(*c.Max):
		return fmt.Sprintf("%d is more than %d", n, *c.Max)
	}
	return ""
}

func misfit(text string, c catalog.Constraints) string {
	length := utf8.RuneCountInString(text)
	switch {
	case c.Required && text == "":
		return "is empty, and it is required"
	case c.MinLength != nil && length < *c.MinLength:
		return fmt.Sprintf("has %d characters, at least %d are needed", length, *c.MinLength)
	case c.MaxLength != nil && length > *c.MaxLength:
		return fmt.Sprintf("has %d characters, at most %d are allowed", length, *c.MaxLength)
	case c.Pattern == "":
		return ""
	}
	pattern, err := regexp.Compile(c.Pattern)
	if err != nil {
		return fmt.Sprintf("the package's pattern %q is not a regular expression", c.Pattern)
	}
	if !pattern.MatchString(text) {
		return fmt.Sprintf("does not match the pattern %s", c.Pattern)
	}
	return ""
}

func missing(defs map[string]catalog.ValueDefinition, isSet func(string) bool) error {
	var absent []Missing
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		def := defs[name]
		if def.Constraints.Required && !isSet(name) {
			absent = append(absent, Missing{Name: name, Description: describe(def)})
		}
	}
	if absent == nil {
		return nil
	}
	return &MissingError{Values: absent}
}

// describe says in one line what a value is for.
func describe(def catalog.ValueDefinition) string {
	text := def.Metadata.Description
	if text == "" {
		text = def.Metadata.Label
	}
	return strings.Join(strings.Fields(text), " ")
}

func unknown(name string, defs map[string]catalog.ValueDefinition) error {
	names := slices.Sorted(maps.Keys(defs))
	err := &Error{Value: name, Reason: "the package has no such value", Hint: didYouMean(Nearest(name, names))}
	if len(names) == 0 {
		err.Hint = "the package has no values at all"
	} else if err.Hint == "" {
		err.Hint = "it has " + strings.Join(names, ", ")
	}
	return err
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "did you mean " + name + "?"
}

// problems collects errors.
type problems []error

func (p *problems) add(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

// join gives a single error as it is, so that its type is plain to see.
func (p problems) join() error {
	if len(p) == 1 {
		return p[0]
	}
	return errors.Join(p...)
}
