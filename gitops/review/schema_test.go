package review

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

const routeDefinition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: routes.example.dev}
spec:
  group: example.dev
  names: {kind: Route, plural: routes}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          properties:
            spec:
              properties:
                backends:
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [host, port]
                  items:
                    properties:
                      host: {type: string}
                      port: {type: integer, default: 80}
                      weight: {type: integer}
                pools:
                  additionalProperties:
                    x-kubernetes-list-type: map
                    x-kubernetes-list-map-keys: [id]
                    items: {properties: {id: {type: string}}}
`

// routed is a custom resource with some backends, and a pool.
func routed(backends ...string) string {
	return "apiVersion: example.dev/v1\nkind: Route\nmetadata: {name: r, namespace: shop}\nspec: {backends: [" + strings.Join(backends, ", ") + "]}\n"
}

func TestListKeysOfDefinitions(t *testing.T) {
	const a, b, c = "{host: a, weight: 1}", "{host: a, port: 81, weight: 2}", "{host: b, port: 80}"
	cases := []struct{ name, base, head, want string }{
		{"a field", routed(a, b, c), routed(a, strings.Replace(b, "2", "3", 1), c), "changed spec.backends[host=a,port=81].weight"},
		{"the default is the key too", routed(a, b), routed("{host: a, port: 80, weight: 1}", b), "added spec.backends[host=a,port=80].port"},
		{"an item comes", routed(a, c), routed(b, a, c), "added spec.backends[host=a,port=81]"},
		{"an item goes", routed(a, b, c), routed(b, c), "removed spec.backends[host=a,port=80]"},
		{"order", routed(a, b), routed(b, a), "reordered spec.backends"},
		{"twins have no keys", routed(a, a), routed(a, strings.Replace(a, "1", "3", 1)), "changed spec.backends[1].weight"},
		{"below a map", strings.Replace(routed(), "backends: []", "pools: {x: [{id: i, size: 1}, {id: j, size: 1}]}", 1),
			strings.Replace(routed(), "backends: []", "pools: {x: [{id: i, size: 1}, {id: j, size: 2}]}", 1), "changed spec.pools.x[id=j].size"},
	}
	places := map[string]func(base, head map[string]string){
		"both": func(base, head map[string]string) {
			base["crd.yaml"], head["crd.yaml"] = routeDefinition, routeDefinition
		},
		"the base": func(base, head map[string]string) { base["crd.yaml"] = routeDefinition },
		"the head": func(base, head map[string]string) { head["crd.yaml"] = routeDefinition },
	}
	for _, c := range cases {
		for place, define := range places {
			base, head := map[string]string{"r.yaml": c.base}, map[string]string{"r.yaml": c.head}
			define(base, head)
			if got := pathsOf(compare(t, textTree(base), textTree(head))); got != c.want {
				t.Errorf("%s, defined in %s: %s, want %s", c.name, place, got, c.want)
			}
		}
	}
	other := strings.ReplaceAll(routeDefinition, "v1\n      served", "v2\n      served")
	base, head := map[string]string{"r.yaml": routed(a, b), "crd.yaml": other}, map[string]string{"r.yaml": routed(b), "crd.yaml": other}
	if got := pathsOf(compare(t, textTree(base), textTree(head))); got != "removed spec.backends[0]" {
		t.Errorf("by the keys of another version: %s", got)
	}
}

// pathsOf are the hunks of the objects that are no definitions.
func pathsOf(report *Report) string {
	found := map[string]bool{}
	for _, o := range report.Objects {
		for _, h := range o.Hunks {
			if o.Object.Kind != "CustomResourceDefinition" {
				found[string(h.Change)+" "+h.Path] = true
			}
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), ", ")
}
