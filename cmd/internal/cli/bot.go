package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops/forge/kind"
)

// botOptions are the flags that say which repositories a bot is for, and how it gets at them.
type botOptions struct {
	repos   []string
	owner   string
	topic   string
	server  string
	forge   string
	cache   string
	dryRun  bool
	shard   shardFlag
	workers int
}

func (o *botOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.repos, "repo", nil, "URL of a repository, may be repeated; without it and --owner, the origin of this one")
	f.StringVar(&o.owner, "owner", "", "all repositories of this user, organisation or group on --server")
	f.StringVar(&o.topic, "topic", "", "of --owner, only those that carry this topic")
	f.StringVar(&o.server, "server", "https://github.com", "the server of --owner")
	forgeFlag(cmd, &o.forge, "")
	f.StringVar(&o.cache, "cache", "", "folder of the bare clones (default: below XDG_CACHE_HOME)")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done and write nothing")
	f.Var(&o.shard, "shard", "only one part of all repositories, i/n with i from 0: 0/4 to 3/4")
	f.IntVar(&o.workers, "workers", 2, "repositories at a time")
}

// shardFlag is a shard as a flag: "0/4".
type shardFlag struct{ bot.Shard }

// String is the flag as it is written, empty for none.
func (s *shardFlag) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// Type is the word for the value in a help text.
func (s *shardFlag) Type() string { return "i/n" }

// Set reads the flag.
func (s *shardFlag) Set(text string) error {
	first, second, found := strings.Cut(text, "/")
	index, errIndex := strconv.Atoi(first)
	count, errCount := strconv.Atoi(second)
	if !found || errIndex != nil || errCount != nil || index < 0 || count < 1 || index >= count {
		return fmt.Errorf("write it as i/n with i from 0 and below n: 0/4")
	}
	s.Shard = bot.Shard{Index: index, Count: count}
	return nil
}

func newBot(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bot",
		Short: "Keep pulls with upgrades open, on GitHub, GitLab, Gitea, Forgejo, Bitbucket and Azure DevOps",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	cmd.AddCommand(newBotRun(env), newBotReview(env))
	return cmd
}

func newBotRun(env Env) *cobra.Command {
	var o botOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Bring the open pulls of repositories to what their policy wants, once",
		Long: `Bring the open pulls of one or many repositories to what the policy in their gkops.yaml wants, and exit.
Nothing is kept but a cache of bare clones: the repository, its branches and the forge are the state.

Tokens come from GKOPS_TOKEN_<HOST> (GKOPS_TOKEN_GIT_EXAMPLE_ORG), the variables of the forge (GITHUB_TOKEN, GITLAB_TOKEN, GITEA_TOKEN,
FORGEJO_TOKEN, BITBUCKET_TOKEN, AZURE_DEVOPS_EXT_PAT), netrc, or git's credential store. Each is sent to its own server only. Commits are signed
with the key in the file that GKOPS_SIGNING_KEY names.

The log goes to stderr as JSON lines. Exit status: 0 all is as it should be; 1 some upgrade is blocked; 2 some repository could not be done.`,
		Example: `  gkops bot run --dry-run
  gkops bot run --repo https://github.com/acme/fleet
  gkops bot run --owner acme --topic gkops --shard 0/4 -o json`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd)
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return o.all(cmd.Context(), env, format.format, (*bot.Run).Do)
	}
	return cmd
}

func newBotReview(env Env) *cobra.Command {
	var o botOptions
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Keep one review comment and one commit status on every open pull that touches the workspace",
		Long: `Keep one comment and one commit status, "gkops", on every open pull that touches gkops.yaml or what gkops generates, whoever opened it: the
review, and whether the tree is what the lock says. A run with nothing new writes nothing.

Rules and registries are those of the base. A pull that names other registries is not rendered, and no credentials are at hand for what it names.`,
		Example: "  gkops bot review --dry-run\n  gkops bot review --repo https://github.com/acme/fleet",
		Args:    cobra.NoArgs,
	}
	o.flags(cmd)
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return o.all(cmd.Context(), env, format.format, (*bot.Run).Inspect)
	}
	return cmd
}

// all does one thing with every repository, and shows what became of them.
func (o *botOptions) all(ctx context.Context, env Env, format string, do func(*bot.Run, context.Context) ([]bot.Result, error)) error {
	fleets, err := o.fleets(ctx, env)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(env.Stderr, nil))
	var all []bot.Result
	for _, f := range fleets {
		results, err := o.run(ctx, env, f, log, do)
		if err != nil {
			return err
		}
		all = append(all, results...)
	}
	return showResults(env, format, all)
}

