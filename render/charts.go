package render

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/helm"
	"gkops.dev/gkops/resolver/catalog"
)

// Chart is a release of a chart that an instance consists of.
type Chart struct {
	Name    string // as the package calls it
	Release string // the name of the release

	// Repository and Version are for mode release: where the engine finds the chart itself.
	Repository, Version string

	Archive catalog.File      // gzipped tar
	Values  map[string]any    // of the package, over the chart's own
	Given   map[string]any    // of the user, over those and over the values that the package defines
	Made    map[string]string // what earlier renders made up, see Output.Made
}

// maxRounds bounds how often charts are rendered again because others brought kinds that they ask for.
const maxRounds = 5

// chartBuild is a chart on its way to objects.
type chartBuild struct {
	Chart
	chart  *helm.Chart
	values map[string]any
	output *helm.Output
}

// loadCharts reads the archives of an instance, and puts its values together.
func (b *build) loadCharts() error {
	for _, c := range b.Charts {
		loaded, err := helm.Load(fileName(c.Archive), c.Archive.Data)
		if err != nil {
			return fmt.Errorf("instance %s: %w", b.Name, err)
		}
		one := &chartBuild{Chart: c, chart: loaded}
		if one.values, err = b.chartValues(c); err != nil {
			return err
		}
		if missing := loaded.Missing(); len(missing) > 0 {
			return &ObjectError{
				Instance: b.Name, Place: Place{File: fileName(c.Archive)},
				Reason: "the chart needs " + strings.Join(missing, ", ") + ", which its archive does not hold",
				Hint:   "whoever packs the chart runs 'helm dependency build' first",
			}
		}
		b.charts = append(b.charts, one)
	}
	return nil
}

// renderCharts gives the objects of all charts. Which kinds the cluster serves, and so what charts give that ask for it, depends on what
// all packages of the plan define: charts are rendered again until nothing new is defined.
func (r *builder) renderCharts(ctx context.Context, c Cluster, builds []*build) error {
	served := slices.Clone(c.Serves)
	for _, b := range builds {
		crds, err := b.crds()
		if err != nil {
			return err
		}
		served = append(served, apis(crds)...)
	}
	served = distinct(served)
	for round := 1; ; round++ {
		if err := each(ctx, builds, func(b *build) error { return b.renderCharts(ctx, c, served) }); err != nil {
			return err
		}
		all := slices.Clone(served)
		for _, b := range builds {
			for _, chart := range b.charts {
				all = append(all, apis(defined(chart.output.Documents))...)
			}
		}
		all = distinct(all)
		if len(all) == len(served) {
			break
		}
		if round == maxRounds {
			return errors.New("charts define kinds because of kinds that others define, without an end")
		}
		served = all
		for _, b := range builds {
			for _, chart := range b.charts {
				if chart.chart.AsksForAPIs() {
					chart.output = nil
				}
			}
		}
	}
	return each(ctx, builds, func(b *build) error {
		if b.Mode == ReleaseMode {
			return b.releases(c, builds)
		}
		return b.takeCharts(c)
	})
}

// renderCharts renders the charts of one instance that have no output yet.
func (b *build) renderCharts(ctx context.Context, c Cluster, served []string) error {
	for _, chart := range b.charts {
		if chart.output != nil {
			continue
		}
		output, err := chart.chart.Render(ctx, helm.Release{
			Name: chart.Release, Namespace: b.releaseNamespace(), Values: chart.values, Kubernetes: c.Kubernetes, APIs: served,
			Made: chart.Made, Now: c.Now,
		})
		if err != nil {
			return fmt.Errorf("instance %s: %w", b.Name, err)
		}
		chart.output = output
	}
	return nil
}

// releaseNamespace is the namespace that the charts of the instance are installed in.
func (b *build) releaseNamespace() string {
	switch {
	case b.Namespace != "":
		return b.Namespace
	case b.Manifest != nil && b.Manifest.DefaultNamespace != "":
		return b.Manifest.DefaultNamespace
	}
	return "default"
}

