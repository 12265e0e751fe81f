package pipeline

import (
	"errors"
	"testing"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/resolver/catalog"
)

func TestKeepsOwners(t *testing.T) {
	locked := func(file string, wave int) *lock.Lock {
		return &lock.Lock{Cluster: "prod", Engine: "flux", Files: map[string]catalog.Digest{file: "sha256:"}, Instances: []lock.Instance{
			{Name: "web", Parts: []lock.Part{{Name: "core", Wave: wave}}},
		}}
	}
	argocd := func(l *lock.Lock) *lock.Lock { l.Engine = "argocd"; return l }
	perPart, perLayer := "flux/web-core.yaml", "flux/gkops-prod-layer-10.yaml"
	for _, c := range []struct {
		name, engine, granularity string
		committed, fresh          *lock.Lock
		refused                   bool
	}{
		{"the first render", "flux", "layer", nil, locked(perLayer, 10), false},
		{"parts may change their layer", "flux", "", locked(perPart, 10), locked(perPart, 20), false},
		{"to layers", "flux", "layer", locked(perPart, 10), locked(perLayer, 10), true},
		{"from layers", "flux", "", locked(perLayer, 10), locked(perPart, 10), true},
		{"layers stay", "flux", "layer", locked(perLayer, 10), locked(perLayer, 10), false},
		{"a part changes its layer", "flux", "layer", locked(perLayer, 10), locked(perLayer, 20), true},
		{"Argo CD keeps objects", "argocd", "", argocd(locked("argocd/application.yaml", 10)), locked("argocd/application.yaml", 20), false},
	} {
		err := keepsOwners(render.Cluster{Engine: c.engine, Granularity: c.granularity}, c.committed, c.fresh)
		var owner *OwnerError
		if errors.As(err, &owner) != c.refused {
			t.Errorf("%s: %v, want refused %v", c.name, err, c.refused)
		}
	}
}

func TestKeepsEngine(t *testing.T) {
	held := &lock.Lock{Cluster: "prod", Engine: "flux", Instances: []lock.Instance{{Name: "web"}}}
	var engine *EngineError
	if err := keepsOwners(render.Cluster{Name: "prod", Engine: "argocd"}, held, held); !errors.As(err, &engine) {
		t.Errorf("another engine: %v", err)
	}
	held.Instances = nil
	if err := keepsOwners(render.Cluster{Name: "prod", Engine: "argocd"}, held, held); err != nil {
		t.Errorf("another engine of an empty cluster: %v", err)
	}
}
