//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// argocd is Argo CD without its user interface: an application controller, a repository server and Redis, and an Application
// that reads clusters/prod.
type argocd struct{ *cluster }

func newArgoCD(c *cluster) engine { return &argocd{c} }

func (a *argocd) name() string { return "argocd" }

func (a *argocd) start(t *testing.T, url string) {
	t.Helper()
	redis, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("no redis-server, which Argo CD needs: install it (Debian: apt-get install redis-server)")
	}
	a.cluster.run(t, redis, nil, "--bind", "127.0.0.1", "--port", "6379", "--save", "", "--appendonly", "no", "--dir", a.dir)
	// What these two programs read; the definition of ApplicationSets is three times as large as both.
	for _, kind := range []string{"application", "appproject"} {
		a.define(t, "argocd", "github.com/argoproj/argo-cd/v3", "manifests/crds/"+kind+"-crd.yaml")
	}
	a.apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: argocd}\n")
	a.apply(t, a.settings(t))
	a.apply(t, `apiVersion: v1
kind: Secret
metadata: {name: argocd-secret, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
stringData: {server.secretkey: only-for-this-test}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: default, namespace: argocd}
spec:
  sourceRepos: ["*"]
  destinations: [{namespace: "*", server: "*"}]
  clusterResourceWhitelist: [{group: "*", kind: "*"}]
`)
	a.run(t, "argocd-repo-server", "--disable-tls", "--client-ca-path=", "--redis=127.0.0.1:6379", "--address=127.0.0.1", "--port=8081",
		"--metrics-address=127.0.0.1", "--metrics-port=8084")
	// An Application that is looked at before they answer is looked at again only when its turn comes, minutes later.
	a.listening(t, "127.0.0.1:6379")
	a.listening(t, "127.0.0.1:8081")
	// The controller may overlook a change of an Application that it is about to write to itself, until its turn comes.
	a.run(t, "argocd-application-controller", "--kubeconfig="+a.kubeconfig, "--namespace=argocd", "--repo-server=127.0.0.1:8081",
		"--repo-server-plaintext", "--redis=127.0.0.1:6379", "--app-resync=20", "--app-resync-jitter=0", "--metrics-port=8085")
	a.apply(t, `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: fleet, namespace: argocd}
spec:
  project: default
  destination: {server: "https://kubernetes.default.svc"}
  source: {repoURL: "`+url+`", path: clusters/prod, targetRevision: HEAD}
  syncPolicy: {automated: {prune: true, selfHeal: true}, retry: {limit: -1, refresh: true, backoff: {duration: 5s}}}
`)
}

