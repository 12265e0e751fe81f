package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render/order"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// Listing is what the clusters of a workspace have. Its JSON is a stable schema.
type Listing struct {
	Clusters []ClusterListing `json:"clusters"`
}

// ClusterListing is what one cluster has.
type ClusterListing struct {
	Name       string           `json:"name"`
	Kubernetes string           `json:"kubernetes"`
	Packages   []PackageListing `json:"packages"`
}

// PackageListing is one instance of a cluster. Layer is the highest of its parts. RequiredBy are the instances that need it;
// Wanted says that gkops.yaml asks for it.
type PackageListing struct {
	Name       string   `json:"name"`
	Instance   string   `json:"instance"`
	Namespace  string   `json:"namespace"`
	Version    string   `json:"version"`
	Registry   string   `json:"registry"`
	Layer      int      `json:"layer"`
	RequiredBy []string `json:"requiredBy"`
	Wanted     bool     `json:"wanted"`
	Removing   bool     `json:"removing,omitempty"`
	Withdrawn  string   `json:"withdrawn,omitempty"`  // why the version was, as far as the lock knows
	Deprecated string   `json:"deprecated,omitempty"` // why it is better not used any more
}

// List is what the locks hold, for one cluster or, with an empty name, for all.
func (p *Project) List(cluster string) (Listing, error) {
	if err := knownCluster(p.workspace, cluster); err != nil {
		return Listing{}, err
	}
	listing := Listing{Clusters: []ClusterListing{}}
	for _, c := range p.workspace.Clusters {
		if cluster != "" && c.Name != cluster {
			continue
		}
		one := ClusterListing{Name: c.Name, Kubernetes: c.Kubernetes, Packages: []PackageListing{}}
		if l := p.locks[c.Name]; l != nil {
			for _, i := range l.Instances {
				one.Packages = append(one.Packages, list(i))
			}
		}
		listing.Clusters = append(listing.Clusters, one)
	}
	return listing, nil
}

func list(i lock.Instance) PackageListing {
	one := PackageListing{
		Name: i.Package, Instance: i.Name, Namespace: i.Namespace, Version: i.Version, Registry: i.Registry,
		RequiredBy: []string{}, Removing: i.Removal != nil, Withdrawn: i.Facts.Yanked, Deprecated: i.Facts.Deprecated,
	}
	if all := waves(i); len(all) > 0 {
		one.Layer = all[len(all)-1]
	}
	for _, r := range i.RequiredBy {
		if r.By == "" {
			one.Wanted = true
			continue
		}
		one.RequiredBy = append(one.RequiredBy, r.By)
	}
	return one
}

