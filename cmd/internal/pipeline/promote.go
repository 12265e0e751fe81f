package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// Promote lets a cluster take the versions of the cluster that it follows: of the instances that are ready, or of all when ready is nil.
// What is not ready stays. It returns what is taken, by instance, none when the clusters have the same; From is zero for what is new.
func (p *Project) Promote(e *Edit, cluster string, ready func(Prospect) bool) ([]Prospect, error) {
	leader, held, err := p.leader(cluster)
	if err != nil {
		return nil, err
	}
	var taken []Prospect
	bounds := Bounds{}
	for _, i := range leader.Instances {
		to, err := catalog.ParseVersion(i.Version)
		if err != nil || i.Removal != nil {
			continue
		}
		one := Prospect{Cluster: cluster, Instance: i.Name, Package: i.Package, Registry: i.Registry, Parent: i.Parent, To: to, Newest: to, Requires: i.Requires}
		was := find(held, i.Name)
		if was != nil {
			if one.From, err = catalog.ParseVersion(was.Version); err != nil {
				return nil, err
			}
		}
		where := "the lock of cluster " + leader.Cluster
		switch {
		case was != nil && was.Version == i.Version:
		case ready != nil && !ready(one):
			if was == nil {
				continue
			}
			to, where = one.From, "the lock of cluster "+cluster
		default:
			taken = append(taken, one)
			e.Move = append(e.Move, i.Name)
			if was != nil && to.Compare(one.From) < 0 {
				e.AllowDowngrade = append(e.AllowDowngrade, i.Name)
			}
		}
		if !slices.ContainsFunc(bounds.Holds, func(h resolver.Hold) bool { return h.Package == i.Package }) {
			bounds.Holds = append(bounds.Holds, resolver.Hold{Package: i.Package, Range: catalog.Exactly(to), Reason: "promotion", Where: where})
		}
	}
	e.Clusters, e.Bounds = []string{cluster}, map[string]Bounds{cluster: bounds}
	return taken, nil
}

// leader is the lock of the cluster that another follows, and that of the follower, nil for none.
func (p *Project) leader(cluster string) (leader, held *lock.Lock, err error) {
	for _, c := range p.workspace.Clusters {
		switch {
		case c.Name != cluster:
		case c.Follows == "":
			return nil, nil, &UnknownError{"cluster for cluster", cluster + " to follow", workspace.FileName, "add 'follows: NAME' to it; a cluster that follows none changes by upgrades"}
		case p.locks[c.Follows] == nil:
			return nil, nil, &UnknownError{"lock of cluster", c.Follows, Folder, "cluster " + cluster + " follows it: 'gkops render' writes it"}
		default:
			return p.locks[c.Follows], p.locks[cluster], nil
		}
	}
	return nil, nil, knownCluster(p.workspace, cluster)
}

// SourceError says that a promotion would not bring the bytes that the cluster before has run.
type SourceError struct{ Cluster, Instance, URL string }

// Error names the source.
func (e *SourceError) Error() string {
	return fmt.Sprintf("cluster %s: %s would be made of other bytes than the cluster that it follows has run: %s", e.Cluster, e.Instance, e.URL)
}

// Promoted checks that what a proposal brings to a cluster is made of the same bytes as in the cluster that it follows. It returns a
// *SourceError.
func (p *Project) Promoted(proposal *Proposal, cluster string, taken []Prospect) error {
	leader, _, err := p.leader(cluster)
	if err != nil {
		return err
	}
	fresh := proposal.locks[cluster]
	if fresh == nil {
		return nil
	}
	for _, t := range taken {
		now, was := fresh.Instance(t.Instance), leader.Instance(t.Instance)
		if now == nil || was == nil || now.Version != was.Version {
			continue // a guard comes first
		}
		for _, s := range was.Sources {
			n := slices.IndexFunc(now.Sources, func(o lock.Source) bool { return o.URL == s.URL })
			if n >= 0 && now.Sources[n].Digest != s.Digest {
				return &SourceError{Cluster: cluster, Instance: t.Instance, URL: s.URL}
			}
		}
	}
	return nil
}

// maxRevisions is how far a good version is looked for.
const maxRevisions = 2000

// Revert takes an instance back to the version that it had before the present one, in every cluster that has it or in one, and writes
// under policy.skips that the bot does not propose the present version again. It returns a *UnknownError when there was no other version.
func (p *Project) Revert(ctx context.Context, e *Edit, cluster, instance string) error {
	found := false
	e.Bounds = map[string]Bounds{}
	for _, c := range p.workspace.Clusters {
		held := find(p.locks[c.Name], instance)
		if held == nil || cluster != "" && c.Name != cluster || cluster == "" && c.Follows != "" {
			continue
		}
		before, err := p.before(ctx, c.Name, *held)
		if err != nil {
			return err
		}
		if before.IsZero() {
			continue
		}
		if !found {
			e.Move, e.AllowDowngrade = []string{instance}, []string{instance}
		}
		found = true
		e.Clusters = append(e.Clusters, c.Name)
		e.Bounds[c.Name] = Bounds{Holds: []resolver.Hold{{Package: held.Package, Range: catalog.Exactly(before), Reason: "revert", Where: "this command"}}}
		skip := workspace.Pin{Package: held.Package, Version: held.Version, Reason: "reverted to " + before.String()}
		if e.Workspace, err = workspace.AddSkip(p.bytes(e), skip); err != nil {
			return err
		}
	}
	if !found {
		return &UnknownError{"earlier version of instance", instance, "the history of the locks", "'gkops list' shows what is there; 'git log' what was"}
	}
	return nil
}

// before is the last version of an instance in the history of the branch that is not the present one; zero for none.
func (p *Project) before(ctx context.Context, cluster string, held lock.Instance) (version catalog.Version, err error) {
	seen := 0
	err = p.grounds.Past(ctx, func(tree fs.FS) (bool, error) {
		seen++
		then, _, err := readLock(tree, cluster)
		if err != nil {
			return seen < maxRevisions, nil // a lock of long ago may be unreadable
		}
		if was := find(then, held.Name); was != nil && was.Package == held.Package && was.Version != held.Version {
			version, err = catalog.ParseVersion(was.Version)
			return false, err
		}
		return seen < maxRevisions, nil
	})
	if gitops.IsUnborn(err) {
		err = nil
	}
	return version, err
}
