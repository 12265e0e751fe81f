package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/resolver/catalog"
)

func newRemove(env Env) *cobra.Command {
	var (
		o     changeOptions
		purge bool
	)
	cmd := &cobra.Command{
		Use:   "remove [INSTANCE]...",
		Short: "Remove packages, and what nothing asks for any more",
		Long: `Remove packages from gkops.yaml, and with them what nothing asks for any more.

An instance that Git already holds leaves in steps, one part per commit, in reverse order: custom resources, then the rest,
then CRDs. Objects that hold data are guarded first and stay in the cluster. Run the command again, with no name, for the next step.

With --purge they do not stay: one commit says what the next one deletes, with all its data, and lifts the guard.`,
		Example:           "  gkops remove cert-manager --commit\n  gkops remove --commit\n  gkops remove orders-db --purge --commit",
		ValidArgsFunction: complete(env, instanceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return edited(cmd.Context(), env, o, func(p *pipeline.Project, edit *pipeline.Edit) error {
				return p.Remove(edit, o.cluster, names(args), purge)
			})
		},
	}
	o.flags(cmd, env)
	cmd.Flags().BoolVar(&purge, "purge", false, "lose the data: delete also volumes, StatefulSets, namespaces and definitions, one commit after saying so")
	return cmd
}

func newSet(env Env) *cobra.Command {
	var (
		o       changeOptions
		version string
		given   givenOptions
	)
	cmd := &cobra.Command{
		Use:   "set INSTANCE [NAME=VALUE]...",
		Short: "Set values of an instance, or the range of its version",
		Example: `  gkops set orders-db storageSize=20Gi
  gkops set cert-manager --version ">=1.18 <2"
  gkops set webapp --set-from adminPassword=secret:web/admin/password`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: complete(env, instanceThenValues),
		RunE: func(cmd *cobra.Command, args []string) error {
			given := given
			given.set = args[1:]
			values, references, err := given.parse(env)
			if err != nil {
				return err
			}
			if !given.any() && !cmd.Flags().Changed("version") {
				return usagef(cmd, "nothing to set: give NAME=VALUE, --set-file, --set-from, --values, --mode or --version")
			}
			change := pipeline.Setting{Mode: given.mode, Given: values, ValuesFrom: references}
			if cmd.Flags().Changed("version") {
				if _, err := catalog.ParseRange(version); err != nil {
					return &argumentError{fmt.Sprintf("--version %q", version), err, rangeHint}
				}
				change.Version = &version
			}
			return edited(cmd.Context(), env, o, func(p *pipeline.Project, edit *pipeline.Edit) error {
				return p.Set(cmd.Context(), edit, o.cluster, args[0], change)
			})
		},
	}
	o.flags(cmd, env)
	cmd.Flags().StringVar(&version, "version", "", "the range of versions that the instance may have; empty for any stable one")
	given.flags(cmd)
	return cmd
}

func newUnset(env Env) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:               "unset INSTANCE NAME...",
		Short:             "Unset values of an instance",
		Example:           "  gkops unset orders-db storageSize",
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: complete(env, instanceThenValues),
		RunE: func(cmd *cobra.Command, args []string) error {
			return edited(cmd.Context(), env, o, func(p *pipeline.Project, edit *pipeline.Edit) error {
				return p.Unset(edit, o.cluster, args[0], names(args[1:]))
			})
		},
	}
	o.flags(cmd, env)
	return cmd
}

func newHold(env Env) *cobra.Command {
	var (
		o      changeOptions
		reason string
	)
	cmd := &cobra.Command{
		Use:   "hold PKG[@RANGE]",
		Short: "Hold a package at its version, or at a range",
		Long: `Hold a package at a range of versions, by default at the version that the lock has.
A hold binds whoever asks for the package; it does not install it.`,
		Example: `  gkops hold gateway-api@1.3.0 --reason "the mesh is not ready for 1.4"
  gkops hold cert-manager`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(env, packageNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, _, _ := strings.Cut(args[0], "@")
			versions, err := checkedRange(args[0])
			if err != nil {
				return err
			}
			return edited(cmd.Context(), env, o, func(p *pipeline.Project, edit *pipeline.Edit) error {
				return p.Hold(cmd.Context(), edit, name, versions, reason)
			})
		},
	}
	o.flags(cmd, env)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who come next")
	return cmd
}

func newUnhold(env Env) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:     "unhold PKG",
		Short:   "Let a held package move again",
		Long:    "Let a held package move again. Nothing moves by this command: 'gkops upgrade' does that.",
		Example: "  gkops unhold gateway-api",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: complete(env, heldNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return edited(cmd.Context(), env, o, func(p *pipeline.Project, edit *pipeline.Edit) error {
				return p.Unhold(edit, args[0])
			})
		},
	}
	o.flags(cmd, env)
	return cmd
}

func newUpgrade(env Env) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:   "upgrade [INSTANCE[@RANGE]...]",
		Short: "Move to the newest allowed versions",
		Long: `Move to the newest versions that gkops.yaml, the holds and all dependencies allow together.
With names, only these move, and only what they need moves with them. What can only be reached step by step takes its next step.`,
		Example: `  gkops upgrade --dry-run
  gkops upgrade cert-manager --commit
  gkops upgrade cert-manager@"<2"`,
		ValidArgsFunction: complete(env, instanceNames),
	}
	o.flags(cmd, env)
	o.versionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, arg := range args {
			if _, err := checkedRange(arg); err != nil {
				return err
			}
		}
		return edited(cmd.Context(), env, o, func(p *pipeline.Project, edit *pipeline.Edit) error {
			return upgrade(p, edit, o.cluster, args)
		})
	}
	return cmd
}

func upgrade(p *pipeline.Project, edit *pipeline.Edit, cluster string, args []string) error {
	edit.MoveAll = len(args) == 0
	for _, arg := range args {
		name, versions, _ := strings.Cut(arg, "@")
		if err := p.Upgrade(edit, cluster, name, versions); err != nil {
			return err
		}
	}
	return nil
}

// edited makes an edit and brings it about.
func edited(ctx context.Context, env Env, o changeOptions, make func(*pipeline.Project, *pipeline.Edit) error) error {
	return o.at(ctx, env, func(at *desk) error {
		edit := o.edit(nil)
		if err := make(at.project, &edit); err != nil {
			return err
		}
		return change(ctx, env, at, o, edit)
	})
}

// at goes to where the change is made: the default branch of origin for a pull, else the work tree.
func (o changeOptions) at(ctx context.Context, env Env, do func(*desk) error) error {
	switch {
	case o.pull && o.commit:
		return &usageError{o.command, errors.New("--commit is for the current branch, --pull for one of its own: give one of them")}
	case o.pull:
		return o.pulling(ctx, env, do)
	}
	return changing(ctx, env, func(p *pipeline.Project) error { return do(&desk{project: p}) })
}

// changing opens the workspace for a change and lets go of it afterwards.
func changing(ctx context.Context, env Env, do func(*pipeline.Project) error) (err error) {
	p, release, err := pipeline.OpenForChange(ctx, world(env), env.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	return do(p)
}
