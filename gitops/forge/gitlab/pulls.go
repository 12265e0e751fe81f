package gitlab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "gitlab.com/gitlab-org/api/client-go/v2"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// draft is the beginning of the title of a draft (docs.gitlab.com, "Draft merge requests").
const draft = "Draft: "

// Pulls lists all merge requests that match, newest first.
func (c *Client) Pulls(ctx context.Context, path string, query forge.PullQuery) ([]forge.Pull, error) {
	options := sdk.ListProjectMergeRequestsOptions{
		State: sdk.Ptr("all"), Scope: sdk.Ptr("all"), OrderBy: sdk.Ptr("created_at"), Sort: sdk.Ptr("desc"),
	}
	switch query.State {
	case forge.Open:
		options.State = sdk.Ptr("opened")
	case forge.Closed, forge.Merged:
		options.State = sdk.Ptr(string(query.State))
	}
	if query.Head != "" {
		options.SourceBranch = &query.Head
	}
	all, err := polite.Pages(func(page int) ([]*sdk.BasicMergeRequest, int, error) {
		options.ListOptions = list(page)
		some, answer, err := c.api.MergeRequests.ListProjectMergeRequests(path, &options, sdk.WithContext(ctx))
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "pulls of %s", path)
	}
	var found []forge.Pull
	for _, m := range all {
		found = append(found, pullOf(path, m))
	}
	return query.Of(path, found), nil
}

// pullOf reads a merge request. A fork is known by its number only: "#17".
func pullOf(path string, m *sdk.BasicMergeRequest) forge.Pull {
	pull := forge.Pull{
		Number: m.IID, URL: m.WebURL, Title: m.Title, Body: polite.Plain(m.Description), Head: m.SourceBranch, HeadCommit: m.SHA, Base: m.TargetBranch,
		State: forge.Open, Draft: m.Draft, Labels: polite.Sorted(m.Labels), Assignees: usernames(m.Assignees), Reviewers: usernames(m.Reviewers),
		AutoMerge: m.MergeWhenPipelineSucceeds,
	}
	switch m.SourceProjectID {
	case 0:
	case m.TargetProjectID:
		pull.HeadRepository = path
	default:
		pull.HeadRepository = fmt.Sprintf("#%d", m.SourceProjectID)
	}
	if m.Draft {
		pull.Title = strings.TrimPrefix(m.Title, draft)
	}
	if m.Author != nil {
		pull.Author = m.Author.Username
	}
	if m.CreatedAt != nil {
		pull.Created = *m.CreatedAt
	}
	switch m.State {
	case "merged":
		pull.State, pull.AutoMerge = forge.Merged, false
		if m.MergedAt != nil {
			pull.Closed = *m.MergedAt
		}
	case "closed":
		pull.State, pull.AutoMerge = forge.Closed, false
		if m.ClosedAt != nil {
			pull.Closed = *m.ClosedAt
		}
	}
	return pull
}

// OpenPull opens a merge request, people and labels with it, in one call after the people were looked up.
func (c *Client) OpenPull(ctx context.Context, path string, wanted forge.NewPull) (forge.Pull, error) {
	reviewers, unknown, err := c.ids(ctx, wanted.Reviewers)
	if err != nil {
		return forge.Pull{}, err
	}
	assignees, more, err := c.ids(ctx, wanted.Assignees)
	if err != nil {
		return forge.Pull{}, err
	}
	options := sdk.CreateMergeRequestOptions{
		Title: &wanted.Title, Description: &wanted.Body, SourceBranch: &wanted.Head, TargetBranch: &wanted.Base,
		ReviewerIDs: &reviewers, AssigneeIDs: &assignees,
	}
	if wanted.Draft {
		options.Title = sdk.Ptr(draft + wanted.Title)
	}
	if len(wanted.Labels) > 0 {
		options.Labels = sdk.Ptr(sdk.LabelOptions(polite.Sorted(wanted.Labels)))
	}
	opened, _, err := c.api.MergeRequests.CreateMergeRequest(path, &options, sdk.WithContext(ctx))
	if err != nil {
		return forge.Pull{}, c.failed(err, "open a pull from %s to %s in %s", wanted.Head, wanted.Base, path)
	}
	pull := pullOf(path, &opened.BasicMergeRequest)
	unknown = append(unknown, more...)
	for _, person := range wanted.Reviewers {
		if !slices.Contains(pull.Reviewers, person) {
			unknown = append(unknown, person)
		}
	}
	for _, person := range wanted.Assignees {
		if !slices.Contains(pull.Assignees, person) {
			unknown = append(unknown, person)
		}
	}
	return pull, c.partly(unknown)
}

// EditPull changes a merge request, in one call.
func (c *Client) EditPull(ctx context.Context, path string, number int64, edit forge.PullEdit) (forge.Pull, error) {
	options := sdk.UpdateMergeRequestOptions{Description: edit.Body, TargetBranch: edit.Base}
	if edit.Title != nil {
		now, err := c.pull(ctx, path, number)
		if err != nil {
			return forge.Pull{}, err
		}
		if options.Title = edit.Title; now.Draft {
			options.Title = sdk.Ptr(draft + *edit.Title)
		}
	}
	switch edit.State {
	case forge.Open:
		options.StateEvent = sdk.Ptr("reopen")
	case forge.Closed:
		options.StateEvent = sdk.Ptr("close")
	}
	if len(edit.AddLabels) > 0 {
		options.AddLabels = sdk.Ptr(sdk.LabelOptions(polite.Sorted(edit.AddLabels)))
	}
	if len(edit.RemoveLabels) > 0 {
		options.RemoveLabels = sdk.Ptr(sdk.LabelOptions(polite.Sorted(edit.RemoveLabels)))
	}
	if options == (sdk.UpdateMergeRequestOptions{}) {
		return c.pull(ctx, path, number)
	}
	changed, _, err := c.api.MergeRequests.UpdateMergeRequest(path, number, &options, sdk.WithContext(ctx))
	if err != nil {
		return forge.Pull{}, c.failed(err, "edit pull %d of %s", number, path)
	}
	return pullOf(path, &changed.BasicMergeRequest), nil
}

func (c *Client) pull(ctx context.Context, path string, number int64) (forge.Pull, error) {
	found, _, err := c.api.MergeRequests.GetMergeRequest(path, number, nil, sdk.WithContext(ctx))
	if err != nil {
		return forge.Pull{}, c.failed(err, "pull %d of %s", number, path)
	}
	return pullOf(path, &found.BasicMergeRequest), nil
}

// MergePull merges a merge request, or lets the forge do it when its pipeline has passed. Whether it is rebased is the project's
// setting, not the request's.
func (c *Client) MergePull(ctx context.Context, path string, number int64, merge forge.Merge) error {
	options := sdk.AcceptMergeRequestOptions{SHA: &merge.Commit}
	switch merge.Method {
	case "squash":
		options.Squash = sdk.Ptr(true)
	case "merge":
		options.Squash = sdk.Ptr(false)
	}
	if merge.Queue {
		options.AutoMerge = sdk.Ptr(true)
	}
	merged, _, err := c.api.MergeRequests.AcceptMergeRequest(path, number, &options, sdk.WithContext(ctx))
	what := fmt.Sprintf("merge pull %d of %s", number, path)
	if err == nil && merged.State != "merged" && !merged.MergeWhenPipelineSucceeds {
		return &forge.ConflictError{Forge: c.name, What: what, Reason: "it is " + merged.State + " " + merged.MergeError}
	}
	return c.failed(err, "%s", what)
}
