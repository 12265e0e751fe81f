package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

type initOptions struct {
	dir, engine, cluster, kubernetes, entry, repoURL string
	registries                                       []string
}

func newInit(env Env) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a workspace in a new or existing repository",
		Long: `Make a workspace: write gkops.yaml, and where it is asked for, the one object that makes the engine read what gkops generates.
A folder that is no Git repository yet becomes one.`,
		Example: `  gkops init --engine flux --cluster prod --kubernetes 1.33 --registry glasskube=https://packages.example/packages/
  gkops init --engine argocd --cluster prod --kubernetes 1.33 --registry team=../registry --entry clusters/prod
  gkops init demo --engine flux --cluster dev --kubernetes 1.34 --registry examples=builtin:examples`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = env.Dir
			if len(args) == 1 {
				o.dir = filepath.Join(env.Dir, args[0])
				if filepath.IsAbs(args[0]) {
					o.dir = args[0]
				}
			}
			return runInit(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.engine, "engine", "", "what applies the repository: flux or argocd")
	f.StringVar(&o.cluster, "cluster", "", "name of the first cluster")
	f.StringVar(&o.kubernetes, "kubernetes", "", "Kubernetes version of that cluster, X.Y")
	f.StringArrayVar(&o.registries, "registry", nil, "a registry or overlay: NAME=URL; a URL is http(s), a folder, or builtin:examples")
	f.StringVar(&o.entry, "entry", "", "folder that the engine reads already: the object that points to gkops's tree is written there")
	f.StringVar(&o.repoURL, "repo-url", "", "address of this repository, for Argo CD (default: the remote origin)")
	for _, name := range []string{"engine", "cluster", "kubernetes"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // a flag that is not declared above
		}
	}
	mustComplete(cmd, "engine", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"flux", "argocd"}, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func runInit(ctx context.Context, env Env, o initOptions) error {
	request := pipeline.Init{
		Dir: o.dir, Engine: o.engine, Cluster: o.cluster, Kubernetes: o.kubernetes, Entry: o.entry, RepoURL: o.repoURL,
	}
	for _, r := range o.registries {
		name, url, found := strings.Cut(r, "=")
		if !found || name == "" || url == "" {
			return fmt.Errorf("--registry %q is not NAME=URL", r)
		}
		request.Registries = append(request.Registries, pipeline.NamedURL{Name: name, URL: url, From: env.Dir})
	}
	made, err := pipeline.Create(ctx, world(env), request)
	if err != nil {
		return err
	}
	for _, file := range made.Written {
		fmt.Fprintf(env.Stdout, "wrote %s\n", file)
	}
	if len(made.Root) < len(o.dir) {
		fmt.Fprintf(env.Stderr, "gkops: the repository begins above: its root is %s\n", made.Root)
	}
	if o.entry == "" {
		fmt.Fprintf(env.Stderr, "gkops: hint: after the first 'gkops add', give this to %s once, in a file of the folder that it reads (or run init with --entry DIR):\n", o.engine)
		fmt.Fprintf(env.Stdout, "\n%s", made.Entry)
	}
	fmt.Fprintln(env.Stderr, "gkops: next: 'gkops search', then 'gkops add PKG'")
	return nil
}

func newRegistry(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "registry",
		Short:   "Add, list and remove registries",
		Example: "  gkops registry add glasskube https://packages.example/packages/\n  gkops registry list",
		Args:    usageArgs(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRegistryAdd(env), newRegistryList(env), newRegistryRemove(env))
	return cmd
}

func newRegistryAdd(env Env) *cobra.Command {
	var of []string
	cmd := &cobra.Command{
		Use:     "add NAME URL",
		Short:   "Add a registry or an overlay: http(s), a folder, or builtin:examples",
		Long:    "Add a registry, or an overlay, which has facts about the packages of other registries. Which of them it is, gkops finds by looking.",
		Example: "  gkops registry add team ../registry\n  gkops registry add compat ../overlay --of team",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changing(cmd.Context(), env, func(p *pipeline.Project) error {
				return p.AddRegistry(cmd.Context(), pipeline.NamedURL{Name: args[0], URL: args[1], From: env.Dir, Of: of})
			})
		},
	}
	cmd.Flags().StringSliceVar(&of, "of", nil, "an overlay: the registries whose packages its facts are about (default: all)")
	completeFlag(cmd, "of", env, registryNames)
	return cmd
}

func newRegistryList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the registries, in the order in which they are asked",
		Example: "  gkops registry list -o json",
		Args:    usageArgs(cobra.NoArgs),
	}
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p, err := open(cmd.Context(), env)
		if err != nil {
			return err
		}
		if format.format == "json" {
			return writeJSON(env.Stdout, map[string]any{"registries": p.Workspace().Registries})
		}
		rows := [][]string{{"NAME", "TYPE", "URL"}}
		for _, r := range p.Workspace().Registries {
			kind := string(r.Type)
			if len(r.Of) > 0 {
				kind += " of " + strings.Join(r.Of, ", ")
			}
			rows = append(rows, []string{r.Name, kind, r.URL})
		}
		table(env.Stdout, rows)
		return nil
	}
	return cmd
}

func newRegistryRemove(env Env) *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME",
		Short:             "Remove a registry that no locked package comes from",
		Example:           "  gkops registry remove team",
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: complete(env, allRegistryNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changing(cmd.Context(), env, func(p *pipeline.Project) error {
				return p.RemoveRegistry(cmd.Context(), args[0])
			})
		},
	}
}
