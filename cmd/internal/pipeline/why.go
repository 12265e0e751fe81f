package pipeline

import (
	"context"
	"fmt"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// Reason is why an instance is in a cluster: chains of requests, each from the workspace to the instance.
type Reason struct {
	Cluster  string   `json:"cluster"`
	Instance string   `json:"instance"`
	Version  string   `json:"version"`
	Chains   []string `json:"-"` // as sentences
	Links    [][]Link `json:"chains"`
	// Kubernetes is the version of the cluster; Facts are what was known of the version when it was chosen.
	Kubernetes string     `json:"kubernetes"`
	Facts      lock.Facts `json:"facts,omitzero"`
}

// Link is one request of a chain. By is the asking instance, empty for the workspace, which asks in a line of Where.
type Link struct {
	By       string `json:"by"`
	Instance string `json:"instance"`
	Range    string `json:"range"`
	Where    string `json:"where"`
}

// Verdict answers, for one cluster, why a version is not there. Its JSON is a stable schema.
type Verdict struct {
	Chosen   bool                      `json:"chosen"`
	Possible bool                      `json:"possible"`
	Text     string                    `json:"text"`
	No       *resolver.NoSolutionError `json:"no,omitempty"`
}

// Why says, for every cluster that has it, why an instance or a package is there.
func (p *Project) Why(name, cluster string) ([]Reason, error) {
	if err := knownCluster(p.workspace, cluster); err != nil {
		return nil, err
	}
	reasons := []Reason{}
	for _, c := range p.workspace.Clusters {
		held := p.locks[c.Name]
		if held == nil || cluster != "" && c.Name != cluster {
			continue
		}
		plan := lockedPlan(held, p.workspace, c.Name)
		for _, i := range held.Instances {
			if i.Name == name || i.Package == name {
				reasons = append(reasons, reason(held, i, plan.Why(i.Name)))
			}
		}
	}
	if len(reasons) == 0 {
		return nil, &UnknownError{"package", name, "any lock", "'gkops list' shows what is there; 'gkops why " + name + "@VERSION' says whether it could be"}
	}
	return reasons, nil
}

func reason(held *lock.Lock, i lock.Instance, chains []resolver.Chain) Reason {
	r := Reason{Cluster: held.Cluster, Instance: i.Name, Version: i.Version, Links: [][]Link{}, Kubernetes: held.Kubernetes, Facts: i.Facts}
	for _, chain := range chains {
		links := make([]Link, 0, len(chain))
		for _, l := range chain {
			links = append(links, Link{l.By, l.Instance, l.Range.String(), l.Where})
		}
		r.Chains, r.Links = append(r.Chains, chain.String()), append(r.Links, links)
	}
	return r
}

// lockedPlan is a lock as the plan that it was.
func lockedPlan(held *lock.Lock, w *workspace.Workspace, cluster string) *resolver.Plan {
	plan := &resolver.Plan{}
	for _, i := range held.Instances {
		plan.Instances = append(plan.Instances, chosen(i, w, cluster))
	}
	return plan
}

// WhyNot says why a cluster has not a version of a package in a range.
// Locked packages of downgrade may go to a lower version for it.
func (p *Project) WhyNot(ctx context.Context, pkg string, r catalog.Range, cluster string, downgrade []string) (map[string]Verdict, error) {
	if err := knownCluster(p.workspace, cluster); err != nil {
		return nil, err
	}
	verdicts := map[string]Verdict{}
	for _, c := range p.workspace.Clusters {
		if cluster != "" && c.Name != cluster {
			continue
		}
		problem := p.problem(p.workspace, c.Name, p.locks[c.Name], Edit{AllowDowngrade: downgrade})
		verdict, err := resolver.WhyNot(ctx, p.offersTo(p.workspace, c.Name), problem, pkg, r)
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
		}
		verdicts[c.Name] = Verdict{verdict.Chosen, verdict.Possible, verdict.Text, verdict.No}
	}
	return verdicts, nil
}
