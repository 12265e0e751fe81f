package gitea

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	sdk "code.gitea.io/sdk/gitea"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// draft is the beginning of the title of a draft (docs.gitea.com, "Pull requests").
const draft = "WIP: "

// Pulls lists all that match, newest first.
func (c *Client) Pulls(ctx context.Context, path string, query forge.PullQuery) ([]forge.Pull, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return nil, err
	}
	state := sdk.StateAll
	switch query.State {
	case forge.Open:
		state = sdk.StateOpen
	case forge.Closed, forge.Merged:
		state = sdk.StateClosed
	}
	all, err := polite.Pages(func(page int) ([]*sdk.PullRequest, int, error) {
		some, answer, err := api.ListRepoPullRequests(owner, name, sdk.ListPullRequestsOptions{ListOptions: list(page), State: state})
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "pulls of %s", path)
	}
	var found []forge.Pull
	for _, p := range all {
		found = append(found, pullOf(p))
	}
	return query.Of(path, found), nil
}

func pullOf(p *sdk.PullRequest) forge.Pull {
	pull := forge.Pull{
		Number: p.Index, URL: p.HTMLURL, Title: p.Title, Body: p.Body, State: forge.Open, Draft: p.Draft, Author: login(p.Poster),
		Labels: labelNames(p.Labels), Assignees: logins(p.Assignees), Reviewers: logins(p.RequestedReviewers),
	}
	if p.Draft {
		pull.Title = strings.TrimPrefix(p.Title, draft)
	}
	if p.Head != nil {
		pull.Head, pull.HeadCommit = p.Head.Name, p.Head.Sha
		if p.Head.Repository != nil {
			pull.HeadRepository = p.Head.Repository.FullName
		}
	}
	if p.Base != nil {
		pull.Base = p.Base.Name
	}
	if p.Created != nil {
		pull.Created = *p.Created
	}
	if p.State == sdk.StateClosed {
		pull.State = forge.Closed
		if p.Closed != nil {
			pull.Closed = *p.Closed
		}
	}
	if p.HasMerged {
		pull.State = forge.Merged
		if p.Merged != nil {
			pull.Closed = *p.Merged
		}
	}
	return pull
}

// OpenPull opens a pull, then gives it its labels and people, one call each.
func (c *Client) OpenPull(ctx context.Context, path string, wanted forge.NewPull) (forge.Pull, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return forge.Pull{}, err
	}
	options := sdk.CreatePullRequestOption{Head: wanted.Head, Base: wanted.Base, Title: wanted.Title, Body: wanted.Body}
	if wanted.Draft {
		options.Title = draft + wanted.Title
	}
	opened, _, err := api.CreatePullRequest(owner, name, options)
	if err != nil {
		return forge.Pull{}, c.failed(err, "open a pull from %s to %s in %s", wanted.Head, wanted.Base, path)
	}
	pull := pullOf(opened)
	labelErr := c.addLabels(ctx, path, pull.Number, wanted.Labels)
	var unknown []string
	for _, person := range wanted.Reviewers {
		_, err := api.CreateReviewRequests(owner, name, pull.Number, sdk.PullReviewRequestOptions{Reviewers: []string{person}})
		if err != nil {
			unknown = append(unknown, person)
		}
	}
	var assigned []string
	for _, person := range wanted.Assignees {
		_, _, err := api.EditPullRequest(owner, name, pull.Number, sdk.EditPullRequestOption{Assignees: append(slices.Clone(assigned), person)})
		if err != nil {
			unknown = append(unknown, person)
			continue
		}
		assigned = append(assigned, person)
	}
	if len(wanted.Labels)+len(wanted.Reviewers)+len(wanted.Assignees) > 0 {
		if again, err := c.pull(ctx, path, pull.Number); err == nil {
			pull = again
		}
	}
	return pull, c.partly(unknown, labelErr)
}

func (c *Client) pull(ctx context.Context, path string, number int64) (forge.Pull, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return forge.Pull{}, err
	}
	found, _, err := api.GetPullRequest(owner, name, number)
	if err != nil {
		return forge.Pull{}, c.failed(err, "pull %d of %s", number, path)
	}
	return pullOf(found), nil
}

// EditPull changes a pull.
func (c *Client) EditPull(ctx context.Context, path string, number int64, edit forge.PullEdit) (forge.Pull, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return forge.Pull{}, err
	}
	options := sdk.EditPullRequestOption{Body: edit.Body}
	if edit.Title != nil {
		now, err := c.pull(ctx, path, number)
		if err != nil {
			return forge.Pull{}, err
		}
		if options.Title = *edit.Title; now.Draft {
			options.Title = draft + *edit.Title
		}
	}
	if edit.Base != nil {
		options.Base = *edit.Base
	}
	if edit.State != "" {
		state := sdk.StateOpen
		if edit.State == forge.Closed {
			state = sdk.StateClosed
		}
		options.State = &state
	}
	if edit.Title != nil || edit.Body != nil || edit.Base != nil || edit.State != "" {
		_, _, err := api.EditPullRequest(owner, name, number, options)
		if polite.Status(err) == http.StatusConflict && c.based(ctx, path, number, edit.Base) {
			_, _, err = api.EditPullRequest(owner, name, number, options)
		}
		if err != nil {
			return forge.Pull{}, c.failed(err, "edit pull %d of %s", number, path)
		}
	}
	if err := c.addLabels(ctx, path, number, edit.AddLabels); err != nil {
		return forge.Pull{}, err
	}
	if err := c.removeLabels(ctx, path, number, edit.RemoveLabels); err != nil {
		return forge.Pull{}, err
	}
	return c.pull(ctx, path, number)
}

// based reports whether a pull is on a base that is wanted. When a branch goes that a pull is based on, the server moves the pull by itself; asked to do
// the same at that moment, it finds a pull of these two branches, that very one, and refuses.
func (c *Client) based(ctx context.Context, path string, number int64, base *string) bool {
	if base == nil {
		return false
	}
	now, err := c.pull(ctx, path, number)
	return err == nil && now.Base == *base
}

// MergePull merges a pull. What the server says when it cannot is a 405 for almost everything, so the pull is looked at first.
func (c *Client) MergePull(ctx context.Context, path string, number int64, merge forge.Merge) error {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("merge pull %d of %s", number, path)
	now, err := c.pull(ctx, path, number)
	switch {
	case err != nil:
		return err
	case now.State != forge.Open:
		return &forge.ConflictError{Forge: c.name, What: what, Reason: "it is " + string(now.State)}
	case now.HeadCommit != merge.Commit:
		return &forge.ConflictError{Forge: c.name, What: what, Reason: "its branch is at " + now.HeadCommit}
	}
	style := sdk.MergeStyle(merge.Method)
	if style == "" {
		repository, err := c.repository(ctx, path)
		if err != nil {
			return err
		}
		if style = repository.DefaultMergeStyle; style == "" {
			style = sdk.MergeStyleMerge
		}
	}
	done, _, err := api.MergePullRequest(owner, name, number, sdk.MergePullRequestOption{
		Style: style, HeadCommitId: merge.Commit, MergeWhenChecksSucceed: merge.Queue,
	})
	if err == nil && !done {
		err = errors.New("it was not merged")
	}
	return c.failed(err, "%s", what)
}
