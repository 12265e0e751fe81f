package flux_test

import (
	"testing"
	"time"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"gkops.dev/gkops/render/flux"
)

// TestKustomizationIsWhatTheControllerReads holds the fields that are written against the controller's own types, strictly.
func TestKustomizationIsWhatTheControllerReads(t *testing.T) {
	data, err := flux.Kustomization{
		Name: "db-core", Namespace: "flux-system", Labels: map[string]string{"l": "yes"}, Annotations: map[string]string{"gkops.dev/layer": "10"},
		Path: "./gkops/prod/packages/db/core", Components: []string{"../../../flux/waits/db-core-0123abcd"}, Source: "flux-system", DependsOn: []string{"db-crds", "namespaces"}, Wait: true,
	}.YAML()
	if err != nil {
		t.Fatal(err)
	}
	var got kustomizev1.Kustomization
	if err := yaml.UnmarshalStrict(data, &got); err != nil {
		t.Fatal(err)
	}
	var want kustomizev1.Kustomization
	want.APIVersion, want.Kind = kustomizev1.GroupVersion.String(), kustomizev1.KustomizationKind
	want.Name, want.Namespace = "db-core", "flux-system"
	want.Labels, want.Annotations = map[string]string{"l": "yes"}, map[string]string{"gkops.dev/layer": "10"}
	want.Spec.Interval.Duration = 60 * time.Minute
	retry, timeout := want.Spec.Interval, want.Spec.Interval
	retry.Duration, timeout.Duration = 2*time.Minute, 5*time.Minute
	want.Spec.RetryInterval, want.Spec.Timeout = &retry, &timeout
	want.Spec.Path, want.Spec.Components = "./gkops/prod/packages/db/core", []string{"../../../flux/waits/db-core-0123abcd"}
	want.Spec.Prune, want.Spec.Wait, want.Spec.Force = true, true, false
	want.Spec.SourceRef = kustomizev1.CrossNamespaceSourceReference{Kind: "GitRepository", Name: "flux-system"}
	want.Spec.DependsOn = []kustomizev1.DependencyReference{{Name: "db-crds"}, {Name: "namespaces"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
