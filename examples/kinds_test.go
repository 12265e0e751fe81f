package examples_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/resolver/catalog"
)

// served maps "group/version/Kind" to the fields of spec that its schema knows.
type served map[string][]string

// kinds are the custom kinds that a release itself serves.
func kinds(r release) served {
	found := served{}
	for i := range r.objects {
		if r.objects[i].Object().Kind != "CustomResourceDefinition" {
			continue
		}
		spec := document.Lookup(r.objects[i].Root(), "spec")
		for _, version := range document.Lookup(spec, "versions").Content {
			if document.Lookup(version, "served").Value != "true" {
				continue
			}
			name := document.Lookup(spec, "group").Value + "/" + document.Lookup(version, "name").Value + "/" + document.Lookup(spec, "names", "kind").Value
			found[name] = keys(document.Lookup(version, "schema", "openAPIV3Schema", "properties", "spec", "properties"))
		}
	}
	return found
}

func keys(mapping *yaml.Node) []string {
	var names []string
	for i := 0; mapping != nil && i < len(mapping.Content); i += 2 {
		names = append(names, mapping.Content[i].Value)
	}
	return names
}

// around lists what a release may find in a cluster: one map for each choice of versions of its dependencies, its own kinds included.
func around(t *testing.T, all map[string][]release, r release) []served {
	t.Helper()
	worlds := []served{kinds(r)}
	for _, dependency := range r.manifest.Dependencies {
		allowed, err := catalog.ParseRange(dependency.Version)
		if err != nil {
			t.Fatal(err)
		}
		var next []served
		for _, candidate := range all[dependency.Name] {
			if !allowed.Allows(candidate.version) {
				continue
			}
			for _, below := range around(t, all, candidate) {
				for _, world := range worlds {
					joined := maps.Clone(below)
					maps.Copy(joined, world)
					next = append(next, joined)
				}
			}
		}
		worlds = next
	}
	return worlds
}

// TestCustomResourcesFitEveryAllowedSet holds that whatever versions a range allows, the kinds are served and know the fields.
func TestCustomResourcesFitEveryAllowedSet(t *testing.T) {
	all := releases(t)
	checked := 0
	for _, versions := range all {
		for _, r := range versions {
			for _, world := range around(t, all, r) {
				for i := range r.objects {
					if object := r.objects[i].Object(); strings.HasSuffix(object.Group(), ".example.dev") {
						checked++
						checkResource(t, r, object, document.Lookup(r.objects[i].Root(), "spec"), world)
					}
				}
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d custom resources checked", checked)
	}
}

func checkResource(t *testing.T, r release, object finding.Object, spec *yaml.Node, world served) {
	t.Helper()
	fields, ok := world[object.APIVersion+"/"+object.Kind]
	if !ok {
		t.Errorf("%s: nobody serves %s", r.dir, object)
		return
	}
	for _, field := range keys(spec) {
		if !slices.Contains(fields, field) {
			t.Errorf("%s: %s has the unknown field spec.%s", r.dir, object, field)
		}
	}
}

// TestPairsThatConflict holds the two conflicts that README.md promises.
func TestPairsThatConflict(t *testing.T) {
	all := releases(t)
	bundle, crds := kinds(all["metrics-bundle"][0]), kinds(all["metrics-crds"][0])
	if len(bundle) == 0 || !maps.EqualFunc(bundle, crds, slices.Equal) {
		t.Errorf("metrics-bundle serves %v, metrics-crds %v", bundle, crds)
	}
	newest := all["status-page"][len(all["status-page"])-1]
	if worlds := around(t, all, newest); len(worlds) != 0 {
		t.Errorf("%s can be installed, its dependency should be missing", newest.dir)
	}
	for _, router := range all["alert-router"] {
		for _, world := range around(t, all, router) {
			if _, ok := world["metrics.example.dev/v1alpha1/ScrapeTarget"]; ok {
				t.Errorf("%s works with metrics-crds of version 1, it should not", router.dir)
			}
		}
	}
}
