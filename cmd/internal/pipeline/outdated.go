package pipeline

import (
	"context"
	"fmt"
	"slices"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// Outdated is one instance that could be newer.
type Outdated struct {
	Cluster  string `json:"cluster"`
	Instance string `json:"instance"`
	Package  string `json:"package"`
	Version  string `json:"version"`
	Allowed  string `json:"allowed"` // what 'gkops upgrade' would choose
	Newest   string `json:"newest"`  // the newest stable one of its registry
	Registry string `json:"registry"`
	// Against is what speaks against Newest where it is not Allowed, as far as facts say it: "does not fit Kubernetes 1.33".
	Against []string `json:"against,omitempty"`
	// Next are the steps after Allowed, in order, where a version cannot be reached at once. Withdrawn is why Version was.
	Next      []string `json:"next,omitempty"`
	Withdrawn string   `json:"withdrawn,omitempty"`
}

// Outdated lists the instances that are not at the newest version, by cluster and name. The packages of downgrade may be moved to a
// lower version to let others move. A locked version that was withdrawn is warned about, whether there is a newer one or not.
func (p *Project) Outdated(ctx context.Context, cluster string, downgrade []string) ([]Outdated, error) {
	if err := knownCluster(p.workspace, cluster); err != nil {
		return nil, err
	}
	found := []Outdated{}
	for _, c := range p.workspace.Clusters {
		held := p.locks[c.Name]
		if held == nil || cluster != "" && c.Name != cluster {
			continue
		}
		plan, err := resolver.Solve(ctx, p.offersTo(p.workspace, c.Name), p.problem(p.workspace, c.Name, held, Edit{MoveAll: true, AllowDowngrade: downgrade}))
		if err != nil {
			return nil, inCluster(p.workspace, c.Name, err)
		}
		for _, i := range held.Instances {
			chosen := plan.Instance(i.Name)
			if chosen == nil || i.Removal != nil {
				continue
			}
			one, err := p.outdated(ctx, c, i, *chosen)
			if err != nil {
				return nil, err
			}
			if newer(i.Version, one.Newest) || newer(i.Version, one.Allowed) {
				found = append(found, one)
			}
		}
	}
	return found, nil
}

// outdated compares an instance with what would be chosen for it.
func (p *Project) outdated(ctx context.Context, cluster workspace.Cluster, i lock.Instance, chosen resolver.Chosen) (Outdated, error) {
	one := Outdated{
		Cluster: cluster.Name, Instance: i.Name, Package: i.Package, Version: i.Version,
		Allowed: chosen.Version.String(), Newest: chosen.Newest.String(), Registry: i.Registry,
	}
	for _, v := range chosen.Next {
		one.Next = append(one.Next, v.String())
	}
	var err error
	if !chosen.Newest.Equal(chosen.Version) {
		if one.Against, err = p.against(ctx, i.Registry, i.Package, chosen.Newest, cluster.Kubernetes); err != nil {
			return Outdated{}, err
		}
	}
	if one.Withdrawn, err = p.withdrawn(ctx, i); err != nil {
		return Outdated{}, err
	}
	if one.Withdrawn != "" {
		p.world.Warn(fmt.Sprintf("warning: %s: %s %s was withdrawn: %s", cluster.Name, i.Name, i.Version, one.Withdrawn))
	}
	return one, nil
}

// against is what facts say against a version in a cluster with this version of Kubernetes.
func (p *Project) against(ctx context.Context, registry, pkg string, v catalog.Version, kubernetes string) ([]string, error) {
	cluster, err := catalog.ParseKubernetes(kubernetes)
	if err != nil {
		return nil, err
	}
	known, _, err := p.registries.Known(ctx, registry, pkg, v)
	if err != nil {
		return nil, err
	}
	var reasons []string
	unfit := func(d catalog.StatedRange) bool { return !d.Range.Allows(cluster) }
	if slices.ContainsFunc(known.Kubernetes(cluster), unfit) {
		reasons = append(reasons, "does not fit Kubernetes "+kubernetes)
	}
	if known.Prerelease() != "" {
		reasons = append(reasons, "is a prerelease")
	}
	if known.Deprecated() != "" {
		reasons = append(reasons, "is deprecated")
	}
	return reasons, nil
}
