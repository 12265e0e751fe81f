package workspace

import (
	"maps"
	"slices"

	"github.com/fluxcd/pkg/apis/kustomize"
)

// Effective is what one cluster asks for: the workspace's packages in their order, with what the cluster's entries of the same
// instance name set over them, and then what only the cluster lists. A cluster that is not in the workspace gets the workspace's.
func (w *Workspace) Effective(cluster string) []Package {
	packages := make([]Package, 0, len(w.Packages))
	place := map[string]int{}
	for n, p := range w.Packages {
		packages = append(packages, p.override(Package{}))
		place[p.Instance()] = n
	}
	for _, c := range w.Clusters {
		if c.Name != cluster {
			continue
		}
		for _, p := range c.Packages {
			if n, both := place[p.Instance()]; both {
				packages[n] = packages[n].override(p)
				continue
			}
			packages = append(packages, p.override(Package{}))
		}
	}
	return packages
}

// AllValues are the values of the entry over those of its files.
func (p Package) AllValues() map[string]any { return deep(p.FromFiles, p.Values) }

// override is a copy of p with what over sets: single fields replace, values and labels go key by key, a value drops the
// reference of the same name and the reverse, patches come after, an image replaces the one of the same name.
func (p Package) override(over Package) Package {
	for _, field := range []struct{ into, from *string }{
		{&p.Namespace, &over.Namespace}, {&p.Version, &over.Version}, {&p.Registry, &over.Registry}, {&p.where, &over.where},
	} {
		if *field.from != "" {
			*field.into = *field.from
		}
	}
	p.Values, p.ValuesFrom = exclusive(p.Values, over.ValuesFrom), exclusive(p.ValuesFrom, over.Values)
	p.Values, p.ValuesFrom = deep(p.Values, over.Values), joined(p.ValuesFrom, over.ValuesFrom)
	p.ValuesFiles = append(slices.Clip(slices.Clone(p.ValuesFiles)), over.ValuesFiles...)
	p.FromFiles = deep(p.FromFiles, over.FromFiles)
	if over.Mode != "" {
		p.Mode = over.Mode
	}
	p.Labels = joined(p.Labels, over.Labels)
	p.Patches = append(slices.Clip(slices.Clone(p.Patches)), over.Patches...)
	images := slices.DeleteFunc(slices.Clone(p.Images), func(i kustomize.Image) bool {
		return slices.ContainsFunc(over.Images, func(o kustomize.Image) bool { return o.Name == i.Name })
	})
	p.Images = append(images, over.Images...)
	return p
}

// exclusive is a copy without the keys of another map.
func exclusive[V, W any](m map[string]V, without map[string]W) map[string]V {
	m = maps.Clone(m)
	for key := range without {
		delete(m, key)
	}
	return m
}

// deep is a copy with the entries of another map over it, mappings key by key; nil when there are none.
func deep(m, over map[string]any) map[string]any {
	all := joined(m, over)
	for key, value := range over {
		below, wasMap := m[key].(map[string]any)
		above, isMap := value.(map[string]any)
		if wasMap && isMap {
			all[key] = deep(below, above)
		}
	}
	return all
}

// joined is a copy with the entries of another map over it, nil when there are none.
func joined[V any](m, over map[string]V) map[string]V {
	if len(m)+len(over) == 0 {
		return nil
	}
	all := make(map[string]V, len(m)+len(over))
	maps.Copy(all, m)
	maps.Copy(all, over)
	return all
}
