package pipeline

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	builtins "gkops.dev/gkops/compat/knowledge"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// charts are the charts of an instance with their archives, and the sources that they are.
func (p *Project) charts(ctx context.Context, i lock.Instance, m *catalog.Manifest, given map[string]any) ([]render.Chart, []lock.Source, error) {
	releases := releasesOf(m)
	made := make([]render.Chart, len(releases))
	group, ctx := errgroup.WithContext(ctx)
	for n, r := range releases {
		group.Go(func() error {
			archive, err := p.archive(ctx, i.Registry, m.Helm.RepositoryURL, r)
			if err != nil {
				return err
			}
			made[n] = render.Chart{
				Name: r.ChartName, Release: releaseName(i, m, r), Archive: archive, Values: values.Merge(m.Helm.Values, r.Values),
				Repository: p.reachable(i.Registry, m.Helm.RepositoryURL), Version: r.ChartVersion,
				Given: given, Made: madeBy(i, len(releases), r.ChartName),
			}
			if len(releases) > 1 {
				made[n].Given, _ = given[r.ChartName].(map[string]any)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	var read []lock.Source
	for _, chart := range made {
		if source := (lock.Source{URL: chart.Archive.Name, Digest: chart.Archive.Digest}); !slices.Contains(read, source) {
			read = append(read, source)
		}
	}
	return made, read, nil
}

// archive reads a chart, from the registry of the package or from the repository that the package names.
func (p *Project) archive(ctx context.Context, registry, repository string, r catalog.HelmRelease) (catalog.File, error) {
	if own := p.chartSources[registry]; own != nil && (repository == catalog.OwnRepository || repository == own.Base()) {
		return own.Archive(ctx, r.ChartName, r.ChartVersion)
	}
	return p.opener.Charts().Archive(ctx, repository, r.ChartName, r.ChartVersion)
}

// reachable is the address of a repository for the engine.
func (p *Project) reachable(registry, repository string) string {
	if own := p.chartSources[registry]; own != nil && repository == catalog.OwnRepository {
		return own.Base()
	}
	return repository
}

// releasesOf are the releases of a package, one or several.
func releasesOf(m *catalog.Manifest) []catalog.HelmRelease {
	if len(m.Helm.Releases) > 0 {
		return m.Helm.Releases
	}
	return []catalog.HelmRelease{{ChartName: m.Helm.ChartName, ChartVersion: m.Helm.ChartVersion}}
}

// releaseName is what a release is called: as the instance, and of several releases, those of other charts with the chart's name behind it.
func releaseName(i lock.Instance, m *catalog.Manifest, r catalog.HelmRelease) string {
	name := i.Name
	if len(m.Helm.Releases) > 1 && r.ChartName != i.Package {
		name += "-" + r.ChartName
	}
	return render.ReleaseName(name)
}

// madeBy is what one chart of an instance made up before.
func madeBy(i lock.Instance, charts int, chart string) map[string]string {
	mine := map[string]string{}
	prefix := render.MadeKey(charts, chart, "")
	for key, value := range i.Made {
		if rest := key[min(len(prefix), len(key)):]; render.MadeKey(charts, chart, rest) == key {
			mine[rest] = value
		}
	}
	return mine
}

// split parts the values of an instance: those that the package defines, and those that are for its charts.
func split(m *catalog.Manifest, all map[string]any) (defined, free map[string]any) {
	defined, free = map[string]any{}, map[string]any{}
	for name, value := range all {
		if _, known := m.ValueDefinitions[name]; known || m.Helm == nil {
			defined[name] = value
			continue
		}
		free[name] = value
	}
	return defined, free
}

// serves are the kinds that a Kubernetes minor serves by itself, as charts ask for them: "apps/v1" and "apps/v1/Deployment".
func serves(kubernetes string) ([]string, error) {
	known, err := builtins.Load()
	if err != nil {
		return nil, err
	}
	minor, err := builtins.ParseMinor(kubernetes)
	if err != nil {
		return nil, fmt.Errorf("kubernetes version of the cluster: %w", err)
	}
	minor = known.Clamp(minor)
	var names []string
	for _, kind := range known.Kinds() {
		if kind.Default.Has(minor) {
			names = append(names, kind.APIVersion(), kind.APIVersion()+"/"+kind.Kind)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
