package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/resolver/catalog"
)

func newInfo(env Env) *cobra.Command {
	var (
		registry string
		values   bool
	)
	cmd := &cobra.Command{
		Use:               "info PKG[@RANGE]",
		Short:             "Show a package: versions, dependencies, values",
		Example:           "  gkops info cert-manager\n  gkops info postgresql@16.4.0+2 -o json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(env, packageNames),
	}
	cmd.Flags().StringVar(&registry, "registry", "", "look in this registry alone")
	cmd.Flags().BoolVar(&values, "values", false, "print the values of the package's chart as the chart writes them, with their comments")
	completeFlag(cmd, "registry", env, registryNames)
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return runInfo(cmd.Context(), env, args[0], registry, format.format, values)
	}
	return cmd
}

// infoJSON is the stable schema of 'gkops info -o json'.
type infoJSON struct {
	Name      string                    `json:"name"`
	Version   string                    `json:"version"`
	Registry  string                    `json:"registry"`
	Manifest  *catalog.Manifest         `json:"manifest"`
	Versions  map[string][]string       `json:"versions"`
	Installed []pipeline.PackageListing `json:"installed"`
	Withdrawn map[string]string         `json:"withdrawn,omitempty"`
	Facts     []factJSON                `json:"facts,omitempty"`
	Fits      []pipeline.Fit            `json:"fits"`
	// Contradictions are stated ranges that the objects do not fit.
	Contradictions []pipeline.Contradiction `json:"contradictions,omitempty"`
	Charts         []pipeline.ChartInfo     `json:"charts,omitempty"`
}

func runInfo(ctx context.Context, env Env, arg, registry, format string, values bool) error {
	name, versions, _ := strings.Cut(arg, "@")
	r, err := parseRange(versions)
	if err != nil {
		return err
	}
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	info, err := p.Info(ctx, name, registry, r)
	if err != nil {
		return err
	}
	charts, err := p.ChartInfos(ctx, info.Release)
	if err != nil && (values || format == "json") {
		return err
	}
	if values {
		for _, c := range charts {
			fmt.Fprintf(env.Stdout, "# chart %s %s\n%s", c.Name, c.Version, c.ValuesFile)
		}
		return nil
	}
	if format == "json" {
		return writeJSON(env.Stdout, infoJSON{
			name, info.Release.Version.String(), info.Release.Registry, info.Release.Manifest, info.Versions,
			append([]pipeline.PackageListing{}, info.Installed...), info.Withdrawn, factsJSON(info.Facts), append([]pipeline.Fit{}, info.Fits...), info.Contradictions,
			charts,
		})
	}
	showInfo(env.Stdout, info)
	if err != nil {
		fmt.Fprintf(env.Stderr, "gkops: the chart cannot be read, so its values are not shown: %v\n", err)
	}
	for _, c := range charts {
		showChart(env.Stdout, c)
	}
	return nil
}

// maxChartValues bounds how many values of a chart are shown; some have thousands.
const maxChartValues = 60

func showChart(w io.Writer, c pipeline.ChartInfo) {
	if c.SecurityUpdates {
		fmt.Fprintf(w, "\nchart %s %s has security updates, as its authors say\n", printable(c.Name), printable(c.Version))
	}
	if len(c.Links) > 0 {
		fmt.Fprintf(w, "\nlinks of chart %s %s:\n", printable(c.Name), printable(c.Version))
	}
	links := make([][]string, 0, len(c.Links))
	for _, link := range c.Links {
		links = append(links, []string{"  " + printable(link.Name), printable(link.URL)})
	}
	table(w, links)
	fmt.Fprintf(w, "\nvalues of chart %s %s:\n", printable(c.Name), printable(c.Version))
	shown := c.Values[:min(len(c.Values), maxChartValues)]
	rows := make([][]string, 0, len(shown))
	for _, v := range shown {
		text := []rune(printable(v.Default))
		if len(text) > 80 {
			text = append(text[:79:79], '…')
		}
		rows = append(rows, []string{"  " + printable(v.Path), string(text)})
	}
	table(w, rows)
	if more := len(c.Values) - len(shown); more > 0 {
		fmt.Fprintf(w, "  and %d more: --values shows them all, -o json lists them\n", more)
	}
}

