package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/compat/knowledge"
)

func newPlan(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "plan",
		Short:   "Plan what takes several steps: a Kubernetes version",
		Long:    "Plan what takes several steps, each of them good for itself.",
		Example: "  gkops plan kubernetes 1.35",
		Args:    usageArgs(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPlanKubernetes(env))
	return cmd
}

// planOptions are what 'gkops plan kubernetes' is told.
type planOptions struct {
	changeOptions
	target string
	step   bool
}

func newPlanKubernetes(env Env) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "kubernetes X.Y",
		Short: "Plan the way to a Kubernetes version: which packages move, when, and when the cluster does",
		Long: `Find the shortest way of each cluster to a Kubernetes version, one minor at a time. A step is packages that move together, or
the cluster's own minor; after each step all versions fit the minor before it and the one after it. Shortest means that no other
way changes fewer versions. Where two are as short, the cluster moves first, and packages go to the newest version.

What fits is known from facts and overlays, the weightiest first (tested, measured, declared, reported), and from rendering
every step: an object that a minor does not serve keeps its version out. Of what nothing is said, the plan tells so.

Nothing is written without --step, which takes the first step as a change to the work tree (or, with --commit, a commit). When it is
merged and applied, run the same command for the next one: 'kubernetes:' in gkops.yaml changes in the step that moves the cluster.
--pull opens all steps as pulls, each based on the one before; merge them in their order, each when the cluster has the one before it.

Exit status: 0 there is a way; 1 something cannot follow, and the plan ends before it; 2 could not tell.`,
		Example: `  gkops plan kubernetes 1.35
  gkops plan kubernetes 1.35 --cluster prod -o markdown
  gkops plan kubernetes 1.35 --cluster prod --step --commit
  gkops plan kubernetes 1.35 --cluster prod --pull`,
		Args: usageArgs(cobra.ExactArgs(1)),
	}
	o.flags(cmd, env)
	cmd.Flags().Lookup("cluster").Usage = "plan for this cluster alone"
	cmd.Flags().BoolVar(&o.step, "step", false, "take the first step of one cluster")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.target = args[0]
		switch {
		case o.pull && o.step:
			return usagef(cmd, "--pull opens all steps, --step takes one")
		case o.pull && (o.force || o.message != ""):
			return usagef(cmd, "--force and --message are not for a stack of pulls")
		case (o.commit || o.dryRun || o.force || o.message != "") && !o.step && !o.pull:
			return usagef(cmd, "nothing is written without --step or --pull")
		}
		if _, err := knowledge.ParseMinor(o.target); err != nil {
			return &argumentError{fmt.Sprintf("%q", o.target), err, "write the minor version, 1.35"}
		}
		if o.step || o.pull {
			return o.at(cmd.Context(), env, func(at *desk) error { return runPlanKubernetes(cmd.Context(), env, at, o) })
		}
		p, err := open(cmd.Context(), env)
		if err != nil {
			return err
		}
		return runPlanKubernetes(cmd.Context(), env, &desk{project: p}, o)
	}
	return cmd
}

func runPlanKubernetes(ctx context.Context, env Env, at *desk, o planOptions) error {
	plans, err := plansFor(ctx, at.project, o.cluster, o.target)
	if err != nil {
		return err
	}
	if o.step {
		return takeStep(ctx, env, at, o, plans)
	}
	if len(plans) == 0 {
		fmt.Fprintln(env.Stderr, "gkops: no cluster is behind that version")
	}
	if o.output.format != "json" {
		showPlans(env, o.output.format, plans)
	}
	pulls := []*bot.Outcome{}
	if o.pull && !o.dryRun {
		if pulls, err = openStack(ctx, env, at, o, plans); err != nil {
			return err
		}
	}
	if o.output.format == "json" {
		all := map[string]any{"plans": plans}
		if o.pull {
			all["pulls"] = pulls
		}
		if err := writeJSON(env.Stdout, all); err != nil {
			return err
		}
	}
	var short []string
	for _, plan := range plans {
		if plan.Reaches != plan.To {
			short = append(short, fmt.Sprintf("cluster %s gets to Kubernetes %s, not to %s", plan.Cluster, plan.Reaches, plan.To))
		}
	}
	if len(short) > 0 {
		return &answerNo{strings.Join(short, "; ")}
	}
	return nil
}

