//go:build e2e && real

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"gkops.dev/gkops/compat/finding"
)

// dryRun compares one API server with compat.
type dryRun struct {
	*cluster
	minor     string
	authority string                      // of operators, see trustConversion
	counts    map[[2]verdict]int          // compat's verdict, the server's
	customs   map[schema.GroupKind]custom // what the tree at hand defines
	versions  int                         // of packages
	differing []string
}

// custom is a kind that a definition gave to the API server.
type custom struct {
	plural     string
	namespaced bool
	served     []string // versions
}

// compare applies a tree layer by layer, and asks compat about the same tree.
func (d *dryRun) compare(t *testing.T, tree rendered) {
	t.Helper()
	foretold := d.foretold(t, tree)
	d.customs = map[schema.GroupKind]custom{}
	d.versions++
	layers, err := filepath.Glob(filepath.Join(tree.dir, "gkops/prod/layers/*/kustomization.yaml"))
	if err != nil || len(layers) == 0 {
		t.Fatalf("%s: no layers: %v", tree.pkg, err)
	}
	for _, layer := range layers {
		objects := layerObjects(t, layer)
		for _, real := range []bool{true, false} {
			for _, object := range objects {
				if kept(object) != real {
					continue
				}
				says, why := d.tried(t, object, real)
				key := keyOf(object)
				compat, reason := taken, ""
				if f, there := foretold[key]; there {
					compat, reason = verdictOf(f), f.Rule+": "+f.Message
				}
				d.counts[[2]verdict{compat, says}]++
				if compat != says {
					d.differing = append(d.differing, fmt.Sprintf("%s | %s | compat: %s %s | server: %s %.300s", tree.pkg, key, compat, reason, says, why))
				}
			}
		}
	}
}

// kept reports whether an object is really applied: others need it to be tried at all.
func kept(object *unstructured.Unstructured) bool {
	return object.GetKind() == "Namespace" || object.GetKind() == "CustomResourceDefinition"
}

// foretold are compat's findings for the minor that mean that an object is refused, by object.
func (d *dryRun) foretold(t *testing.T, tree rendered) map[string]finding.Finding {
	t.Helper()
	// Outside of the workspace, whose policy lets what is removed pass.
	text, err := try(d.dir, nil, tree.program, "compat", filepath.Join(tree.dir, "gkops/prod"), "--kubernetes", d.minor, "-o", "json")
	var report struct {
		Findings []finding.Finding `json:"findings"`
	}
	if fault := json.Unmarshal([]byte(text), &report); fault != nil {
		t.Fatalf("%s: compat: %v, %v: %.300s", tree.pkg, err, fault, text)
	}
	found := map[string]finding.Finding{}
	for _, f := range report.Findings {
		key := f.Object.Key()
		if was, there := found[key]; verdictOf(f) != taken && (!there || verdictOf(was) != unserved) {
			found[key] = f
		}
	}
	return found
}

// verdictOf is what a finding of compat says of an object. What the rules of RBAC and of webhooks name is nothing to the API server.
func verdictOf(f finding.Finding) verdict {
	if strings.Contains(f.Message, ": the rule names ") {
		return taken
	}
	switch f.Rule {
	case "removed", "not-yet", "unknown-kind", "crd-version-gone", "crd-missing", "off-by-default":
		return unserved
	case "unknown-field", "field-not-yet", "field-removed", "field-type":
		return misfields
	case "custom-resource-invalid", "crd-invalid", "crd-rule-not-yet", "incomplete":
		return invalid
	}
	return taken
}

