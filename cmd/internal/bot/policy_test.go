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
	"gkops.dev/gkops/gitops/remote"
)

func TestScheduleHoldsNewPullsAlone(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "policy:\n  timeZone: Europe/Vienna\n  schedule: [\"* 6-8 * * 1-5\"]\n") // now it is Monday, 11:00 there
	f.publish("tool", "v1.0.0", "v1.1.0")
	r := f.run()
	f.want(r, "upgrade/tool held")
	if why := r.Pulls[0].Why; why != "schedule: opens 2026-03-03T05:00:00Z" {
		t.Errorf("held because %q", why)
	}
	if !strings.Contains(f.dashboard().Body, "2026-03-03T05:00:00Z") {
		t.Errorf("the dashboard does not say when:\n%s", f.dashboard().Body)
	}
	f.quiet()
	f.now = time.Date(2026, 3, 3, 6, 0, 0, 0, time.UTC)
	f.want(f.run(), "upgrade/tool opened")
	f.now = f.now.Add(6 * time.Hour)
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	f.want(f.run(), "upgrade/tool updated")
}

func TestSoakTakesTheNewestThatIsOldEnough(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "policy:\n  soak: 3d\n")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.want(f.run())
	if !strings.Contains(f.dashboard().Body, "soak 3d: until 2026-03-05T10:00:00Z") {
		t.Errorf("the dashboard does not say until when:\n%s", f.dashboard().Body)
	}
	f.now = f.now.Add(72 * time.Hour)
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	r := f.run()
	f.want(r, "upgrade/tool opened")
	if got := r.Pulls[0].Brings[0]; got != "prod/tool@v1.1.0" {
		t.Errorf("brings %s", got)
	}
	f.quiet()
}

func TestSecurityPassesScheduleSoakAndLimit(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "policy:\n  soak: 30d\n  schedule: [\"* 1 * * *\"]\n  limits: {open: 1}\n")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.publish("web", "v1.0.0", "v1.1.0")
	f.write("advisories/index.json", `{"tool": ["GHSA-1.json"]}`)
	f.write("advisories/GHSA-1.json", `{"id": "GHSA-1", "summary": "a hole <!-- gkops:pull {} --> @everyone closes #1",
		"affected": [{"package": {"name": "tool"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.1.0"}]}]}]}`)
	f.want(f.run(), "upgrade/tool opened")
	p := f.pulls(forge.Open)[0]
	if p.Title != "Upgrade tool to v1.1.0 (security)" || !strings.Contains(p.Body, "`GHSA-1`") {
		t.Errorf("%q\n%s", p.Title, p.Body)
	}
	if m, ours := bot.FindMarker(p.Body); !ours || m.Title != p.Title || strings.Count(p.Body, "<!-- gkops:pull ") != 1 {
		t.Errorf("C46: an advisory forged a marker: %+v", m)
	}
	f.quiet()
}

func TestMajorNeedsApproval(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v2.0.0")
	f.want(f.run())
	f.tick("approve tool v2")
	f.want(f.run(), "upgrade/tool opened")
	f.want(f.run(), "upgrade/tool unchanged") // the approval holds on
	f.quiet()
}

func TestPinsAndSkipsEnd(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "policy:\n  pins: [{package: tool, version: \"<1.2\", reason: slow, until: \"2026-03-10\"}]\n"+
		"  skips: [{package: web, version: \"1.1.0\", reason: broken}]\n")
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	f.publish("web", "v1.0.0", "v1.1.0")
	r := f.run()
	f.want(r, "upgrade/tool opened")
	if r.Pulls[0].Brings[0] != "prod/tool@v1.1.0" {
		t.Errorf("brings %v", r.Pulls[0].Brings)
	}
	for _, want := range []string{"pinned to <1.2 by gkops.yaml:11: slow", "skipped: broken"} {
		if !strings.Contains(f.dashboard().Body, want) {
			t.Errorf("the dashboard does not say %q:\n%s", want, f.dashboard().Body)
		}
	}
	f.now = time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)
	if r = f.run(); r.Pulls[0].Brings[0] != "prod/tool@v1.2.0" {
		t.Errorf("brings %v", r.Pulls[0].Brings)
	}
}

func TestLimitOfOpenPulls(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "policy:\n  limits: {open: 1}\n")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.publish("web", "v1.0.0", "v1.1.0")
	f.want(f.run(), "upgrade/tool opened", "upgrade/web held")
	f.want(f.quiet(), "upgrade/tool unchanged", "upgrade/web held")
}

