//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// minors are the oldest and the newest Kubernetes that can be built.
var minors = [...]string{"1.30", "1.37"}

// One story for each minor: a set of packages is installed, upgraded, broken, mended, extended and taken out, as a team would do it.
func TestFlux(t *testing.T) {
	for _, minor := range minors {
		t.Run("kubernetes "+minor, func(t *testing.T) { tell(t, minor) })
	}
}

func tell(t *testing.T, minor string) {
	c := startCluster(t, minor)
	hook := newWebhook(t)
	hook.serve(t, c)
	w := newWorkspace(t)
	w.gkops(t, "init", "--engine", "flux", "--cluster", "prod", "--kubernetes", minor, "--registry", "test="+registry(t, hook.authority),
		"--entry", "clusters/prod")
	w.commit(t, "Make a workspace")
	w.gkops(t, "add", "shop@1.0.0", "keys@1.0.0", "--commit")
	commit := w.push(t)
	f := startFlux(t, c)

	f.reconciled(t, commit, 7)
	c.createdInOrder(t, "apiextensions.k8s.io/customresourcedefinitions/keypairs.keys.test", "deployments/keys/keys",
		"keys.test/keypairs/keys/default", "keys.test/keypairs/shop/session")
	c.createdInOrder(t, "keys.test/keypairs/keys/default", "deployments/shop/shop")
	if hook.reviews.Load() < 2 {
		t.Errorf("the webhook saw %d objects, want both keys", hook.reviews.Load())
	}
	if text := c.text(t, "shop", "shop"); text != "${HOME} and $${x} in one" {
		t.Errorf("the text arrived as %q", text)
	}
	first := c.uids(t)

	w.gkops(t, "add", "keys@1.1.0", "shop@1.1.0", "--commit")
	f.reconciled(t, w.push(t), 7)
	f.changedInOrder(t, "apiextensions.k8s.io/customresourcedefinitions/keypairs.keys.test", "keys.test/keypairs/keys/default",
		"keys.test/keypairs/shop/session")
	c.kept(t, first)

	w.gkops(t, "add", "keys@1.2.0", "--commit")
	w.push(t)
	f.heldBack(t)
}

// text is the entry "text" of a ConfigMap.
func (c *cluster) text(t *testing.T, namespace, name string) string {
	t.Helper()
	object, err := c.object(t.Context(), "v1", "ConfigMap", namespace, name)
	if err != nil || object == nil {
		t.Fatalf("no ConfigMap %s/%s: %v", namespace, name, err)
	}
	data, _ := object.Object["data"].(map[string]any)
	text, _ := data["text"].(string)
	return text
}

// tested are the objects of the packages that must never be deleted and created again.
var tested = [...]struct{ apiVersion, kind, namespace, name string }{
	{"apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "keypairs.keys.test"},
	{"v1", "Namespace", "", "keys"},
	{"v1", "Namespace", "", "shop"},
	{"apps/v1", "Deployment", "keys", "keys"},
	{"keys.test/v1", "KeyPair", "keys", "default"},
	{"keys.test/v1", "KeyPair", "shop", "session"},
	{"apps/v1", "Deployment", "shop", "shop"},
	{"v1", "ConfigMap", "shop", "shop"},
}

// live are the tested objects as they are in the cluster.
func (c *cluster) live(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for _, o := range tested {
		object, err := c.object(t.Context(), o.apiVersion, o.kind, o.namespace, o.name)
		if err != nil || object == nil {
			t.Fatalf("no %s %s/%s: %v", o.kind, o.namespace, o.name, err)
		}
		all = append(all, object)
	}
	return all
}

// uids are the identities of the tested objects.
func (c *cluster) uids(t *testing.T) []types.UID {
	t.Helper()
	var all []types.UID
	for _, object := range c.live(t) {
		all = append(all, object.GetUID())
	}
	return all
}

// generations count the changes of what the tested objects are to be, whatever their status.
func (c *cluster) generations(t *testing.T) []int64 {
	t.Helper()
	var all []int64
	for _, object := range c.live(t) {
		all = append(all, object.GetGeneration())
	}
	return all
}

// kept fails the test when one of the tested objects was deleted and created again.
func (c *cluster) kept(t *testing.T, before []types.UID) {
	t.Helper()
	for i, uid := range c.uids(t) {
		if uid != before[i] {
			t.Errorf("%s %s/%s was deleted and created again", tested[i].kind, tested[i].namespace, tested[i].name)
		}
	}
}

// changedInOrder fails the test unless these objects were changed one after the other.
func (f *flux) changedInOrder(t *testing.T, keys ...string) {
	t.Helper()
	found := f.find(t, keys...)
	for i := 1; i < len(found); i++ {
		if found[i].change <= found[i-1].change {
			t.Errorf("%s (revision %d) was changed before %s (revision %d)", found[i].key, found[i].change, found[i-1].key, found[i-1].change)
		}
	}
}

// heldBack waits until the broken operator has failed, and proves that what needs it was not touched.
func (f *flux) heldBack(t *testing.T) {
	t.Helper()
	before := f.generations(t)
	f.fetch(t)
	eventually(t, wait, "held back", func(ctx context.Context) error {
		list, err := f.kustomizations(ctx)
		if err != nil {
			return err
		}
		for i := range list {
			status, why := condition(&list[i], "Ready")
			if list[i].GetName() == "keys-core" && status == "False" && strings.Contains(why, "selector") {
				return nil
			}
		}
		return fail("keys-core has not failed")
	})
	time.Sleep(4 * time.Second) // twice the time after which Flux asks again whether a dependency is ready
	for i, generation := range f.generations(t) {
		if generation != before[i] {
			t.Errorf("%s %s/%s was changed although keys-core failed", tested[i].kind, tested[i].namespace, tested[i].name)
		}
	}
}