// showResults prints what became of the repositories, and tells their exit status as an error.
func showResults(env Env, format string, results []bot.Result) error {
	if format == "json" {
		if results == nil {
			results = []bot.Result{}
		}
		if err := writeJSON(env.Stdout, map[string]any{"repositories": results}); err != nil {
			return err
		}
	} else {
		rows := [][]string{{"REPOSITORY", "STATE", "PULL", "TITLE", "WHY"}}
		for _, r := range results {
			rows = append(rows, rowsOf(r)...)
		}
		table(env.Stdout, rows)
	}
	var failed []string
	blocked := 0
	for _, r := range results {
		if r.Err() != nil {
			failed = append(failed, fmt.Sprintf("repository %s: %s", r.Repository, r.Error))
		}
		blocked += r.Count(bot.Blocked)
	}
	if len(failed) > 0 {
		return errors.New(strings.Join(failed, "\n"))
	}
	if blocked > 0 {
		return &answerNo{fmt.Sprintf("%d upgrades are blocked", blocked)}
	}
	return nil
}

func rowsOf(r bot.Result) [][]string {
	var rows [][]string
	for _, o := range r.Pulls {
		number := ""
		if o.Number != 0 {
			number = fmt.Sprintf("#%d", o.Number)
		}
		why, _, _ := strings.Cut(o.Why, "\n")
		rows = append(rows, []string{r.Repository, string(o.State), number, printable(o.Title), printable(why)})
	}
	for _, note := range r.Notes {
		rows = append(rows, []string{r.Repository, "skipped", "", "", note})
	}
	if r.Error != "" {
		why, _, _ := strings.Cut(r.Error, "\n")
		rows = append(rows, []string{r.Repository, "failed", "", "", printable(why)})
	}
	if rows == nil {
		rows = [][]string{{r.Repository, "nothing to do", "", "", ""}}
	}
	return rows
}

// fleet is a server, with the repositories of it that a run is for.
type fleet struct {
	place   kind.Place
	paths   []string
	owner   string            // whose repositories are all of them
	account string            // whose installation of a GitHub App is asked, empty for none
	ssh     map[string]string // by path, the addresses of those that a person named by ssh
}

// add adds a repository by its address.
func (f *fleet) add(path, address string) {
	f.paths = append(f.paths, path)
	if strings.HasPrefix(address, "ssh://") || !strings.Contains(address, "://") {
		if f.ssh == nil {
			f.ssh = map[string]string{}
		}
		f.ssh[path] = address
	}
}

// fleets are the servers of all repositories that a person named, in their order.
func (o *botOptions) fleets(ctx context.Context, env Env) ([]*fleet, error) {
	repos := o.repos
	if len(repos) == 0 && o.owner == "" {
		_, origin, err := originOf(env, "name the repository with --repo URL")
		if err != nil {
			return nil, err
		}
		repos = []string{origin}
	}
	var all []*fleet
	for _, address := range repos {
		place, err := o.place(ctx, env, address)
		if err != nil {
			return nil, fmt.Errorf("repository %s: %w", withoutUser(address), err)
		}
		fleetOf(&all, env, place).add(place.Path, address)
	}
	if o.owner != "" {
		place, err := o.place(ctx, env, strings.TrimRight(o.server, "/")+"/"+o.owner+"/any")
		if err != nil {
			return nil, fmt.Errorf("server %s: %w", withoutUser(o.server), err)
		}
		fleetOf(&all, env, place).owner = o.owner
	}
	return all, nil
}

// fleetOf finds the fleet that a repository belongs to, or adds one. The token of a GitHub App is for one owner, so each has a fleet.
func fleetOf(all *[]*fleet, env Env, place kind.Place) *fleet {
	owner, _, _ := strings.Cut(place.Path, "/")
	if place.Kind != kind.GitHub || env.Getenv("GKOPS_GITHUB_APP_ID") == "" {
		owner = ""
	}
	for _, f := range *all {
		if f.place.Kind == place.Kind && f.place.API.String() == place.API.String() && f.account == owner {
			return f
		}
	}
	f := &fleet{place: place, account: owner}
	*all = append(*all, f)
	return f
}

// place tells which forge a repository is on.
func (o *botOptions) place(ctx context.Context, env Env, address string) (kind.Place, error) {
	if o.forge != "" {
		k, err := kind.Parse(o.forge)
		if err != nil {
			return kind.Place{}, err
		}
		return kind.As(k, address)
	}
	place, err := kind.In(env.Getenv, address)
	var unknown *kind.UnknownError
	if errors.As(err, &unknown) {
		return kind.Probe(ctx, env.HTTP, address)
	}
	return place, err
}
