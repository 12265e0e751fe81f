package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

func newPromote(env Env) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:   "promote CLUSTER",
		Short: "Take the versions of the cluster that this one follows",
		Long: `Bring a cluster to the versions of the cluster that it follows ('follows:' in gkops.yaml): the same versions from the same registries,
made of the same bytes. How long the other cluster has run them is not asked; the bot does that ('soak:').`,
		Example:           "  gkops promote prod --dry-run\n  gkops promote prod --commit",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(env, clusterNames),
	}
	o.flags(cmd, env)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.cluster != "" {
			return usagef(cmd, "the cluster is an argument here")
		}
		return o.at(cmd.Context(), env, func(at *desk) error {
			p, edit := at.project, o.edit(nil)
			taken, err := p.Promote(&edit, args[0], nil)
			if err != nil {
				return err
			}
			proposal, err := p.Propose(cmd.Context(), edit)
			if err == nil {
				err = p.Promoted(proposal, args[0], taken)
			}
			if err != nil {
				return told(env, o.output.format, err)
			}
			if len(taken) == 0 {
				fmt.Fprintln(env.Stderr, "gkops: it has the same versions already")
			}
			return change(cmd.Context(), env, at, o, edit)
		})
	}
	return cmd
}

func newRevert(env Env) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:   "revert INSTANCE",
		Short: "Go back to the version that an instance had before",
		Long: `Bring an instance back to the version that it had before the present one, as the history of the lock says, and with it what has to go
along. The present version is written under policy.skips in gkops.yaml, so that the bot does not propose it again; take the entry out
when it may.`,
		Example:           "  gkops revert key-operator --dry-run\n  gkops revert key-operator --cluster prod --commit",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(env, instanceNames),
	}
	o.flags(cmd, env)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return edited(cmd.Context(), env, o, func(p *pipeline.Project, edit *pipeline.Edit) error {
			return p.Revert(cmd.Context(), edit, o.cluster, args[0])
		})
	}
	return cmd
}
