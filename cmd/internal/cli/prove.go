package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

func newRender(env Env) *cobra.Command {
	var (
		o     changeOptions
		check bool
	)
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Render again from the lock",
		Long: `Render the workspace again. What the lock has stays chosen; what gkops.yaml asks for and the lock has not is added.
Files that are missing are written again; files that were edited by hand are named, and overwritten only with --force.
With --check nothing is written, and the exit status is 1 when something would be.`,
		Example: "  gkops render\n  gkops render --check",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if check {
				return runRenderCheck(cmd.Context(), env, o)
			}
			return edited(cmd.Context(), env, o, func(*pipeline.Project, *pipeline.Edit) error { return nil })
		},
	}
	o.flags(cmd, env)
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; exit 1 when something would change")
	return cmd
}

func runRenderCheck(ctx context.Context, env Env, o changeOptions) error {
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	stale, err := p.Stale(ctx, o.edit(nil))
	if err != nil {
		return err
	}
	for _, d := range stale {
		fmt.Fprintf(env.Stdout, "%-8s %s\n", d.What, d.Path)
	}
	if len(stale) > 0 {
		return &answerNo{fmt.Sprintf("%s not what 'gkops render' gives", files(len(stale)))}
	}
	return nil
}

// files counts files in words, with its verb.
func files(n int) string {
	if n == 1 {
		return "1 file is"
	}
	return fmt.Sprintf("%d files are", n)
}

func newVerify(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify [REV]",
		Short: "Prove that the work tree, or a revision, holds exactly what the lock gives",
		Long: `Render the lock again, from sources that it names by digest, and compare every byte with the work tree or a revision.
Exit status: 0 the same; 1 files differ, are missing or are there in addition; 2 could not tell.`,
		Example: "  gkops verify\n  gkops verify HEAD\n  gkops verify origin/main -o json",
		Args:    cobra.MaximumNArgs(1),
	}
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		revision := ""
		if len(args) == 1 {
			revision = args[0]
		}
		return runVerify(cmd.Context(), env, revision, format.format)
	}
	return cmd
}

func runVerify(ctx context.Context, env Env, revision, format string) error {
	p, err := open(ctx, env)
	if err != nil {
		return err
	}
	differences, err := p.Verify(ctx, revision)
	if err != nil {
		return err
	}
	if format == "json" {
		if err := writeJSON(env.Stdout, map[string]any{"differences": differences}); err != nil {
			return err
		}
	} else {
		for _, d := range differences {
			fmt.Fprintf(env.Stdout, "%-8s %s\n", d.What, d.Path)
		}
	}
	if len(differences) > 0 {
		return &answerNo{fmt.Sprintf("%s not what the lock gives", files(len(differences)))}
	}
	return nil
}