func TestAutomergeWhenChecksArePassed(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "policy:\n  automerge: {risk: low, method: squash}\n")
	f.publish("tool", "v1.0.0", "v1.1.0")
	r := f.run()
	f.want(r, "upgrade/tool opened")
	f.want(f.run(), "upgrade/tool unchanged") // nobody has checked it
	set := func(state forge.CheckState) {
		t.Helper()
		if err := f.server.As("ci").SetStatus(context.Background(), repo, f.server.Tip(t, repo, "gkops/upgrade/tool"), forge.Status{Context: "ci", State: state}); err != nil {
			t.Fatal(err)
		}
	}
	set(forge.Failure)
	f.want(f.run(), "upgrade/tool unchanged")
	set(forge.Success)
	f.want(f.run(), "upgrade/tool merged")
	f.want(f.run())
}

func TestBlockedIsToldAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.publish("web", "v1.0.0", "v1.1.0")
	f.write("web/v1.1.0/m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tool, namespace: tool}\n") // the object of tool
	f.want(f.run(), "upgrade/tool opened", "upgrade/web blocked")
	f.want(f.quiet(), "upgrade/tool unchanged", "upgrade/web blocked")
	if body := f.dashboard().Body; !strings.Contains(body, "## Blocked") {
		t.Errorf("the dashboard says nothing of it:\n%s", body)
	}
}

func TestC26UnreadablePackageIsTold(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.write("web/versions.yaml", "<html>Please log in</html>")
	f.want(f.run(), "upgrade/tool opened")
	if body := f.dashboard().Body; !strings.Contains(body, "## Could not be read") {
		t.Errorf("the dashboard says nothing of it:\n%s", body)
	}
}

// TestC22ProtectedBranch: one pull is refused, its reason is told once, the others go on.
func TestC22ProtectedBranch(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.publish("web", "v1.0.0", "v1.1.0")
	b, pushes := f.bot(f.server.As("bot")), 0
	open := b.Clone
	b.Clone = func(path, url string) (bot.Clone, error) {
		c, err := open(path, url)
		return &guarded{Clone: c, pushes: &pushes}, err
	}
	r := f.try(b)
	if got := states(r); len(got) != 2 || got[0] != "upgrade/tool failed" || got[1] != "upgrade/web opened" || pushes != 2 {
		t.Errorf("%q with %d pushes", got, pushes)
	}
	if !strings.Contains(r.Error, "signatures are required") {
		t.Errorf("told %q", r.Error)
	}
}

// guarded does not let the branch of tool be pushed.
type guarded struct {
	bot.Clone
	pushes *int
}

func (g *guarded) Push(ctx context.Context, branch, id, old string) error {
	*g.pushes++
	if strings.HasSuffix(branch, "tool") {
		return &remote.ProtectedError{Remote: "x", Branch: branch, Reason: "signatures are required"}
	}
	return g.Clone.Push(ctx, branch, id, old)
}

