package pipeline

import (
	"context"
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

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
