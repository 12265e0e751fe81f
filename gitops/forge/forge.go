// Package forge is the vocabulary of the places that Git repositories and their pulls live in: repositories, pulls, comments,
// statuses and issues, in the words that GitHub, GitLab, Gitea, Bitbucket and Azure DevOps have in common. The folders below it speak
// to one of them each.
//
// It knows what a forge can be asked and how it says no. It refuses to know why a pull is opened, and it holds no credentials.
package forge

import "time"

// Repository is one repository of a forge. Path is what its web address has after the host: "owner/name", and for GitLab any number of
// groups.
type Repository struct {
	Path     string
	CloneURL string // over https, without credentials
	Default  string // the default branch; empty when there is no commit yet
	Archived bool
	Topics   []string
}

// State is what became of a pull.
type State string

// The states of a pull.
const (
	Open   State = "open"
	Closed State = "closed" // without a merge
	Merged State = "merged"
)

// Pull is a pull or merge request.
type Pull struct {
	Number         int64
	URL            string // its page
	Title, Body    string
	Head           string // the branch that it would merge
	HeadRepository string // the path of the repository that has the branch; a fork's differs from the pull's own, a deleted one is empty
	HeadCommit     string
	Base           string // the branch that it would go to
	State          State
	Draft          bool
	Labels         []string // sorted
	Assignees      []string // sorted
	Reviewers      []string // of whom a review is asked, sorted
	Author         string
	Created        time.Time
	Closed         time.Time // closed or merged; zero while open
	AutoMerge      bool      // the forge merges it when its checks have passed
}

// PullQuery selects pulls. An empty field selects all.
type PullQuery struct {
	State State
	Head  string // this branch of the repository itself, no fork's
}

// NewPull is a pull to open, from a branch of the repository itself. What the forge has no thing for, labels or assignees or a draft,
// is left out, and told as ErrUnsupported beside the opened pull.
type NewPull struct {
	Title, Body, Head, Base string
	Draft                   bool
	Labels                  []string
	Assignees, Reviewers    []string // who is unknown to the forge is left out, and told as a *PeopleError beside the opened pull
}

// PullEdit is what changes of a pull; nil leaves a field as it is.
type PullEdit struct {
	Title, Body, Base *string
	State             State // Closed or Open; empty leaves it
	AddLabels         []string
	RemoveLabels      []string
}

// Merge says how a pull is merged. The forge refuses it with a *ConflictError when the head is not Commit any more.
type Merge struct {
	Commit string // the head commit that was judged
	Method string // merge, squash or rebase; empty is the repository's own default
	Queue  bool   // let the forge merge it when its checks have passed, or now when they have; ErrUnsupported where it cannot
}

// CheckState is what checks and statuses of a commit say together.
type CheckState string

// The states of checks.
const (
	Pending CheckState = "pending"
	Success CheckState = "success"
	Failure CheckState = "failure"
)

// Check is one check or status of a commit.
type Check struct {
	Name  string
	State CheckState
	URL   string
}

// Status is a commit status that is set. Context names it; the same context replaces the one before.
type Status struct {
	Context     string
	State       CheckState
	Description string // one line; forges cut it at 140 characters
	URL         string
}

// Comment is a comment on a pull.
type Comment struct {
	ID     string // empty: not there yet
	Author string
	Body   string
}

// Issue is an issue of a repository.
type Issue struct {
	Number      int64 // zero: not there yet
	URL         string
	Title, Body string
	Open        bool
	Labels      []string
	Author      string
}
