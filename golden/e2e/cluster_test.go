//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"
)

// The places of the servers. The network namespace is the test's own, so nobody else has them.
const (
	etcdURL      = "http://127.0.0.1:2379"
	apiserverURL = "https://127.0.0.1:6443"
	token        = "end-to-end"
)

// cluster is a running control plane.
type cluster struct {
	dir        string // for files of the run
	kubeconfig string
	objects    dynamic.Interface
	mapper     *restmapper.DeferredDiscoveryRESTMapper
	record     *record
}

// startCluster runs a control plane of a Kubernetes minor, with a node whose pods become ready at once.
func startCluster(t *testing.T, minor string) *cluster {
	t.Helper()
	c := startControlPlane(t, minor)
	c.startWorkloads(t, minor)
	return c
}

// startControlPlane runs etcd, whose writes are recorded, and an API server.
func startControlPlane(t *testing.T, minor string) *cluster {
	t.Helper()
	c := &cluster{dir: t.TempDir()}
	died := start(t, c.dir, place(t, "etcd"), nil, "--data-dir", filepath.Join(c.dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", etcdURL, "--advertise-client-urls", etcdURL,
		"--listen-peer-urls", "http://127.0.0.1:2380", "--initial-advertise-peer-urls", "http://127.0.0.1:2380",
		"--initial-cluster", "default=http://127.0.0.1:2380", "--log-level", "error")
	c.record = keep(t)
	c.record.needs(died)
	c.startServer(t, minor)
	c.connect(t)
	eventually(t, wait, "kube-apiserver "+minor+" ready", c.ready)
	return c
}

func (c *cluster) startServer(t *testing.T, minor string) {
	t.Helper()
	key := c.serviceKey(t)
	tokens := c.file(t, "tokens.csv", token+",admin,admin,system:masters\n")
	c.run(t, place(t, "kube-apiserver-"+minor), nil,
		"--storage-media-type=application/json", // so that the record can be read
		"--etcd-servers="+etcdURL, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		"--cert-dir="+filepath.Join(c.dir, "apiserver"), "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file="+key, "--service-account-signing-key-file="+key, "--service-cluster-ip-range=10.96.0.0/16",
		"--token-auth-file="+tokens, "--authorization-mode=AlwaysAllow", "--disable-admission-plugins=ServiceAccount", "--allow-privileged=true")
}

// run runs a program that the cluster needs until the test ends.
func (c *cluster) run(t *testing.T, program string, env []string, args ...string) {
	t.Helper()
	c.record.needs(start(t, c.dir, program, env, args...))
}

// listening waits until a program of the cluster takes connections.
func (c *cluster) listening(t *testing.T, address string) {
	t.Helper()
	eventually(t, wait, address+" open", func(ctx context.Context) error {
		if err := c.record.fault(); err != nil {
			t.Fatal(err)
		}
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			connection.Close()
		}
		return err
	})
}

// startWorkloads runs what turns a Deployment into ready pods.
func (c *cluster) startWorkloads(t *testing.T, minor string) {
	t.Helper()
	c.run(t, place(t, "kube-controller-manager-"+minor), nil, "--kubeconfig="+c.kubeconfig, "--bind-address=127.0.0.1",
		"--cert-dir="+filepath.Join(c.dir, "manager"), "--leader-elect=false",
		"--service-account-private-key-file="+filepath.Join(c.dir, "service.key"))
	c.run(t, place(t, "kube-scheduler-"+minor), nil, "--kubeconfig="+c.kubeconfig, "--bind-address=127.0.0.1",
		"--leader-elect=false", "--cert-dir="+filepath.Join(c.dir, "scheduler"))
	stages := filepath.Join(moduleDir(t, "kwok", "sigs.k8s.io/kwok"), "kustomize", "stage")
	// Without a lease that is renewed, the node is lost after 40 seconds, and no Deployment becomes ready any more.
	args := []string{"--kubeconfig=" + c.kubeconfig, "--manage-all-nodes=true", "--server-address=127.0.0.1:10247", "--node-lease-duration-seconds=40"}
	for _, folder := range []string{"node/fast", "node/heartbeat-with-lease", "pod/fast"} {
		files, err := filepath.Glob(filepath.Join(stages, folder, "*.yaml"))
		if err != nil || len(files) < 2 {
			t.Fatalf("no stages in %s: %v", folder, err)
		}
		for _, name := range files {
			if filepath.Base(name) != "kustomization.yaml" {
				args = append(args, "--config="+name)
			}
		}
	}
	c.run(t, place(t, "kwok"), nil, args...)
	c.apply(t, "apiVersion: v1\nkind: Node\nmetadata: {name: node, labels: {kubernetes.io/os: linux}}\n")
}

