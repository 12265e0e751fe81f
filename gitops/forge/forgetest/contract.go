package forgetest

import (
	"testing"

	"gkops.dev/gkops/gitops/forge"
)

// Lack is something that a kind of forge does not have, so that the contract does not ask for it.
type Lack string

// What forges lack.
const (
	Labels    Lack = "labels"
	Issues    Lack = "issues"
	Assignees Lack = "assignees"
	Drafts    Lack = "drafts"
	Topics    Lack = "topics"
	Reopening Lack = "reopening" // a closed pull stays closed
)

// Subject is a forge with one repository, "main" and one commit in it, as the contract wants it. Every part of the contract gets its
// own.
type Subject struct {
	Forge   Forge
	Path    string // of the repository
	Owner   string // of the repository
	Topic   string // that the repository carries, and another of the owner does not
	Another string // the path of that other repository
	Person  string // somebody who can be assigned and asked, and is not the bot
	// Push commits a file to a branch as a person does, which begins at main, and returns the commit.
	Push func(t *testing.T, branch, file, text string) string
	// Issue opens an issue as a person.
	Issue func(t *testing.T, title string)
	// Denied is the same forge with a token that it does not know.
	Denied Forge
	Lacks  []Lack
	// MaxBody is how many characters the body of a pull may have, 0 for no bound that matters.
	MaxBody int
	// Many is how many pulls make sure that a list has more than one page.
	Many int
}

func (s *Subject) has(what Lack) bool {
	for _, lack := range s.Lacks {
		if lack == what {
			return false
		}
	}
	return true
}

// Contract holds a client to what the bot asks of it.
func Contract(t *testing.T, open func(t *testing.T) *Subject) {
	parts := []struct {
		name string
		test func(*testing.T, *Subject)
	}{
		{"says whose token it is", testSelf},
		{"describes repositories", testRepositories},
		{"opens a pull", testOpen},
		{"opens no second pull", testTwice},
		{"tells who is unknown, and opens all the same", testPeople},
		{"edits a pull", testEdit},
		{"keeps every character of title and body", testText},
		{"closes and opens again", testClose},
		{"follows the branch", testFollow},
		{"merges what was judged, and nothing else", testMerge},
		{"merges no conflict", testConflict},
		{"lists by head and by state", testQuery},
		{"reads every page", testPages},
		{"sets statuses and reads checks", testChecks},
		{"keeps comments", testComments},
		{"keeps its own issues", testIssues},
		{"says what is not there", testMissing},
		{"says that a token is not known", testDenied},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.test(t, open(t)) })
	}
}

// pulled opens a pull of a new branch with one changed file.
func (s *Subject) pulled(t *testing.T, branch string) forge.Pull {
	t.Helper()
	s.Push(t, branch, branch+".txt", branch+"\n")
	return s.opened(t, forge.NewPull{Title: "Pull " + branch, Body: "The body.", Head: branch, Base: "main"})
}

func (s *Subject) opened(t *testing.T, wanted forge.NewPull) forge.Pull {
	t.Helper()
	p, err := s.Forge.OpenPull(t.Context(), s.Path, wanted)
	if err != nil {
		t.Fatalf("open a pull: %v", err)
	}
	return p
}

// pull reads one pull by listing all.
func (s *Subject) pull(t *testing.T, number int64) forge.Pull {
	t.Helper()
	for _, p := range s.pulls(t, forge.PullQuery{}) {
		if p.Number == number {
			return p
		}
	}
	t.Fatalf("pull %d is not listed", number)
	return forge.Pull{}
}

func (s *Subject) pulls(t *testing.T, query forge.PullQuery) []forge.Pull {
	t.Helper()
	list, err := s.Forge.Pulls(t.Context(), s.Path, query)
	if err != nil {
		t.Fatalf("list pulls: %v", err)
	}
	return list
}

// edited edits a pull and reads it again.
func (s *Subject) edited(t *testing.T, number int64, edit forge.PullEdit) forge.Pull {
	t.Helper()
	answer, err := s.Forge.EditPull(t.Context(), s.Path, number, edit)
	if err != nil {
		t.Fatalf("edit pull %d: %v", number, err)
	}
	read := s.pull(t, number)
	if answer.Title != read.Title || answer.State != read.State || answer.Base != read.Base {
		t.Errorf("the answer to the edit is %+v, the list says %+v", answer, read)
	}
	return read
}