// Outdated is one instance that could be newer.
type Outdated struct {
	Cluster  string `json:"cluster"`
	Instance string `json:"instance"`
	Package  string `json:"package"`
	Version  string `json:"version"`
	Allowed  string `json:"allowed"` // what 'gkops upgrade' would choose
	Newest   string `json:"newest"`  // the newest stable one of its registry
	Registry string `json:"registry"`
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
			return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
		}
		for _, i := range held.Instances {
			chosen := plan.Instance(i.Name)
			if chosen == nil || i.Removal != nil {
				continue
			}
			one, err := p.outdated(ctx, c.Name, i, *chosen)
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
func (p *Project) outdated(ctx context.Context, cluster string, i lock.Instance, chosen resolver.Chosen) (Outdated, error) {
	one := Outdated{
		Cluster: cluster, Instance: i.Name, Package: i.Package, Version: i.Version,
		Allowed: chosen.Version.String(), Newest: chosen.Newest.String(), Registry: i.Registry,
	}
	for _, v := range chosen.Next {
		one.Next = append(one.Next, v.String())
	}
	var err error
	if one.Withdrawn, err = p.withdrawn(ctx, i); err != nil {
		return Outdated{}, err
	}
	if one.Withdrawn != "" {
		p.world.Warn(fmt.Sprintf("warning: %s: %s %s was withdrawn: %s", cluster, i.Name, i.Version, one.Withdrawn))
	}
	return one, nil
}

// Hit is one package of a registry. Newest is the newest stable version that was not withdrawn, as far as there is one; Deprecated is why
// it is better not used any more.
type Hit struct {
	Name        string            `json:"name"`
	Registry    string            `json:"registry"`
	Newest      string            `json:"newest"`
	Scope       string            `json:"scope"`
	Description string            `json:"description"`
	Deprecated  string            `json:"deprecated,omitempty"`
	Withdrawn   map[string]string `json:"withdrawn,omitempty"` // why, by version
	Skipped     []string          `json:"-"`                   // withdrawn stable versions over Newest, lowest first
}

// Search lists the packages of the registries whose name or description holds a term, names first; an empty term lists all.
func (p *Project) Search(ctx context.Context, term string) ([]Hit, error) {
	if len(p.registries.Names()) == 0 {
		return nil, &NoRegistryError{}
	}
	term = strings.ToLower(term)
	named, described := []Hit{}, []Hit{}
	for _, name := range p.registries.Names() {
		listings, err := p.registries.Registry(name).Listings(ctx)
		if errors.Is(err, catalog.ErrNoList) {
			p.world.Warn(err.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, l := range listings {
			inName := strings.Contains(strings.ToLower(l.Name), term)
			if !inName && !strings.Contains(strings.ToLower(l.ShortDescription), term) {
				continue
			}
			hit, err := p.hit(ctx, name, l)
			if err != nil {
				p.world.Warn(fmt.Sprintf("no versions: %v", err))
			}
			if inName {
				named = append(named, hit)
			} else {
				described = append(described, hit)
			}
		}
	}
	p.leftOut(ctx, "")
	byName := func(a, b Hit) int { return compareStrings(a.Name, b.Name) }
	slices.SortStableFunc(named, byName)
	slices.SortStableFunc(described, byName)
	return append(named, described...), nil
}

func (p *Project) hit(ctx context.Context, registry string, l catalog.Listing) (Hit, error) {
	hit := Hit{Name: l.Name, Registry: registry, Scope: string(l.Scope), Description: l.ShortDescription}
	if l.Scope == "" {
		hit.Scope = string(catalog.ClusterScope)
	}
	versions, err := p.registries.Offered(ctx, registry, l.Name)
	if err != nil || len(versions) == 0 {
		return hit, err
	}
	slices.SortStableFunc(versions, compareWorth)
	newest := versions[len(versions)-1]
	hit.Newest, hit.Deprecated = newest.Version.String(), newest.Deprecated
	for _, c := range versions {
		if c.Yanked == "" {
			continue
		}
		if hit.Withdrawn == nil {
			hit.Withdrawn = map[string]string{}
		}
		hit.Withdrawn[c.Version.String()] = c.Yanked
		if !c.Version.Prerelease() && c.Version.Compare(newest.Version) > 0 {
			hit.Skipped = append(hit.Skipped, c.Version.String())
		}
	}
	return hit, nil
}

// compareWorth orders versions by what a person would take who asks for the newest: withdrawn ones first, then prereleases, then by version.
func compareWorth(a, b catalog.Candidate) int {
	return cmp.Or(compareFlags(a.Yanked == "", b.Yanked == ""), compareFlags(!a.Version.Prerelease(), !b.Version.Prerelease()), a.Version.Compare(b.Version))
}

// compareFlags orders false before true.
func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Info is what the registries say of a package.
type Info struct {
	Release    *catalog.Release
	Versions   map[string][]string // by registry, newest first
	Registries []string            // those that have the package, in list order
	Withdrawn  map[string]string   // by registry and version, "main v1.0.0": why
	Facts      []catalog.Statement // about the release
	Fits       []Fit               // the release in each cluster
	// Contradictions are stated ranges that the objects of the release do not fit, where a cluster has it.
	Contradictions []Contradiction
	Installed      []PackageListing
	Clusters       []string // of Installed, one each
}

// Info describes the newest version of a package that a range allows.
func (p *Project) Info(ctx context.Context, pkg, registry string, r catalog.Range) (*Info, error) {
	release, err := p.newest(ctx, pkg, registry, r)
	if err != nil {
		return nil, err
	}
	p.leftOut(ctx, pkg)
	info := &Info{Release: release, Versions: map[string][]string{}}
	for _, name := range p.registries.Names() {
		versions, err := p.registries.Registry(name).Versions(ctx, pkg)
		if err != nil {
			return nil, err
		}
		if len(versions) == 0 {
			continue
		}
		info.Registries = append(info.Registries, name)
		for _, v := range slices.Backward(versions) {
			info.Versions[name] = append(info.Versions[name], v.String())
		}
	}
	if err := p.tellFacts(ctx, info); err != nil {
		return nil, err
	}
	for _, c := range p.workspace.Clusters {
		if l := p.locks[c.Name]; l != nil {
			for _, i := range l.Instances {
				if i.Package == pkg {
					info.Installed = append(info.Installed, list(i))
					info.Clusters = append(info.Clusters, c.Name)
				}
			}
		}
	}
	return info, nil
}

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

// PackageNames are the packages of all registries whose index can be read, sorted.
func (p *Project) PackageNames(ctx context.Context) []string {
	var names []string
	for _, registry := range p.registries.Names() {
		listings, err := p.registries.Registry(registry).Listings(ctx)
		if err != nil {
			continue
		}
		for _, l := range listings {
			names = append(names, l.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nearest is advice that names a package with a name like a given one.
func (p *Project) nearest(ctx context.Context, pkg string) string {
	if near := values.Nearest(pkg, p.PackageNames(ctx)); near != "" && near != pkg {
		return "did you mean " + near + "? 'gkops search' lists the packages"
	}
	return "'gkops search' lists the packages"
}

// Node is one part of an instance in the graph of a cluster; ID is "<instance>/<part>".
type Node struct {
	ID        string   `json:"id"`
	Instance  string   `json:"instance"`
	Version   string   `json:"version"`
	Part      string   `json:"part"`
	Layer     int      `json:"layer"`
	DependsOn []string `json:"dependsOn"`
}

// Graph is the parts of a cluster with what they wait for, by layer and name.
func (p *Project) Graph(cluster string) (map[string][]Node, error) {
	if err := knownCluster(p.workspace, cluster); err != nil {
		return nil, err
	}
	graphs := map[string][]Node{}
	for _, c := range p.workspace.Clusters {
		held := p.locks[c.Name]
		if held == nil || cluster != "" && c.Name != cluster {
			continue
		}
		graphs[c.Name] = graph(held)
	}
	return graphs, nil
}

func graph(held *lock.Lock) []Node {
	nodes := []Node{}
	for _, i := range held.Instances {
		for _, part := range i.Parts {
			nodes = append(nodes, Node{
				ID: i.Name + "/" + part.Name, Instance: i.Name, Version: i.Version, Part: part.Name, Layer: part.Wave,
				DependsOn: append([]string{}, part.DependsOn...),
			})
		}
	}
	if names := ownedByCluster(held); len(names) > 0 {
		nodes = append(nodes, Node{ID: "namespaces", Instance: strings.Join(names, ", "), Part: "namespaces", Layer: order.Step, DependsOn: []string{}})
	}
	slices.SortFunc(nodes, func(a, b Node) int {
		if a.Layer != b.Layer {
			return a.Layer - b.Layer
		}
		return compareStrings(a.ID, b.ID)
	})
	return nodes
}

func ownedByCluster(held *lock.Lock) []string {
	var names []string
	for _, n := range held.Namespaces {
		if n.Owner == lock.ClusterOwner {
			names = append(names, n.Name)
		}
	}
	return names
}
