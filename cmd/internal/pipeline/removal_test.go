package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render/order/simulate"
	"gkops.dev/gkops/resolver/catalog"
)

// operator is a locked instance with all three parts; its CRD and a StatefulSet hold data.
func operator(name string, requires ...string) lock.Instance {
	part := func(part string, files ...string) lock.Part {
		all := map[string]catalog.Digest{"kustomization.yaml": "sha256:"}
		for _, f := range files {
			all[f] = "sha256:"
		}
		return lock.Part{Name: part, Files: all}
	}
	return lock.Instance{Name: name, Requires: requires, Parts: []lock.Part{
		part("config", "keypolicy.keys.example.dev_default.yaml"),
		part("core", "deployment.apps_keys_operator.yaml", "statefulset.apps_keys_store.yaml"),
		part("crds", "customresourcedefinition.apiextensions.k8s.io_keypolicies.keys.example.dev.yaml"),
	}}
}

// leave takes a step of all removals. The files of parts stand for the objects that their names say.
func leave(t *testing.T, held, committed *lock.Lock, advance bool, purge ...string) ([]lock.Instance, []string) {
	t.Helper()
	r := removals{held: held, committed: committed, advance: advance, purge: purge,
		objects: func(_ string, p lock.Part) ([]*simulate.Object, error) {
			var objects []*simulate.Object
			for _, file := range slices.Sorted(maps.Keys(p.Files)) {
				if file == "kustomization.yaml" {
					continue
				}
				o, err := simulate.ReadObject(file, objectOf(file))
				if err != nil {
					return nil, err
				}
				objects = append(objects, o)
			}
			return objects, nil
		},
		resources: func(group, kind string) ([]string, error) {
			return []string{"apps/own.yaml", "apps/own.yaml", "gkops/prod/packages/other/core/x.yaml"}, nil
		},
	}
	left, notices, err := r.leaving(nil)
	if err != nil {
		t.Fatal(err)
	}
	return left, notices
}

// objectOf writes the object that a file is named for.
func objectOf(file string) []byte {
	fields := strings.Split(strings.TrimSuffix(file, ".yaml"), "_")
	kinds := map[string]string{
		"customresourcedefinition.apiextensions.k8s.io": "apiextensions.k8s.io/v1 CustomResourceDefinition", "deployment.apps": "apps/v1 Deployment",
		"statefulset.apps": "apps/v1 StatefulSet", "service": "v1 Service", "keypolicy.keys.example.dev": "keys.example.dev/v1 KeyPolicy",
	}
	version, kind, _ := strings.Cut(kinds[fields[0]], " ")
	text := "apiVersion: " + version + "\nkind: " + kind + "\nmetadata:\n  name: " + fields[len(fields)-1] + "\n"
	if len(fields) == 3 {
		text += "  namespace: " + fields[1] + "\n"
	}
	if kind == "CustomResourceDefinition" {
		text += "spec:\n  group: keys.example.dev\n  names:\n    kind: KeyPolicy\n    plural: keypolicies\n"
	}
	return []byte(text)
}

// TestRemovalStepByStep removes an operator and what it alone needed, committing after each step, and tells what Git still has.
func TestRemovalStepByStep(t *testing.T) {
	held := &lock.Lock{Instances: []lock.Instance{operator("app", "base"), operator("base")}}
	want := []string{
		"app withdrawn [config]; base guarded",
		"app withdrawn [config core]; base guarded",
		"base guarded",
		"base withdrawn [config]",
		"base withdrawn [config core]",
		"",
	}
	for n, expected := range want {
		left, notices := leave(t, held, held, n > 0)
		if len(notices) == 0 {
			t.Errorf("step %d says nothing", n+1)
		}
		if got := told(left); got != expected {
			t.Fatalf("step %d leaves %q, want %q", n+1, got, expected)
		}
		held = rendered(held, left)
	}
}

// rendered is the lock after a step: what is left, with those of its parts that are not withdrawn.
func rendered(held *lock.Lock, left []lock.Instance) *lock.Lock {
	next := &lock.Lock{}
	for _, i := range left {
		if i.Parts != nil {
			panic("the render says what is left of the parts")
		}
		i.Parts = slices.DeleteFunc(slices.Clone(held.Instance(i.Name).Parts), func(p lock.Part) bool {
			return slices.Contains(i.Removal.Withdrawn, p.Name)
		})
		next.Instances = append(next.Instances, i)
	}
	return next
}

