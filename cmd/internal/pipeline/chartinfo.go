package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/render/helm"
	"gkops.dev/gkops/resolver/catalog"
)

// ChartInfo is what the archive of a chart says for itself.
type ChartInfo struct {
	Name            string       `json:"name"`
	Version         string       `json:"version"`
	Links           []helm.Link  `json:"links,omitempty"`
	SecurityUpdates bool         `json:"securityUpdates,omitempty"` // its authors say that this version has some
	Values          []ChartValue `json:"values"`
	ValuesFile      string       `json:"-"` // values.yaml as it is, with its comments
}

// ChartValue is one value of a chart, by its path, and its default as JSON.
type ChartValue struct {
	Path    string `json:"path"`
	Default string `json:"default"`
}

// ChartInfos reads the charts of a release of a package.
func (p *Project) ChartInfos(ctx context.Context, release *catalog.Release) ([]ChartInfo, error) {
	if release.Manifest.Helm == nil {
		return nil, nil
	}
	var infos []ChartInfo
	for _, r := range releasesOf(release.Manifest) {
		archive, err := p.archive(ctx, release.Registry, release.Manifest.Helm.RepositoryURL, r)
		if err != nil {
			return nil, err
		}
		chart, err := helm.Load(archive.Name, archive.Data)
		if err != nil {
			return nil, err
		}
		defaults, err := chart.Values()
		if err != nil {
			return nil, err
		}
		info := ChartInfo{
			Name: chart.Name(), Version: chart.Version(), Links: chart.Links(), SecurityUpdates: chart.SecurityUpdates(),
			Values: []ChartValue{}, ValuesFile: string(chart.ValuesFile()),
		}
		if err := info.list(defaults, ""); err != nil {
			return nil, fmt.Errorf("values of chart %s: %w", chart.Name(), err)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// list lists the leaves of values.
func (i *ChartInfo) list(values map[string]any, path string) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		here := key
		if path != "" {
			here = path + "." + key
		}
		if inner, isMap := values[key].(map[string]any); isMap && len(inner) > 0 {
			if err := i.list(inner, here); err != nil {
				return err
			}
			continue
		}
		text, err := json.Marshal(values[key])
		if err != nil {
			return err
		}
		i.Values = append(i.Values, ChartValue{here, string(text)})
	}
	return nil
}

// leftOut says which versions of charts the repositories have that cannot be packages here: all of them, or with a name those of that chart.
func (p *Project) leftOut(ctx context.Context, only string) {
	for _, registry := range slices.Sorted(maps.Keys(p.chartSources)) {
		left, err := p.chartSources[registry].LeftOut(ctx)
		if err != nil {
			continue // whoever reads the repository says so
		}
		count, named := 0, []string{}
		for _, chart := range slices.Sorted(maps.Keys(left)) {
			if only != "" && chart != only {
				continue
			}
			count += len(left[chart])
			for _, version := range left[chart] {
				named = append(named, fmt.Sprintf("%.80q %.40q", chart, version))
			}
		}
		if count == 0 {
			continue
		}
		const most = 5
		text := strings.Join(named[:min(most, len(named))], ", ")
		if more := len(named) - most; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		p.world.Warn(fmt.Sprintf("registry %s: %d versions of charts are left out: a package is called in lower-case letters, digits and dashes, and a version is 1.2.3, 1.2.3-x or 1.2.3+4: %s", registry, count, text))
	}
}
