// Package forgetest is a forge in memory, and the promises that every client of a forge keeps.
//
// Its repositories are bare ones in a folder: branches are pushed to with Git, and merging a pull really merges. Calls can be made to
// fail, to wait, or to lose their answer. It knows how forges behave; it refuses to know their protocols, which the tests of the
// clients put before it.
package forgetest

import (
	"context"

	"gkops.dev/gkops/gitops/forge"
)

// Forge is what clients of forges do, as the bot asks it of them; cmd/internal/bot holds both to be the same, and says what each
// method promises.
type Forge interface {
	Name() string
	Self(ctx context.Context) (string, error)
	Repository(ctx context.Context, path string) (forge.Repository, error)
	Repositories(ctx context.Context, owner, topic string) ([]forge.Repository, error)
	Pulls(ctx context.Context, path string, query forge.PullQuery) ([]forge.Pull, error)
	OpenPull(ctx context.Context, path string, pull forge.NewPull) (forge.Pull, error)
	EditPull(ctx context.Context, path string, number int64, edit forge.PullEdit) (forge.Pull, error)
	MergePull(ctx context.Context, path string, number int64, merge forge.Merge) error
	Checks(ctx context.Context, path, commit string) ([]forge.Check, error)
	SetStatus(ctx context.Context, path, commit string, status forge.Status) error
	Comments(ctx context.Context, path string, number int64) ([]forge.Comment, error)
	PutComment(ctx context.Context, path string, number int64, comment forge.Comment) (forge.Comment, error)
	Issues(ctx context.Context, path string) ([]forge.Issue, error)
	PutIssue(ctx context.Context, path string, issue forge.Issue) (forge.Issue, error)
}
