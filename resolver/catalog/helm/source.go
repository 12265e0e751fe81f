package helm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/resolver/catalog"
)

// Source shows a chart repository as the files of a registry: index.yaml, versions.yaml and package.yaml are made of what the repository
// says, so that every chart is a package. facts.yaml says what charts say
// of Kubernetes versions, and which versions are deprecated. Archives are read as they are, and there is nothing else.
type Source struct {
	base   string // of the registry, with a final slash
	source catalog.Source
	charts *Charts
	shown  string // what package.yaml calls the repository
}

// New is the repository at a base address. itself says that the address differs from machine to machine, so that packages refer to the
// registry that they are in.
func New(base string, source catalog.Source, itself bool) *Source {
	base = strings.TrimRight(base, "/")
	s := &Source{base: base + "/", source: source, charts: NewCharts(source), shown: base}
	if itself {
		s.shown = catalog.OwnRepository
	}
	return s
}

// Base is the address of the repository.
func (s *Source) Base() string { return strings.TrimRight(s.base, "/") }

// Archive reads the archive of a chart of this repository. The File's Name is its path when it lies below a repository that has another
// address elsewhere, else its address. It returns a *ChartError.
func (s *Source) Archive(ctx context.Context, chart, version string) (catalog.File, error) {
	file, err := s.charts.Archive(ctx, s.Base(), chart, version)
	if s.shown == catalog.OwnRepository {
		file.Name = strings.TrimPrefix(file.Name, s.base)
	}
	return file, err
}

// LeftOut are the versions of each chart that the repository has and that cannot be packages here, by chart. An OCI registry is not asked: its tags
// may be anything.
func (s *Source) LeftOut(ctx context.Context) (map[string][]string, error) {
	if s.isOCI() {
		return nil, nil
	}
	index, err := s.charts.Index(ctx, s.Base())
	if err != nil {
		return nil, err
	}
	return index.LeftOut(), nil
}

// Read gives a file of the registry.
func (s *Source) Read(ctx context.Context, address string) ([]byte, error) {
	name, inside := strings.CutPrefix(address, s.base)
	if !inside {
		return s.source.Read(ctx, address)
	}
	name, err := url.PathUnescape(name)
	if err != nil {
		return nil, errors.New("a malformed URL")
	}
	segments := strings.Split(name, "/")
	switch last := segments[len(segments)-1]; {
	case name == "index.yaml":
		return s.index(ctx)
	case len(segments) == 2 && last == "versions.yaml":
		return s.versions(ctx, segments[0])
	case len(segments) == 3 && last == "package.yaml":
		return s.manifest(ctx, segments[0], segments[1])
	case len(segments) == 2 && last == catalog.FactsFile:
		return s.discouraged(ctx, segments[0])
	case len(segments) == 3 && last == catalog.FactsFile:
		return s.facts(ctx, segments[0], segments[1])
	case path.Ext(last) == ".tgz" && !s.isOCI():
		return s.source.Read(ctx, address)
	}
	return nil, fmt.Errorf("%s: %w", catalog.Redact(address), catalog.ErrNotFound)
}

func (s *Source) isOCI() bool { return strings.HasPrefix(s.base, ociScheme) }

// index lists the charts. Of an OCI registry that does not say which it has, it is an error that says so.
func (s *Source) index(ctx context.Context) ([]byte, error) {
	list := struct {
		Packages []catalog.Listing `yaml:"packages"`
	}{Packages: []catalog.Listing{}}
	if s.isOCI() {
		names, err := s.source.Read(ctx, ociNames(s.Base()))
		if err != nil {
			return nil, &NoListError{Registry: s.Base(), Err: err}
		}
		for _, name := range namesOf(s.Base(), names) {
			list.Packages = append(list.Packages, catalog.Listing{Name: name, Scope: catalog.NamespacedScope})
		}
		return yaml.Marshal(list)
	}
	index, err := s.charts.Index(ctx, s.Base())
	if err != nil {
		return nil, err
	}
	for _, name := range index.Charts() {
		entry, err := s.newest(index, name)
		if err != nil {
			return nil, err
		}
		if entry.Type == "library" {
			continue
		}
		list.Packages = append(list.Packages, catalog.Listing{
			Name: name, Scope: catalog.NamespacedScope, ShortDescription: entry.Description, IconURL: entry.Icon, LatestVersion: entry.Version.String(),
		})
	}
	return yaml.Marshal(list)
}

