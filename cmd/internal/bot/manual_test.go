package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/forge"
)

// command opens a pull as 'gkops upgrade' does, on a bench, or on one of its own when there is none.
func (f *fleet) command(bench *bot.Bench, instance string) (*bot.Bench, bot.Outcome, error) {
	f.t.Helper()
	ctx := context.Background()
	if bench == nil {
		var err error
		if bench, err = f.bot(f.server.As("ada")).Begin(ctx, repo); err != nil {
			f.t.Fatal(err)
		}
	}
	edit := pipeline.Edit{}
	if err := bench.Project().Upgrade(&edit, "", instance, ""); err != nil {
		f.t.Fatal(err)
	}
	proposal, err := bench.Project().Propose(ctx, edit)
	if err != nil {
		f.t.Fatal(err)
	}
	out, err := bench.Open(ctx, "upgrade "+instance, proposal.Subject("Upgrade"), proposal)
	return bench, out, err
}

// stacked is a fleet with two pulls that commands have opened, that of web on that of tool, and no wishes of the bot.
func stacked(t *testing.T) *fleet {
	t.Helper()
	f := newFleet(t, "policy: {skips: [{package: tool, version: '>1.0.0', reason: by hand}, {package: web, version: '>1.0.0', reason: by hand}]}\n")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.publish("web", "v1.0.0", "v1.1.0")
	bench, out, err := f.command(nil, "tool")
	if err != nil || out.State != bot.Opened {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, out, err = f.command(bench, "web"); err != nil || out.State != bot.Opened {
		t.Fatalf("%+v, %v", out, err)
	}
	return f
}

func (f *fleet) bases() string {
	f.t.Helper()
	var all []string
	for _, p := range f.pulls(forge.Open) {
		all = append(all, strings.TrimPrefix(p.Head, bot.Prefix)+" on "+strings.TrimPrefix(p.Base, bot.Prefix))
	}
	return strings.Join(all, ", ")
}

func TestPullsOfCommandsAreAStack(t *testing.T) {
	t.Parallel()
	f := stacked(t)
	if got := f.bases(); got != "pull/upgrade-tool on main, pull/upgrade-web on pull/upgrade-tool" {
		t.Error(got)
	}
	f.want(f.run(), "pull/upgrade-tool unchanged", "pull/upgrade-web unchanged")
	f.want(f.quiet(), "pull/upgrade-tool unchanged", "pull/upgrade-web unchanged")
	if _, out, err := f.command(nil, "tool"); err != nil || out.State != bot.Unchanged {
		t.Errorf("the same command again: %+v, %v", out, err)
	}
}

func TestStackFollowsItsBase(t *testing.T) {
	t.Parallel()
	f := stacked(t)
	f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
	f.want(f.run(), "pull/upgrade-tool updated", "pull/upgrade-web updated")
	f.want(f.quiet(), "pull/upgrade-tool unchanged", "pull/upgrade-web unchanged")
	if got := f.facts(); got != "2 branches, 2 pulls, 2 commits" {
		t.Error(got)
	}
	f.merge(1)
	f.want(f.run(), "pull/upgrade-web updated")
	if got := f.bases(); got != "pull/upgrade-web on main" {
		t.Error(got)
	}
	f.want(f.quiet(), "pull/upgrade-web unchanged")
	f.merge(2)
	f.want(f.run())
}

func TestStackOfWhichTheFirstIsClosed(t *testing.T) {
	t.Parallel()
	f := stacked(t)
	f.edit(1, forge.PullEdit{State: forge.Closed})
	r := f.run()
	f.want(r, "pull/upgrade-web left")
	if !strings.Contains(r.Pulls[0].Why, "is not merged and has no open pull") {
		t.Error(r.Pulls[0].Why)
	}
	f.want(f.quiet(), "pull/upgrade-web left")
}

func TestPullOfACommandThatIsDoneOtherwise(t *testing.T) {
	t.Parallel()
	f := stacked(t)
	head := f.pulls(forge.Open)[0].HeadCommit
	f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
	if _, out, err := f.command(nil, "tool"); err != nil || out.State != bot.Updated {
		t.Fatalf("the command again: %+v, %v", out, err)
	}
	f.server.Push(t, repo, "gkops/pull/upgrade-web", "Mine", map[string]string{"note": "mine\n"})
	var told *bot.NotOpenedError
	if _, _, err := f.command(nil, "web"); !errors.As(err, &told) || f.server.Tip(t, repo, "gkops/pull/upgrade-tool") == head {
		t.Errorf("a branch with work of a person: %v", err)
	}
	f.merge(1)
	f.want(f.run(), "pull/upgrade-web left")
}

func TestPullOfACommandWhoseWorkspaceChangedToo(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	hold := func() (bot.Outcome, string) {
		bench, err := f.bot(f.server.As("ada")).Begin(context.Background(), repo)
		if err != nil {
			t.Fatal(err)
		}
		edit := pipeline.Edit{}
		if err := bench.Project().Hold(context.Background(), &edit, "tool", "", "by hand"); err != nil {
			t.Fatal(err)
		}
		proposal, err := bench.Project().Propose(context.Background(), edit)
		if err != nil {
			t.Fatal(err)
		}
		out, err := bench.Open(context.Background(), "hold tool", "Hold tool", proposal)
		if err != nil {
			t.Fatal(err)
		}
		return out, string(proposal.Files()["gkops.yaml"])
	}
	hold()
	f.server.Push(t, repo, "main", "Other", map[string]string{"gkops.yaml": f.workspace() + "# mine\n"})
	r := f.run()
	f.want(r, "pull/hold-tool blocked")
	if r.Pulls[0].Why != "gkops.yaml has changed on both sides: run its command again, which brings the pull up to date, or close it" {
		t.Error(r.Pulls[0].Why)
	}
	f.want(f.quiet(), "pull/hold-tool blocked")
	out, held := hold()
	if out.State != bot.Updated || out.Number != 1 || !strings.HasSuffix(held, "# mine\n") {
		t.Errorf("the command again: %+v, %s", out, held)
	}
	f.want(f.run(), "pull/hold-tool unchanged")
	f.server.Push(t, repo, "main", "The same", map[string]string{"gkops.yaml": held})
	f.want(f.run(), "pull/hold-tool superseded")
	if got := f.bases(); got != "" {
		t.Error(got)
	}
}

func TestWhatACommandBringsIsNotProposedTwice(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	if _, _, err := f.command(nil, "tool"); err != nil {
		t.Fatal(err)
	}
	r := f.run()
	f.want(r, "pull/upgrade-tool unchanged", "upgrade/tool held")
	if r.Pulls[0].Why != "pull 1, which a command opened, brings it" {
		t.Error(r.Pulls[0].Why)
	}
	f.edit(1, forge.PullEdit{State: forge.Closed})
	f.want(f.run(), "upgrade/tool opened")
}
