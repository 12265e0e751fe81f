package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// factsOf is what the facts say of a version. The file beside its package.yaml must be the same bytes as ever when a lock has it.
func (p *Project) factsOf(ctx context.Context, registry, pkg string, v catalog.Version) (catalog.Known, []catalog.FactsSource, error) {
	known, files, err := p.registries.Known(ctx, registry, pkg, v)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		if f.Pinned {
			if err := p.unchanged(registry, pkg, v, f.File); err != nil {
				return nil, nil, err
			}
		}
	}
	return known, files, nil
}

// facts is what a lock keeps of what is known of an instance for a cluster with this version of Kubernetes.
func (p *Project) facts(ctx context.Context, i lock.Instance, cluster catalog.Version) (lock.Facts, error) {
	v, err := catalog.ParseVersion(i.Version)
	if err != nil {
		return lock.Facts{}, fmt.Errorf("instance %s: %w", i.Name, err)
	}
	known, files, err := p.factsOf(ctx, i.Registry, i.Package, v)
	if err != nil {
		return lock.Facts{}, err
	}
	facts := lock.Facts{Yanked: known.Yanked(), Prerelease: known.Prerelease(), Deprecated: known.Deprecated()}
	for _, d := range known.Kubernetes(cluster) {
		facts.Kubernetes = append(facts.Kubernetes, lock.Demand{Range: d.Range.String(), Source: d.Source})
	}
	for _, f := range files {
		if !f.Pinned {
			facts.Sources = append(facts.Sources, lock.Source{URL: f.Registry + "/" + f.File.Name, Digest: f.File.Digest})
		}
	}
	return facts, nil
}

// remember completes instances with what is known of them. The record of a version that stays is renewed only when it says
// something else of the version, so that a fact about another version changes no lock. It returns what a person should know.
func (p *Project) remember(ctx context.Context, instances []lock.Instance, held *lock.Lock, cluster workspace.Cluster, asked bool) ([]string, error) {
	version, err := catalog.ParseKubernetes(cluster.Kubernetes)
	if err != nil {
		return nil, err
	}
	var notices []string
	for n := range instances {
		i := &instances[n]
		if i.Facts, err = p.facts(ctx, *i, version); err != nil {
			return nil, err
		}
		was := find(held, i.Name)
		stays := was != nil && sameVersion(*was, *i)
		if stays && held.Kubernetes == cluster.Kubernetes && !sameJSON(was.Facts.Kubernetes, i.Facts.Kubernetes) {
			notices = append(notices, fmt.Sprintf("what is known of %s %s changed since it was locked: %s; before: %s", i.Name, i.Version, fits(i.Facts), fits(was.Facts)))
		}
		if !stays || asked || !slices.Equal(warnings(*was), warnings(*i)) {
			notices = append(notices, warnings(*i)...)
		}
		if stays && sameJSON(sourceless(was.Facts), sourceless(i.Facts)) {
			i.Facts = was.Facts
		}
	}
	return notices, nil
}

func sameVersion(a, b lock.Instance) bool {
	return a.Package == b.Package && a.Version == b.Version && a.Registry == b.Registry
}

func sourceless(f lock.Facts) lock.Facts {
	f.Sources = nil
	return f
}

// fits says what is known of a version and Kubernetes.
func fits(f lock.Facts) string {
	if len(f.Kubernetes) == 0 {
		return "nothing about this Kubernetes version"
	}
	parts := make([]string, 0, len(f.Kubernetes))
	for _, d := range f.Kubernetes {
		parts = append(parts, fmt.Sprintf("fits Kubernetes %s (%s)", d.Range, d.Source))
	}
	return strings.Join(parts, ", ")
}

// warnings are what to know of an instance whose version was withdrawn, or is better not used any more.
func warnings(i lock.Instance) []string {
	var notices []string
	if i.Facts.Yanked != "" {
		notices = append(notices, fmt.Sprintf("warning: %s %s was withdrawn: %s", i.Name, i.Version, i.Facts.Yanked))
	}
	if i.Facts.Prerelease != "" {
		notices = append(notices, fmt.Sprintf("warning: %s %s is a prerelease: %s", i.Name, i.Version, i.Facts.Prerelease))
	}
	if i.Facts.Deprecated != "" {
		notices = append(notices, fmt.Sprintf("warning: %s %s is deprecated: %s", i.Name, i.Version, i.Facts.Deprecated))
	}
	return notices
}

// further tells the next steps of what cannot reach its version at once.
func further(plan *resolver.Plan) []string {
	var notices []string
	for _, c := range plan.Instances {
		if text := nextSteps(c); text != "" {
			notices = append(notices, text)
		}
	}
	return notices
}

// nextSteps is "longhorn 1.5.4 now; 1.6.2 and 1.7.0 are the next steps"; empty when there is nowhere to go.
func nextSteps(c resolver.Chosen) string {
	steps := make([]string, 0, len(c.Next))
	for _, v := range c.Next {
		steps = append(steps, v.String())
	}
	switch n := len(steps); n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%s %s now; %s is the next step", c.Instance, c.Version, steps[0])
	default:
		return fmt.Sprintf("%s %s now; %s and %s are the next steps", c.Instance, c.Version, strings.Join(steps[:n-1], ", "), steps[n-1])
	}
}

// Fit is whether a version fits a cluster, by what decides. Its JSON is a stable schema.
type Fit struct {
	Cluster    string   `json:"cluster"`
	Kubernetes string   `json:"kubernetes"`
	Fits       string   `json:"fits"` // yes, no or unknown: silence is never compatible
	By         []string `json:"by"`
}

// tellFacts completes what is said of a package with what facts say of it.
func (p *Project) tellFacts(ctx context.Context, info *Info) error {
	release := info.Release
	known, _, err := p.factsOf(ctx, release.Registry, release.Package, release.Version)
	if err != nil {
		return err
	}
	info.Facts = known
	for _, c := range p.workspace.Clusters {
		version, err := catalog.ParseKubernetes(c.Kubernetes)
		if err != nil {
			return err
		}
		fit := Fit{Cluster: c.Name, Kubernetes: c.Kubernetes, Fits: "unknown", By: []string{}}
		for _, d := range known.Kubernetes(version) {
			fit.By = append(fit.By, fmt.Sprintf("%s (%s)", d.Range, d.Source))
			switch {
			case !d.Range.Allows(version):
				fit.Fits = "no"
			case fit.Fits == "unknown":
				fit.Fits = "yes"
			}
		}
		info.Fits = append(info.Fits, fit)
	}
	if err := p.tellContradictions(ctx, info, known); err != nil {
		return err
	}
	candidates, err := p.registries.Candidates(ctx, release.Package)
	if err != nil {
		return err
	}
	info.Withdrawn = map[string]string{}
	for _, c := range candidates {
		if c.Yanked != "" {
			info.Withdrawn[c.Registry+" "+c.Version.String()] = c.Yanked
		}
	}
	return nil
}

// withdrawn is why the registries withdrew the version of an instance since, empty when they did not.
func (p *Project) withdrawn(ctx context.Context, i lock.Instance) (string, error) {
	candidates, err := p.registries.Candidates(ctx, i.Package)
	if err != nil {
		return "", err
	}
	for _, c := range candidates {
		if c.Registry == i.Registry && c.Version.String() == i.Version {
			return c.Yanked, nil
		}
	}
	return "", nil
}
