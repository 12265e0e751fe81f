package bot_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops/forge"
)

// noIssues is a forge without issues, as Bitbucket and Azure DevOps are.
type noIssues struct{ bot.Forge }

func (noIssues) Issues(context.Context, string) ([]forge.Issue, error) {
	return nil, forge.ErrUnsupported
}

func (noIssues) PutIssue(context.Context, string, forge.Issue) (forge.Issue, error) {
	return forge.Issue{}, forge.ErrUnsupported
}

// TestSoakWithoutIssues: when a version was seen first is kept on a branch, and so are ticks.
func TestSoakWithoutIssues(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "policy: {soak: 3d}\n")
	run := func(want ...string) {
		t.Helper()
		r := f.try(f.bot(noIssues{f.server.As("bot")}))
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
		f.want(r, want...)
	}
	run()
	if f.server.Tip(t, repo, "gkops/dashboard") != "" {
		t.Error("there is a dashboard with nothing on it")
	}
	f.publish("tool", "v1.0.0", "v1.1.0", "v2.0.0")
	run()
	first := f.server.Tip(t, repo, "gkops/dashboard")
	f.now = f.now.Add(2 * 24 * time.Hour)
	run()
	if first == "" || f.server.Tip(t, repo, "gkops/dashboard") != first {
		t.Errorf("the dashboard was at %q, and a run with nothing new left it at %q", first, f.server.Tip(t, repo, "gkops/dashboard"))
	}
	f.now = f.now.Add(25 * time.Hour)
	run("upgrade/tool opened")
	run("upgrade/tool unchanged")

	text := f.file("gkops/dashboard", "dashboard.md")
	box := "- [ ] <!-- gkops:tick approve tool v2 -->"
	if !strings.HasPrefix(text, "# gkops: what is pending\n") || !strings.Contains(text, box) {
		t.Fatalf("the dashboard is\n%s", text)
	}
	f.server.Push(t, repo, "gkops/dashboard", "Tick", map[string]string{"dashboard.md": strings.Replace(text, "[ ]", "[x]", 1)})
	run("upgrade/tool updated")
	if p := f.pulls(forge.Open); len(p) != 1 || p[0].Title != "Upgrade tool to v2.0.0" {
		t.Errorf("%+v", p)
	}
}

// file is a file of a branch.
func (f *fleet) file(branch, name string) string {
	f.t.Helper()
	clone, err := f.bot(nil).Clone(repo, f.server.Dir(repo))
	if err != nil {
		f.t.Fatal(err)
	}
	tip := f.server.Tip(f.t, repo, branch)
	if err := clone.Fetch(context.Background(), 1, tip); err != nil {
		f.t.Fatal(err)
	}
	tree, err := clone.Store().FS(context.Background(), tip)
	if err != nil {
		f.t.Fatal(err)
	}
	data, err := fs.ReadFile(tree, name)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(data)
}

func TestC46LongDashboardKeepsWhatItNotes(t *testing.T) {
	t.Parallel()
	b := bot.ParseBoard("")
	b.Seen["tool v1.1.0"] = time.Unix(1_800_000_000, 0).UTC()
	entries := []bot.Entry{{Section: "Needs approval", Text: "tool is approved", Tick: "approve tool v2", Ticked: true}}
	for n := range 400 {
		entries = append(entries, bot.Entry{Section: "Blocked", Text: fmt.Sprintf("package %d", n), Why: strings.Repeat("because ", 100)})
	}
	for _, most := range []int{60_000, 4_000} {
		body := b.Render(entries, most)
		again := bot.ParseBoard(body)
		if len(body) > most || !again.Ticks["approve tool v2"] || len(again.Seen) != 1 {
			t.Errorf("%d bytes of %d, %+v", len(body), most, again)
		}
		if strings.Contains(body, "more, which do not fit here") != (most == 4_000) {
			t.Errorf("of %d bytes: %s", most, body[:200])
		}
	}
}
