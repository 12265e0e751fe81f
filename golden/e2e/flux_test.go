//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// flux is Flux, as a bootstrap leaves it: a GitRepository, and a Kustomization that reads clusters/prod.
type flux struct{ *cluster }

func newFlux(c *cluster) engine { return &flux{c} }

func (f *flux) name() string { return "flux" }

func (f *flux) start(t *testing.T, url string) {
	t.Helper()
	for _, name := range []string{"source-controller", "kustomize-controller", "helm-controller"} {
		f.define(t, name, "github.com/fluxcd/"+name, "config/crd/bases/*.yaml")
	}
	f.apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n")
	for _, folder := range []string{"tmp", "artifacts"} {
		if err := os.Mkdir(filepath.Join(f.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"KUBECONFIG=" + f.kubeconfig, "RUNTIME_NAMESPACE=flux-system", "TMPDIR=" + filepath.Join(f.dir, "tmp")}
	common := []string{"--watch-all-namespaces", "--enable-leader-election=false", "--events-addr="}
	f.run(t, place(t, "source-controller"), env, append(slices.Clone(common), "--metrics-addr=127.0.0.1:8081", "--health-addr=127.0.0.1:9441",
		"--storage-path="+filepath.Join(f.dir, "artifacts"), "--storage-addr=127.0.0.1:9090", "--storage-adv-addr=127.0.0.1:9090")...)
	f.run(t, place(t, "kustomize-controller"), env, append(slices.Clone(common), "--metrics-addr=127.0.0.1:8082", "--health-addr=127.0.0.1:9442",
		"--requeue-dependency=2s")...)
	f.run(t, place(t, "helm-controller"), env, append(slices.Clone(common), "--metrics-addr=127.0.0.1:8083", "--health-addr=127.0.0.1:9443",
		"--requeue-dependency=2s")...)
	f.apply(t, `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 10m, url: "`+url+`", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec:
  interval: 10m
  path: ./clusters/prod
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
`)
}

// fetch makes Flux look at the repository now, as a webhook of the forge would.
func (f *flux) fetch(t *testing.T) {
	t.Helper()
	patch := `{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"` + time.Now().Format(time.RFC3339Nano) + `"}}}`
	_, err := f.objects.Resource(schema.GroupVersionResource{Group: "source.toolkit.fluxcd.io", Version: "v1", Resource: "gitrepositories"}).
		Namespace("flux-system").Patch(t.Context(), "flux-system", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *flux) reconciled(t *testing.T, w *workspace, commit string) {
	t.Helper()
	f.fetch(t)
	names := append(w.parts(t, "gkops/prod/flux"), w.parts(t, "clusters/prod")...)
	names = append(names, "flux-system")
	f.record.until(t, wait, "reconciled", func() error {
		for _, name := range names {
			k := f.record.live[kustomizationKey(name)]
			if k == nil {
				return fail("no Kustomization %s", name)
			}
			if ready, why := condition(k, "Ready"); ready != "True" {
				return fail("%s: %s", name, why)
			}
			if at, _, _ := unstructured.NestedString(k.Object, "status", "lastAppliedRevision"); !strings.HasSuffix(at, commit) {
				return fail("%s is at %s", name, at)
			}
		}
		for key, object := range f.record.live {
			if strings.HasPrefix(key, kustomizationKey("")) && !slices.Contains(names, object.GetName()) {
				return fail("Kustomization %s is still there", object.GetName())
			}
		}
		return nil
	})
}

func kustomizationKey(name string) string {
	return "kustomize.toolkit.fluxcd.io/Kustomization/flux-system/" + name
}

func (f *flux) refused(t *testing.T, part, reason string) {
	t.Helper()
	f.fetch(t)
	f.record.until(t, wait, part+" refused", func() error {
		k := f.record.live[kustomizationKey(part)]
		if k == nil {
			return fail("no Kustomization %s", part)
		}
		status, why := condition(k, "Ready")
		if status != "False" || !strings.Contains(why, reason) {
			return fail("%s is ready: %s, %s", part, status, why)
		}
		return nil
	})
}

// condition is the status and the message of a condition of an object.
func condition(object *unstructured.Unstructured, kind string) (status, message string) {
	list, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, entry := range list {
		if c, ok := entry.(map[string]any); ok && c["type"] == kind {
			status, _ = c["status"].(string)
			message, _ = c["message"].(string)
			return status, message
		}
	}
	return "", "no condition " + kind
}
