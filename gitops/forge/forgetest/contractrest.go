package forgetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/gitops/forge"
)

func testSelf(t *testing.T, s *Subject) {
	self, err := s.Forge.Self(t.Context())
	if err != nil || self == "" || self == s.Person || s.Forge.Name() == "" {
		t.Errorf("Self is %q, %v; Name is %q", self, err, s.Forge.Name())
	}
}

func testRepositories(t *testing.T, s *Subject) {
	r, err := s.Forge.Repository(t.Context(), s.Path)
	if err != nil || r.Path != s.Path || r.Default != "main" || r.CloneURL == "" || r.Archived {
		t.Errorf("it is %+v, %v", r, err)
	}
	if strings.Contains(strings.TrimPrefix(r.CloneURL, "https://"), "@") {
		t.Errorf("the clone URL has somebody's name in it: %s", r.CloneURL)
	}
	topic, want := s.Topic, []string{s.Path}
	if !s.has(Topics) {
		topic, want = "", []string{s.Another, s.Path}
		slices.Sort(want)
		if _, err := s.Forge.Repositories(t.Context(), s.Owner, "any"); !errors.Is(err, forge.ErrUnsupported) {
			t.Errorf("listed by a topic: %v", err)
		}
	}
	list, err := s.Forge.Repositories(t.Context(), s.Owner, topic)
	if err != nil || !slices.Equal(paths(list), want) {
		t.Errorf("listed %q, %v, want %q", paths(list), err, want)
	}
	all, err := s.Forge.Repositories(t.Context(), s.Owner, "")
	if got := paths(all); err != nil || !slices.Contains(got, s.Another) || !slices.Contains(got, s.Path) || !slices.IsSorted(got) {
		t.Errorf("listed %q, %v", got, err)
	}
}

func paths(list []forge.Repository) []string {
	var found []string
	for _, r := range list {
		found = append(found, r.Path)
	}
	return found
}

func testChecks(t *testing.T, s *Subject) {
	commit := s.Push(t, "up", "a.txt", "a\n")
	checks := func() []forge.Check {
		list, err := s.Forge.Checks(t.Context(), s.Path, commit)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := checks(); len(list) != 0 {
		t.Errorf("at first there are %+v", list)
	}
	for _, status := range []forge.Status{
		{Context: "gkops/review", State: forge.Pending, Description: "Looking", URL: "https://example.org/1"},
		{Context: "ci/build", State: forge.Failure, Description: "Broken"},
		{Context: "gkops/review", State: forge.Success, Description: strings.Repeat("long & ünïcode ", 40), URL: "https://example.org/2"},
	} {
		if err := s.Forge.SetStatus(t.Context(), s.Path, commit, status); err != nil {
			t.Fatalf("set %s: %v", status.Context, err)
		}
	}
	list := checks()
	if len(list) != 2 || list[0].Name != "ci/build" || list[0].State != forge.Failure || list[1].Name != "gkops/review" || list[1].State != forge.Success {
		t.Fatalf("there are %+v", list)
	}
	if list[1].URL != "https://example.org/2" {
		t.Errorf("the URL is %q", list[1].URL)
	}
}

func testComments(t *testing.T, s *Subject) {
	p := s.pulled(t, "up")
	put := func(c forge.Comment) forge.Comment {
		t.Helper()
		answer, err := s.Forge.PutComment(t.Context(), s.Path, p.Number, c)
		if err != nil || answer.ID == "" || answer.Body != c.Body {
			t.Fatalf("put %+v: %+v, %v", c, answer, err)
		}
		return answer
	}
	first := put(forge.Comment{Body: "<!-- gkops:review -->\nFirst & `code`"})
	put(forge.Comment{Body: "Second"})
	put(forge.Comment{ID: first.ID, Body: "<!-- gkops:review -->\nFirst, again"})
	list, err := s.Forge.Comments(t.Context(), s.Path, p.Number)
	if err != nil || len(list) != 2 || list[0].ID != first.ID || list[0].Body != "<!-- gkops:review -->\nFirst, again" || list[1].Body != "Second" {
		t.Errorf("there are %+v, %v", list, err)
	}
	if self, err := s.Forge.Self(t.Context()); err != nil || list[0].Author != self {
		t.Errorf("the author is %q, the bot %q, %v", list[0].Author, self, err)
	}
}

func testIssues(t *testing.T, s *Subject) {
	if !s.has(Issues) {
		_, listErr := s.Forge.Issues(t.Context(), s.Path)
		_, putErr := s.Forge.PutIssue(t.Context(), s.Path, forge.Issue{Title: "A", Body: "b"})
		if !errors.Is(listErr, forge.ErrUnsupported) || !errors.Is(putErr, forge.ErrUnsupported) {
			t.Errorf("a forge without issues: %v, %v", listErr, putErr)
		}
		return
	}
	s.Issue(t, "A person's")
	s.pulled(t, "up") // some forges list pulls among issues
	put := func(i forge.Issue) forge.Issue {
		t.Helper()
		answer, err := s.Forge.PutIssue(t.Context(), s.Path, i)
		if err != nil || answer.Number == 0 || answer.Title != i.Title || answer.Body != i.Body || answer.Open != i.Open {
			t.Fatalf("put %+v: %+v, %v", i, answer, err)
		}
		return answer
	}
	one := put(forge.Issue{Title: "Dashboard", Body: "- [ ] one", Open: true})
	two := put(forge.Issue{Title: "Another", Body: "text", Open: true})
	put(forge.Issue{Number: one.Number, Title: "Dashboard 2", Body: "- [x] one & <!-- two -->", Open: true})
	list, err := s.Forge.Issues(t.Context(), s.Path)
	if err != nil || len(list) != 2 || list[0].Number != one.Number || list[0].Body != "- [x] one & <!-- two -->" || list[1].Number != two.Number || !list[0].Open {
		t.Fatalf("there are %+v, %v", list, err)
	}
	put(forge.Issue{Number: one.Number, Title: "Dashboard 2", Body: "done", Open: false})
	if list, err = s.Forge.Issues(t.Context(), s.Path); err != nil || len(list) != 1 || list[0].Number != two.Number {
		t.Errorf("after one was closed there are %+v, %v", list, err)
	}
}

func testMissing(t *testing.T, s *Subject) {
	var missing *forge.NotFoundError
	other := s.Path + "-that-is-not-there"
	if _, err := s.Forge.Repository(t.Context(), other); !errors.As(err, &missing) {
		t.Errorf("a repository that is not there: %v", err)
	}
	if _, err := s.Forge.Pulls(t.Context(), other, forge.PullQuery{}); !errors.As(err, &missing) {
		t.Errorf("pulls of a repository that is not there: %v", err)
	}
	title := "x"
	if _, err := s.Forge.EditPull(t.Context(), s.Path, 4711, forge.PullEdit{Title: &title}); !errors.As(err, &missing) {
		t.Errorf("a pull that is not there: %v", err)
	}
	if err := s.Forge.MergePull(t.Context(), s.Path, 4711, forge.Merge{Commit: strings.Repeat("1", 40)}); !errors.As(err, &missing) {
		t.Errorf("merge a pull that is not there: %v", err)
	}
}

func testDenied(t *testing.T, s *Subject) {
	if s.Denied == nil {
		t.Fatal("the subject has no client with an unknown token")
	}
	var denied *forge.AuthError
	if _, err := s.Denied.Self(t.Context()); !errors.As(err, &denied) || denied.Status != 401 {
		t.Errorf("got %v", err)
	}
}