// takeCharts makes objects of what the charts gave.
func (b *build) takeCharts(c Cluster) error {
	for _, chart := range b.charts {
		before := len(b.objects)
		if err := b.take(chart.output.Documents, b.releaseNamespace()); err != nil {
			return err
		}
		for _, o := range b.objects[before:] {
			o.charted = true
		}
		if err := b.translate(c, b.objects[before:]); err != nil {
			return err
		}
		if err := b.sayChart(chart); err != nil {
			return err
		}
	}
	b.objects = slices.DeleteFunc(b.objects, func(o *object) bool { return o.dropped })
	return nil
}

// sayChart says what people should know of a chart's output.
func (b *build) sayChart(c *chartBuild) error {
	for _, u := range c.output.Unsteady {
		b.findings = append(b.findings, finding.Finding{
			Rule: "chart-made-up", Severity: finding.Warning, Object: u.Object,
			Message: fmt.Sprintf("%s %s: the chart makes %s up, anew in every render: what it is now is kept in gkops.lock, in clear; a value of the chart may set it", u.Object.Kind, u.Object.Name, u.Field),
		})
	}
	for _, name := range c.output.Repaired {
		b.findings = append(b.findings, finding.Finding{
			Rule: "chart-yaml", Severity: finding.Warning, File: name,
			Message: "the template of the chart writes a key twice; the last one counts, as in Kubernetes",
		})
	}
	unknown, err := c.chart.UnknownKeys(c.Given)
	if err != nil {
		return fmt.Errorf("instance %s: %w", b.Name, err)
	}
	for _, u := range unknown {
		message := fmt.Sprintf("instance %s: chart %s has no value %s", b.Name, c.Name, u.Path)
		if u.Nearest != "" {
			message += fmt.Sprintf(": did you mean %s?", u.Nearest)
		}
		b.findings = append(b.findings, finding.Finding{Rule: "value-unknown", Severity: finding.Warning, Message: message})
	}
	b.inspectValues(c.Given, nil)
	return nil
}

// inspectValues reports values that are called as secrets are, and that Git holds in clear.
func (b *build) inspectValues(values map[string]any, path []string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		here := append(slices.Clone(path), key)
		switch value := values[key].(type) {
		case map[string]any:
			b.inspectValues(value, here)
		case string:
			if value != "" && namesSecret(key) {
				b.findings = append(b.findings, finding.Finding{
					Rule: "secret-in-values", Severity: finding.Warning,
					Message: fmt.Sprintf("instance %s: value %s is called as a secret is, and Git holds it in clear: keep it in a Secret of the cluster, and let the chart use that", b.Name, strings.Join(here, ".")),
				})
			}
		}
	}
}

// made is what the charts of an instance made up, by its key.
func (b *build) made() map[string]string {
	all := map[string]string{}
	for _, c := range b.charts {
		if c.output == nil {
			continue
		}
		for key, value := range c.output.Made {
			all[MadeKey(len(b.charts), c.Name, key)] = value
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// MadeKey is the key of something that a chart made up among those of its instance, which has so many charts.
func MadeKey(charts int, chart, key string) string {
	if charts == 1 {
		return key
	}
	return chart + ": " + key
}

// defined are the custom kinds that documents define.
func defined(documents []document.Document) []CRD {
	var crds []CRD
	for i := range documents {
		o := newObject(documents[i], "")
		if !o.isCRD() {
			continue
		}
		if crd, ok := readCRD(o); ok {
			crds = append(crds, crd)
		}
	}
	return crds
}

// apis are the names under which charts ask for custom kinds: "group/version" and "group/version/Kind".
func apis(crds []CRD) []string {
	var names []string
	for _, crd := range crds {
		for _, v := range crd.Versions {
			if v.Served {
				names = append(names, crd.Group+"/"+v.Name, crd.Group+"/"+v.Name+"/"+crd.Kind)
			}
		}
	}
	return names
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// maxRelease is the longest name of a release that Helm takes.
const maxRelease = 53

// ReleaseName makes a name short enough for a release.
func ReleaseName(name string) string { return shorten(name, maxRelease) }