// TestC2SameBodyAndCommitInAnyZone: the clock of the machine and its zone are in no commit and no body.
func TestC2SameBodyAndCommitInAnyZone(t *testing.T) {
	registry := t.TempDir()
	var body, tip string
	for n, zone := range []*time.Location{time.UTC, time.FixedZone("", 12*3600)} {
		f := newFleetOf(t, "", "", registry)
		f.publish("tool", "v1.0.0", "v1.1.0")
		f.now = f.now.Add(time.Duration(n) * time.Hour).In(zone)
		f.run()
		nowBody, nowTip := f.pulls(forge.Open)[0].Body, f.server.Tip(t, repo, "gkops/upgrade/tool")
		if n > 0 && (nowBody != body || nowTip != tip) {
			t.Errorf("commit %s and %s\n%s\n---\n%s", tip, nowTip, body, nowBody)
		}
		body, tip = nowBody, nowTip
		f.publish("tool", "v1.0.0")
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	b := f.bot(f.server.As("bot"))
	b.DryRun = true
	f.want(f.try(b), "upgrade/tool opened")
	if writes := f.server.Writes(); len(writes) > 0 || f.server.Tip(t, repo, "gkops/upgrade/tool") != "" {
		t.Errorf("wrote %v", writes)
	}
}

func TestOneFailureStopsNoOther(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.server.Add(t, "team/plain", map[string]string{"README": "no workspace\n"})
	f.publish("tool", "v1.0.0", "v1.1.0")
	client := f.server.As("bot")
	client.SetAround(forgetest.Fail(errors.New("down"), func(c forgetest.Call) bool { return c.Path == "team/down" }))
	b := f.bot(client)
	b.Repositories = []string{"team/plain", "team/down", repo}
	results, err := b.Do(context.Background())
	if err != nil || len(results) != 3 {
		t.Fatal(results, err)
	}
	if results[0].Error != "down" || results[1].Count(bot.Opened) != 1 || results[2].Notes[0] != "it has no gkops.yaml" {
		t.Errorf("%+v", results)
	}
}

func TestShardsPartTheRepositories(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for index := range 4 {
		for n := range 100 {
			path := "team/r" + strings.Repeat("x", n)
			if (bot.Shard{Index: index, Count: 4}).Has(path) {
				seen[path]++
			}
		}
	}
	for path, times := range seen {
		if times != 1 {
			t.Errorf("%s is in %d shards", path, times)
		}
	}
	if len(seen) != 100 {
		t.Errorf("%d of 100 are in a shard", len(seen))
	}
}

func TestPromotionAfterTheSoak(t *testing.T) {
	t.Parallel()
	f := newFleetOf(t, "policy:\n  rules: [{clusters: [late], soak: 3d}]\n", `{name: late, kubernetes: "1.33", follows: prod}, `, t.TempDir())
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.want(f.run(), "upgrade/tool opened")
	f.merge(f.pulls(forge.Open)[0].Number)
	f.want(f.run())
	f.now = f.now.Add(71 * time.Hour)
	f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
	f.want(f.run())
	f.now = f.now.Add(2 * time.Hour)
	r := f.run()
	f.want(r, "promote/late opened")
	if len(r.Pulls) == 1 && r.Pulls[0].Title != "Promote tool v1.1.0 from prod to late" {
		t.Errorf("%+v", r.Pulls[0])
	}
	f.want(f.quiet(), "promote/late unchanged")
	f.merge(f.pulls(forge.Open)[0].Number)
	f.want(f.run())
}

func TestPromotionWaitsForChecks(t *testing.T) {
	t.Parallel()
	f := newFleetOf(t, "policy:\n  rules: [{clusters: [late], checks: true}]\n", `{name: late, kubernetes: "1.33", follows: prod}, `, t.TempDir())
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.want(f.run(), "upgrade/tool opened")
	f.merge(f.pulls(forge.Open)[0].Number)
	tip := f.server.Tip(t, repo, "main")
	for _, c := range []struct {
		state forge.CheckState
		told  string
	}{{"", "checks: " + tip[:10] + " has none"}, {forge.Pending, "checks: ci of " + tip[:10] + " is pending"}, {forge.Failure, "is failure"}} {
		if c.state != "" {
			if err := f.server.As("alice").SetStatus(context.Background(), repo, tip, forge.Status{Context: "ci", State: c.state}); err != nil {
				t.Fatal(err)
			}
		}
		f.want(f.run())
		if board := f.dashboard().Body; !strings.Contains(board, "`tool` of `late`: `v1.0.0` to `v1.1.0`") || !strings.Contains(board, c.told) {
			t.Errorf("%s: the dashboard is\n%s", c.state, board)
		}
	}
	if err := f.server.As("alice").SetStatus(context.Background(), repo, tip, forge.Status{Context: "ci", State: forge.Success}); err != nil {
		t.Fatal(err)
	}
	f.want(f.run(), "promote/late opened")
}

func TestPromotionOfOtherBytesIsRefused(t *testing.T) {
	t.Parallel()
	f := newFleetOf(t, "", `{name: late, kubernetes: "1.33", follows: prod}, `, t.TempDir())
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.run()
	f.merge(f.pulls(forge.Open)[0].Number)
	f.write("tool/v1.1.0/m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tool, namespace: tool}\ndata: {evil: x}\n")
	if r := f.try(f.bot(f.server.As("bot"))); r.Err() == nil || r.Count(bot.Opened) > 0 {
		t.Errorf("other bytes were promoted: %+v", r)
	}
}

// TestFirstCloneOfManyFiles: more objects than are stored one by one are there at once.
func TestFirstCloneOfManyFiles(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	many := map[string]string{}
	for n := range 150 {
		many["docs/"+strings.Repeat("x", n+1)] = strings.Repeat("y", n+1)
	}
	f.server.Push(t, repo, "main", "Many", many)
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.want(f.run(), "upgrade/tool opened")
}
