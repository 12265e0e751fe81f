package github

import (
	"context"
	"fmt"
	"slices"

	sdk "github.com/google/go-github/v88/github"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Pulls lists all that match, newest first.
func (c *Client) Pulls(ctx context.Context, path string, query forge.PullQuery) ([]forge.Pull, error) {
	owner, name, err := c.split(path)
	if err != nil {
		return nil, err
	}
	options := sdk.PullRequestListOptions{State: "all", Sort: "created", Direction: "desc"}
	switch query.State {
	case forge.Open:
		options.State = "open"
	case forge.Closed, forge.Merged:
		options.State = "closed"
	}
	if query.Head != "" {
		options.Head = owner + ":" + query.Head
	}
	all, err := polite.Pages(func(page int) ([]*sdk.PullRequest, int, error) {
		options.ListOptions = list(page)
		some, answer, err := c.api.PullRequests.List(ctx, owner, name, &options)
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
		Number: int64(p.GetNumber()), URL: p.GetHTMLURL(), Title: p.GetTitle(), Body: polite.Plain(p.GetBody()), State: forge.Open, Draft: p.GetDraft(),
		Head: p.GetHead().GetRef(), HeadRepository: p.GetHead().GetRepo().GetFullName(), HeadCommit: p.GetHead().GetSHA(), Base: p.GetBase().GetRef(),
		Labels: labelNames(p.Labels), Assignees: logins(p.Assignees), Reviewers: logins(p.RequestedReviewers),
		Author: p.GetUser().GetLogin(), Created: p.GetCreatedAt().Time, AutoMerge: p.AutoMerge != nil,
	}
	switch {
	case p.MergedAt != nil:
		pull.State, pull.Closed, pull.AutoMerge = forge.Merged, p.GetMergedAt().Time, false
	case p.GetState() == "closed":
		pull.State, pull.Closed, pull.AutoMerge = forge.Closed, p.GetClosedAt().Time, false
	}
	return pull
}

// OpenPull opens a pull, then gives it its labels and people.
func (c *Client) OpenPull(ctx context.Context, path string, wanted forge.NewPull) (forge.Pull, error) {
	owner, name, err := c.split(path)
	if err != nil {
		return forge.Pull{}, err
	}
	opened, _, err := c.api.PullRequests.Create(ctx, owner, name, &sdk.NewPullRequest{
		Title: &wanted.Title, Head: &wanted.Head, Base: &wanted.Base, Body: &wanted.Body, Draft: &wanted.Draft,
	})
	if err != nil {
		return forge.Pull{}, c.failed(err, "open a pull from %s to %s in %s", wanted.Head, wanted.Base, path)
	}
	number := opened.GetNumber()
	var labelErr error
	if len(wanted.Labels) > 0 {
		_, _, err := c.api.Issues.AddLabelsToIssue(ctx, owner, name, number, polite.Sorted(wanted.Labels))
		labelErr = c.failed(err, "label pull %d of %s", number, path)
	}
	unknown := c.people(ctx, owner, name, number, wanted)
	if len(wanted.Labels)+len(wanted.Reviewers)+len(wanted.Assignees) > 0 {
		if again, _, err := c.api.PullRequests.Get(ctx, owner, name, number); err == nil {
			opened = again
		}
	}
	return pullOf(opened), c.partly(unknown, labelErr)
}

// people asks for reviews, one call each, since one unknown name refuses all, and assigns, where unknown names are quietly left out.
func (c *Client) people(ctx context.Context, owner, name string, number int, wanted forge.NewPull) (unknown []string) {
	for _, person := range wanted.Reviewers {
		_, _, err := c.api.PullRequests.RequestReviewers(ctx, owner, name, number, sdk.ReviewersRequest{Reviewers: []string{person}})
		if err != nil {
			unknown = append(unknown, person)
		}
	}
	if len(wanted.Assignees) == 0 {
		return unknown
	}
	issue, _, err := c.api.Issues.AddAssignees(ctx, owner, name, number, wanted.Assignees)
	if err != nil {
		return append(unknown, wanted.Assignees...)
	}
	assigned := logins(issue.Assignees)
	for _, person := range wanted.Assignees {
		if !slices.Contains(assigned, person) {
			unknown = append(unknown, person)
		}
	}
	return unknown
}

// EditPull changes a pull.
func (c *Client) EditPull(ctx context.Context, path string, number int64, edit forge.PullEdit) (forge.Pull, error) {
	owner, name, err := c.split(path)
	if err != nil {
		return forge.Pull{}, err
	}
	change := &sdk.PullRequest{Title: edit.Title, Body: edit.Body}
	if edit.Base != nil {
		change.Base = &sdk.PullRequestBranch{Ref: edit.Base}
	}
	if edit.State != "" {
		change.State = sdk.Ptr(string(edit.State))
	}
	if edit.Title != nil || edit.Body != nil || edit.Base != nil || edit.State != "" {
		if _, _, err := c.api.PullRequests.Edit(ctx, owner, name, int(number), change); err != nil {
			return forge.Pull{}, c.failed(err, "edit pull %d of %s", number, path)
		}
	}
	if len(edit.AddLabels) > 0 {
		if _, _, err := c.api.Issues.AddLabelsToIssue(ctx, owner, name, int(number), polite.Sorted(edit.AddLabels)); err != nil {
			return forge.Pull{}, c.failed(err, "label pull %d of %s", number, path)
		}
	}
	for _, label := range polite.Sorted(edit.RemoveLabels) {
		_, err := c.api.Issues.RemoveLabelForIssue(ctx, owner, name, int(number), label)
		if err != nil && polite.Status(err) != 404 {
			return forge.Pull{}, c.failed(err, "take the label %s from pull %d of %s", label, number, path)
		}
	}
	now, _, err := c.api.PullRequests.Get(ctx, owner, name, int(number))
	if err != nil {
		return forge.Pull{}, c.failed(err, "pull %d of %s", number, path)
	}
	return pullOf(now), nil
}

// MergePull merges a pull, or lets the forge do it when its checks have passed.
func (c *Client) MergePull(ctx context.Context, path string, number int64, merge forge.Merge) error {
	owner, name, err := c.split(path)
	if err != nil {
		return err
	}
	method := merge.Method
	if method == "" {
		if method, err = c.method(ctx, path); err != nil {
			return err
		}
	}
	what := fmt.Sprintf("merge pull %d of %s", number, path)
	if merge.Queue {
		if queued, err := c.queue(ctx, owner, name, int(number), merge.Commit, method, what); queued || err != nil {
			return err
		}
	}
	result, _, err := c.api.PullRequests.Merge(ctx, owner, name, int(number), "", &sdk.PullRequestOptions{SHA: merge.Commit, MergeMethod: method})
	if err == nil && !result.GetMerged() {
		return &forge.ConflictError{Forge: c.name, What: what, Reason: result.GetMessage()}
	}
	return c.failed(err, "%s", what)
}

// method is how a repository merges: GitHub's own default is a merge commit, which a repository can forbid.
func (c *Client) method(ctx context.Context, path string) (string, error) {
	r, err := c.repository(ctx, path)
	switch {
	case err != nil:
		return "", err
	case r.AllowMergeCommit == nil || r.GetAllowMergeCommit():
		return "merge", nil
	case r.GetAllowSquashMerge():
		return "squash", nil
	}
	return "rebase", nil
}
