package schema

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// The API server's own judge of definitions, apiextensions/validation, brings its clients of webhooks along and with them half
// of the start-up time of a program that links it. What follows is what of it decides whether a definition can be used: a test
// holds it to that judge. It lets rules pass that are too expensive by estimate; their cost is bounded when they run.

// identity judges what a definition says of itself.
func identity(crd *apiextensions.CustomResourceDefinition) field.ErrorList {
	var faults field.ErrorList
	spec := field.NewPath("spec")
	if want := crd.Spec.Names.Plural + "." + crd.Spec.Group; crd.Name != want {
		faults = append(faults, field.Invalid(field.NewPath("metadata", "name"), crd.Name, "must be "+want+": spec.names.plural, a dot, spec.group"))
	}
	for _, required := range []struct {
		path  *field.Path
		value string
	}{
		{spec.Child("group"), crd.Spec.Group},
		{spec.Child("scope"), string(crd.Spec.Scope)},
		{spec.Child("names", "kind"), crd.Spec.Names.Kind},
		{spec.Child("names", "plural"), crd.Spec.Names.Plural},
	} {
		if required.value == "" {
			faults = append(faults, field.Required(required.path, ""))
		}
	}
	if scope := crd.Spec.Scope; scope != "" && scope != apiextensions.ClusterScoped && scope != apiextensions.NamespaceScoped {
		faults = append(faults, field.NotSupported(spec.Child("scope"), scope, []apiextensions.ResourceScope{apiextensions.ClusterScoped, apiextensions.NamespaceScoped}))
	}
	return append(faults, versions(crd, spec.Child("versions"))...)
}

// versions judges the list of versions: names that differ, one that is stored, a schema for each.
func versions(crd *apiextensions.CustomResourceDefinition, path *field.Path) field.ErrorList {
	var faults field.ErrorList
	seen := map[string]bool{}
	stored := 0
	for i, v := range crd.Spec.Versions {
		if seen[v.Name] {
			faults = append(faults, field.Duplicate(path.Index(i).Child("name"), v.Name))
		}
		seen[v.Name] = true
		if v.Storage {
			stored++
		}
		if given, err := apiextensions.GetSchemaForVersion(crd, v.Name); err != nil || given == nil || given.OpenAPIV3Schema == nil {
			faults = append(faults, field.Required(path.Index(i).Child("schema", "openAPIV3Schema"), "schemas are required"))
		}
	}
	if stored != 1 {
		faults = append(faults, field.Invalid(path, stored, "must have exactly one version marked as storage version"))
	}
	return faults
}

// shapeOf judges the schema of one version, but for its defaults and rules, and returns it in the form that the API server works with.
func shapeOf(given *apiextensions.JSONSchemaProps, root *field.Path) (*structural.Structural, field.ErrorList) {
	if faults := judgeNode(given, root); len(faults) > 0 {
		return nil, faults
	}
	shape, err := structural.NewStructural(given)
	if err != nil {
		return nil, field.ErrorList{field.Invalid(root, field.OmitValueType{}, err.Error())}
	}
	return shape, structural.ValidateStructural(root, shape)
}

// judgeSchema judges the schema of one version. Its rules may use what the newest API server has; which minors take them is told by Rules.
func judgeSchema(given *apiextensions.JSONSchemaProps) (*structural.Structural, field.ErrorList) {
	root := field.NewPath("openAPIV3Schema")
	shape, faults := shapeOf(given, root)
	if len(faults) > 0 {
		return nil, faults
	}
	faults, err := defaulting.ValidateDefaults(context.Background(), root, shape, true, true)
	if err != nil {
		faults = append(faults, field.InternalError(root, err))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	c := ruleCheck{environment: environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())}
	eachNode(shape, model.SchemaDeclType(shape, true), root, c.rules)
	return shape, c.faults
}

// judgeNode judges what the conversion to the structural form takes as it comes: types, patterns, lists.
func judgeNode(s *apiextensions.JSONSchemaProps, path *field.Path) field.ErrorList {
	var faults field.ErrorList
	if known := []string{"", "array", "boolean", "integer", "null", "number", "object", "string"}; !slices.Contains(known, s.Type) {
		faults = append(faults, field.NotSupported(path.Child("type"), s.Type, known[1:]))
	}
	if _, err := syntax.Parse(s.Pattern, syntax.Perl); err != nil {
		faults = append(faults, field.Invalid(path.Child("pattern"), s.Pattern, err.Error()))
	}
	if s.UniqueItems {
		faults = append(faults, field.Forbidden(path.Child("uniqueItems"), "the API server refuses it"))
	}
	if s.AdditionalProperties != nil && len(s.Properties) > 0 && (!s.AdditionalProperties.Allows || s.AdditionalProperties.Schema != nil) {
		faults = append(faults, field.Forbidden(path.Child("additionalProperties"), "additionalProperties and properties are mutual exclusive"))
	}
	faults = append(faults, judgeList(s, path)...)
	for name, child := range children(s) {
		faults = append(faults, judgeNode(child, path.Child(name))...)
	}
	slices.SortStableFunc(faults, func(a, b *field.Error) int { return cmp.Compare(a.Error(), b.Error()) })
	return faults
}

