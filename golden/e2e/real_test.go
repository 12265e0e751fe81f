//go:build e2e && real

package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRealFlux installs packages of the real registries, with four layers among them, as Flux applies them.
func TestRealFlux(t *testing.T) {
	for _, minor := range minors {
		t.Run("kubernetes "+minor, func(t *testing.T) { installReal(t, minor, newFlux) })
	}
}

// TestRealArgoCD does the same with Argo CD.
func TestRealArgoCD(t *testing.T) {
	for _, minor := range minors {
		t.Run("kubernetes "+minor, func(t *testing.T) { installReal(t, minor, newArgoCD) })
	}
}

func installReal(t *testing.T, minor string, of func(*cluster) engine) {
	shared := os.Getenv("GKOPS_SHARED")
	if shared == "" {
		t.Fatal("GKOPS_SHARED names no folder with registry, upstream and mirror")
	}
	c := startCluster(t, minor)
	serveOperators(t, c)
	s := &scene{life: t, cluster: c, engine: of(c), workspace: newWorkspace(t)}
	s.env = append(s.env, "GKOPS_MIRROR="+filepath.Join(shared, "mirror")+",off")
	s.gkops(t, "init", "--engine", s.engine.name(), "--cluster", "prod", "--kubernetes", minor, "--repo-url", gitURL,
		"--registry", "glasskube="+filepath.Join(shared, "registry"), "--registry", "upstream="+filepath.Join(shared, "upstream"), "--entry", "clusters/prod")
	s.gkops(t, "add", "cert-manager", "gateway-api", "nginx-gateway-fabric", "kserve", "--registry", "upstream", "--commit")
	step := s.begin(t)
	step.inOrder(t, "apiextensions.k8s.io/CustomResourceDefinition//certificates.cert-manager.io", "apps/Deployment/cert-manager/cert-manager-webhook",
		"cert-manager.io/Certificate/kserve/serving-cert", "serving.kserve.io/ClusterServingRuntime//kserve-sklearnserver")
	step.inOrder(t, "apiextensions.k8s.io/CustomResourceDefinition//clusterservingruntimes.serving.kserve.io",
		"apps/Deployment/kserve/kserve-controller-manager", "serving.kserve.io/ClusterServingRuntime//kserve-sklearnserver")
	step.inOrder(t, "apiextensions.k8s.io/CustomResourceDefinition//gatewayclasses.gateway.networking.k8s.io",
		"gateway.networking.k8s.io/GatewayClass//nginx", "gateway.nginx.org/NginxGateway/nginx-gateway/nginx-gateway-config")

	s.gkops(t, "add", "postgresql", "--as", "orders", "-n", "orders", "--set", "databaseName=orders", "--commit")
	s.next(t).inOrder(t, "apiextensions.k8s.io/CustomResourceDefinition//clusters.postgresql.cnpg.io", "apps/Deployment/cnpg-system/cnpg-controller-manager",
		"postgresql.cnpg.io/Cluster/orders/orders-cluster")
}
