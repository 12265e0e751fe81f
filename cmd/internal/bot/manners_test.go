package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
)

// upgraded is a fleet with one pull open, that of tool.
func upgraded(t *testing.T) *fleet {
	t.Helper()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.want(f.run(), "upgrade/tool opened")
	return f
}

const toolFile = "gkops/prod/packages/tool/core/configmap_tool_tool.yaml"

func TestC1TheSameRunTwice(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.want(f.quiet(), "upgrade/tool unchanged")
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
}

func TestC10PersonPushesToTheBranch(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	mine := f.server.Push(t, repo, "gkops/upgrade/tool", "Mine", map[string]string{"note": "mine\n"})
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	f.want(f.run(), "upgrade/tool left")
	if f.server.Tip(t, repo, "gkops/upgrade/tool") != mine {
		t.Error("the commit of a person is gone")
	}
	if p := f.pulls(forge.Open)[0]; len(p.Labels) != 1 || p.Labels[0] != "gkops-edited" {
		t.Errorf("the pull is not marked: %v", p.Labels)
	}
	f.want(f.quiet(), "upgrade/tool left")
}

// TestTickBringsAnEditedBranchBack: who asks for it gets the bot's own commit again, and the mark goes.
func TestTickBringsAnEditedBranchBack(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	mine := f.server.Push(t, repo, "gkops/upgrade/tool", "Mine", map[string]string{"note": "mine\n"})
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	f.want(f.run(), "upgrade/tool left")
	f.tick("rebase gkops/upgrade/tool")
	f.want(f.run(), "upgrade/tool updated")
	if f.server.Tip(t, repo, "gkops/upgrade/tool") == mine {
		t.Error("the branch is still the person's")
	}
	if p := f.pulls(forge.Open); len(p) != 1 || len(p[0].Labels) != 0 || p[0].Title != "Upgrade tool to v1.2.0" {
		t.Errorf("%+v", p)
	}
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
	f.want(f.quiet(), "upgrade/tool unchanged")
	if strings.Contains(f.dashboard().Body, "[x]") {
		t.Error("the tick is still there")
	}
}

// TestC10PushBetweenFetchAndPush: the person comes after the bot has looked and before it pushes.
func TestC10PushBetweenFetchAndPush(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	mine := ""
	b := f.bot(f.server.As("bot"))
	open := b.Clone
	b.Clone = func(path, url string) (bot.Clone, error) {
		c, err := open(path, url)
		return &intruded{Clone: c, before: func() {
			mine = f.server.Push(t, repo, "gkops/upgrade/tool", "Mine", map[string]string{"note": "mine\n"})
		}}, err
	}
	f.want(f.try(b), "upgrade/tool later")
	if f.server.Tip(t, repo, "gkops/upgrade/tool") != mine || mine == "" {
		t.Error("the commit of a person is gone")
	}
	f.want(f.run(), "upgrade/tool left")
}

// intruded lets somebody act right before each push.
type intruded struct {
	bot.Clone
	before func()
}

func (i *intruded) Push(ctx context.Context, branch, id, old string) error {
	i.before()
	return i.Clone.Push(ctx, branch, id, old)
}

func TestC11PersonAmendsTheCommit(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	mine := f.server.Amend(t, repo, "gkops/upgrade/tool", "Upgrade tool to v1.1.0\n\nGkops-Plan: sha256:"+strings.Repeat("0", 64), map[string]string{toolFile: "apiVersion: v1\n"})
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	f.want(f.run(), "upgrade/tool left")
	if f.server.Tip(t, repo, "gkops/upgrade/tool") != mine {
		t.Error("the amended commit is gone")
	}
}

// TestC11ForgedTrailerIsFoundByRendering: the digest is right, what the lock says is not.
func TestC11ForgedTrailerIsFoundByRendering(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	base := f.server.Tip(t, repo, "main")
	f.server.Point(t, repo, "gkops/upgrade/tool", base)
	files := map[string][]byte{toolFile: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tool, namespace: tool}\n")}
	mine := f.server.Push(t, repo, "gkops/upgrade/tool", "Upgrade tool\n\nGkops-Plan: "+bot.PlanDigest("gkops/upgrade/tool", base, files),
		map[string]string{toolFile: string(files[toolFile])})
	f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
	f.want(f.run(), "upgrade/tool left")
	if f.server.Tip(t, repo, "gkops/upgrade/tool") != mine {
		t.Error("the forged commit is gone")
	}
}

func TestC12BaseMoves(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
	f.want(f.run(), "upgrade/tool updated")
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
	f.want(f.quiet(), "upgrade/tool unchanged")
}

func TestC12BaseMovesBeforeThePush(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	b, moved := f.bot(f.server.As("bot")), false
	client := f.server.As("bot")
	client.SetAround(func(_ context.Context, call forgetest.Call, proceed func() error) error {
		if call.Method == "Pulls" && !moved {
			moved = true
			f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
		}
		return proceed()
	})
	b.Forge = client
	f.want(f.try(b), "upgrade/tool later")
	if got := f.facts(); got != "0 branches, 0 pulls, 0 commits" {
		t.Error(got)
	}
	f.want(f.run(), "upgrade/tool opened")
}