// newest is the newest version of a chart that is no prerelease, else the newest.
func (s *Source) newest(index *Index, chart string) (*Entry, error) {
	versions := index.Versions(chart)
	newest := versions[len(versions)-1]
	for _, v := range versions {
		if !v.Prerelease() {
			newest = v
		}
	}
	return index.Entry(chart, newest.String())
}

// versions lists the versions of a chart.
func (s *Source) versions(ctx context.Context, chart string) ([]byte, error) {
	found, err := s.versionsOf(ctx, chart)
	if err != nil {
		return nil, err
	}
	type item struct {
		Version string `yaml:"version"`
	}
	list := struct {
		Versions []item `yaml:"versions"`
	}{Versions: []item{}}
	for _, v := range found {
		list.Versions = append(list.Versions, item{v.String()})
	}
	return yaml.Marshal(list)
}

func (s *Source) versionsOf(ctx context.Context, chart string) ([]catalog.Version, error) {
	if s.isOCI() {
		tags, err := s.source.Read(ctx, ociTags(s.Base(), chart))
		if err != nil {
			return nil, err
		}
		return versionsOf(tags), nil
	}
	index, err := s.charts.Index(ctx, s.Base())
	if err != nil {
		return nil, err
	}
	return index.Versions(chart), nil
}

// entry is one version of a chart.
func (s *Source) entry(ctx context.Context, chart, version string) (*Entry, error) {
	if !s.isOCI() {
		index, err := s.charts.Index(ctx, s.Base())
		if err != nil {
			return nil, err
		}
		return index.Entry(chart, version)
	}
	data, err := s.source.Read(ctx, ociMetadata(s.Base(), chart, version))
	if err != nil {
		return nil, err
	}
	parsed, err := catalog.ParseVersion(version)
	if err != nil {
		return nil, err
	}
	var read struct {
		Name, Description, Home, Icon, Type, KubeVersion, AppVersion string
		Deprecated                                                   bool
		Annotations                                                  map[string]string
	}
	if err := json.Unmarshal(data, &read); err != nil {
		return nil, fmt.Errorf("%s: the description of the chart is no JSON: %w", catalog.Redact(ociMetadata(s.Base(), chart, version)), err)
	}
	return &Entry{
		Name: chart, Version: parsed, AppVersion: read.AppVersion, Description: read.Description, Home: read.Home, Icon: read.Icon, Type: read.Type,
		KubeVersion: strings.TrimSpace(read.KubeVersion), Deprecated: read.Deprecated, Annotations: read.Annotations,
	}, nil
}

// manifest is the package.yaml of a version. It holds only what the chart says of itself, so that its digest stays. A chart is installed in
// namespaces, any number of times; the default namespace is called as the chart, without kube-, which Kubernetes keeps for its own.
func (s *Source) manifest(ctx context.Context, chart, version string) ([]byte, error) {
	entry, err := s.entry(ctx, chart, version)
	if err != nil {
		return nil, err
	}
	m := catalog.Manifest{
		Name: chart, Scope: catalog.NamespacedScope, DefaultNamespace: strings.TrimPrefix(chart, "kube-"), ShortDescription: entry.Description,
		Helm: &catalog.Helm{RepositoryURL: s.shown, ChartName: chart, ChartVersion: entry.Version.String()},
	}
	if home, err := url.Parse(entry.Home); err == nil && home.Host != "" && home.User == nil {
		m.References = []catalog.Reference{{Label: "Homepage", URL: entry.Home}}
	}
	root := &yaml.Node{}
	if err := root.Encode(m); err != nil {
		return nil, fmt.Errorf("describe chart %s %s: %w", chart, version, err)
	}
	return document.Encode(root)
}

// NoListError says that an OCI registry does not say which charts it has.
type NoListError struct {
	Registry string
	Err      error
}

// Error names the registry.
func (e *NoListError) Error() string {
	return fmt.Sprintf("%s does not list its charts: %v", catalog.Redact(e.Registry), e.Err)
}

// Is makes the error a catalog.ErrNoList.
func (e *NoListError) Is(target error) bool { return target == catalog.ErrNoList }

// Unwrap is the cause.
func (e *NoListError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *NoListError) Hint() string {
	return "most OCI registries do not: name a chart, 'gkops add CHART', and it is looked for"
}
