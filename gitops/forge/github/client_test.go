package github

import (
	"net/url"
	"testing"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/forge/github/githubtest"
	"gkops.dev/gkops/gitops/forge/polite"
)

type object = map[string]any

func client(t *testing.T, f *forgetest.Fake, base *url.URL, login polite.Login) *Client {
	t.Helper()
	c, err := New(base, login, f.Options())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContract(t *testing.T) {
	forgetest.Contract(t, func(t *testing.T) *forgetest.Subject {
		f := githubtest.New(t)
		return f.Subject(func(login polite.Login) forgetest.Forge { return client(t, f, f.Base(), login) })
	})
}

func TestFaults(t *testing.T) {
	forgetest.Faults(t, "", func(t *testing.T) (*forgetest.Fake, func(polite.Login) forgetest.Forge) {
		f := githubtest.New(t)
		return f, func(login polite.Login) forgetest.Forge { return client(t, f, f.Base(), login) }
	})
}

func TestQueuedMerge(t *testing.T) {
	f := githubtest.New(t)
	c := client(t, f, f.Base(), forgetest.Login(forgetest.BotToken))
	for _, pending := range []bool{true, false} {
		branch := "up-later"
		if !pending {
			branch = "up-now"
		}
		commit := f.Server.Push(t, "team/fleet", branch, "Up", map[string]string{branch: "a\n"})
		p, err := c.OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: "Up", Head: branch, Base: "main"})
		if err != nil {
			t.Fatal(err)
		}
		if pending {
			if err := c.SetStatus(t.Context(), "team/fleet", commit, forge.Status{Context: "ci", State: forge.Pending}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.MergePull(t.Context(), "team/fleet", p.Number, forge.Merge{Commit: commit, Queue: true}); err != nil {
			t.Fatal(err)
		}
		list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{Head: branch})
		if err != nil || len(list) != 1 || list[0].AutoMerge != pending || (list[0].State == forge.Open) != pending {
			t.Errorf("pending %t: %+v, %v", pending, list, err)
		}
	}
}