// layerObjects are the objects of a layer, read from the parts that its kustomization lists.
func layerObjects(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	var list struct {
		Resources []string `json:"resources"`
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(data, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	var objects []*unstructured.Unstructured
	for _, name := range list.Resources {
		name = filepath.Join(filepath.Dir(file), name)
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			objects = append(objects, layerObjects(t, filepath.Join(name, "kustomization.yaml"))...)
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(data, &object.Object); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		objects = append(objects, object)
	}
	return objects
}

// tried applies one object, for real or as a trial, and says what the API server makes of it.
func (d *dryRun) tried(t *testing.T, object *unstructured.Unstructured, real bool) (verdict, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	place, err := d.place(object)
	if err != nil {
		return unserved, err.Error()
	}
	if namespace := object.GetNamespace(); namespace != "" {
		d.namespace(t, ctx, namespace)
	}
	trustConversion(t, object, d.authority)
	data, err := json.Marshal(object.Object)
	if err != nil {
		t.Fatal(err)
	}
	force := true
	options := metav1.PatchOptions{FieldManager: "test", Force: &force, FieldValidation: "Strict"}
	if !real {
		options.DryRun = []string{metav1.DryRunAll}
	}
	_, err = place.Patch(ctx, object.GetName(), types.ApplyPatchType, data, options)
	for apierrors.IsNotFound(err) && ctx.Err() == nil && d.defined(object) { // the API server says that it serves a kind before it does
		_, err = place.Patch(ctx, object.GetName(), types.ApplyPatchType, data, options)
	}
	if apierrors.IsInvalid(err) && real && strings.Contains(err.Error(), "storedVersions") { // of another version of the package
		d.forget(t, ctx, object)
		_, err = place.Patch(ctx, object.GetName(), types.ApplyPatchType, data, options)
	}
	if err == nil && object.GetKind() == "CustomResourceDefinition" {
		d.established(t, ctx, object.GetName())
	}
	return serverVerdict(err)
}

// trustConversion gives the webhook that converts a definition's objects an authority, as its operator does once it runs. From 1.37 on, an API server
// does not serve a definition while that is no certificate.
func trustConversion(t *testing.T, object *unstructured.Unstructured, authority string) {
	t.Helper()
	client := []string{"spec", "conversion", "webhook", "clientConfig"}
	if _, there, _ := unstructured.NestedMap(object.Object, client...); object.GetKind() != "CustomResourceDefinition" || !there {
		return
	}
	if err := unstructured.SetNestedField(object.Object, authority, append(client, "caBundle")...); err != nil {
		t.Fatal(err)
	}
}

// defined reports whether the tree defines the kind and version of an object.
func (d *dryRun) defined(object *unstructured.Unstructured) bool {
	return slices.Contains(d.customs[object.GroupVersionKind().GroupKind()].served, object.GroupVersionKind().Version)
}

// place is where an object's kind is served: by the API server itself, or by a definition of the same tree.
func (d *dryRun) place(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	gvk := object.GroupVersionKind()
	if c, there := d.customs[gvk.GroupKind()]; there {
		resource := d.objects.Resource(gvk.GroupVersion().WithResource(c.plural))
		if !c.namespaced {
			return resource, nil
		}
		return resource.Namespace(object.GetNamespace()), nil
	}
	mapping, err := d.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return d.objects.Resource(mapping.Resource), nil
	}
	return d.objects.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
}

func serverVerdict(err error) (verdict, string) {
	switch {
	case err == nil:
		return taken, ""
	case apierrors.IsNotFound(err):
		return unserved, err.Error()
	case strings.Contains(err.Error(), "field not declared in schema"), strings.Contains(err.Error(), "unknown field"),
		strings.Contains(err.Error(), "failed to create typed patch object"), strings.Contains(err.Error(), "cannot unmarshal"):
		return misfields, err.Error()
	}
	return invalid, err.Error()
}

func (d *dryRun) namespace(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	place := d.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}}
	if _, err := place.Create(ctx, object, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// definitions is where definitions are.
var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// established waits until the API server serves a definition, and notes the kind.
func (d *dryRun) established(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	key := "apiextensions.k8s.io/CustomResourceDefinition//" + name
	d.record.until(t, wait, "served "+name, func() error {
		object := d.record.live[key]
		if object == nil {
			return fail("no %s", name)
		}
		if status, why := condition(object, "Established"); status != "True" {
			return fail("%s: %s", name, why)
		}
		spec, _ := object.Object["spec"].(map[string]any)
		names, _ := spec["names"].(map[string]any)
		kind := schema.GroupKind{Group: spec["group"].(string), Kind: names["kind"].(string)}
		d.customs[kind] = custom{plural: names["plural"].(string), namespaced: spec["scope"] == "Namespaced", served: served(spec)}
		return nil
	})
}

// served are the versions that a definition serves.
func served(spec map[string]any) []string {
	var all []string
	versions, _ := spec["versions"].([]any)
	for _, version := range versions {
		if v, ok := version.(map[string]any); ok && v["served"] == true {
			all = append(all, fmt.Sprint(v["name"]))
		}
	}
	return all
}

// forget deletes a definition, so that another version of it can be tried from the beginning.
func (d *dryRun) forget(t *testing.T, ctx context.Context, object *unstructured.Unstructured) {
	t.Helper()
	if err := d.objects.Resource(definitions).Delete(ctx, object.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	d.record.until(t, wait, "gone "+object.GetName(), func() error {
		if d.record.live[keyOf(object)] != nil {
			return fail("%s is not deleted", object.GetName())
		}
		return nil
	})
}

// report prints the table, and fails the test for every difference.
func (d *dryRun) report(t *testing.T) {
	t.Helper()
	t.Logf("Kubernetes %s: %d package versions", d.minor, d.versions)
	for _, compat := range []verdict{taken, unserved, misfields, invalid} {
		for _, server := range []verdict{taken, unserved, misfields, invalid} {
			if n := d.counts[[2]verdict{compat, server}]; n > 0 {
				t.Logf("| %s | %s | %d |", compat, server, n)
			}
		}
	}
	for _, line := range d.differing {
		t.Error(line)
	}
}
