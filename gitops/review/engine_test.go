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