func TestC12BaseIsRewritten(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.server.Amend(t, repo, "main", "Begin again", map[string]string{"other": "x\n"})
	f.want(f.run(), "upgrade/tool updated")
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
}

func TestC12DefaultBranchIsRenamed(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.server.RenameDefault(t, repo, "trunk")
	f.run()
	if p := f.pulls(forge.Open); len(p) != 1 || p[0].Base != "trunk" {
		t.Errorf("%+v", p)
	}
	f.quiet()
}

func (f *fleet) edit(number int64, edit forge.PullEdit) {
	f.t.Helper()
	if _, err := f.server.As("alice").EditPull(context.Background(), repo, number, edit); err != nil {
		f.t.Fatal(err)
	}
}

func TestC14ClosedMeansClosedForThatVersion(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.edit(f.pulls(forge.Open)[0].Number, forge.PullEdit{State: forge.Closed})
	f.want(f.run(), "upgrade/tool refused")
	f.want(f.quiet(), "upgrade/tool refused")
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	f.want(f.run(), "upgrade/tool opened")
	if p := f.pulls(forge.Open); len(p) != 1 || p[0].Title != "Upgrade tool to v1.2.0" {
		t.Errorf("%+v", p)
	}
}

func TestC14TickProposesAgain(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.edit(f.pulls(forge.Open)[0].Number, forge.PullEdit{State: forge.Closed})
	f.run()
	f.tick("retry gkops/upgrade/tool")
	f.want(f.run(), "upgrade/tool opened")
	f.want(f.quiet(), "upgrade/tool unchanged")
}

// dashboard is the issue of the bot.
func (f *fleet) dashboard() forge.Issue {
	f.t.Helper()
	issues, err := f.server.As("bot").Issues(context.Background(), repo)
	if err != nil || len(issues) != 1 {
		f.t.Fatalf("%d dashboards, %v", len(issues), err)
	}
	return issues[0]
}

// tick ticks a box of the dashboard.
func (f *fleet) tick(key string) {
	f.t.Helper()
	issue := f.dashboard()
	ticked := strings.Replace(issue.Body, "[ ] <!-- gkops:tick "+key+" -->", "[x] <!-- gkops:tick "+key+" -->", 1)
	if ticked == issue.Body {
		f.t.Fatalf("no box %q in\n%s", key, issue.Body)
	}
	issue.Body = ticked
	if _, err := f.server.As("alice").PutIssue(context.Background(), repo, issue); err != nil {
		f.t.Fatal(err)
	}
}

func TestC15RetitledAndRelabelled(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	title := "My own title"
	f.edit(f.pulls(forge.Open)[0].Number, forge.PullEdit{Title: &title, AddLabels: []string{"mine"}})
	f.want(f.run(), "upgrade/tool unchanged") // which tells of it on the dashboard
	f.want(f.quiet(), "upgrade/tool unchanged")
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	r := f.run()
	f.want(r, "upgrade/tool updated")
	p := f.pulls(forge.Open)[0]
	if p.Title != title || len(p.Labels) != 1 || r.Pulls[0].Title != title {
		t.Errorf("%+v, told as %q", p, r.Pulls[0].Title)
	}
	f.want(f.quiet(), "upgrade/tool unchanged")
}

func TestC15Retargeted(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.server.Push(t, repo, "release", "Release", map[string]string{"release": "x\n"})
	base := "release"
	f.edit(f.pulls(forge.Open)[0].Number, forge.PullEdit{Base: &base})
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	r := f.run()
	f.want(r, "upgrade/tool left")
	if p := f.pulls(forge.Open)[0]; p.Base != base || !strings.Contains(r.Pulls[0].Why, "release") {
		t.Errorf("%+v, told %q", p, r.Pulls[0].Why)
	}
}

func (f *fleet) merge(number int64) {
	f.t.Helper()
	p := f.pulls(forge.Open)
	if err := f.server.As("alice").MergePull(context.Background(), repo, number, forge.Merge{Commit: p[0].HeadCommit, Method: "squash"}); err != nil {
		f.t.Fatal(err)
	}
}

func TestC16MergedAndNotDeleted(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.merge(f.pulls(forge.Open)[0].Number)
	f.want(f.run())
	f.want(f.quiet())
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	f.want(f.run(), "upgrade/tool opened")
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
	f.want(f.quiet(), "upgrade/tool unchanged")
}

func TestC17AnswerOfTheCreationIsLost(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	client := f.server.As("bot")
	client.SetAround(forgetest.LoseAnswer(errors.New("502 Bad Gateway"), func(c forgetest.Call) bool { return c.Method == "OpenPull" }))
	f.want(f.try(f.bot(silent{client})), "upgrade/tool unchanged")
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
	f.want(f.quiet(), "upgrade/tool unchanged")
}

