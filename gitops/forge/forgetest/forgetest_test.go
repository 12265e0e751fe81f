package forgetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
)

func start(t *testing.T) *Server {
	s := New(t)
	s.Add(t, "team/fleet", map[string]string{"README": "hello\n"}, "gitops")
	s.Add(t, "team/other", map[string]string{"README": "hello\n"})
	s.AddUser("alice")
	return s
}

func TestContract(t *testing.T) {
	Contract(t, func(t *testing.T) *Subject {
		s := start(t)
		denied := s.As("bot")
		denied.SetAround(Fail(&forge.AuthError{Forge: name, Status: 401, Reason: "unknown token"}, func(Call) bool { return true }))
		return &Subject{
			Forge: s.As("bot"), Path: "team/fleet", Owner: "team", Topic: "gitops", Another: "team/other", Person: "alice", Denied: denied, Many: 35,
			Push: func(t *testing.T, branch, file, text string) string {
				return s.Push(t, "team/fleet", branch, "Change "+file, map[string]string{file: text})
			},
			Issue: func(t *testing.T, title string) {
				if _, err := s.As("alice").PutIssue(t.Context(), "team/fleet", forge.Issue{Title: title, Open: true}); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

func TestFaults(t *testing.T) {
	s := start(t)
	c := s.As("bot")
	s.Push(t, "team/fleet", "up", "Up", map[string]string{"a": "a\n"})
	boom := errors.New("502")
	opening := func(call Call) bool { return call.Method == "OpenPull" }
	wanted := forge.NewPull{Title: "Up", Head: "up", Base: "main"}

	c.SetAround(Fail(boom, opening))
	if _, err := c.OpenPull(t.Context(), "team/fleet", wanted); !errors.Is(err, boom) || s.Writes()["OpenPull"] != 0 {
		t.Errorf("%v after %v", err, s.Writes())
	}
	c.SetAround(LoseAnswer(boom, opening))
	if _, err := c.OpenPull(t.Context(), "team/fleet", wanted); !errors.Is(err, boom) || s.Writes()["OpenPull"] != 1 {
		t.Errorf("%v after %v", err, s.Writes())
	}
	if list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{}); err != nil || len(list) != 1 {
		t.Errorf("the list is %+v, %v", list, err)
	}
	c.SetAround(func(_ context.Context, call Call, proceed func() error) error {
		if call.Page == 2 {
			return boom
		}
		return proceed()
	})
	for n := range 31 {
		branch := fmt.Sprintf("up-%d", n)
		s.Push(t, "team/fleet", branch, "Up", map[string]string{branch: "a\n"})
		if _, err := c.OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: "x", Head: branch, Base: "main"}); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{}); !errors.Is(err, boom) || list != nil {
		t.Errorf("with a page that fails the list is %d long, %v", len(list), err)
	}
}

func TestNewPullsAreHiddenForAWhile(t *testing.T) {
	s := start(t)
	now := time.Unix(1_800_000_000, 0)
	s.SetClock(func() time.Time { return now })
	s.HideNew(5 * time.Second)
	c := s.As("bot")
	s.Push(t, "team/fleet", "up", "Up", map[string]string{"a": "a\n"})
	if _, err := c.OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: "Up", Head: "up", Base: "main"}); err != nil {
		t.Fatal(err)
	}
	for _, c2 := range []struct {
		after time.Duration
		want  int
	}{{0, 0}, {4 * time.Second, 0}, {6 * time.Second, 1}} {
		now = time.Unix(1_800_000_000, 0).Add(c2.after)
		if list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{}); err != nil || len(list) != c2.want {
			t.Errorf("after %s there are %d, %v", c2.after, len(list), err)
		}
	}
}

func TestPeople(t *testing.T) {
	s := start(t)
	c, alice := s.As("bot"), s.As("alice")
	first := s.Push(t, "team/fleet", "up", "Up", map[string]string{"a": "a\n"})
	p, err := c.OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: "Up", Head: "up", Base: "main"})
	if err != nil {
		t.Fatal(err)
	}
	amended := s.Amend(t, "team/fleet", "up", "Up, better", map[string]string{"b": "b\n"})
	if amended == first || s.Tip(t, "team/fleet", "up") != amended {
		t.Error("nothing was amended")
	}
	state := func() forge.Pull {
		list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{})
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		return list[len(list)-1]
	}
	if now := state(); now.HeadCommit != amended {
		t.Errorf("the pull is at %s", now.HeadCommit)
	}
	if err := alice.MergePull(t.Context(), "team/fleet", p.Number, forge.Merge{Commit: amended}); err != nil {
		t.Fatal(err)
	}
	if now := state(); now.State != forge.Merged || s.Tip(t, "team/fleet", "up") != amended {
		t.Errorf("it is %+v", now)
	}
	s.Push(t, "team/fleet", "gone", "Gone", map[string]string{"c": "c\n"})
	if _, err := c.OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: "Gone", Head: "gone", Base: "main"}); err != nil {
		t.Fatal(err)
	}
	s.Point(t, "team/fleet", "gone", "")
	if list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{State: forge.Closed}); err != nil || len(list) != 1 {
		t.Errorf("a pull whose branch is gone: %+v, %v", list, err)
	}
	s.Fork(t, "team/fleet", "mallory/fleet")
	s.Push(t, "mallory/fleet", "up2", "Mine", map[string]string{"d": "d\n"})
	forked, err := s.As("mallory").OpenFrom(t.Context(), "team/fleet", "mallory/fleet", forge.NewPull{Title: "Mine", Head: "up2", Base: "main"})
	if err != nil || forked.HeadRepository != "mallory/fleet" {
		t.Errorf("the fork's pull is %+v, %v", forked, err)
	}
	if list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{Head: "up2"}); err != nil || len(list) != 0 {
		t.Errorf("a fork's branch counts as ours: %+v, %v", list, err)
	}
	if err := alice.MergePull(t.Context(), "team/fleet", forked.Number, forge.Merge{Commit: forked.HeadCommit, Method: "squash"}); err != nil {
		t.Error(err)
	}
	s.RenameDefault(t, "team/fleet", "trunk")
	if r, err := c.Repository(t.Context(), "team/fleet"); err != nil || r.Default != "trunk" {
		t.Errorf("it is %+v, %v", r, err)
	}
}

func TestQueuedMerge(t *testing.T) {
	s := start(t)
	c := s.As("bot")
	commit := s.Push(t, "team/fleet", "up", "Up", map[string]string{"a": "a\n"})
	p, err := c.OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: "Up", Head: "up", Base: "main"})
	if err != nil {
		t.Fatal(err)
	}
	set := func(state forge.CheckState) {
		if err := c.SetStatus(t.Context(), "team/fleet", commit, forge.Status{Context: "ci", State: state}); err != nil {
			t.Fatal(err)
		}
	}
	set(forge.Pending)
	if err := c.MergePull(t.Context(), "team/fleet", p.Number, forge.Merge{Commit: commit, Queue: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []forge.State{forge.Open, forge.Merged} {
		list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{})
		if err != nil || list[0].State != want || list[0].AutoMerge != (want == forge.Open) {
			t.Errorf("it is %+v, %v, want %s", list[0], err, want)
		}
		set(forge.Success)
	}
}
