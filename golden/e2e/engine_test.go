//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// The kinds of Flux that the tests ask for.
var (
	repositories   = schema.GroupVersionResource{Group: "source.toolkit.fluxcd.io", Version: "v1", Resource: "gitrepositories"}
	kustomizations = schema.GroupVersionResource{Group: "kustomize.toolkit.fluxcd.io", Version: "v1", Resource: "kustomizations"}
)

// flux is Flux on a cluster, reading the Git server of the tests.
type flux struct{ *cluster }

// startFlux installs Flux and what a bootstrap makes: the GitRepository and a Kustomization that reads clusters/prod.
func startFlux(t *testing.T, c *cluster) *flux {
	t.Helper()
	f := &flux{c}
	for _, name := range []string{"source-controller", "kustomize-controller"} {
		files, err := filepath.Glob(filepath.Join(moduleDir(t, name, "github.com/fluxcd/"+name), "config", "crd", "bases", "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no definitions of %s: %v", name, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c.apply(t, string(data))
		}
	}
	c.apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n")
	for _, folder := range []string{"tmp", "artifacts"} {
		if err := os.Mkdir(filepath.Join(c.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"KUBECONFIG=" + c.kubeconfig, "RUNTIME_NAMESPACE=flux-system", "TMPDIR=" + filepath.Join(c.dir, "tmp")}
	start(t, c.dir, place(t, "source-controller"), env, "--watch-all-namespaces", "--enable-leader-election=false", "--events-addr=",
		"--storage-path="+filepath.Join(c.dir, "artifacts"), "--storage-addr=127.0.0.1:9090", "--storage-adv-addr=127.0.0.1:9090",
		"--metrics-addr=127.0.0.1:8081", "--health-addr=127.0.0.1:9441")
	start(t, c.dir, place(t, "kustomize-controller"), env, "--watch-all-namespaces", "--enable-leader-election=false", "--events-addr=",
		"--requeue-dependency=2s", "--metrics-addr=127.0.0.1:8082", "--health-addr=127.0.0.1:9442")
	c.apply(t, `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 10m, url: "`+gitURL+`", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec:
  interval: 10m
  retryInterval: 2s
  path: ./clusters/prod
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
`)
	return f
}

// fetch makes Flux look at the repository now.
func (f *flux) fetch(t *testing.T) {
	t.Helper()
	patch := `{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"` + time.Now().Format(time.RFC3339Nano) + `"}}}`
	_, err := f.objects.Resource(repositories).Namespace("flux-system").Patch(t.Context(), "flux-system", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// reconciled waits until every Kustomization is ready at a commit, and the number of them is as given.
func (f *flux) reconciled(t *testing.T, commit string, number int) {
	t.Helper()
	f.fetch(t)
	eventually(t, wait, "reconciled", func(ctx context.Context) error {
		list, err := f.kustomizations(ctx)
		if err != nil {
			return err
		}
		for i := range list {
			if ready, why := condition(&list[i], "Ready"); ready != "True" {
				return fail("%s: %s", list[i].GetName(), why)
			}
			if at, _, _ := unstructured.NestedString(list[i].Object, "status", "lastAppliedRevision"); !strings.HasSuffix(at, commit) {
				return fail("%s is at %s", list[i].GetName(), at)
			}
		}
		if len(list) != number {
			return fail("%d Kustomizations, want %d", len(list), number)
		}
		return nil
	})
}

func (f *flux) kustomizations(ctx context.Context) ([]unstructured.Unstructured, error) {
	list, err := f.objects.Resource(kustomizations).Namespace("flux-system").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
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
