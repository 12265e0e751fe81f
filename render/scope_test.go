package render

import (
	"testing"

	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"gkops.dev/gkops/compat/finding"
)

// TestScopesAgreeWithTheAPI holds the scopes of built-in kinds against the OpenAPI document of Kubernetes that kustomize carries.
func TestScopesAgreeWithTheAPI(t *testing.T) {
	known := newScopes(nil)
	compared := 0
	for _, definition := range openapi.Schema().Definitions {
		kinds, _ := definition.Extensions["x-kubernetes-group-version-kind"].([]any)
		for _, k := range kinds {
			gvk, ok := k.(map[string]any)
			if !ok {
				continue
			}
			group, version, kind := gvk["group"].(string), gvk["version"].(string), gvk["kind"].(string)
			apiVersion := version
			if group != "" {
				apiVersion = group + "/" + version
			}
			namespaced, found := openapi.IsNamespaceScoped(yaml.TypeMeta{APIVersion: apiVersion, Kind: kind})
			if !found {
				continue
			}
			compared++
			cluster, sure := known.clusterScoped(finding.Object{APIVersion: apiVersion, Kind: kind})
			if cluster == namespaced || !sure {
				t.Errorf("%s %s: cluster-scoped %v (known %v), the API says namespaced %v", apiVersion, kind, cluster, sure, namespaced)
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d kinds were compared", compared)
	}
}

func TestScopesOfCustomKinds(t *testing.T) {
	known := newScopes([]CRD{{Group: "example.com", Kind: "ClusterThing", Scope: "Namespaced"}, {Group: "example.com", Kind: "Zone", Scope: "Cluster"}})
	for _, c := range []struct {
		apiVersion, kind string
		cluster, known   bool
	}{
		{"example.com/v1", "ClusterThing", false, true}, {"example.com/v2", "Zone", true, true},
		{"other.com/v1", "ClusterThing", true, false}, {"other.com/v1", "Cluster", false, false}, {"other.com/v1", "GatewayClass", true, false},
		{"other.com/v1", "Thing", false, false}, {"apps/v9", "Deployment", false, true}, {"v1", "Namespace", true, true},
	} {
		cluster, sure := known.clusterScoped(finding.Object{APIVersion: c.apiVersion, Kind: c.kind})
		if cluster != c.cluster || sure != c.known {
			t.Errorf("%s %s: got %v, %v", c.apiVersion, c.kind, cluster, sure)
		}
	}
}