func showInfo(w io.Writer, info *pipeline.Info) {
	m := info.Release.Manifest
	fmt.Fprintf(w, "%s %s (registry %s)\n", m.Name, info.Release.Version, info.Release.Registry)
	if m.ShortDescription != "" {
		fmt.Fprintf(w, "%s\n", printable(m.ShortDescription))
	}
	scope := m.Scope
	if scope == "" {
		scope = catalog.ClusterScope
	}
	rows := [][]string{{"scope:", string(scope)}}
	if m.DefaultNamespace != "" {
		rows = append(rows, []string{"namespace:", m.DefaultNamespace})
	}
	rows = append(rows, []string{"made of:", madeOf(m)})
	for _, name := range info.Registries {
		rows = append(rows, []string{"versions:", fmt.Sprintf("%s (%s)", strings.Join(versionsOf(info, name), ", "), name)})
	}
	for _, d := range m.Dependencies {
		rows = append(rows, []string{"depends on:", strings.TrimSpace(d.Name + " " + d.Version)})
	}
	for _, c := range m.Components {
		rows = append(rows, []string{"component:", strings.TrimSpace(c.Name + " " + c.Version)})
	}
	rows = append(rows, factRows(info)...)
	for n, i := range info.Installed {
		rows = append(rows, []string{"installed:", fmt.Sprintf("%s: %s %s", info.Clusters[n], i.Instance, i.Version)})
	}
	for _, r := range m.References {
		rows = append(rows, []string{"link:", printable(r.Label) + " " + printable(r.URL)})
	}
	table(w, rows)
	showValues(w, m)
}

// madeOf says what a package consists of.
func madeOf(m *catalog.Manifest) string {
	var parts []string
	if m.Helm != nil {
		parts = append(parts, "a Helm chart")
	}
	if m.Kustomize != nil {
		parts = append(parts, "a kustomization")
	}
	if n := len(m.Manifests); n > 0 {
		parts = append(parts, fmt.Sprintf("plain manifests (%d)", n))
	}
	return strings.Join(parts, ", ")
}

func showValues(w io.Writer, m *catalog.Manifest) {
	if len(m.ValueDefinitions) == 0 {
		return
	}
	fmt.Fprintln(w, "\nvalues:")
	rows := make([][]string, 0, len(m.ValueDefinitions))
	for _, name := range slices.Sorted(maps.Keys(m.ValueDefinitions)) {
		d := m.ValueDefinitions[name]
		rows = append(rows, []string{"  " + name, string(d.Type), limits(d), printable(describe(d))})
	}
	table(w, rows)
}

// describe is what a value is for.
func describe(d catalog.ValueDefinition) string {
	return strings.TrimSpace(strings.TrimSuffix(d.Metadata.Label+": "+d.Metadata.Description, ": "))
}

// limits says what a value may be: "required, 1 to 5, suggested 3".
func limits(d catalog.ValueDefinition) string {
	var all []string
	c := d.Constraints
	if c.Required {
		all = append(all, "required")
	}
	for _, bound := range []struct {
		text string
		n    *int
	}{{"at least %d", c.Min}, {"at most %d", c.Max}, {"%d characters or more", c.MinLength}, {"%d characters at most", c.MaxLength}} {
		if bound.n != nil {
			all = append(all, fmt.Sprintf(bound.text, *bound.n))
		}
	}
	if c.Pattern != "" {
		all = append(all, "matches "+printable(c.Pattern))
	}
	if len(d.Options) > 0 {
		all = append(all, "one of "+printable(strings.Join(d.Options, "|")))
	}
	if d.DefaultValue != "" {
		all = append(all, "suggested "+printable(d.DefaultValue))
	}
	return strings.Join(all, ", ")
}

// parseRange reads the RANGE of PKG@RANGE.
func parseRange(s string) (catalog.Range, error) {
	r, err := catalog.ParseRange(s)
	if err != nil {
		return catalog.Range{}, &argumentError{fmt.Sprintf("%q", s), err, rangeHint}
	}
	return r, nil
}
