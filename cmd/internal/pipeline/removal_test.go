package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/gitops/lock"
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
		left, notices := leaving(held, held, nil, n > 0)
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
	left, notices := leaving(held, held, nil, true)
	if told(left) != "db guarded" || !strings.Contains(notices[0], "statefulset.apps_db_db") {
		t.Fatalf("the first step leaves %q and says %q", told(left), notices)
	}
	held = rendered(held, left)
	left, notices = leaving(held, held, nil, true)
	if len(left) != 0 || !strings.Contains(notices[0], "kubectl delete statefulset.apps db -n db") {
		t.Fatalf("the second step leaves %q and says %q", told(left), notices)
	}
}

func TestRemovalWaitsForTheCommit(t *testing.T) {
	committed := &lock.Lock{Instances: []lock.Instance{operator("app")}}
	left, _ := leaving(committed, committed, nil, true)
	held := rendered(committed, left)
	again, notices := leaving(held, committed, nil, true)
	if told(again) != told(left) || !strings.Contains(notices[0], "commit the last step") {
		t.Errorf("before the commit: %q after %q, %q", told(again), told(left), notices)
	}
}

func TestRemovalOfWhatNoCommitHolds(t *testing.T) {
	held := &lock.Lock{Instances: []lock.Instance{operator("app")}}
	if left, _ := leaving(held, &lock.Lock{}, nil, false); len(left) != 0 {
		t.Errorf("left %q", told(left))
	}
}

func TestRemovalGoesOnOnlyWhenAsked(t *testing.T) {
	held := &lock.Lock{Instances: []lock.Instance{operator("app")}}
	left, _ := leaving(held, held, nil, false)
	held = rendered(held, left)
	if again, _ := leaving(held, held, nil, false); told(again) != told(left) {
		t.Errorf("another command went on to %q", told(again))
	}
}
