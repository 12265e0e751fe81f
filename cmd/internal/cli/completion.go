package cli

import (
	"context"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"fmt"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/resolver/catalog"
)

// candidates lists what may stand in an argument, given the arguments before it.
type candidates func(ctx context.Context, p *pipeline.Project, args []string) []string

// complete makes candidates the completion of a command's arguments. What cannot be found out is not offered.
func complete(env Env, list candidates) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		quiet := env
		quiet.StderrTerminal = false
		p, err := open(cmd.Context(), quiet)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var fit []string
		for _, c := range list(cmd.Context(), p, args) {
			if strings.HasPrefix(c, toComplete) && !slices.Contains(args, c) {
				fit = append(fit, c)
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlag makes candidates the completion of a flag.
func completeFlag(cmd *cobra.Command, flag string, env Env, list candidates) {
	mustComplete(cmd, flag, complete(env, list))
}

// mustComplete sets the completion of a flag that the caller has just declared.
func mustComplete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

func clusterNames(_ context.Context, p *pipeline.Project, _ []string) []string {
	var all []string
	for _, c := range p.Workspace().Clusters {
		all = append(all, c.Name)
	}
	return all
}

// registryNames are the registries that packages come from.
func registryNames(_ context.Context, p *pipeline.Project, _ []string) []string {
	return p.Registries().Names()
}

// allRegistryNames are the registries and overlays of gkops.yaml.
func allRegistryNames(_ context.Context, p *pipeline.Project, _ []string) []string {
	var all []string
	for _, r := range p.Workspace().Registries {
		all = append(all, r.Name)
	}
	return all
}

func packageNames(ctx context.Context, p *pipeline.Project, _ []string) []string {
	return p.PackageNames(ctx)
}

// heldNames are the packages with a hold.
func heldNames(_ context.Context, p *pipeline.Project, _ []string) []string {
	var all []string
	for _, h := range p.Workspace().Policy.Holds {
		all = append(all, h.Package)
	}
	return all
}

// instanceNames are the instances that gkops.yaml asks for.
func instanceNames(_ context.Context, p *pipeline.Project, _ []string) []string {
	var all []string
	for _, entry := range p.Workspace().Packages {
		all = append(all, entry.Instance())
	}
	for _, c := range p.Workspace().Clusters {
		for _, entry := range c.Packages {
			all = append(all, entry.Instance())
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// lockedNames are the instances that the locks hold.
func lockedNames(_ context.Context, p *pipeline.Project, _ []string) []string {
	listing, err := p.List("")
	if err != nil {
		return nil
	}
	var all []string
	for _, c := range listing.Clusters {
		for _, i := range c.Packages {
			all = append(all, i.Instance)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// instanceThenValues are the instances first, then the values of the instance that is named.
func instanceThenValues(ctx context.Context, p *pipeline.Project, args []string) []string {
	if len(args) == 0 {
		return instanceNames(ctx, p, nil)
	}
	for _, entry := range p.Workspace().Packages {
		if entry.Instance() != args[0] {
			continue
		}
		info, err := p.Info(ctx, entry.Name, entry.Registry, catalog.Range{})
		if err != nil {
			return nil
		}
		return slices.Sorted(maps.Keys(info.Release.Manifest.ValueDefinitions))
	}
	return nil
}

func newCompletion(env Env) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "Print the completion script of a shell: bash, zsh, fish or powershell",
		Example:   "  source <(gkops completion bash)\n  gkops completion zsh > \"${fpath[1]}/_gkops\"",
		ValidArgs: shells,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(env.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(env.Stdout)
			case "fish":
				return root.GenFishCompletion(env.Stdout, true)
			}
			return root.GenPowerShellCompletionWithDesc(env.Stdout)
		},
	}
}

func newVersion(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  gkops version",
		Args:    cobra.NoArgs,
	}
	format := outputFlag(cmd, "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		version, commit := build()
		if format.format == "json" {
			return writeJSON(env.Stdout, map[string]string{"version": version, "commit": commit})
		}
		fmt.Fprintln(env.Stdout, strings.TrimSpace("gkops "+version+" "+commit))
		return nil
	}
	return cmd
}

// build is the version of this program and the commit that it was built from, as the Go tool recorded them.
func build() (version, commit string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)", ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	return info.Main.Version, commit
}
