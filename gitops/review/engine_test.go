package review

import (
	"fmt"
	"slices"
	"testing"
)

func TestEnginesThatLeaveTakeTheirObjectsAlong(t *testing.T) {
	object := func(apiVersion, kind, rest string) string {
		return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x, namespace: y" + rest + "\n"
	}
	const flux, argo = "kustomize.toolkit.fluxcd.io/v1", "argoproj.io/v1alpha1"
	const source = "sourceRef: {kind: GitRepository}"
	for _, c := range []struct {
		text string
		want bool
	}{
		{object(flux, "Kustomization", "}\nspec: {path: ./app, prune: true, "+source+"}"), true},
		{object(flux, "Kustomization", "}\nspec: {path: ./gone, prune: true, "+source+"}"), false},
		{object(flux, "Kustomization", "}\nspec: {path: ./app, prune: false, "+source+"}"), false},
		{object(flux, "Kustomization", "}\nspec: {path: ./app, prune: true, deletionPolicy: Orphan, "+source+"}"), false},
		{object(flux, "Kustomization", "}\nspec: {path: ./gone, prune: true, sourceRef: {kind: OCIRepository}}"), true},
		{object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "}\nspec: {}"), true},
		{object(argo, "Application", ", finalizers: [resources-finalizer.argocd.argoproj.io]}\nspec: {source: {path: app}}"), true},
		{object(argo, "Application", ", finalizers: [resources-finalizer.argocd.argoproj.io]}\nspec: {source: {chart: c}}"), true},
		{object(argo, "Application", "}\nspec: {source: {path: app}}"), false},
		{object(argo, "ApplicationSet", "}\nspec: {}"), true},
		{object(argo, "ApplicationSet", "}\nspec: {syncPolicy: {preserveResourcesOnDeletion: true}}"), false},
	} {
		kept := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}\n"
		base := textTree(map[string]string{"x.yaml": c.text, "app/kept.yaml": kept})
		report := compare(t, base, textTree(map[string]string{"app/kept.yaml": kept}))
		got := slices.ContainsFunc(report.Attention, func(a Attention) bool { return a.Rule == ruleDataLoss && a.Risk == High })
		if got != c.want || got != (report.Summary.Risk == High) {
			t.Errorf("called to attention: %v, risk %s, of\n%s", got, report.Summary.Risk, c.text)
		}
		back := compare(t, textTree(map[string]string{"app/kept.yaml": kept}), base)
		if slices.ContainsFunc(back.Attention, func(a Attention) bool { return a.Rule == ruleDataLoss }) {
			t.Errorf("what comes is called a loss: %s", fmt.Sprint(back.Attention))
		}
	}
}

// TestEnginesThatTurnElsewhere changes what an object of an engine applies, and what it may change without a loss.
func TestEnginesThatTurnElsewhere(t *testing.T) {
	flux := func(spec string) string {
		return "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x, namespace: shop}\nspec: {" + spec + "}\n"
	}
	release := func(spec string) string {
		return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: shop}\nspec: {" + spec + "}\n"
	}
	argo := func(spec string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x, namespace: shop}\nspec: {" + spec + "}\n"
	}
	for _, c := range []struct{ name, base, head, want string }{
		{"another path", flux("prune: true, path: ./a"), flux("prune: true, path: ./b"), "Kustomization shop/x applies b of   instead of a of  : the engine deletes what only that has"},
		{"another spelling", flux("prune: true, path: ./a"), flux("prune: true, path: a/"), ""},
		{"another source", flux("prune: true, sourceRef: {kind: GitRepository, name: s}"), flux("prune: true, sourceRef: {kind: OCIRepository, name: s}"),
			"Kustomization shop/x applies . of OCIRepository s instead of . of GitRepository s: the engine deletes what only that has"},
		{"nothing is pruned", flux("prune: true, path: ./a"), flux("prune: false, path: ./b"), ""},
		{"another interval", flux("prune: true, path: ./a"), flux("prune: true, path: ./a, interval: 1m"), ""},
		{"another namespace", release("interval: 1m"), release("targetNamespace: z"), "HelmRelease shop/x applies release z/x instead of release shop/x: the engine deletes what only that has"},
		{"the name that it had", release("interval: 1m"), release("releaseName: x"), ""},
		{"another folder", argo("source: {repoURL: r, path: a}, syncPolicy: {automated: {prune: true}}"), argo("source: {repoURL: r, path: b}, syncPolicy: {automated: {prune: true}}"),
			"Application shop/x applies b of r instead of a of r: the engine deletes what only that has"},
		{"nothing is deleted", argo("source: {repoURL: r, path: a}"), argo("source: {repoURL: r, path: b}"), ""},
	} {
		got := ""
		for _, a := range compare(t, yamlTree(c.base), yamlTree(c.head)).Attention {
			if a.Rule == ruleDataLoss && a.Risk == High {
				got += a.Message
			}
		}
		if got != c.want {
			t.Errorf("%s: told %q, want %q", c.name, got, c.want)
		}
	}
}
