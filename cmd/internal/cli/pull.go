package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/credential"
)

// desk is where a command makes its changes: in the work tree, or, with a bench, as pulls of the default branch of origin.
type desk struct {
	project *pipeline.Project
	bench   *bot.Bench
	reach   *access
}

// pullOptions are the flags of the commands that open pulls.
type pullOptions struct {
	pull  bool
	forge string
}

func (o *pullOptions) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.pull, "pull", false, "open a pull on the forge of origin, based on its default branch; the work tree stays as it is")
	forgeFlag(cmd, &o.forge, "of --pull, ")
}

// forgeFlag adds --forge.
func forgeFlag(cmd *cobra.Command, into *string, of string) {
	kinds := []string{"github", "gitlab", "gitea", "forgejo", "bitbucket", "azure"}
	cmd.Flags().StringVar(into, "forge", "", of+"the kind of the forge, when its name does not tell: "+strings.Join(kinds, ", "))
	mustComplete(cmd, "forge", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
}

// tokenError says that there is no token to open a pull with.
type tokenError struct{ host, variable string }

// Error names the server.
func (e *tokenError) Error() string { return "there is no token for " + e.host }

// Hint says where a token is looked for.
func (e *tokenError) Hint() string {
	return "set " + e.variable + ", the variable of the forge's own tools, or a line of netrc, to a token that may push branches and open pulls"
}

// pulling opens the default branch of origin for pulls, and cleans up afterwards.
func (o *pullOptions) pulling(ctx context.Context, env Env, do func(*desk) error) error {
	repository, origin, err := originOf(env, "git remote add origin URL")
	if err != nil {
		return err
	}
	options := botOptions{forge: o.forge}
	place, err := options.place(ctx, env, origin)
	if err != nil {
		return fmt.Errorf("origin %s: %w", withoutUser(origin), err)
	}
	var fleets []*fleet
	f := fleetOf(&fleets, env, place)
	f.add(place.Path, origin)
	reach := &access{env: env, place: place}
	if err := reach.able(ctx); err != nil {
		return err
	}
	author, err := repository.Author(env.Getenv)
	if err != nil {
		return err
	}
	run, done, err := options.runner(reach, f)
	if err != nil {
		return err
	}
	defer done()
	if err := repository.Signable(env.Getenv, run.Sign != nil); err != nil {
		return err
	}
	run.Identity, run.Log = bot.Identity{Name: author.Name, Email: author.Email}, slog.New(slog.DiscardHandler)
	bench, err := run.Begin(ctx, place.Path)
	if err != nil {
		return reach.redacted(err)
	}
	branch, commit := bench.Branch()
	if head, err := repository.Head(); err != nil || head != commit {
		fmt.Fprintf(env.Stderr, "gkops: based on branch %s of origin at %.10s: what only this clone has is not in the pull\n", branch, commit)
	}
	return do(&desk{project: bench.Project(), bench: bench, reach: reach})
}

// able reports whether there is something to open pulls with; a *tokenError says that there is not.
func (a *access) able(ctx context.Context) error {
	if a.env.Getenv("GKOPS_GITHUB_APP_ID") != "" {
		return nil
	}
	origin := a.place.Origin()
	_, token, err := a.login(origin)(ctx)
	if err != nil || token != "" {
		return err
	}
	at, err := credential.OriginOf(origin)
	if err != nil {
		return err
	}
	return &tokenError{host: origin.Host, variable: credential.Variable(at)}
}

// redacted is an error without tokens. One that holds none stays what it is.
func (a *access) redacted(err error) error {
	if err == nil || a.redact(err.Error()) == err.Error() {
		return err
	}
	return errors.New(a.redact(err.Error()))
}

// open opens the pull of a proposal, and says on stderr what became of it. The same words give the same pull. What is opened next comes after it.
func (d *desk) open(ctx context.Context, env Env, o changeOptions, proposal *pipeline.Proposal) (*bot.Outcome, error) {
	words := o.words
	if o.cluster != "" {
		words = append(slices.Clone(words), o.cluster)
	}
	name := strings.Join(words, " ")
	out, err := d.bench.Open(ctx, name, cmp.Or(o.message, proposal.Subject(strings.ToUpper(name[:1])+name[1:])), proposal)
	if err != nil {
		return nil, d.reach.redacted(err)
	}
	d.project, out.Why = d.bench.Project(), d.reach.redact(out.Why)
	fmt.Fprintf(env.Stderr, "gkops: pull %d is %s: %s\n", out.Number, out.State, printable(out.Title))
	if out.Why != "" {
		fmt.Fprintf(env.Stderr, "gkops: %s\n", printable(out.Why))
	}
	return &out, nil
}
