package review

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// TestWhatObjectsAreMadeFrom changes files that hold no object, or leaves them out: the cluster gets something else, and no hunk says so.
func TestWhatObjectsAreMadeFrom(t *testing.T) {
	const kind = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	claim := "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\n"
	release := func(version string) string {
		return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec: {chart: {spec: {chart: web, version: " + version + "}}}\n"
	}
	app := func(source string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: {source: {" + source + "}}\n"
	}
	cases := []struct {
		name       string
		both       map[string]string // files of both sides
		base, head map[string]string
		want       string // "rule risk file: message"
	}{
		{"a patch without a kind", map[string]string{"app/kustomization.yaml": kind + "patches: [{path: scale.yaml, target: {kind: Deployment}}]\n"},
			map[string]string{"app/scale.yaml": "- {op: replace, path: /spec/replicas, value: 2}\n"}, map[string]string{"app/scale.yaml": "- {op: replace, path: /spec/replicas, value: 0}\n"},
			"not-reviewed medium app/scale.yaml: app/kustomization.yaml makes objects with this file: how they change is not shown here"},
		{"a file of a generator", map[string]string{"app/kustomization.yaml": "configMapGenerator: [{name: a, files: [page=../text/page.html]}]\n"},
			map[string]string{"text/page.html": "a"}, map[string]string{"text/page.html": "b"},
			"not-reviewed medium text/page.html: app/kustomization.yaml makes objects with this file: how they change is not shown here"},
		{"a file that nothing uses", map[string]string{"app/kustomization.yaml": kind + "resources: [notes.txt]\n"}, map[string]string{"app/notes.txt": "a"}, map[string]string{"app/notes.txt": "b"}, ""},
		{"a chart", map[string]string{"web/Chart.yaml": "name: web\n"},
			map[string]string{"web/values.yaml": "a: 1\n", "web/templates/_x.tpl": "a"}, map[string]string{"web/values.yaml": "a: 2\n", "web/templates/_x.tpl": "b"},
			"not-reviewed medium web/templates/_x.tpl: the chart in web changes (_x.tpl, values.yaml): what it renders is not shown here"},
		{"a template of a chart", map[string]string{"web/Chart.yaml": "name: web\n"}, map[string]string{"web/templates/x.yaml": "a: {{ .b }}\n"}, map[string]string{"web/templates/x.yaml": "a: {{ .c }}\n"},
			"not-reviewed medium web/templates/x.yaml: the chart in web changes (x.yaml): what it renders is not shown here"},
		{"what is only called a template", nil, map[string]string{"web/templates/x.yaml": "a: {{ .b }}\n"}, map[string]string{"web/templates/x.yaml": "a: {{ .c }}\n"},
			"unparsable blocked web/templates/x.yaml: the file cannot be read, so what it will do is not known: a mapping key is a mapping, not a string\n" +
				"unparsable high web/templates/x.yaml: the file cannot be read, so what it held before the change is not known: a mapping key is a mapping, not a string"},
		{"values elsewhere", nil, map[string]string{"values-prod.yaml": "a: 1\n"}, map[string]string{"values-prod.yaml": "a: 2\n"},
			"not-reviewed medium values-prod.yaml: values of a chart change: what it renders with them is not shown here"},
		{"data whose file is left out", map[string]string{"data.yaml": claim, "more/data.yaml": claim},
			map[string]string{"kustomization.yaml": kind + "resources: [data.yaml, more]\n"}, map[string]string{"kustomization.yaml": kind + "resources: []\n"},
			"data-loss high data.yaml: PersistentVolumeClaim shop/data is left out by kustomization.yaml: when the engine prunes it, the volume behind it, and the data on that, may be deleted with it\n" +
				"data-loss high more/data.yaml: PersistentVolumeClaim shop/data is left out by kustomization.yaml: when the engine prunes it, the volume behind it, and the data on that, may be deleted with it\n" +
				"not-reviewed medium kustomization.yaml: the kustomization leaves out data.yaml, which is still there: its objects are removed, and not shown here\n" +
				"not-reviewed medium kustomization.yaml: the kustomization leaves out more, which is still there: its objects are removed, and not shown here"},
		{"a release of a chart", nil, map[string]string{"r.yaml": release("1")}, map[string]string{"r.yaml": release("2")},
			"not-reviewed medium r.yaml: HelmRelease shop/web changes: what its chart renders is not shown here"},
		{"a new release of a chart", nil, nil, map[string]string{"r.yaml": release("1")},
			"not-reviewed medium r.yaml: HelmRelease shop/web is new: what its chart renders is not shown here"},
		{"an application of a chart", nil, map[string]string{"a.yaml": app("chart: web, targetRevision: 1")}, map[string]string{"a.yaml": app("chart: web, targetRevision: 2")},
			"not-reviewed medium a.yaml: Application web changes: what it applies is not shown here"},
		{"an application of this tree", map[string]string{"web/x.yaml": claim}, nil, map[string]string{"a.yaml": app("path: web")}, ""},
	}
	for _, c := range cases {
		side := func(files map[string]string) map[string]string {
			all := maps.Clone(files)
			if all == nil {
				all = map[string]string{}
			}
			maps.Copy(all, c.both)
			return all
		}
		report := compare(t, textTree(side(c.base)), textTree(side(c.head)))
		var told []string
		for _, a := range report.Attention {
			told = append(told, fmt.Sprintf("%s %s %s: %s", a.Rule, a.Risk, a.File, a.Message))
		}
		if got := strings.Join(told, "\n"); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
