package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// setValues patches the objects with the values that are set. Targets of values that are not set mean nothing.
func (b *build) setValues() error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(b.Values)) {
		value, def := b.Values[name], b.Manifest.ValueDefinitions[name]
		if err := b.checkSecret(name, def, value); err != nil {
			problems = append(problems, err)
			continue
		}
		for _, target := range def.Targets {
			if err := b.setValue(name, value, target); err != nil {
				problems = append(problems, err)
			}
		}
	}
	return errors.Join(problems...)
}

func (b *build) setValue(name string, value values.Value, target catalog.Target) error {
	if target.Resource == nil {
		if value.Reference != nil && b.Mode == ReleaseMode && b.engine == Flux {
			if value.Reference.Namespace == b.releaseNamespace() {
				return nil
			}
			return &SecretError{
				Instance: b.Name, Value: name, Reason: fmt.Sprintf("%s is not in namespace %s, where the release is", value.Reference, b.releaseNamespace()),
				Hint: "keep the Secret in namespace " + b.releaseNamespace(),
			}
		}
		if value.Reference != nil {
			return &SecretError{
				Instance: b.Name, Value: name, Reason: fmt.Sprintf("%s cannot be read where charts are rendered: chart %s gets values only", value.Reference, target.ChartName),
				Hint: "with Flux, use mode: release, which takes references; or look for a value of the chart that names a Secret ('gkops info " + b.Package + "' lists them), or patch the object so that it reads the Secret itself",
			}
		}
		return b.chartTarget(name, target)
	}
	matched, err := b.match(name, *target.Resource, target.Patch.Path)
	if err != nil {
		return err
	}
	if value.Reference != nil {
		return b.setReference(name, value, target, matched)
	}
	node, err := value.Expand(name, target.ValueTemplate)
	if err != nil {
		return fmt.Errorf("instance %s: %w", b.Name, err)
	}
	return b.patch(name, target, matched, node)
}

// chartTarget accepts a target in the values of a chart: they were set before the chart was rendered.
func (b *build) chartTarget(name string, target catalog.Target) error {
	if b.Manifest.Helm != nil {
		return nil
	}
	return &TargetError{
		Instance: b.Name, Value: name, Target: "chart " + target.ChartName + " " + target.Patch.Path,
		Reason: "the package has no chart",
	}
}

// patch applies one operation to every matched object.
func (b *build) patch(name string, target catalog.Target, matched []*object, node *yaml.Node) error {
	for _, o := range matched {
		value := fitting(o, target.Patch.Path, node)
		if err := document.Patch(o.doc.Root(), target.Patch.Op, target.Patch.Path, value); err != nil {
			return b.targetError(name, *target.Resource, target.Patch.Path, o.place, err.Error(), nil)
		}
		if err := o.repeat(); err != nil {
			return b.targetError(name, *target.Resource, target.Patch.Path, o.place, err.Error(), nil)
		}
	}
	return nil
}

// repeat takes notice of a patch: the object is no longer as its source has it, and it may be called differently.
func (o *object) repeat() error {
	o.changed = true
	if err := o.doc.CheckObject(); err != nil {
		return err
	}
	o.id = o.doc.Object()
	return nil
}

// match finds the objects that a target names, by the names of the package, before any prefix.
func (b *build) match(value string, ref catalog.ResourceReference, path string) ([]*object, error) {
	var matched []*object
	var otherVersion string
	var near []string
	group, version := splitAPIGroup(ref.APIGroup)
	for _, o := range b.objects {
		if o.id.Kind != ref.Kind || o.id.Group() != group {
			continue
		}
		near = append(near, o.id.Name)
		if o.id.Name != ref.Name || !b.inNamespace(o, ref.Namespace) {
			continue
		}
		if _, have := splitAPIGroup(o.id.APIVersion); have != version {
			otherVersion = o.id.APIVersion
			continue
		}
		matched = append(matched, o)
	}
	switch {
	case len(matched) > 0:
		return matched, nil
	case otherVersion != "":
		return nil, b.targetError(value, ref, path, Place{}, "the package has this object as "+otherVersion, nil)
	}
	return nil, b.targetError(value, ref, path, Place{}, "matches no object of the package", nearestNames(ref, near, b.objects))
}

// inNamespace reports whether an object is in the namespace that a target names. An object without one is in what it will get.
func (b *build) inNamespace(o *object, namespace string) bool {
	if namespace == "" || o.id.Namespace == namespace {
		return true
	}
	return o.id.Namespace == "" && (b.Namespaced || b.natural(o) == namespace)
}

func (b *build) targetError(value string, ref catalog.ResourceReference, path string, place Place, reason string, near []string) error {
	what := finding.Object{APIVersion: ref.APIGroup, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
	return &TargetError{Instance: b.Name, Value: value, Target: what.String() + " " + path, Place: place, Reason: reason, Nearest: near}
}

// splitAPIGroup reads what Glasskube calls apiGroup and Kubernetes apiVersion: "apps/v1", or "v1".
func splitAPIGroup(apiGroup string) (group, version string) {
	group, version, found := strings.Cut(apiGroup, "/")
	if !found {
		return "", apiGroup
	}
	return group, version
}

// maxNearest bounds how many names an error offers.
const maxNearest = 3

// nearestNames offers what may have been meant: objects of the kind, else objects of the name.
func nearestNames(ref catalog.ResourceReference, ofKind []string, objects []*object) []string {
	var near []string
	if best := values.Nearest(ref.Name, ofKind); best != "" {
		near = append(near, ref.Kind+" "+best)
	}
	for _, name := range ofKind {
		near = append(near, ref.Kind+" "+name)
	}
	for _, o := range objects {
		if o.id.Name == ref.Name {
			near = append(near, o.id.String())
		}
	}
	return firstFew(near)
}

// firstFew are the first different names.
func firstFew(names []string) []string {
	var few []string
	for _, name := range names {
		if len(few) < maxNearest && !slices.Contains(few, name) {
			few = append(few, name)
		}
	}
	return few
}
