package pipeline

import (
	"fmt"
	"strconv"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render"
)

// OwnerError says that a change would hand objects that a cluster has from one Flux Kustomization to another. Flux deletes and
// re-creates what moves so, with all that hangs on a CRD or a volume.
type OwnerError struct{ What string }

// Error says what would move.
func (e *OwnerError) Error() string {
	return e.What + ": Flux would delete the objects that the cluster has and create them again"
}

// Hint says what to do.
func (e *OwnerError) Hint() string {
	return "leave granularity as it is; a new cluster, with a name of its own in gkops.yaml, may have another"
}

// EngineError says that a cluster would get another engine in one commit. The old one finds its objects gone and deletes what they
// applied.
type EngineError struct{ Cluster, Was, Now string }

// Error names the cluster and both engines.
func (e *EngineError) Error() string {
	return fmt.Sprintf("engine changes from %s to %s: cluster %s would lose what %s has applied", e.Was, e.Now, e.Cluster, e.Was)
}

// Hint says what to do.
func (e *EngineError) Hint() string {
	return "keep the engine; another one takes over in a repository, or for a cluster, of its own while the old one is suspended"
}

// keepsOwners checks that nothing that HEAD holds changes its Kustomization: not all objects, by another granularity, and with a
// Kustomization per layer not those of a part that changes its layer.
func keepsOwners(target render.Cluster, committed, fresh *lock.Lock) error {
	if committed == nil || len(committed.Instances) == 0 {
		return nil
	}
	if committed.Engine != target.Engine {
		return &EngineError{Cluster: target.Name, Was: committed.Engine, Now: target.Engine}
	}
	if target.Engine != render.Flux {
		return nil
	}
	layered := target.Granularity == render.LayerGranularity
	if ownedByLayer(committed) != layered {
		return &OwnerError{What: "granularity changes"}
	}
	if !layered {
		return nil
	}
	for _, i := range committed.Instances {
		for _, part := range i.Parts {
			if now := partOf(fresh, i.Name, part.Name); now != nil && now.Wave != part.Wave {
				return &OwnerError{What: fmt.Sprintf("%s/%s moves from layer %d to %d", i.Name, part.Name, part.Wave, now.Wave)}
			}
		}
	}
	return nil
}

// ownedByLayer reports whether a lock has a Flux Kustomization per layer.
func ownedByLayer(l *lock.Lock) bool {
	for name := range l.Files {
		_, number, layered := strings.Cut(strings.TrimSuffix(name, ".yaml"), "-layer-")
		if _, err := strconv.Atoi(number); layered && err == nil && strings.HasPrefix(name, "flux/gkops-") {
			return true
		}
	}
	return false
}

func partOf(l *lock.Lock, instance, name string) *lock.Part {
	i := l.Instance(instance)
	if i == nil {
		return nil
	}
	for n := range i.Parts {
		if i.Parts[n].Name == name {
			return &i.Parts[n]
		}
	}
	return nil
}
