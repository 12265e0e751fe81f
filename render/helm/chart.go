package helm

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	sigsyaml "sigs.k8s.io/yaml"
)

// Chart is a chart that was read from an archive. It is never changed: every render works on a copy of its own.
type Chart struct {
	name  string // as its source names it
	files []*archive.BufferedFile
	main  *chart.Chart
	asks  bool // something in it asks which APIs the cluster serves
}

// Load reads the archive of a chart, a gzipped tar. name stands for it in errors. It returns an *ArchiveError for an archive that is
// damaged or hostile, and a *ChartError for one that holds no chart that can be used.
func Load(name string, data []byte) (*Chart, error) {
	files, err := unpack(name, data)
	if err != nil {
		return nil, err
	}
	c := &Chart{name: name, files: files}
	if c.main, err = c.read(); err != nil {
		return nil, err
	}
	for _, f := range files {
		c.asks = c.asks || bytes.Contains(f.Data, []byte("APIVersions"))
	}
	return c, nil
}

// read makes a chart of the files.
func (c *Chart) read() (*chart.Chart, error) {
	if err := c.checkVersion(); err != nil {
		return nil, err
	}
	made, err := loadFiles(c.files)
	if err != nil {
		return nil, &ChartError{Chart: c.name, Reason: "it cannot be read", Err: err}
	}
	sortDependencies(made)
	meterAll(made)
	return made, nil
}

// clone is a copy of what rendering changes of a chart: which subcharts there are, what they are called, and templates. Values are the same: Helm
// copies them before it puts them together, and gives a chart other ones instead of changing them.
func clone(c *chart.Chart) *chart.Chart {
	made := *c
	metadata := *c.Metadata
	metadata.Dependencies = make([]*chart.Dependency, len(c.Metadata.Dependencies))
	for i, d := range c.Metadata.Dependencies {
		dependency := *d
		metadata.Dependencies[i] = &dependency
	}
	if c.Metadata.Dependencies == nil {
		metadata.Dependencies = nil
	}
	made.Metadata = &metadata
	made.Templates = make([]*common.File, len(c.Templates))
	for i, f := range c.Templates {
		file := *f
		made.Templates[i] = &file
	}
	made.SetDependencies()
	for _, d := range c.Dependencies() {
		made.AddDependency(clone(d))
	}
	return &made
}

// checkVersion refuses formats of charts that are not known, which would be read as another one.
func (c *Chart) checkVersion() error {
	for _, f := range c.files {
		if f.Name != "Chart.yaml" {
			continue
		}
		var head struct {
			APIVersion string `json:"apiVersion"`
		}
		if err := sigsyaml.Unmarshal(f.Data, &head); err != nil {
			return &ChartError{Chart: c.name, Reason: "Chart.yaml is no YAML", Err: err}
		}
		if !slices.Contains([]string{"", chart.APIVersionV1, chart.APIVersionV2}, head.APIVersion) {
			return &ChartError{Chart: c.name, Reason: fmt.Sprintf("its format %.40q is not known: v1 and v2 are", head.APIVersion)}
		}
	}
	return nil
}

// sortDependencies brings the subcharts, which Helm reads in any order, into one.
func sortDependencies(c *chart.Chart) {
	all := slices.Clone(c.Dependencies())
	slices.SortStableFunc(all, func(a, b *chart.Chart) int {
		return strings.Compare(a.Name()+" "+a.Metadata.Version, b.Name()+" "+b.Metadata.Version)
	})
	c.SetDependencies(all...)
	for _, dependency := range all {
		sortDependencies(dependency)
	}
}

// Name is the name that the chart gives itself.
func (c *Chart) Name() string { return c.main.Name() }

// Version is the version that the chart gives itself.
func (c *Chart) Version() string { return c.main.Metadata.Version }

// KubeVersion is the range of Kubernetes versions that the chart demands, as it writes it; empty for none.
func (c *Chart) KubeVersion() string { return c.main.Metadata.KubeVersion }

// Library reports whether the chart only serves other charts, and gives no objects by itself.
func (c *Chart) Library() bool { return c.main.Metadata.Type == "library" }

// AsksForAPIs reports whether what the chart gives may depend on the APIs that the cluster serves.
func (c *Chart) AsksForAPIs() bool { return c.asks }

// Values are the chart's default values, those of its subcharts below their names.
func (c *Chart) Values() (map[string]any, error) { return defaults(c) }

// ValuesFile is values.yaml as the chart has it, with its comments; nil when it has none.
func (c *Chart) ValuesFile() []byte {
	for _, f := range c.files {
		if f.Name == "values.yaml" {
			return f.Data
		}
	}
	return nil
}

// Missing are the dependencies that Chart.yaml names and the archive does not hold.
func (c *Chart) Missing() []string {
	var missing []string
	for _, wanted := range c.main.Metadata.Dependencies {
		held := slices.ContainsFunc(c.main.Dependencies(), func(d *chart.Chart) bool { return d.Name() == wanted.Name })
		if !held {
			missing = append(missing, wanted.Name)
		}
	}
	return missing
}

// definitions are the files of crds/, which are no templates, by path.
func definitions(c *chart.Chart) []*common.File {
	var files []*common.File
	for _, crd := range c.CRDObjects() {
		files = append(files, &common.File{Name: crd.Filename, Data: crd.File.Data})
	}
	slices.SortStableFunc(files, func(a, b *common.File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// announce lets every template say its name before it runs, so that what it makes up is known by its place.
func announce(c *chart.Chart, folder string) {
	for _, f := range c.Templates {
		if strings.HasPrefix(path.Base(f.Name), "_") {
			continue
		}
		text := fmt.Sprintf("{{ %s %q }}", enterFunction, folder+f.Name)
		f.Data = append([]byte(text), f.Data...)
	}
	for _, dependency := range c.Dependencies() {
		announce(dependency, folder+"charts/"+dependency.Name()+"/")
	}
}

// ChartError says that a chart cannot be used.
type ChartError struct {
	Chart  string // as its source names it
	Reason string
	Err    error // may be nil
}

// Error names the chart.
func (e *ChartError) Error() string {
	text := fmt.Sprintf("chart %s: %s", e.Chart, e.Reason)
	if e.Err != nil {
		text += ": " + strings.TrimRight(e.Err.Error(), "\n")
	}
	return text
}

// Unwrap is the cause.
func (e *ChartError) Unwrap() error { return e.Err }
