package catalog

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"k8s.io/client-go/util/jsonpath"
)

func (c *checker) values(m *Manifest) {
	for _, name := range slices.Sorted(maps.Keys(m.ValueDefinitions)) {
		at, definition := place{"valueDefinitions", name}, m.ValueDefinitions[name]
		if name == "" {
			c.wrong(place{"valueDefinitions"}, "", "has a value without a name")
			continue
		}
		if c.required(at.at("type"), string(definition.Type)) {
			c.oneOf(at.at("type"), string(definition.Type), string(BooleanValue), string(TextValue), string(NumberValue), string(OptionsValue))
		}
		c.options(at, definition)
		c.constraints(at.at("constraints"), definition)
		if c.has(at.at("defaultValue")) {
			c.defaultValue(at.at("defaultValue"), definition)
		}
		c.targets(at.at("targets"), definition.Targets, m)
	}
}

func (c *checker) options(p place, definition ValueDefinition) {
	switch {
	case definition.Type != OptionsValue && c.has(p.at("options")):
		c.wrong(p.at("options"), "", "only fits type options")
	case definition.Type == OptionsValue && !c.has(p.at("options")):
		c.wrong(p.at("options"), "", "is missing")
	case definition.Type == OptionsValue && len(definition.Options) == 0:
		c.wrong(p.at("options"), "", "is empty")
	}
	for i, option := range definition.Options {
		if slices.Contains(definition.Options[:i], option) {
			c.wrong(p.at("options").item(i), "", "is %.80q a second time", option)
		}
	}
}

// constraints checks that each constraint fits the type and that they do not exclude each other.
func (c *checker) constraints(p place, definition ValueDefinition) {
	constraints := definition.Constraints
	for _, name := range []string{"min", "max"} {
		if c.has(p.at(name)) && definition.Type != NumberValue {
			c.wrong(p.at(name), "", "only fits type number")
		}
	}
	for _, name := range []string{"minLength", "maxLength", "pattern"} {
		if c.has(p.at(name)) && definition.Type != TextValue && definition.Type != OptionsValue {
			c.wrong(p.at(name), "", "only fits type text")
		}
	}
	c.bounds(p, "min", "max", constraints.Min, constraints.Max)
	c.bounds(p, "minLength", "maxLength", constraints.MinLength, constraints.MaxLength)
	if constraints.MinLength != nil && *constraints.MinLength < 0 {
		c.wrong(p.at("minLength"), "", "is negative")
	}
	if constraints.MaxLength != nil && *constraints.MaxLength < 0 {
		c.wrong(p.at("maxLength"), "", "is negative")
	}
	if _, err := regexp.Compile(constraints.Pattern); err != nil {
		c.wrong(p.at("pattern"), "the syntax is RE2's: https://github.com/google/re2/wiki/Syntax", "is no regular expression: %v", err)
	}
}

func (c *checker) bounds(p place, low, high string, least, most *int) {
	if least != nil && most != nil && *least > *most {
		c.wrong(p.at(low), "", "is %d, more than %s %d", *least, high, *most)
	}
}

// defaultValue checks the type only: it is a proposal, and packages propose an empty one where a value is required. An empty
// default means none.
func (c *checker) defaultValue(p place, definition ValueDefinition) {
	value := definition.DefaultValue
	switch {
	case value == "":
	case definition.Type == BooleanValue && value != "true" && value != "false":
		c.wrong(p, "", "is %.80q, neither true nor false", value)
	case definition.Type == NumberValue && !isInteger(value):
		c.wrong(p, "", "is %.80q, which is no whole number", value)
	case definition.Type == OptionsValue && !slices.Contains(definition.Options, value):
		c.wrong(p, "", "is %.80q, which is none of the options", value)
	}
}

func isInteger(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

func (c *checker) transformations(m *Manifest) {
	for i, transformation := range m.Transformations {
		at := place{"transformations"}.item(i)
		source := at.at("source")
		if !c.has(source) {
			c.wrong(source, "", "is missing")
			continue
		}
		if transformation.Source.Resource != nil {
			c.resource(source.at("resource"), *transformation.Source.Resource)
		}
		if c.required(source.at("path"), transformation.Source.Path) {
			if err := parseJSONPath(transformation.Source.Path); err != nil {
				c.wrong(source.at("path"), `it is written like "{ $.metadata.name }"`, "is no JSONPath: %v", err)
			}
		}
		c.targets(at.at("targets"), transformation.Targets, m)
	}
}

// parseJSONPath is jsonpath's Parse, which can panic on malformed input.
func parseJSONPath(text string) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("malformed %.80q", text)
		}
	}()
	return jsonpath.New("path").Parse(text)
}

func (c *checker) targets(p place, targets []Target, m *Manifest) {
	switch {
	case !c.has(p):
		c.wrong(p, "", "is missing")
	case len(targets) == 0:
		c.wrong(p, "", "is empty")
	}
	for i, target := range targets {
		c.target(p.item(i), target, m)
	}
}

func (c *checker) target(p place, target Target, m *Manifest) {
	chart := c.has(p.at("chartName"))
	switch {
	case chart && target.Resource != nil:
		c.wrong(p.at("chartName"), "write exactly one of resource and chartName", "and resource exclude each other")
	case !chart && target.Resource == nil:
		c.wrong(p, "write exactly one of resource and chartName", "has no resource and no chartName")
	case chart:
		c.chart(p.at("chartName"), target.ChartName, m.Helm)
	default:
		c.resource(p.at("resource"), *target.Resource)
	}
	c.patch(p.at("patch"), target.Patch)
	if target.ValueTemplate != "" {
		if err := parseTemplate(target.ValueTemplate); err != nil {
			c.wrong(p.at("valueTemplate"), "the syntax is that of Go's text/template", "is no template: %v", err)
		}
	}
}

// chart checks that the package has a chart of that name.
func (c *checker) chart(p place, name string, helm *Helm) {
	if !c.required(p, name) {
		return
	}
	var charts []string
	if helm != nil {
		charts = append(charts, helm.ChartName)
		for _, release := range helm.Releases {
			charts = append(charts, release.ChartName)
		}
	}
	if !slices.Contains(charts, name) {
		c.wrong(p, "", "is %.80q, and the package has no such chart", name)
	}
}

func (c *checker) patch(p place, patch PartialPatch) {
	if !c.has(p) {
		c.wrong(p, "", "is missing")
		return
	}
	if c.required(p.at("op"), patch.Op) {
		c.oneOf(p.at("op"), patch.Op, "add", "replace", "remove", "test")
	}
	if c.required(p.at("path"), patch.Path) && !isPointer(patch.Path) {
		c.wrong(p.at("path"), "it starts with a slash; ~1 stands for a slash in a key and ~0 for a tilde", "is %.80q, which is no JSON pointer", patch.Path)
	}
}

// isPointer reports whether s is a JSON pointer (RFC 6901) below the root.
func isPointer(s string) bool {
	plain := strings.NewReplacer("~0", "", "~1", "").Replace(s)
	return strings.HasPrefix(s, "/") && !strings.Contains(plain, "~")
}

// parseTemplate reads a value template. base64 is the one function that the format adds to Go's.
func parseTemplate(text string) error {
	functions := template.FuncMap{"base64": func(any) string { return "" }}
	_, err := template.New("value").Funcs(functions).Parse(text)
	return err
}