// silent tells nothing of a pull beside an error, as a client cannot whose answer was lost.
type silent struct{ bot.Forge }

func (s silent) OpenPull(ctx context.Context, path string, pull forge.NewPull) (forge.Pull, error) {
	opened, err := s.Forge.OpenPull(ctx, path, pull)
	if err != nil {
		opened = forge.Pull{}
	}
	return opened, err
}

func TestC18OnlyOurOwnIsAdopted(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.server.Push(t, repo, "gkops/upgrade/tool", "Mine", map[string]string{"note": "mine\n"})
	if _, err := f.server.As("alice").OpenPull(context.Background(), repo, forge.NewPull{Title: "Mine", Body: "x", Head: "gkops/upgrade/tool", Base: "main"}); err != nil {
		t.Fatal(err)
	}
	f.want(f.run(), "upgrade/tool left")
	f.want(f.quiet(), "upgrade/tool left")
}

func TestC18ForkWithOurBranchName(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.server.AddUser("mallory")
	f.server.Fork(t, repo, "mallory/fleet")
	f.server.Push(t, "mallory/fleet", "gkops/upgrade/tool", "Mine", map[string]string{"note": "mine\n"})
	if _, err := f.server.As("mallory").OpenFrom(context.Background(), repo, "mallory/fleet", forge.NewPull{Title: "Mine", Body: bot.Marker{Kind: bot.Upgrade}.String(), Head: "gkops/upgrade/tool", Base: "main"}); err != nil {
		t.Fatal(err)
	}
	f.want(f.run(), "upgrade/tool opened")
}

func TestC19DiedAfterThePush(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	client := f.server.As("bot")
	client.SetAround(forgetest.Fail(errors.New("killed"), func(c forgetest.Call) bool { return c.Method == "OpenPull" || c.Method == "PutIssue" }))
	if r := f.try(f.bot(client)); r.Err() == nil {
		t.Fatal("nothing failed")
	}
	tip := f.server.Tip(t, repo, "gkops/upgrade/tool")
	f.want(f.run(), "upgrade/tool opened")
	if tip == "" || f.server.Tip(t, repo, "gkops/upgrade/tool") != tip {
		t.Errorf("the branch was at %q, and is now at %q", tip, f.server.Tip(t, repo, "gkops/upgrade/tool"))
	}
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
}

// TestC21EveryCallMayFail: whatever call is refused, the next run ends where an undisturbed one does.
func TestC21EveryCallMayFail(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := newFleet(t, "")
		f.publish("tool", "v1.0.0", "v1.1.0")
		client, reached := f.server.As("bot"), false
		client.SetAround(forgetest.Fail(&forge.AuthError{Forge: "memory", What: "anything", Status: 401, Reason: "token expired"}, func(c forgetest.Call) bool {
			reached = reached || c.Number == n
			return c.Number >= n
		}))
		r := f.try(f.bot(client))
		if !reached {
			if n < 6 {
				t.Fatalf("only %d calls", n)
			}
			break
		}
		if r.Err() == nil || !strings.Contains(r.Error, "token expired") {
			t.Errorf("call %d: %q", n, r.Error)
		}
		f.run()
		if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
			t.Errorf("call %d: %s", n, got)
		}
	}
}

func TestC23NewPullIsMissingFromTheList(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.server.HideNew(5 * time.Second)
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.want(f.run(), "upgrade/tool opened")
	f.want(f.run(), "upgrade/tool later")
	f.now = f.now.Add(time.Minute)
	f.run()
	f.want(f.quiet(), "upgrade/tool unchanged")
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
}

func TestC23ManyPullsAndAPageThatFails(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	for n := range 40 {
		branch := "feature-" + string(rune('a'+n/26)) + string(rune('a'+n%26))
		f.server.Push(t, repo, branch, "x", map[string]string{branch: "x\n"})
		if _, err := f.server.As("alice").OpenPull(context.Background(), repo, forge.NewPull{Title: branch, Head: branch, Base: "main"}); err != nil {
			t.Fatal(err)
		}
	}
	client := f.server.As("bot")
	client.SetAround(forgetest.Fail(errors.New("page 2 failed"), func(c forgetest.Call) bool { return c.Method == "Pulls" && c.Page == 2 }))
	if r := f.try(f.bot(client)); r.Err() == nil {
		t.Error("a list that is not whole was taken for one")
	}
	f.want(f.quiet(), "upgrade/tool unchanged")
}

func TestSupersededPullIsClosed(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.publish("tool", "v1.0.0")
	f.want(f.run(), "upgrade/tool superseded")
	if got := f.facts(); got != "0 branches, 0 pulls, 0 commits" {
		t.Error(got)
	}
	f.want(f.quiet())
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.want(f.run(), "upgrade/tool opened") // the bot closed it, not a person
}