func told(left []lock.Instance) string {
	var all []string
	for _, i := range left {
		text := i.Name + " guarded"
		if len(i.Removal.Withdrawn) > 0 {
			text = fmt.Sprintf("%s withdrawn %v", i.Name, i.Removal.Withdrawn)
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

func TestRemovalGuardsDataFirst(t *testing.T) {
	database := lock.Instance{Name: "db", Parts: []lock.Part{{Name: "core", Files: map[string]catalog.Digest{
		"statefulset.apps_db_db.yaml": "sha256:", "service_db_db.yaml": "sha256:"}}}}
	held := &lock.Lock{Instances: []lock.Instance{database}}
	left, notices := leave(t, held, held, true)
	if told(left) != "db guarded" || !strings.Contains(notices[0], "StatefulSet db/db (apps/v1)") {
		t.Fatalf("the first step leaves %q and says %q", told(left), notices)
	}
	held = rendered(held, left)
	left, notices = leave(t, held, held, true)
	if len(left) != 0 || !strings.Contains(notices[0], "kubectl delete statefulset.apps db -n db") {
		t.Fatalf("the second step leaves %q and says %q", told(left), notices)
	}
}

func TestRemovalWaitsForTheCommit(t *testing.T) {
	committed := &lock.Lock{Instances: []lock.Instance{operator("app")}}
	left, _ := leave(t, committed, committed, true)
	held := rendered(committed, left)
	again, notices := leave(t, held, committed, true)
	if told(again) != told(left) || !strings.Contains(notices[0], "commit the last step") {
		t.Errorf("before the commit: %q after %q, %q", told(again), told(left), notices)
	}
}

func TestRemovalOfWhatNoCommitHolds(t *testing.T) {
	held := &lock.Lock{Instances: []lock.Instance{operator("app")}}
	if left, _ := leave(t, held, &lock.Lock{}, false); len(left) != 0 {
		t.Errorf("left %q", told(left))
	}
}

func TestRemovalGoesOnOnlyWhenAsked(t *testing.T) {
	held := &lock.Lock{Instances: []lock.Instance{operator("app")}}
	left, _ := leave(t, held, held, false)
	held = rendered(held, left)
	if again, _ := leave(t, held, held, false); told(again) != told(left) {
		t.Errorf("another command went on to %q", told(again))
	}
}

// TestPurgeStepByStep: the data is guarded until one revision says that the next deletes it.
func TestPurgeStepByStep(t *testing.T) {
	held := &lock.Lock{Instances: []lock.Instance{operator("app")}}
	want := []struct{ left, says string }{
		{"app withdrawn [config]", "kubectl get keypolicies.keys.example.dev -A"},
		{"app withdrawn [config], announced", "StatefulSet keys/store (apps/v1)"},
		{"app withdrawn [config core], announced", "the engine deletes, with all data"},
		{"", "with it 3 custom resources of this repository, apps/own.yaml, gkops/prod/packages/other/core/x.yaml"},
	}
	for n, w := range want {
		left, notices := leave(t, held, held, true, "app")
		got := told(left)
		if len(left) > 0 && left[0].Removal.Announced {
			got += ", announced"
		}
		if got != w.left || !strings.Contains(notices[0], w.says) {
			t.Fatalf("step %d leaves %q and says %q, want %q and %q", n+1, got, notices, w.left, w.says)
		}
		for _, i := range left {
			if i.Removal.Guarded == i.Removal.Announced {
				t.Errorf("step %d: guarded %v and announced %v", n+1, i.Removal.Guarded, i.Removal.Announced)
			}
		}
		held = rendered(held, left)
	}
}

// TestPurgeOfWhatIsGuarded: a removal that was to keep the data, and is not any more, lifts the guard first.
func TestPurgeOfWhatIsGuarded(t *testing.T) {
	held := &lock.Lock{Instances: []lock.Instance{operator("app")}}
	for range 2 {
		left, _ := leave(t, held, held, true)
		held = rendered(held, left)
	}
	left, notices := leave(t, held, held, true, "app")
	if len(left) != 1 || !left[0].Removal.Announced || left[0].Removal.Guarded || len(left[0].Removal.Withdrawn) != 2 {
		t.Errorf("leaves %+v and says %q", left, notices)
	}
}

// TestRemovalLetsCustomResourcesGoFirst: an operator without resources of its own in Git says that there may be some before it goes.
func TestRemovalLetsCustomResourcesGoFirst(t *testing.T) {
	i := operator("app")
	i.Parts = slices.DeleteFunc(i.Parts, func(p lock.Part) bool { return p.Name == "config" })
	delete(i.Parts[0].Files, "statefulset.apps_keys_store.yaml")
	held := &lock.Lock{Instances: []lock.Instance{i}}
	left, notices := leave(t, held, held, true)
	if told(left) != "app guarded" || !strings.Contains(notices[0], "kubectl get keypolicies.keys.example.dev -A") {
		t.Errorf("leaves %q and says %q", told(left), notices)
	}
	held = rendered(held, left)
	if left, _ = leave(t, held, held, true); told(left) != "app withdrawn [core]" {
		t.Errorf("then leaves %q", told(left))
	}
}
