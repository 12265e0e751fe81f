package forgetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
)

func testOpen(t *testing.T, s *Subject) {
	commit := s.Push(t, "gkops/up", "a.txt", "a\n")
	wanted := forge.NewPull{Title: "Upgrade a", Body: "Because.\n\n- one\n- two", Head: "gkops/up", Base: "main"}
	if s.has(Labels) {
		wanted.Labels = []string{"zeta", "alpha"}
	}
	if s.has(Assignees) {
		wanted.Assignees = []string{s.Person}
	}
	wanted.Reviewers = []string{s.Person}
	wanted.Draft = s.has(Drafts)
	self, err := s.Forge.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opened := s.opened(t, wanted)
	for what, p := range map[string]forge.Pull{"the answer": opened, "the list": s.pull(t, opened.Number)} {
		same := p.Title == wanted.Title && p.Body == wanted.Body && p.Head == wanted.Head && p.Base == "main" && p.Draft == wanted.Draft
		if !same || p.HeadRepository != s.Path || p.HeadCommit != commit || p.State != forge.Open || p.Author != self {
			t.Errorf("%s says %+v", what, p)
		}
		if p.Number == 0 || !strings.HasPrefix(p.URL, "http") || p.Created.IsZero() || !p.Closed.IsZero() || p.AutoMerge {
			t.Errorf("%s says %+v", what, p)
		}
		if s.has(Labels) && !slices.Equal(p.Labels, []string{"alpha", "zeta"}) {
			t.Errorf("%s has the labels %q", what, p.Labels)
		}
		if !slices.Equal(p.Reviewers, wanted.Reviewers) || !slices.Equal(p.Assignees, wanted.Assignees) {
			t.Errorf("%s asks %q and is assigned to %q", what, p.Reviewers, p.Assignees)
		}
	}
}

func testTwice(t *testing.T, s *Subject) {
	first := s.pulled(t, "up")
	_, err := s.Forge.OpenPull(t.Context(), s.Path, forge.NewPull{Title: "Again", Head: "up", Base: "main"})
	var conflict *forge.ConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("opened again: %v", err)
	}
	if list := s.pulls(t, forge.PullQuery{}); len(list) != 1 || list[0].Number != first.Number {
		t.Errorf("the list is %+v", list)
	}
	_, err = s.Forge.OpenPull(t.Context(), s.Path, forge.NewPull{Title: "Nothing", Head: "no-such-branch", Base: "main"})
	var missing *forge.NotFoundError
	if !errors.As(err, &conflict) && !errors.As(err, &missing) {
		t.Errorf("opened for a branch that is not there: %v", err)
	}
}

func testPeople(t *testing.T, s *Subject) {
	s.Push(t, "up", "a.txt", "a\n")
	wanted := forge.NewPull{Title: "Up", Head: "up", Base: "main", Reviewers: []string{s.Person, "nobody-of-that-name"}}
	p, err := s.Forge.OpenPull(t.Context(), s.Path, wanted)
	var people *forge.PeopleError
	if !errors.As(err, &people) || !slices.Equal(people.Names, []string{"nobody-of-that-name"}) {
		t.Errorf("got %v", err)
	}
	if p.Number == 0 || !slices.Equal(s.pull(t, p.Number).Reviewers, []string{s.Person}) {
		t.Errorf("the pull is %+v, listed with %q", p, s.pull(t, p.Number).Reviewers)
	}
}

func testEdit(t *testing.T, s *Subject) {
	s.Push(t, "next", "next.txt", "next\n")
	p := s.pulled(t, "up")
	title, body, base := "New title", "New body", "next"
	edit := forge.PullEdit{Title: &title, Body: &body, Base: &base}
	if s.has(Labels) {
		edit.AddLabels = []string{"b", "a"}
	}
	now := s.edited(t, p.Number, edit)
	if now.Title != title || now.Body != body || now.Base != base || now.State != forge.Open {
		t.Errorf("the pull is %+v", now)
	}
	if !s.has(Labels) {
		if _, err := s.Forge.EditPull(t.Context(), s.Path, p.Number, forge.PullEdit{AddLabels: []string{"a"}}); !errors.Is(err, forge.ErrUnsupported) {
			t.Errorf("a label on a forge without labels: %v", err)
		}
		return
	}
	now = s.edited(t, p.Number, forge.PullEdit{AddLabels: []string{"c"}, RemoveLabels: []string{"a", "never-there"}})
	if !slices.Equal(now.Labels, []string{"b", "c"}) || now.Title != title || now.Body != body {
		t.Errorf("the labels are %q, the pull %+v", now.Labels, now)
	}
	now = s.edited(t, p.Number, forge.PullEdit{})
	if !slices.Equal(now.Labels, []string{"b", "c"}) || now.Title != title {
		t.Errorf("an empty edit changed it to %+v", now)
	}
}

func testText(t *testing.T, s *Subject) {
	s.Push(t, "up", "a.txt", "a\n")
	body := "<!-- gkops: {\"plan\":\"0a1b\"} -->\n| a | b |\n|---|---|\n| `x` | \"quoted\" & <b>bold</b> |\n\n\tTab, ünïcode, 日本語, 🚀 \\ back\\slash\n\n" +
		strings.Repeat("0123456789 ", 2000) + "end"
	if s.MaxBody > 0 {
		body = string([]rune(body)[:s.MaxBody])
	}
	title := "Üpgrade \"a\" & <b> to 日本 \\ 1.0"
	p := s.opened(t, forge.NewPull{Title: title, Body: body, Head: "up", Base: "main"})
	if read := s.pull(t, p.Number); read.Title != title || read.Body != body {
		t.Errorf("title %q, body of %d bytes, want %d; it begins %.200q", read.Title, len(read.Body), len(body), read.Body)
	}
	body = "short & <!-- sweet -->"
	if read := s.edited(t, p.Number, forge.PullEdit{Body: &body}); read.Body != body || read.Title != title {
		t.Errorf("after the edit it is %q with %q", read.Title, read.Body)
	}
}

