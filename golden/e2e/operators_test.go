//go:build e2e && real

package e2e

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// operators stands for the pods of all operators, which do not run: it answers their webhooks, at every address of a Service, as long
// as a Deployment behind that Service is available; it gives the webhooks the authority of its certificates, as cert-manager does, and says of
// custom resources what their controllers say once they took them.
type operators struct {
	*cluster
	webhook *webhook
}

// serveOperators takes all addresses of Services.
func serveOperators(t *testing.T, c *cluster) {
	t.Helper()
	o := &operators{cluster: c, webhook: newWebhook(t)}
	output(t, c.dir, nil, "ip", "route", "add", "local", "10.96.0.0/16", "dev", "lo")
	listener, err := net.Listen("tcp", ":443")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(o.webhook.review), TLSConfig: &tls.Config{GetCertificate: o.certificate}}
	served, watched, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() { defer close(served); _ = server.ServeTLS(listener, "", "") }()
	go func() { defer close(watched); o.inject(t, ended) }()
	t.Cleanup(func() {
		close(ended)
		_ = server.Close()
		<-served
		<-watched
		output(t, c.dir, nil, "ip", "route", "del", "local", "10.96.0.0/16", "dev", "lo")
	})
}

// certificate is one for the Service that is asked, when its pods are ready.
func (o *operators) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name, namespace, found := strings.Cut(strings.TrimSuffix(hello.ServerName, ".svc"), ".")
	if !found {
		return nil, fmt.Errorf("no Service %s", hello.ServerName)
	}
	service := o.record.object("/Service/" + namespace + "/" + name)
	if service == nil {
		return nil, fmt.Errorf("no Service %s/%s", namespace, name)
	}
	selector, _, _ := unstructured.NestedStringMap(service.Object, "spec", "selector")
	for _, object := range o.record.kind("apps/Deployment/" + namespace + "/") {
		pods, _, _ := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "labels")
		if available, _ := condition(object, "Available"); available == "True" && labels.SelectorFromSet(selector).Matches(labels.Set(pods)) {
			return o.webhook.signed(hello.ServerName)
		}
	}
	return nil, fmt.Errorf("no pod of Service %s/%s is ready", namespace, name)
}

// inject gives every webhook the authority, whenever it is written.
func (o *operators) inject(t *testing.T, ended chan struct{}) {
	for {
		grown := o.record.more()
		for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
			for _, object := range o.record.kind("admissionregistration.k8s.io/" + kind + "//") {
				if err := o.trust(t, object); err != nil {
					t.Errorf("%s: %v", object.GetName(), err)
				}
			}
		}
		for _, a := range answers() {
			for _, object := range o.record.kind(a.resource.Group + "/" + a.kind + "/") {
				if err := o.accept(t, object, a); err != nil {
					t.Errorf("%s: %v", object.GetName(), err)
				}
			}
		}
		select {
		case <-grown:
		case <-ended:
			return
		}
	}
}

// answer is what a controller says of an object of a kind that it took: engines wait for it.
type answer struct {
	resource  schema.GroupVersionResource
	kind      string
	condition string // that becomes True
	phase     string // of the status, if it has one
}

func answers() []answer {
	of := func(group, kind, condition, phase string) answer {
		plural := strings.ToLower(kind) + "s"
		if strings.HasSuffix(kind, "s") {
			plural = strings.ToLower(kind) + "es"
		}
		return answer{schema.GroupVersionResource{Group: group, Version: "v1", Resource: plural}, kind, condition, phase}
	}
	return []answer{
		of("gateway.networking.k8s.io", "GatewayClass", "Accepted", ""),
		of("cert-manager.io", "Issuer", "Ready", ""),
		of("cert-manager.io", "ClusterIssuer", "Ready", ""),
		of("cert-manager.io", "Certificate", "Ready", ""),
		of("postgresql.cnpg.io", "Cluster", "Ready", "Cluster in healthy state"),
	}
}

// accept says of an object that its controller took it, as it is now.
func (o *operators) accept(t *testing.T, object *unstructured.Unstructured, a answer) error {
	if status, _ := condition(object, a.condition); status == "True" || object.GetDeletionTimestamp() != nil {
		return nil
	}
	said := map[string]any{"conditions": []any{map[string]any{
		"type": a.condition, "status": "True", "reason": "Taken", "message": "taken by the test", "observedGeneration": object.GetGeneration(),
		"lastTransitionTime": time.Now().UTC().Format(time.RFC3339),
	}}}
	if a.phase != "" {
		said["phase"] = a.phase
	}
	data, err := json.Marshal(map[string]any{"status": said})
	if err != nil {
		return err
	}
	_, err = o.objects.Resource(a.resource).Namespace(object.GetNamespace()).
		Patch(t.Context(), object.GetName(), types.MergePatchType, data, metav1.PatchOptions{FieldManager: "operators"}, "status")
	if apierrors.IsNotFound(err) || errors.Is(err, t.Context().Err()) {
		return nil
	}
	return err
}

func (o *operators) trust(t *testing.T, object *unstructured.Unstructured) error {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value string `json:"value"`
	}
	var patch []operation
	hooks, _, _ := unstructured.NestedSlice(object.Object, "webhooks")
	for n, hook := range hooks {
		hook, _ := hook.(map[string]any)
		if bundle, _, _ := unstructured.NestedString(hook, "clientConfig", "caBundle"); bundle != o.webhook.authority {
			patch = append(patch, operation{"add", fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", n), o.webhook.authority})
		}
	}
	if len(patch) == 0 {
		return nil
	}
	data, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	resource := schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: strings.ToLower(object.GetKind()) + "s"}
	_, err = o.objects.Resource(resource).Patch(t.Context(), object.GetName(), types.JSONPatchType, data, metav1.PatchOptions{FieldManager: "operators"})
	if errors.Is(err, t.Context().Err()) {
		return nil
	}
	return err
}

// kind are the objects whose keys begin so.
func (j *record) kind(prefix string) []*unstructured.Unstructured {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	var all []*unstructured.Unstructured
	for _, key := range slices.Sorted(maps.Keys(j.live)) {
		if strings.HasPrefix(key, prefix) {
			all = append(all, j.live[key])
		}
	}
	return all
}

// more is closed when the record has grown.
func (j *record) more() chan struct{} {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.grown
}
