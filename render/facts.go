package render

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// crds reads the custom kinds that the instance defines.
func (b *build) crds() ([]CRD, error) {
	var all []CRD
	for _, o := range b.objects {
		if !o.isCRD() {
			continue
		}
		crd, ok := readCRD(o)
		if !ok {
			return nil, &ObjectError{Instance: b.Name, Object: o.id, Place: o.place, Reason: "spec.group or spec.names.kind is missing"}
		}
		all = append(all, crd)
	}
	slices.SortFunc(all, func(a, b CRD) int { return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind)) })
	return all, nil
}

// readCRD reads a CustomResourceDefinition of apiextensions.k8s.io/v1 or v1beta1.
func readCRD(o *object) (CRD, bool) {
	spec := document.Lookup(outline(o), "spec")
	crd := CRD{
		Group:  scalar(document.Lookup(spec, "group")),
		Kind:   scalar(document.Lookup(spec, "names", "kind")),
		Plural: scalar(document.Lookup(spec, "names", "plural")),
		Scope:  scalar(document.Lookup(spec, "scope")),
	}
	if crd.Scope != "Cluster" {
		crd.Scope = "Namespaced" // the default of v1beta1; v1 requires one of the two
	}
	if versions := document.Lookup(spec, "versions"); versions != nil && versions.Kind == yaml.SequenceNode {
		for _, version := range versions.Content {
			crd.Versions = append(crd.Versions, CRDVersion{
				Name:    scalar(document.Lookup(version, "name")),
				Served:  scalar(document.Lookup(version, "served")) == "true",
				Storage: scalar(document.Lookup(version, "storage")) == "true",
			})
		}
	} else if name := scalar(document.Lookup(spec, "version")); name != "" {
		crd.Versions = []CRDVersion{{Name: name, Served: true, Storage: true}}
	}
	return crd, crd.Group != "" && crd.Kind != ""
}

// requires are the kinds of the instance's custom resources that it does not define itself.
func (b *build) requires() []GroupVersionKind {
	own := map[string]bool{}
	for _, crd := range b.provides {
		own[crd.Kind+"."+crd.Group] = true
	}
	seen := map[GroupVersionKind]bool{}
	var all []GroupVersionKind
	for _, o := range b.objects {
		_, version := splitAPIGroup(o.id.APIVersion)
		kind := GroupVersionKind{Group: o.id.Group(), Version: version, Kind: o.id.Kind}
		if o.custom && !own[kindKey(o.id)] && !seen[kind] {
			seen[kind] = true
			all = append(all, kind)
		}
	}
	slices.SortFunc(all, func(a, b GroupVersionKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Version, b.Version))
	})
	return all
}