func testClose(t *testing.T, s *Subject) {
	p := s.pulled(t, "up")
	now := s.edited(t, p.Number, forge.PullEdit{State: forge.Closed})
	if now.State != forge.Closed || now.Closed.IsZero() || now.HeadCommit != p.HeadCommit {
		t.Errorf("closed, it is %+v", now)
	}
	if !s.has(Reopening) {
		_, err := s.Forge.EditPull(t.Context(), s.Path, p.Number, forge.PullEdit{State: forge.Open})
		if !errors.Is(err, forge.ErrUnsupported) {
			t.Errorf("opened again: %v", err)
		}
		return
	}
	if now = s.edited(t, p.Number, forge.PullEdit{State: forge.Open}); now.State != forge.Open {
		t.Errorf("opened again, it is %+v", now)
	}
}

func testFollow(t *testing.T, s *Subject) {
	p := s.pulled(t, "up")
	next := s.Push(t, "up", "more.txt", "more\n")
	for range 200 { // forges look at pushes when they have time
		if s.pull(t, p.Number).HeadCommit == next {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the pull is still at %s, the branch at %s", s.pull(t, p.Number).HeadCommit, next)
}

func testMerge(t *testing.T, s *Subject) {
	p := s.pulled(t, "up")
	wrong := strings.Repeat("1", 40)
	err := s.Forge.MergePull(t.Context(), s.Path, p.Number, forge.Merge{Commit: wrong})
	var conflict *forge.ConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("merged another commit: %v", err)
	}
	if now := s.pull(t, p.Number); now.State != forge.Open {
		t.Fatalf("it is %s", now.State)
	}
	if err := s.merged(t, p); err != nil {
		t.Fatalf("merge: %v", err)
	}
	now := s.pull(t, p.Number)
	if now.State != forge.Merged || now.Closed.IsZero() || now.HeadCommit != p.HeadCommit {
		t.Errorf("merged, it is %+v", now)
	}
	if err := s.Forge.MergePull(t.Context(), s.Path, p.Number, forge.Merge{Commit: p.HeadCommit}); !errors.As(err, &conflict) {
		t.Errorf("merged twice: %v", err)
	}
}

// merged merges a pull. Forges find out in their own time whether they can.
func (s *Subject) merged(t *testing.T, p forge.Pull) error {
	var err error
	for range 40 {
		if err = s.Forge.MergePull(t.Context(), s.Path, p.Number, forge.Merge{Commit: p.HeadCommit}); err == nil {
			return nil
		}
		if now := s.pull(t, p.Number); now.State != forge.Open {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

func testConflict(t *testing.T, s *Subject) {
	s.Push(t, "up", "a.txt", "up\n")
	s.Push(t, "main", "a.txt", "main\n")
	p := s.opened(t, forge.NewPull{Title: "Up", Head: "up", Base: "main"})
	err := s.Forge.MergePull(t.Context(), s.Path, p.Number, forge.Merge{Commit: p.HeadCommit})
	var conflict *forge.ConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("merged: %v", err)
	}
	if now := s.pull(t, p.Number); now.State != forge.Open {
		t.Errorf("it is %s", now.State)
	}
}

func testQuery(t *testing.T, s *Subject) {
	one, two := s.pulled(t, "one"), s.pulled(t, "two")
	s.edited(t, one.Number, forge.PullEdit{State: forge.Closed})
	cases := []struct {
		query forge.PullQuery
		want  []int64
	}{
		{forge.PullQuery{}, []int64{two.Number, one.Number}},
		{forge.PullQuery{State: forge.Open}, []int64{two.Number}},
		{forge.PullQuery{State: forge.Closed}, []int64{one.Number}},
		{forge.PullQuery{State: forge.Merged}, nil},
		{forge.PullQuery{Head: "one"}, []int64{one.Number}},
		{forge.PullQuery{Head: "two", State: forge.Open}, []int64{two.Number}},
		{forge.PullQuery{Head: "one", State: forge.Open}, nil},
		{forge.PullQuery{Head: "on"}, nil},
	}
	for _, c := range cases {
		var found []int64
		for _, p := range s.pulls(t, c.query) {
			found = append(found, p.Number)
		}
		if !slices.Equal(found, c.want) {
			t.Errorf("%+v finds %d, want %d", c.query, found, c.want)
		}
	}
}

func testPages(t *testing.T, s *Subject) {
	want := map[int64]bool{}
	for n := range s.Many {
		want[s.pulled(t, fmt.Sprintf("up-%d", n)).Number] = true
	}
	list := s.pulls(t, forge.PullQuery{State: forge.Open})
	for n, p := range list {
		if !want[p.Number] {
			t.Errorf("pull %d is listed twice, or was never opened", p.Number)
		}
		delete(want, p.Number)
		if n > 0 && p.Number >= list[n-1].Number {
			t.Errorf("pull %d comes after %d", p.Number, list[n-1].Number)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d pulls are not listed", len(want))
	}
}