// plansFor are the plans of the cluster with a name, or of all that are not there yet.
func plansFor(ctx context.Context, p *pipeline.Project, name, target string) ([]*pipeline.KubernetesPlan, error) {
	plans := []*pipeline.KubernetesPlan{}
	to, err := knowledge.ParseMinor(target)
	if err != nil {
		return nil, err
	}
	for _, c := range p.Workspace().Clusters {
		at, err := knowledge.ParseMinor(c.Kubernetes)
		if err != nil {
			return nil, err
		}
		if name == "" && at < to {
			plan, err := p.PlanKubernetes(ctx, c.Name, target)
			if err != nil {
				return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
			}
			plans = append(plans, plan)
		}
	}
	if name != "" {
		plan, err := p.PlanKubernetes(ctx, name, target)
		return append(plans, plan), err
	}
	return plans, nil
}

// takeStep writes the first step of the one plan.
func takeStep(ctx context.Context, env Env, at *desk, o planOptions, plans []*pipeline.KubernetesPlan) error {
	if len(plans) > 1 {
		return &usageError{"gkops plan kubernetes", fmt.Errorf("--step is for one cluster, and %d are to move: name one with --cluster", len(plans))}
	}
	if len(plans) == 0 || len(plans[0].Steps) == 0 {
		if len(plans) > 0 && len(plans[0].Blocked) > 0 {
			return &answerNo{fmt.Sprintf("cluster %s cannot leave Kubernetes %s: %s", plans[0].Cluster, plans[0].From, plans[0].Blocked[0].Why)}
		}
		fmt.Fprintf(env.Stderr, "gkops: nothing to do: Kubernetes %s is reached\n", o.target)
		return nil
	}
	plan := plans[0]
	step := plan.Steps[0]
	fmt.Fprintf(env.Stderr, "gkops: step 1 of %d to Kubernetes %s: %s\n", len(plan.Steps), plan.Reaches, stepLine(step))
	edit := o.edit(nil)
	if err := at.project.TakeStep(&edit, plan.Cluster, step); err != nil {
		return err
	}
	if step.To != "" && o.message == "" {
		o.message = movedTo(plan, step)
	}
	return change(ctx, env, at, o.changeOptions, edit)
}

// movedTo is the first line of the step that moves the cluster.
func movedTo(plan *pipeline.KubernetesPlan, step pipeline.KubernetesStep) string {
	return fmt.Sprintf("Move %s to Kubernetes %s", plan.Cluster, step.To)
}

// openStack opens the steps of plans as pulls, each based on the one before.
func openStack(ctx context.Context, env Env, at *desk, o planOptions, plans []*pipeline.KubernetesPlan) ([]*bot.Outcome, error) {
	pulls := []*bot.Outcome{}
	for _, plan := range plans {
		for _, step := range plan.Steps {
			edit := o.edit(nil)
			if err := at.project.TakeStep(&edit, plan.Cluster, step); err != nil {
				return pulls, err
			}
			proposal, err := at.project.Propose(ctx, edit)
			if err != nil {
				return pulls, fmt.Errorf("step %d of %s: %w", step.Number, plan.Cluster, err)
			}
			one := o.changeOptions
			one.cluster, one.words = "", []string{"kubernetes", plan.Cluster, stepLine(step)}
			if step.To != "" {
				one.words[2], one.message = step.To, movedTo(plan, step)
			}
			out, err := at.open(ctx, env, one, proposal)
			if err != nil {
				return pulls, err
			}
			if pulls = append(pulls, out); o.output.format != "json" {
				fmt.Fprintln(env.Stdout, out.URL)
			}
		}
	}
	return pulls, nil
}
