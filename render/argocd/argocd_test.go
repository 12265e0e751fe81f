package argocd_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/render/argocd"
)

func TestApplication(t *testing.T) {
	data, err := argocd.Application{
		Name: "gkops-prod", Namespace: "argocd", Project: "default", RepoURL: "git@git.example:gitops.git", Revision: "main",
		Paths: []string{"gkops/prod/packages/yes"},
	}.YAML()
	if err != nil {
		t.Fatal(err)
	}
	want := `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: gkops-prod
  namespace: argocd
spec:
  project: default
  destination:
    server: https://kubernetes.default.svc
  sources:
  - repoURL: git@git.example:gitops.git
    targetRevision: main
    path: gkops/prod/packages/yes
    directory:
      recurse: true
      exclude: '{kustomization.yaml,**/kustomization.yaml}'
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    retry:
      limit: -1
      refresh: true
      backoff:
        duration: 5s
        factor: 2
        maxDuration: 3m
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
}