// serviceKey makes the key that signs tokens of service accounts.
func (c *cluster) serviceKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return c.file(t, "service.key", string(block))
}

func (c *cluster) file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(c.dir, name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// connect makes the clients and the kubeconfig, whose authority is the certificate that the server made for itself.
func (c *cluster) connect(t *testing.T) {
	t.Helper()
	authority := filepath.Join(c.dir, "apiserver", "apiserver.crt")
	eventually(t, wait, "the certificate there", func(context.Context) error {
		_, err := os.Stat(authority)
		return err
	})
	c.kubeconfig = c.file(t, "kubeconfig", fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: it
clusters: [{name: it, cluster: {server: "%s", certificate-authority: "%s"}}]
users: [{name: it, user: {token: %s}}]
contexts: [{name: it, context: {cluster: it, user: it}}]
`, apiserverURL, authority, token))
	config := &rest.Config{Host: apiserverURL, BearerToken: token, QPS: 500, Burst: 500, TLSClientConfig: rest.TLSClientConfig{CAFile: authority},
		WarningHandler: rest.NoWarnings{}}
	var err error
	if c.objects, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
}

// ready reports whether the API server serves.
func (c *cluster) ready(ctx context.Context) error {
	_, err := c.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Get(ctx, "default", metav1.GetOptions{})
	return err
}

// apply applies the objects of a YAML stream, as `kubectl apply --server-side` does.
func (c *cluster) apply(t *testing.T, stream string) {
	t.Helper()
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(stream)), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("decode: %v", err)
		}
		if len(object.Object) == 0 {
			continue
		}
		eventually(t, wait, "applied "+object.GetKind()+" "+object.GetName(), func(ctx context.Context) error {
			place, err := c.resource(object.GroupVersionKind(), object.GetNamespace())
			if err != nil {
				return err
			}
			_, err = place.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: "test", Force: true})
			return err
		})
	}
}

// resource is the collection of a kind.
func (c *cluster) resource(gvk schema.GroupVersionKind, namespace string) (dynamic.ResourceInterface, error) {
	mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		c.mapper.Reset()
		mapping, err = c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	}
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return c.objects.Resource(mapping.Resource), nil
	}
	return c.objects.Resource(mapping.Resource).Namespace(namespace), nil
}

// object reads an object; nil when it is not there.
func (c *cluster) object(ctx context.Context, apiVersion, kind, namespace, name string) (*unstructured.Unstructured, error) {
	place, err := c.resource(schema.FromAPIVersionAndKind(apiVersion, kind), namespace)
	if err != nil {
		return nil, err
	}
	object, err := place.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return object, err
}

// define applies the definitions that the source of a program has, and waits until their kinds are served: a controller that starts before
// that ends.
func (c *cluster) define(t *testing.T, folder, module, pattern string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(moduleDir(t, folder, module), pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no definitions of %s: %v", module, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c.apply(t, string(data))
		c.serves(t, data)
	}
}

// serves waits until every version of a definition is served.
func (c *cluster) serves(t *testing.T, definition []byte) {
	t.Helper()
	var defined struct {
		Spec struct {
			Group    string
			Names    struct{ Kind, Plural string }
			Versions []struct {
				Name   string
				Served bool
			}
		}
	}
	if err := yaml.Unmarshal(definition, &defined); err != nil {
		t.Fatal(err)
	}
	for _, version := range defined.Spec.Versions {
		if !version.Served {
			continue
		}
		kind := schema.GroupVersionKind{Group: defined.Spec.Group, Version: version.Name, Kind: defined.Spec.Names.Kind}
		eventually(t, wait, "served "+kind.String(), func(ctx context.Context) error {
			c.mapper.Reset()
			if _, err := c.resource(kind, ""); err != nil {
				return err
			}
			_, err := c.objects.Resource(kind.GroupVersion().WithResource(defined.Spec.Names.Plural)).List(ctx, metav1.ListOptions{Limit: 1})
			return err
		})
	}
}
