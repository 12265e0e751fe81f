package gitlab

import (
	"context"
	"slices"
	"strconv"

	sdk "gitlab.com/gitlab-org/api/client-go/v2"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Comments lists the notes that people and bots wrote on a merge request, oldest first.
func (c *Client) Comments(ctx context.Context, path string, number int64) ([]forge.Comment, error) {
	all, err := polite.Pages(func(page int) ([]*sdk.Note, int, error) {
		options := sdk.ListMergeRequestNotesOptions{ListOptions: list(page), OrderBy: sdk.Ptr("created_at"), Sort: sdk.Ptr("asc")}
		some, answer, err := c.api.Notes.ListMergeRequestNotes(path, number, &options, sdk.WithContext(ctx))
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "comments of pull %d of %s", number, path)
	}
	var comments []forge.Comment
	for _, note := range all {
		if !note.System {
			comments = append(comments, commentOf(note))
		}
	}
	return comments, nil
}

func commentOf(n *sdk.Note) forge.Comment {
	return forge.Comment{ID: strconv.FormatInt(n.ID, 10), Author: n.Author.Username, Body: polite.Plain(n.Body)}
}

// PutComment adds a note, or replaces one.
func (c *Client) PutComment(ctx context.Context, path string, number int64, comment forge.Comment) (forge.Comment, error) {
	var put *sdk.Note
	var err error
	if comment.ID == "" {
		put, _, err = c.api.Notes.CreateMergeRequestNote(path, number, &sdk.CreateMergeRequestNoteOptions{Body: &comment.Body}, sdk.WithContext(ctx))
	} else {
		id, parseErr := strconv.ParseInt(comment.ID, 10, 64)
		if parseErr != nil {
			return forge.Comment{}, &forge.NotFoundError{Forge: c.name, What: "comment " + comment.ID}
		}
		put, _, err = c.api.Notes.UpdateMergeRequestNote(path, number, id, &sdk.UpdateMergeRequestNoteOptions{Body: &comment.Body}, sdk.WithContext(ctx))
	}
	if err != nil {
		return forge.Comment{}, c.failed(err, "comment on pull %d of %s", number, path)
	}
	return commentOf(put), nil
}

// Issues lists the open issues of the token's user, oldest first.
func (c *Client) Issues(ctx context.Context, path string) ([]forge.Issue, error) {
	self, err := c.Self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := polite.Pages(func(page int) ([]*sdk.Issue, int, error) {
		options := sdk.ListProjectIssuesOptions{ListOptions: list(page), State: sdk.Ptr("opened"), Scope: sdk.Ptr("all"), AuthorUsername: &self}
		some, answer, err := c.api.Issues.ListProjectIssues(path, &options, sdk.WithContext(ctx))
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "issues of %s", path)
	}
	var issues []forge.Issue
	for _, i := range all {
		if issue := issueOf(i); issue.Author == self {
			issues = append(issues, issue)
		}
	}
	slices.SortFunc(issues, func(a, b forge.Issue) int { return int(a.Number - b.Number) })
	return issues, nil
}

func issueOf(i *sdk.Issue) forge.Issue {
	issue := forge.Issue{
		Number: i.IID, URL: i.WebURL, Title: i.Title, Body: polite.Plain(i.Description), Open: i.State == "opened", Labels: polite.Sorted(i.Labels),
	}
	if i.Author != nil {
		issue.Author = i.Author.Username
	}
	return issue
}

// PutIssue opens an issue, or changes one.
func (c *Client) PutIssue(ctx context.Context, path string, issue forge.Issue) (forge.Issue, error) {
	if issue.Number == 0 {
		options := sdk.CreateIssueOptions{Title: &issue.Title, Description: &issue.Body}
		if len(issue.Labels) > 0 {
			options.Labels = sdk.Ptr(sdk.LabelOptions(polite.Sorted(issue.Labels)))
		}
		opened, _, err := c.api.Issues.CreateIssue(path, &options, sdk.WithContext(ctx))
		if err != nil {
			return forge.Issue{}, c.failed(err, "open an issue in %s", path)
		}
		return issueOf(opened), nil
	}
	options := sdk.UpdateIssueOptions{Title: &issue.Title, Description: &issue.Body, StateEvent: sdk.Ptr("close")}
	if issue.Open {
		options.StateEvent = sdk.Ptr("reopen")
	}
	changed, _, err := c.api.Issues.UpdateIssue(path, issue.Number, &options, sdk.WithContext(ctx))
	if err != nil {
		return forge.Issue{}, c.failed(err, "change issue %d of %s", issue.Number, path)
	}
	return issueOf(changed), nil
}
