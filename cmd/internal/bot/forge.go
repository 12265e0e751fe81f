// Package bot brings the open pulls of GitOps repositories to what they should be. It drives the same pipeline as the commands, on
// bare clones, and speaks to forges.
//
// It knows which pulls there should be, and the manners of an update bot. It refuses to keep state of its own: repository, branches
// and forge are the state.
package bot

import (
	"context"

	"gkops.dev/gkops/gitops/forge"
)

// Forge is what the bot asks of a forge. A client never retries a call that creates something: after an error of one the caller lists
// before it tries again. Clients wait and retry reads, within bounds, as the forge asks them to.
//
// Every method returns the errors of package forge: *forge.NotFoundError, *forge.AuthError, *forge.LimitError, *forge.ConflictError,
// forge.ErrUnsupported.
type Forge interface {
	// Name is what messages call the forge: its kind and host, "gitea git.example.org".
	Name() string
	// Self is the name of the user that the token belongs to.
	Self(ctx context.Context) (string, error)
	// Repository describes one repository.
	Repository(ctx context.Context, path string) (forge.Repository, error)
	// Repositories lists those of an owner (a user, an organisation, a group) that carry a topic, sorted by path; an empty topic lists all.
	Repositories(ctx context.Context, owner, topic string) ([]forge.Repository, error)

	// Pulls lists all that match, newest first. It reads every page or fails.
	Pulls(ctx context.Context, path string, query forge.PullQuery) ([]forge.Pull, error)
	// OpenPull opens a pull. It returns the pull together with an error when it is open but not all that was wanted: a
	// *forge.PeopleError when somebody could not be asked, forge.ErrUnsupported when the forge has no labels, another when a later call
	// failed. It returns no pull and a *forge.ConflictError when there is an open pull of that head and base, or nothing to pull.
	OpenPull(ctx context.Context, path string, pull forge.NewPull) (forge.Pull, error)
	// EditPull changes a pull. Labels on a forge that has none are forge.ErrUnsupported, beside the changed pull.
	EditPull(ctx context.Context, path string, number int64, edit forge.PullEdit) (forge.Pull, error)
	// MergePull merges a pull, or queues it to be merged.
	MergePull(ctx context.Context, path string, number int64, merge forge.Merge) error

	// Checks lists the checks and statuses of a commit, sorted by name.
	Checks(ctx context.Context, path, commit string) ([]forge.Check, error)
	// SetStatus sets a commit status.
	SetStatus(ctx context.Context, path, commit string, status forge.Status) error
	// Comments lists the comments of a pull, oldest first.
	Comments(ctx context.Context, path string, number int64) ([]forge.Comment, error)
	// PutComment adds a comment, or replaces the body of the one with its ID.
	PutComment(ctx context.Context, path string, number int64, comment forge.Comment) (forge.Comment, error)

	// Issues lists the open issues that the token's own user wrote, oldest first.
	Issues(ctx context.Context, path string) ([]forge.Issue, error)
	// PutIssue opens an issue, or changes the one with its number: title, body and whether it is open.
	PutIssue(ctx context.Context, path string, issue forge.Issue) (forge.Issue, error)
}
