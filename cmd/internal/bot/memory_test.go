package bot_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge/forgetest"
)

// kept is a memory that can be looked at.
type kept struct{ texts sync.Map }

func (k *kept) Recall(path string) []byte {
	text, _ := k.texts.Load(path)
	kept, _ := text.([]byte)
	return kept
}

func (k *kept) Keep(path string, text []byte) { k.texts.Store(path, text) }

// counted is a clone that writes down what it asks of its server.
type counted struct {
	bot.Clone
	asked *[]string
}

func (c counted) Refs(ctx context.Context) (gitops.Refs, error) {
	*c.asked = append(*c.asked, "Refs")
	return c.Clone.Refs(ctx)
}

func (c counted) Fetch(ctx context.Context, depth int, ids ...string) error {
	if slices.ContainsFunc(ids, func(id string) bool { return !c.Store().Has(id) }) {
		*c.asked = append(*c.asked, "Fetch")
	}
	return c.Clone.Fetch(ctx, depth, ids...)
}

// counting is a bot that is run again and again, and what each run asks of the forge and of Git.
func (f *fleet) counting(memory bot.Memory) func() string {
	f.t.Helper()
	asked := []string{}
	client := f.server.As("bot")
	client.SetAround(func(_ context.Context, call forgetest.Call, proceed func() error) error {
		asked = append(asked, call.Method)
		return proceed()
	})
	b := f.bot(client)
	b.Memory = memory
	open := b.Clone
	b.Clone = func(path, url string) (bot.Clone, error) {
		c, err := open(path, url)
		return counted{c, &asked}, err
	}
	return func() string {
		f.t.Helper()
		asked = asked[:0]
		if r := f.try(b); r.Err() != nil {
			f.t.Fatal(r.Err())
		}
		return fmt.Sprint(asked)
	}
}

func TestWhatDidNotChangeCostsOneList(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	memory := &kept{}
	run := f.counting(memory)
	all := "[Repository Refs Fetch Pulls Issues]"
	if got := run(); got != all {
		t.Errorf("the first run asks %s", got)
	}
	if got := run(); got != "[Refs]" {
		t.Errorf("with nothing pending a run asks %s", got)
	}
	memory.Keep(repo, nil)
	if got := run(); got != "[Repository Refs Pulls Issues]" {
		t.Errorf("with nothing remembered a run asks %s", got)
	}
	f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
	if got := run(); got != "[Refs Repository Refs Fetch Pulls Issues]" {
		t.Errorf("when a branch has moved a run asks %s", got)
	}
	f.publish("tool", "v1.0.0", "v1.1.0")
	run()
	f.want(f.quiet(), "upgrade/tool unchanged")
	if got := run(); got != "[Repository Refs Pulls Issues]" || memory.Recall(repo) != nil {
		t.Errorf("with a pull open a run asks %s, and remembers %s", got, memory.Recall(repo))
	}
	f.merge(f.pulls("open")[0].Number)
	run()
	f.server.Point(t, repo, "gkops/upgrade/tool", "")
	run()
	if got := run(); got != "[Refs]" {
		t.Errorf("after the merge a run asks %s", got)
	}
	if len(f.dashboard().Body) == 0 || len(f.pulls("open")) > 0 {
		t.Error("something is left")
	}
}

func TestWhatHasNoWorkspaceCostsOneList(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.server.Push(t, repo, "main", "No workspace", map[string]string{"gkops.yaml": ""})
	run := f.counting(&kept{})
	run()
	if got := run(); got != "[Refs]" {
		t.Errorf("a run asks %s", got)
	}
	f.server.Push(t, repo, "main", "A workspace", map[string]string{"gkops.yaml": f.workspace()})
	if got := run(); got != "[Refs Repository Refs Fetch Pulls Issues]" {
		t.Errorf("a run asks %s", got)
	}
}

// TestWhatWaitsIsNoRest: what a person can tick is on the dashboard, and then nothing is at rest.
func TestWhatWaitsIsNoRest(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v2.0.0")
	run := f.counting(&kept{})
	run()
	if got := run(); got != "[Repository Refs Pulls Issues]" {
		t.Errorf("a run asks %s", got)
	}
	f.tick("approve tool v2")
	run()
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		t.Error(got)
	}
}
