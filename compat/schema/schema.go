// Package schema validates custom resources as the API server does on create: pruning, defaults, the OpenAPI schema, list types
// and CEL rules, with the libraries of the API server itself.
//
// It knows one definition at a time. It refuses to know files, trees and findings: compat asks it through compat.Schemas. It is
// apart from compat because its libraries are large; whoever needs no validation does not link them.
package schema

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
)

// Schemas makes validators of definitions of apiextensions.k8s.io/v1. It is the compat.Schemas of the product.
type Schemas struct{}

// Compile reads a definition and judges the schema of every version that it serves; those that are used it makes ready to validate. Its
// error names what is wrong with the definition, as the API server would.
func (Schemas) Compile(definition any, used []string) (compat.Validator, error) {
	crd, err := read(definition)
	if err != nil {
		return nil, err
	}
	if faults := identity(crd); len(faults) > 0 {
		return nil, errors.New(list(faults))
	}
	d := &validator{versions: map[string]*version{}}
	for i := range crd.Spec.Versions {
		v := &crd.Spec.Versions[i]
		if !v.Served {
			continue
		}
		made, err := compile(crd, v.Name, slices.Contains(used, v.Name))
		if err != nil {
			return nil, fmt.Errorf("version %s: %w", v.Name, err)
		}
		if made != nil {
			d.versions[v.Name] = made
		}
	}
	return d, nil
}

// read makes the API server's own form of a definition.
func read(definition any) (*apiextensions.CustomResourceDefinition, error) {
	text, err := json.Marshal(definition)
	if err != nil {
		return nil, err
	}
	var given v1.CustomResourceDefinition
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, err
	}
	if given.APIVersion != v1.SchemeGroupVersion.String() {
		return nil, fmt.Errorf("it is of %s, not of %s", given.APIVersion, v1.SchemeGroupVersion)
	}
	v1.SetDefaults_CustomResourceDefinition(&given)
	v1.SetDefaults_CustomResourceDefinitionSpec(&given.Spec)
	var crd apiextensions.CustomResourceDefinition
	if err := v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&given, &crd, nil); err != nil {
		return nil, err
	}
	crd.Status = apiextensions.CustomResourceDefinitionStatus{}
	for _, v := range crd.Spec.Versions {
		if v.Storage {
			crd.Status.StoredVersions = []string{v.Name}
		}
	}
	return &crd, nil
}

// version is the compiled schema of one version.
type version struct {
	shape   *structural.Structural
	schema  validation.SchemaValidator
	rules   *cel.Validator // nil when there are none
	dropped bool           // status is ignored on create
}

// compile judges the schema of a version, and compiles it when it is used; nil when it is not.
func compile(crd *apiextensions.CustomResourceDefinition, name string, used bool) (*version, error) {
	given, err := apiextensions.GetSchemaForVersion(crd, name)
	if err != nil {
		return nil, err
	}
	v := &version{}
	var faults field.ErrorList
	if v.shape, faults = judgeSchema(given.OpenAPIV3Schema); len(faults) > 0 {
		return nil, errors.New(list(faults))
	}
	if !used {
		return nil, nil
	}
	if v.schema, _, err = validation.NewSchemaValidator(given.OpenAPIV3Schema); err != nil {
		return nil, err
	}
	v.rules = cel.NewValidator(v.shape, true, celconfig.PerCallLimit)
	subresources, err := apiextensions.GetSubresourcesForVersion(crd, name)
	if err != nil {
		return nil, err
	}
	v.dropped = subresources != nil && subresources.Status != nil
	return v, nil
}

// validator is a compiled definition.
type validator struct{ versions map[string]*version }

// Validate judges an object as the API server does when it is created or, with before, updated. The objects stay as they are.
func (d *validator) Validate(ctx context.Context, name string, object, before any, budget int64) ([]compat.Fault, int64, error) {
	v := d.versions[name]
	given, ok := object.(map[string]any)
	if v == nil || !ok {
		return nil, budget, fmt.Errorf("the version %s is not served, or was not compiled", name)
	}
	given, faults := v.prepare(given)
	found := objectmeta.Validate(ctx, nil, given, v.shape, true)
	found = append(found, validation.ValidateCustomResource(nil, given, v.schema)...)
	found = append(found, listtype.ValidateListSetsAndMaps(nil, v.shape, given)...)
	if len(found) == 0 && v.rules != nil {
		var old any
		if was, ok := before.(map[string]any); ok {
			old, _ = v.prepare(was)
		}
		mine := min(budget, celconfig.RuntimeCELCostBudget)
		var left int64
		found, left = v.rules.Validate(ctx, nil, v.shape, given, old, mine)
		budget -= mine - max(left, 0)
	}
	for _, fault := range found {
		path := segments(fault.Field)
		if given["kind"] == "Secret" || slices.ContainsFunc(path, finding.Secretive) {
			fault.BadValue = "(not shown)"
		}
		message := strings.TrimPrefix(fault.Error(), "<nil>: ") // the object itself
		faults = append(faults, compat.Fault{Path: path, Message: message})
	}
	return faults, budget, ctx.Err()
}

// prepare is an object as the API server validates it, and the fields that it does not know.
func (v *version) prepare(object map[string]any) (map[string]any, []compat.Fault) {
	given := runtime.DeepCopyJSON(object)
	if v.dropped {
		delete(given, "status")
	}
	faults := v.unknown(given)
	defaulting.PruneNonNullableNullsWithoutDefaults(given, v.shape)
	defaulting.Default(given, v.shape)
	return given, faults
}

// unknown takes the fields away that the schema does not have, and names them.
func (v *version) unknown(object map[string]any) []compat.Fault {
	options := structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	var faults []compat.Fault
	for _, path := range pruning.PruneWithOptions(object, v.shape, true, options) {
		faults = append(faults, compat.Fault{Path: segments(path), Unknown: true, Message: path + ": the definition has no such field"})
	}
	return faults
}

// list joins faults to one line.
func list(faults field.ErrorList) string {
	texts := make([]string, 0, len(faults))
	for _, fault := range faults {
		texts = append(texts, fault.Error())
	}
	return strings.Join(texts, "; ")
}

// segments takes a field path apart: "spec.rules[0].labels[a.b]" is spec, rules, 0, labels, a.b.
func segments(path string) []string {
	var out []string
	for path != "" && path != "<nil>" {
		if rest, found := strings.CutPrefix(path, "["); found {
			inner, after, _ := strings.Cut(rest, "]")
			out = append(out, strings.Trim(inner, `"`))
			path = strings.TrimPrefix(after, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		if end > 0 {
			out = append(out, path[:end])
		}
		path = strings.TrimPrefix(path[end:], ".")
	}
	return out
}
