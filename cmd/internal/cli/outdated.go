package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

func newOutdated(env Env) *cobra.Command {
	var (
		cluster   string
		downgrade []string
	)
	cmd := &cobra.Command{
		Use:   "outdated",
		Short: "List what could be newer; exit 1 when something could",
		Long: `List what could be newer. ALLOWED is what 'gkops upgrade' would choose, NEWEST the newest stable version of the registry.
Where they differ, NEWEST says what is known against it; 'gkops why PKG@VERSION' tells what else keeps it out.
A version that was withdrawn since it was locked is warned about, also when there is nothing newer.`,
		Example: "  gkops outdated\n  gkops outdated -o json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "this cluster alone")
	downgradeFlag(cmd, &downgrade)
	completeFlag(cmd, "cluster", env, clusterNames)
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return runOutdated(cmd.Context(), env, cluster, downgrade, format.format)
	}
	return cmd
}

func runOutdated(ctx context.Context, env Env, cluster string, downgrade []string, format string) error {
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	found, err := p.Outdated(ctx, cluster, downgrade)
	if err != nil {
		return told(env, format, err)
	}
	if format == "json" {
		if err := writeJSON(env.Stdout, map[string]any{"outdated": found}); err != nil {
			return err
		}
	} else if len(found) > 0 {
		table(env.Stdout, outdatedRows(found))
	}
	if len(found) > 0 {
		return &answerNo{}
	}
	return nil
}

// outdatedRows are the columns of 'gkops outdated'. THEN is there only when something goes in steps.
func outdatedRows(found []pipeline.Outdated) [][]string {
	rows := [][]string{{"CLUSTER", "INSTANCE", "VERSION", "ALLOWED", "NEWEST", "REGISTRY"}}
	stepwise := slices.ContainsFunc(found, func(o pipeline.Outdated) bool { return len(o.Next) > 0 })
	if stepwise {
		rows[0] = slices.Insert(rows[0], 4, "THEN")
	}
	for _, o := range found {
		newest := o.Newest
		if len(o.Against) > 0 {
			newest += " (" + strings.Join(o.Against, ", ") + ")"
		}
		row := []string{o.Cluster, o.Instance, o.Version, o.Allowed, newest, o.Registry}
		if stepwise {
			row = slices.Insert(row, 4, strings.Join(o.Next, ", "))
		}
		rows = append(rows, row)
	}
	return rows
}
