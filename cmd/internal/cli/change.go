package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops"
)

// changeOptions are the flags that every command has that changes the workspace.
type changeOptions struct {
	pullOptions
	command        string   // "gkops add"
	words          []string // its name and arguments as they were typed
	cluster        string
	commit         bool
	dryRun         bool
	force          bool
	message        string
	allowDowngrade []string
	minimal        bool
	output         *output // of what goes to stdout: text, json or markdown
}

// versionFlags are the flags of the commands that choose versions.
func (o *changeOptions) versionFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.minimal, "minimal", false, "choose the lowest allowed versions, not the newest: to test ranges")
}

func (o *changeOptions) flags(cmd *cobra.Command, env Env) {
	f := cmd.Flags()
	f.StringVar(&o.cluster, "cluster", "", "change this cluster alone, not the whole workspace")
	f.BoolVar(&o.commit, "commit", false, "commit what changed to the current branch")
	o.pullOptions.flags(cmd)
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would change and write nothing")
	f.BoolVar(&o.force, "force", false, "overwrite generated files that were edited by hand")
	f.StringVarP(&o.message, "message", "m", "", "first line of the commit message, instead of the computed one")
	downgradeFlag(cmd, &o.allowDowngrade)
	completeFlag(cmd, "cluster", env, clusterNames)
	o.output = outputFlag(cmd, "json", "markdown")
	cmd.PreRun = func(cmd *cobra.Command, args []string) {
		o.command, o.words = cmd.CommandPath(), append([]string{cmd.Name()}, args...)
	}
}

// edit is the part of a pipeline.Edit that the shared flags give.
func (o *changeOptions) edit(workspace []byte) pipeline.Edit {
	e := pipeline.Edit{Workspace: workspace, AllowDowngrade: o.allowDowngrade, Force: o.force, Commit: o.commit && !o.dryRun, Minimal: o.minimal}
	if o.cluster != "" {
		e.Clusters = []string{o.cluster}
	}
	return e
}

// change proposes an edit, shows it, and writes or commits it, or opens a pull.
func change(ctx context.Context, env Env, at *desk, o changeOptions, edit pipeline.Edit) error {
	p := at.project
	proposal, err := p.Propose(ctx, edit)
	if err != nil {
		return told(env, o.output.format, err)
	}
	opens := o.pull && !o.dryRun && !proposal.Empty()
	if opens && o.output.format == "json" {
		all := proposalOf(proposal)
		if all.Pull, err = at.open(ctx, env, o, proposal); err != nil {
			return err
		}
		return writeJSON(env.Stdout, all)
	}
	if err := showAs(env, o.output.format, proposal); err != nil {
		return err
	}
	switch {
	case opens:
		out, err := at.open(ctx, env, o, proposal)
		if err == nil {
			fmt.Fprintln(env.Stdout, out.URL)
		}
		return err
	case o.dryRun:
		fmt.Fprintln(env.Stderr, "gkops: dry run: nothing was written")
		return nil
	case o.commit:
		return commit(ctx, env, p, proposal, o.message)
	case proposal.Empty():
		fmt.Fprintln(env.Stderr, "gkops: nothing to change")
		return nil
	}
	if err := p.Write(ctx, proposal); err != nil {
		return err
	}
	fmt.Fprintln(env.Stderr, "gkops: written to the work tree; look with 'gkops diff', then commit it")
	return nil
}

// commit writes and commits a proposal. What the work tree holds already is committed too.
func commit(ctx context.Context, env Env, p *pipeline.Project, proposal *pipeline.Proposal, message string) error {
	sign, err := signer(env)
	if err != nil {
		return err
	}
	hash, err := p.Commit(ctx, proposal, message, env.Now(), sign)
	if errors.Is(err, gitops.ErrUnchanged) {
		fmt.Fprintln(env.Stderr, "gkops: nothing to change, and nothing to commit")
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "gkops: committed %.10s\n", hash)
	return nil
}

// showProposal prints the plan to stdout and what has to be known about it to stderr.
func showProposal(env Env, proposal *pipeline.Proposal) {
	if proposal.Workspace {
		fmt.Fprintln(env.Stdout, "gkops.yaml changed")
	}
	for _, notice := range proposal.Notices {
		fmt.Fprintf(env.Stderr, "gkops: %s\n", indentRest(notice))
	}
	for _, c := range proposal.Clusters {
		fmt.Fprintf(env.Stdout, "%s (Kubernetes %s)\n", c.Name, c.Kubernetes)
		rows := make([][]string, 0, len(c.Steps))
		for _, s := range c.Steps {
			rows = append(rows, []string{"  " + s.Sign(), s.Instance, s.Versions(), s.Layers(), s.Why})
		}
		table(env.Stdout, rows)
		if len(rows) == 0 {
			fmt.Fprintln(env.Stdout, "  no package changes")
		}
		fmt.Fprintf(env.Stdout, "  %s\n", c.Files)
		for _, notice := range c.Notices {
			fmt.Fprintf(env.Stderr, "gkops: %s: %s\n", c.Name, indentRest(notice))
		}
	}
	showFindings(env, proposal.Findings)
}

// indentRest keeps the second and later lines of a notice apart from the next one.
func indentRest(text string) string { return strings.ReplaceAll(text, "\n", "\n  ") }

// names are the arguments of a command, sorted and without repeats.
func names(args []string) []string {
	sorted := slices.Clone(args)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