// judgeList judges how the items of a list are told apart.
func judgeList(s *apiextensions.JSONSchemaProps, path *field.Path) field.ErrorList {
	var faults field.ErrorList
	kind := ""
	if s.XListType != nil {
		kind = *s.XListType
	}
	at := path.Child("x-kubernetes-list-type")
	if !slices.Contains([]string{"", "atomic", "set", "map"}, kind) {
		faults = append(faults, field.NotSupported(at, kind, []string{"atomic", "set", "map"}))
	}
	if kind != "" && s.Type != "array" {
		faults = append(faults, field.Invalid(path.Child("type"), s.Type, "must be array if x-kubernetes-list-type is specified"))
	}
	keys := path.Child("x-kubernetes-list-map-keys")
	if kind != "map" {
		if len(s.XListMapKeys) > 0 {
			faults = append(faults, field.Required(at, "must be map if x-kubernetes-list-map-keys is non-empty"))
		}
		return faults
	}
	if len(s.XListMapKeys) == 0 {
		faults = append(faults, field.Required(keys, "must not be empty if x-kubernetes-list-type is map"))
	}
	if s.Items == nil || s.Items.Schema == nil || s.Items.Schema.Type != "object" {
		return append(faults, field.Invalid(path.Child("items"), field.OmitValueType{}, "must be an object if x-kubernetes-list-type is map"))
	}
	for _, key := range s.XListMapKeys {
		property, found := s.Items.Schema.Properties[key]
		if !found || property.Type == "array" || property.Type == "object" {
			faults = append(faults, field.Invalid(keys, key, "must be the name of an item's property of a scalar type"))
			continue
		}
		if property.Default == nil && !slices.Contains(s.Items.Schema.Required, key) {
			faults = append(faults, field.Required(path.Child("items", "properties").Key(key).Child("default"), "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"))
		}
	}
	return faults
}

// children are the schemas right below one, by their place.
func children(s *apiextensions.JSONSchemaProps) map[string]*apiextensions.JSONSchemaProps {
	below := map[string]*apiextensions.JSONSchemaProps{}
	for name := range s.Properties {
		child := s.Properties[name]
		below["properties["+name+"]"] = &child
	}
	if s.Items != nil && s.Items.Schema != nil {
		below["items"] = s.Items.Schema
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		below["additionalProperties"] = s.AdditionalProperties.Schema
	}
	if s.Not != nil {
		below["not"] = s.Not
	}
	for key, list := range map[string][]apiextensions.JSONSchemaProps{"allOf": s.AllOf, "anyOf": s.AnyOf, "oneOf": s.OneOf} {
		for i := range list {
			below[fmt.Sprintf("%s[%d]", key, i)] = &list[i]
		}
	}
	return below
}

// ruleCheck compiles the CEL rules of a schema to see whether they can be.
type ruleCheck struct {
	environment *environment.EnvSet
	faults      field.ErrorList
}

// eachNode visits the schemas with rules, of a schema and of those below it. typ is what rules see; it is nil where they see nothing.
func eachNode(s *structural.Structural, typ *apiservercel.DeclType, path *field.Path, visit func(*structural.Structural, *apiservercel.DeclType, *field.Path)) {
	if typ == nil {
		return
	}
	if len(s.XValidations) > 0 {
		visit(s, typ, path)
	}
	if s.Items != nil {
		eachNode(s.Items, typ.ElemType, path.Child("items"), visit)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil {
		eachNode(s.AdditionalProperties.Structural, typ.ElemType, path.Child("additionalProperties"), visit)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		property := s.Properties[name]
		escaped, ok := apiservercel.Escape(name)
		if !ok {
			eachNode(&property, model.SchemaDeclType(&property, property.XEmbeddedResource), path.Child("properties").Key(name), visit)
			continue
		}
		if f, known := typ.Fields[escaped]; known {
			eachNode(&property, f.Type, path.Child("properties").Key(name), visit)
		}
	}
}

func (c *ruleCheck) rules(s *structural.Structural, typ *apiservercel.DeclType, path *field.Path) {
	results, err := cel.Compile(s, typ, celconfig.PerCallLimit, c.environment, cel.StoredExpressionsEnvLoader())
	if err != nil {
		c.faults = append(c.faults, field.InternalError(path, err))
		return
	}
	for i, result := range results {
		at := path.Child("x-kubernetes-validations").Index(i)
		if result.Error != nil {
			c.faults = append(c.faults, field.Invalid(at.Child("rule"), s.XValidations[i].Rule, result.Error.Detail))
		}
		if result.MessageExpressionError != nil {
			c.faults = append(c.faults, field.Invalid(at.Child("messageExpression"), s.XValidations[i].MessageExpression, result.MessageExpressionError.Detail))
		}
	}
}
