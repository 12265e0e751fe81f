package gitea

import (
	"context"
	"slices"
	"strconv"

	sdk "code.gitea.io/sdk/gitea"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Comments lists the comments of a pull, oldest first. The server gives them all at once.
func (c *Client) Comments(ctx context.Context, path string, number int64) ([]forge.Comment, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return nil, err
	}
	all, err := polite.Pages(func(page int) ([]*sdk.Comment, int, error) {
		some, answer, err := api.ListIssueComments(owner, name, number, sdk.ListIssueCommentOptions{ListOptions: list(page)})
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "comments of pull %d of %s", number, path)
	}
	var comments []forge.Comment
	for _, comment := range all {
		comments = append(comments, commentOf(comment))
	}
	return comments, nil
}

func commentOf(c *sdk.Comment) forge.Comment {
	return forge.Comment{ID: strconv.FormatInt(c.ID, 10), Author: login(c.Poster), Body: c.Body}
}

// PutComment adds a comment, or replaces one.
func (c *Client) PutComment(ctx context.Context, path string, number int64, comment forge.Comment) (forge.Comment, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return forge.Comment{}, err
	}
	var put *sdk.Comment
	if comment.ID == "" {
		put, _, err = api.CreateIssueComment(owner, name, number, sdk.CreateIssueCommentOption{Body: comment.Body})
	} else {
		id, parseErr := strconv.ParseInt(comment.ID, 10, 64)
		if parseErr != nil {
			return forge.Comment{}, &forge.NotFoundError{Forge: c.name, What: "comment " + comment.ID}
		}
		put, _, err = api.EditIssueComment(owner, name, id, sdk.EditIssueCommentOption{Body: comment.Body})
	}
	if err != nil {
		return forge.Comment{}, c.failed(err, "comment on pull %d of %s", number, path)
	}
	return commentOf(put), nil
}

// Issues lists the open issues of the token's user, oldest first.
func (c *Client) Issues(ctx context.Context, path string) ([]forge.Issue, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return nil, err
	}
	self, err := c.Self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := polite.Pages(func(page int) ([]*sdk.Issue, int, error) {
		some, answer, err := api.ListRepoIssues(owner, name, sdk.ListIssueOption{
			ListOptions: list(page), State: sdk.StateOpen, Type: sdk.IssueTypeIssue, CreatedBy: self,
		})
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "issues of %s", path)
	}
	var issues []forge.Issue
	for _, i := range all {
		if i.PullRequest == nil && login(i.Poster) == self {
			issues = append(issues, issueOf(i))
		}
	}
	slices.SortFunc(issues, func(a, b forge.Issue) int { return int(a.Number - b.Number) })
	return issues, nil
}

func issueOf(i *sdk.Issue) forge.Issue {
	return forge.Issue{
		Number: i.Index, URL: i.HTMLURL, Title: i.Title, Body: i.Body, Open: i.State == sdk.StateOpen, Labels: labelNames(i.Labels), Author: login(i.Poster),
	}
}

// PutIssue opens an issue, or changes one.
func (c *Client) PutIssue(ctx context.Context, path string, issue forge.Issue) (forge.Issue, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return forge.Issue{}, err
	}
	if issue.Number == 0 {
		var labels []int64
		if len(issue.Labels) > 0 {
			if labels, err = c.labels(ctx, path, polite.Sorted(issue.Labels)); err != nil {
				return forge.Issue{}, err
			}
		}
		opened, _, err := api.CreateIssue(owner, name, sdk.CreateIssueOption{Title: issue.Title, Body: issue.Body, Labels: labels})
		if err != nil {
			return forge.Issue{}, c.failed(err, "open an issue in %s", path)
		}
		return issueOf(opened), nil
	}
	state := sdk.StateOpen
	if !issue.Open {
		state = sdk.StateClosed
	}
	changed, _, err := api.EditIssue(owner, name, issue.Number, sdk.EditIssueOption{Title: issue.Title, Body: &issue.Body, State: &state})
	if err != nil {
		return forge.Issue{}, c.failed(err, "change issue %d of %s", issue.Number, path)
	}
	return issueOf(changed), nil
}
