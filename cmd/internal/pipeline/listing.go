package pipeline

import (
	"gkops.dev/gkops/gitops/lock"
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
	Prerelease string   `json:"prerelease,omitempty"` // why it is one though it is written as a stable version
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
		RequiredBy: []string{}, Removing: i.Removal != nil, Withdrawn: i.Facts.Yanked, Prerelease: i.Facts.Prerelease, Deprecated: i.Facts.Deprecated,
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