// settings is the ConfigMap that every installation begins with: it says which changes of objects are not looked at.
func (a *argocd) settings(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(moduleDir(t, "argocd", "github.com/argoproj/argo-cd/v3"), "manifests/base/config/argocd-cm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	name := "  name: argocd-cm\n"
	if strings.Count(string(data), name) != 1 {
		t.Fatalf("the settings of Argo CD are not those that were known:\n%s", data)
	}
	return strings.Replace(string(data), name, name+"  namespace: argocd\n", 1)
}

// run starts the program in one of its roles.
func (a *argocd) run(t *testing.T, role string, args ...string) {
	t.Helper()
	dir := filepath.Join(a.dir, role)
	tools := []string{a.scripts(t), filepath.Dir(place(t, "helm")), os.Getenv("PATH")}
	env := []string{
		"ARGOCD_BINARY_NAME=" + role, "ARGOCD_FAKE_IN_CLUSTER=true", "KUBECONFIG=" + a.kubeconfig, "TMPDIR=" + dir, "HOME=" + dir,
		"ARGOCD_GPG_ENABLED=false",
		"ARGOCD_ASK_PASS_SOCK=" + filepath.Join(dir, "ask-pass.sock"), // otherwise one in /tmp, which the servers of other clusters take away
		"PATH=" + strings.Join(tools, ":"),
	}
	for _, name := range []string{"TLS_DATA_PATH", "SSH_DATA_PATH", "GPG_DATA_PATH", "PLUGINSOCKFILEPATH"} {
		folder := filepath.Join(dir, strings.ToLower(name))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		env = append(env, "ARGOCD_"+name+"="+folder)
	}
	a.record.needs(startAs(t, a.dir, role, place(t, "argocd"), env, args...))
}

// scripts is a folder with the scripts that Argo CD runs beside Git. A module has them without the right to be run.
func (a *argocd) scripts(t *testing.T) string {
	t.Helper()
	from, to := filepath.Join(moduleDir(t, "argocd", "github.com/argoproj/argo-cd/v3"), "hack"), filepath.Join(a.dir, "scripts")
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"git-ask-pass.sh", "git-verify-wrapper.sh"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// applications are the names of the Applications that read the repository.
func (a *argocd) applications(t *testing.T, w *workspace) []string {
	t.Helper()
	return append(w.parts(t, "clusters/prod"), "fleet", "gkops-prod")
}

// refresh makes Argo CD look at the repository now, all Applications at once, as a webhook of the forge would.
func (a *argocd) refresh(t *testing.T, names []string) {
	t.Helper()
	place := a.objects.Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "applications"}).Namespace("argocd")
	for _, name := range names {
		if a.record.object(applicationKey(name)) == nil {
			continue // it is still to be made
		}
		patch := `{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}}}`
		if _, err := place.Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func applicationKey(name string) string { return "argoproj.io/Application/argocd/" + name }

func (a *argocd) reconciled(t *testing.T, w *workspace, commit string) {
	t.Helper()
	names := a.applications(t, w)
	a.refresh(t, names)
	a.record.until(t, wait, "reconciled", func() error {
		for _, name := range names {
			if err := synced(a.record.live[applicationKey(name)], commit); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
}

// synced says why an Application is not synced and healthy at a commit.
func synced(app *unstructured.Unstructured, commit string) error {
	if app == nil {
		return fail("it is not there")
	}
	status, _, _ := unstructured.NestedString(app.Object, "status", "sync", "status")
	health, _, _ := unstructured.NestedString(app.Object, "status", "health", "status")
	phase, _, _ := unstructured.NestedString(app.Object, "status", "operationState", "phase")
	message, _, _ := unstructured.NestedString(app.Object, "status", "operationState", "message")
	if status != "Synced" || health != "Healthy" || phase != "Succeeded" {
		return fail("%s, %s, %s: %s", status, health, phase, message)
	}
	sources, _, _ := unstructured.NestedSlice(app.Object, "spec", "sources")
	compared, _, _ := unstructured.NestedSlice(app.Object, "status", "sync", "comparedTo", "sources")
	if len(sources) != len(compared) {
		return fail("compared to other sources")
	}
	revisions, _, _ := unstructured.NestedStringSlice(app.Object, "status", "sync", "revisions")
	if one, _, _ := unstructured.NestedString(app.Object, "status", "sync", "revision"); one != "" {
		revisions = append(revisions, one)
	}
	if len(revisions) == 0 || slices.ContainsFunc(revisions, func(r string) bool { return r != commit }) {
		return fail("at %v", revisions)
	}
	return nil
}

func (a *argocd) refused(t *testing.T, part, reason string) {
	t.Helper()
	a.refresh(t, []string{"fleet", "gkops-prod"})
	a.record.until(t, wait, part+" refused", func() error {
		app := a.record.live[applicationKey("gkops-prod")]
		if app == nil {
			return fail("no Application")
		}
		message, _, _ := unstructured.NestedString(app.Object, "status", "operationState", "message")
		results, _, _ := unstructured.NestedSlice(app.Object, "status", "operationState", "syncResult", "resources")
		if !strings.Contains(message+fmt.Sprint(results), reason) {
			return fail("%s", message)
		}
		return nil
	})
}
