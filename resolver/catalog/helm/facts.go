package helm

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/resolver/catalog"
)

// discouraged are the facts about all versions of a chart: which of them the chart itself calls deprecated, or a prerelease though its version is
// that of a stable one. Both are taken last. An OCI registry does not say it without every version being read.
func (s *Source) discouraged(ctx context.Context, chart string) ([]byte, error) {
	if s.isOCI() {
		return nil, nothingKnown(chart)
	}
	index, err := s.charts.Index(ctx, s.Base())
	if err != nil {
		return nil, err
	}
	var facts []catalog.Fact
	evidence := declared("the index of the chart repository")
	for _, v := range index.Deprecated(chart) {
		facts = append(facts, catalog.Fact{Versions: "=" + v.Key(), Deprecated: "the chart says so itself", Evidence: evidence})
	}
	for _, v := range index.Prereleases(chart) {
		facts = append(facts, catalog.Fact{Versions: "=" + v.Key(), Prerelease: "its authors say so", Evidence: evidence})
	}
	return encodeFacts(chart, facts)
}

// Prereleases are the versions of a chart that are written as stable ones, are not deprecated, and that their authors call prereleases, lowest
// first. An entry that cannot be read is left to Entry, which says what is wrong with it.
func (x *Index) Prereleases(chart string) []catalog.Version {
	var versions []catalog.Version
	for _, e := range x.charts[chart] {
		if e.deprecated || e.version.Prerelease() || e.node == nil && !bytes.Contains(e.raw, []byte(prereleaseNote)) {
			continue
		}
		if read, err := x.read(chart, e); err == nil && read.Annotations[prereleaseNote] == "true" {
			versions = append(versions, e.version)
		}
	}
	return versions
}

// prereleaseNote is the annotation by which authors call a version a prerelease.
const prereleaseNote = "artifacthub.io/prerelease"

// facts are those about one version: the Kubernetes versions that the chart demands. A demand that cannot be read is left to the render,
// which refuses the chart where it does not hold.
func (s *Source) facts(ctx context.Context, chart, version string) ([]byte, error) {
	entry, err := s.entry(ctx, chart, version)
	if err != nil {
		return nil, err
	}
	if _, err := catalog.ParseKubernetesRange(entry.KubeVersion); err != nil {
		return nil, nothingKnown(chart)
	}
	return encodeFacts(chart, []catalog.Fact{{Kubernetes: entry.KubeVersion, Evidence: declared("kubeVersion in Chart.yaml")}})
}

func declared(source string) catalog.Evidence {
	return catalog.Evidence{Kind: catalog.Declared, Source: source}
}

func nothingKnown(chart string) error {
	return fmt.Errorf("facts of chart %s: %w", chart, catalog.ErrNotFound)
}

func encodeFacts(chart string, facts []catalog.Fact) ([]byte, error) {
	if len(facts) == 0 {
		return nil, nothingKnown(chart)
	}
	root := &yaml.Node{}
	err := root.Encode(catalog.PackageFacts{APIVersion: catalog.APIVersion, Kind: catalog.FactsKind, Package: chart, Facts: facts})
	if err != nil {
		return nil, errors.Join(errors.New("describe facts of a chart"), err)
	}
	return document.Encode(root)
}
