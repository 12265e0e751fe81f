package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

// output is the value of -o: one of the formats that a command has.
type output struct {
	format  string
	allowed []string
}

// String is the format that was asked for.
func (o *output) String() string { return o.format }

// Type names the formats in a command's help.
func (o *output) Type() string { return strings.Join(o.allowed, "|") }

// Set takes one of the allowed formats.
func (o *output) Set(s string) error {
	if !slices.Contains(o.allowed, s) {
		return fmt.Errorf("not one of %s", strings.Join(o.allowed, ", "))
	}
	o.format = s
	return nil
}

// outputFlag adds -o with text as the default; the formats are in completion too.
func outputFlag(cmd *cobra.Command, formats ...string) *output {
	o := &output{format: "text", allowed: append([]string{"text"}, formats...)}
	cmd.Flags().VarP(o, "output", "o", "format of the output")
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return o.allowed, cobra.ShellCompDirectiveNoFileComp
	}
	mustComplete(cmd, "output", complete)
	return o
}

// downgradeFlag is the flag that lets locked packages go down.
func downgradeFlag(cmd *cobra.Command, names *[]string) {
	cmd.Flags().StringSliceVar(names, "allow-downgrade", nil, "packages that may go to a lower version")
}

// writeJSON writes a value as indented JSON.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func newList(env Env) *cobra.Command {
	var cluster string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List what the clusters have",
		Example: "  gkops list\n  gkops list --cluster prod -o json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "this cluster alone")
	completeFlag(cmd, "cluster", env, clusterNames)
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return runList(cmd.Context(), env, cluster, format.format) }
	return cmd
}

func runList(ctx context.Context, env Env, cluster, format string) error {
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	listing, err := p.List(cluster)
	if err != nil {
		return err
	}
	if format == "json" {
		return writeJSON(env.Stdout, listing)
	}
	rows := [][]string{{"CLUSTER", "INSTANCE", "PACKAGE", "NAMESPACE", "VERSION", "REGISTRY", "LAYER", "NEEDED BY"}}
	for _, c := range listing.Clusters {
		for _, i := range c.Packages {
			needed := strings.Join(i.RequiredBy, ", ")
			if i.Removing {
				needed = "being removed"
			}
			if i.Withdrawn != "" {
				fmt.Fprintf(env.Stderr, "gkops: warning: %s: %s %s was withdrawn: %s\n", c.Name, i.Instance, i.Version, printable(i.Withdrawn))
			}
			rows = append(rows, []string{c.Name, i.Instance, i.Name, i.Namespace, i.Version, i.Registry, fmt.Sprint(i.Layer), needed})
		}
	}
	if len(rows) == 1 {
		fmt.Fprintln(env.Stderr, "gkops: no packages yet: add one with 'gkops add PKG'")
		return nil
	}
	table(env.Stdout, rows)
	return nil
}

func newSearch(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "search [TERM]",
		Short:   "Search the registries",
		Example: "  gkops search cert\n  gkops search -o json",
		Args:    cobra.MaximumNArgs(1),
	}
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return runSearch(cmd.Context(), env, strings.Join(args, ""), format.format)
	}
	return cmd
}

func runSearch(ctx context.Context, env Env, term, format string) error {
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	hits, err := p.Search(ctx, term)
	if err != nil {
		return err
	}
	if format == "json" {
		if err := writeJSON(env.Stdout, map[string]any{"packages": hits}); err != nil {
			return err
		}
	} else if len(hits) > 0 {
		rows := [][]string{{"PACKAGE", "NEWEST", "REGISTRY", "SCOPE", "DESCRIPTION"}}
		for _, h := range hits {
			rows = append(rows, []string{h.Name, marked(h), h.Registry, h.Scope, printable(h.Description)})
		}
		table(env.Stdout, rows)
	}
	if len(hits) == 0 {
		return &answerNo{fmt.Sprintf("no package matches %q", term)}
	}
	return nil
}

// marked is the newest version of a package with what is to be known of it, and of newer ones that were withdrawn.
func marked(h pipeline.Hit) string {
	var marks []string
	if h.Withdrawn[h.Newest] != "" {
		marks = append(marks, "withdrawn")
	}
	if h.Prerelease != "" {
		marks = append(marks, "prerelease")
	}
	if h.Deprecated != "" {
		marks = append(marks, "deprecated")
	}
	for _, v := range h.Skipped {
		marks = append(marks, v+" withdrawn")
	}
	if len(marks) == 0 {
		return h.Newest
	}
	return h.Newest + " (" + strings.Join(marks, ", ") + ")"
}

