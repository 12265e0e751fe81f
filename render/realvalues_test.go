//go:build real

package render_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/yaml"

	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// TestReadyValueSets sets every ready value set of the packages of the real registry that are made of charts. Charts are not at hand: one that
// writes down its values stands in for each, so what is proven is all that comes before the chart's own templates and schema: names, types,
// constraints, templates of values, and that every value arrives where its target says. A set that is refused says why.
func TestReadyValueSets(t *testing.T) {
	shared := os.Getenv("GKOPS_SHARED")
	found, err := filepath.Glob(filepath.Join(shared, "registry", "*", "*", ".test", "config-values.txt"))
	if err != nil || shared == "" || len(found) == 0 {
		t.Fatalf("GKOPS_SHARED names no folder with a registry: %v", err)
	}
	var accepted, arrived, plain int
	refused := map[string]int{}
	for _, file := range found {
		folder := filepath.Dir(filepath.Dir(file))
		m := realManifest(t, folder)
		if m.Helm == nil {
			plain++ // their manifests are at hand: TestReal of the commands adds them with the set
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, err := readySet(m, string(data))
		if err != nil {
			refused[err.Error()]++
			continue
		}
		accepted++
		arrived += n
	}
	t.Logf("%d sets: %d of packages of plain manifests, %d accepted with %d values that arrived, %d refused", len(found), plain, accepted, arrived, len(found)-plain-accepted)
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		t.Logf("refused %d times: %s", refused[reason], reason)
		if !strings.HasPrefix(reason, "instance set: ") && !strings.HasPrefix(reason, "value ") {
			t.Errorf("a set is refused for no reason of its own: %s", reason)
		}
	}
	if accepted == 0 || plain+accepted < len(found)*9/10 {
		t.Errorf("%d of %d accepted", accepted, len(found))
	}
}

func realManifest(t *testing.T, folder string) *catalog.Manifest {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "package.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := catalog.ParseManifest(folder, data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// readySet renders a package with a set, and counts the values that arrived.
func readySet(m *catalog.Manifest, text string) (int, error) {
	raw := map[string]any{}
	words := strings.Fields(strings.ReplaceAll(text, `"`, ""))
	for i, word := range words {
		switch {
		case word == "--value" && i+1 < len(words):
			name, value, _ := strings.Cut(words[i+1], "=")
			raw[name] = value
		case word == "--use-default=all":
			for name, def := range m.ValueDefinitions {
				if def.DefaultValue != "" {
					raw[name] = def.DefaultValue
				}
			}
		}
	}
	set, err := values.Set(m.ValueDefinitions, raw)
	if err != nil {
		return 0, err
	}
	own := *m
	own.Manifests = nil // those that are at hand are added by TestReal of the commands
	instance := render.Instance{Name: "set", Package: m.Name, Namespace: "set", Namespaced: m.Namespaced(), Manifest: &own, Values: set}
	for _, r := range releases(m) {
		tree := fstest.MapFS{
			"c/Chart.yaml":       {Data: []byte("apiVersion: v2\nname: stand-in\nversion: 1.0.0\n")},
			"c/templates/a.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata:\n  values: {{ .Values | toJson | quote }}\n")},
		}
		instance.Charts = append(instance.Charts, render.Chart{
			Name: r.ChartName, Release: r.ChartName, Archive: catalog.File{Name: r.ChartName + ".tgz", Data: packTree(tree, "c")},
			Values: values.Merge(m.Helm.Values, r.Values),
		})
	}
	cluster := render.Cluster{Name: "prod", Kubernetes: "1.33", Engine: render.Flux, Root: "gkops/prod", Source: render.Source{Name: "flux-system", Namespace: "flux-system"}, Serves: []string{"v1"}}
	out, err := render.Tree(context.Background(), cluster, []render.Instance{instance})
	if err != nil {
		return 0, err
	}
	return arrivals(m, set, out)
}

func releases(m *catalog.Manifest) []catalog.HelmRelease {
	if len(m.Helm.Releases) > 0 {
		return m.Helm.Releases
	}
	return []catalog.HelmRelease{{ChartName: m.Helm.ChartName}}
}

// arrivals counts the targets of values in charts that hold what was set.
func arrivals(m *catalog.Manifest, set map[string]values.Value, out *render.Output) (int, error) {
	count := 0
	for name := range set {
		for _, target := range m.ValueDefinitions[name].Targets {
			if target.ChartName == "" || target.Patch.Op == "remove" {
				continue
			}
			got := valuesIn(out, target.ChartName)
			for segment := range strings.SplitSeq(strings.TrimPrefix(target.Patch.Path, "/"), "/") {
				switch inner := got.(type) {
				case map[string]any:
					there := false
					if got, there = inner[strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)]; !there {
						return 0, fmt.Errorf("value %s did not arrive at %s", name, target.Patch.Path)
					}
				case []any:
					got = inner[0]
				default:
					return 0, fmt.Errorf("value %s did not arrive at %s", name, target.Patch.Path)
				}
			}
			count++ // null is what some packages write for an empty text
		}
	}
	return count, nil
}

// valuesIn are the values that a stand-in wrote down.
func valuesIn(out *render.Output, chart string) any {
	for file, data := range out.Files {
		if !strings.HasSuffix(file, "_"+chart+".yaml") {
			continue
		}
		var object struct{ Data struct{ Values string } }
		var all any
		if yaml.Unmarshal(data, &object) == nil && json.Unmarshal([]byte(object.Data.Values), &all) == nil {
			return all
		}
	}
	return nil
}