// printable is text from a package on one line, without control characters that a terminal would act on.
func printable(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}), " ")
}

func newWhy(env Env) *cobra.Command {
	var (
		cluster   string
		downgrade []string
	)
	cmd := &cobra.Command{
		Use:   "why PKG[@RANGE]",
		Short: "Say why a package is there, or why a version is not",
		Example: `  gkops why gateway-api
  gkops why cert-manager@1.18.0
  gkops why cert-manager@1.16 --allow-downgrade cert-manager`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(env, lockedNames),
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "this cluster alone")
	downgradeFlag(cmd, &downgrade)
	completeFlag(cmd, "cluster", env, clusterNames)
	format := outputFlag(cmd, "json", "markdown")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, _, ranged := strings.Cut(args[0], "@")
		if ranged {
			return runWhyNot(cmd.Context(), env, args[0], cluster, downgrade, format.format)
		}
		if len(downgrade) > 0 {
			return usagef(cmd, "--allow-downgrade goes with a version: gkops why %s@VERSION", name)
		}
		return runWhy(cmd.Context(), env, name, cluster, format.format)
	}
	return cmd
}

func runWhy(ctx context.Context, env Env, name, cluster, format string) error {
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	reasons, err := p.Why(name, cluster)
	if err != nil {
		return err
	}
	if format == "json" {
		return writeJSON(env.Stdout, map[string]any{"reasons": reasons})
	}
	for _, r := range reasons {
		head, line := "%s: %s %s\n", "  %s\n"
		if format == "markdown" {
			head, line = "**%s: %s %s**\n\n", "- %s\n"
		}
		fmt.Fprintf(env.Stdout, head, r.Cluster, r.Instance, r.Version)
		for _, text := range slices.Concat(r.Chains, knownLines(r.Kubernetes, r.Facts)) {
			if format == "markdown" {
				text = escapeMarkdown(text)
			}
			fmt.Fprintf(env.Stdout, line, text)
		}
	}
	return nil
}

func runWhyNot(ctx context.Context, env Env, arg, cluster string, downgrade []string, format string) error {
	name, versions, _ := strings.Cut(arg, "@")
	r, err := parseRange(versions)
	if err != nil {
		return err
	}
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	verdicts, err := p.WhyNot(ctx, name, r, cluster, downgrade)
	if err != nil {
		return err
	}
	if format == "json" {
		if err := writeJSON(env.Stdout, map[string]any{"verdicts": verdicts}); err != nil {
			return err
		}
	}
	possible := true
	for _, c := range p.Workspace().Clusters {
		verdict, asked := verdicts[c.Name]
		if !asked {
			continue
		}
		possible = possible && (verdict.Possible || verdict.Chosen)
		switch {
		case format == "markdown" && verdict.No != nil:
			fmt.Fprintf(env.Stdout, "%s: %s\n", c.Name, verdict.No.Markdown())
		case format == "markdown":
			fmt.Fprintf(env.Stdout, "%s: %s\n\n", c.Name, escapeMarkdown(verdict.Text))
		case format == "text":
			fmt.Fprintf(env.Stdout, "%s: %s\n", c.Name, strings.TrimRight(verdict.Text, "\n"))
		}
	}
	if !possible {
		return &answerNo{}
	}
	return nil
}

func newGraph(env Env) *cobra.Command {
	var cluster string
	cmd := &cobra.Command{
		Use:   "graph",
		Short: "Show the layers and what waits for what",
		Example: `  gkops graph
  gkops graph --cluster prod -o mermaid
  gkops graph -o svg > graph.svg`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "this cluster alone")
	completeFlag(cmd, "cluster", env, clusterNames)
	format := outputFlag(cmd, "json", "dot", "mermaid", "svg")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return runGraph(cmd.Context(), env, cluster, format.format)
	}
	return cmd
}

func runGraph(ctx context.Context, env Env, cluster, format string) error {
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	graphs, err := p.Graph(cluster)
	if err != nil {
		return err
	}
	if format == "json" {
		return writeJSON(env.Stdout, map[string]any{"clusters": graphs})
	}
	if format == "svg" && len(graphs) > 1 {
		return fmt.Errorf("svg shows one cluster: name it with --cluster")
	}
	draw := map[string]func(io.Writer, string, []pipeline.Node){
		"text": drawText, "dot": drawDot, "mermaid": drawMermaid, "svg": drawSVG,
	}[format]
	for _, c := range p.Workspace().Clusters {
		if nodes, ok := graphs[c.Name]; ok {
			draw(env.Stdout, c.Name, nodes)
		}
	}
	return nil
}
