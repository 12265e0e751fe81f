package github

import (
	"context"
	"slices"
	"strconv"

	sdk "github.com/google/go-github/v88/github"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Comments lists the comments of a pull, oldest first.
func (c *Client) Comments(ctx context.Context, path string, number int64) ([]forge.Comment, error) {
	owner, name, err := c.split(path)
	if err != nil {
		return nil, err
	}
	all, err := polite.Pages(func(page int) ([]*sdk.IssueComment, int, error) {
		some, answer, err := c.api.Issues.ListComments(ctx, owner, name, int(number), &sdk.IssueListCommentsOptions{ListOptions: list(page)})
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

func commentOf(c *sdk.IssueComment) forge.Comment {
	return forge.Comment{ID: strconv.FormatInt(c.GetID(), 10), Author: c.GetUser().GetLogin(), Body: polite.Plain(c.GetBody())}
}

// PutComment adds a comment, or replaces one.
func (c *Client) PutComment(ctx context.Context, path string, number int64, comment forge.Comment) (forge.Comment, error) {
	owner, name, err := c.split(path)
	if err != nil {
		return forge.Comment{}, err
	}
	var put *sdk.IssueComment
	if comment.ID == "" {
		put, _, err = c.api.Issues.CreateComment(ctx, owner, name, int(number), &sdk.IssueComment{Body: &comment.Body})
	} else {
		id, parseErr := strconv.ParseInt(comment.ID, 10, 64)
		if parseErr != nil {
			return forge.Comment{}, &forge.NotFoundError{Forge: c.name, What: "comment " + comment.ID}
		}
		put, _, err = c.api.Issues.EditComment(ctx, owner, name, id, &sdk.IssueComment{Body: &comment.Body})
	}
	if err != nil {
		return forge.Comment{}, c.failed(err, "comment on pull %d of %s", number, path)
	}
	return commentOf(put), nil
}

// Issues lists the open issues of the token's user, oldest first. The API lists pulls among them.
func (c *Client) Issues(ctx context.Context, path string) ([]forge.Issue, error) {
	owner, name, err := c.split(path)
	if err != nil {
		return nil, err
	}
	self, err := c.Self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := polite.Pages(func(page int) ([]*sdk.Issue, int, error) {
		options := sdk.IssueListByRepoOptions{State: "open", Creator: self, Sort: "created", Direction: "asc", ListOptions: list(page)}
		some, answer, err := c.api.Issues.ListByRepo(ctx, owner, name, &options)
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "issues of %s", path)
	}
	var issues []forge.Issue
	for _, i := range all {
		if !i.IsPullRequest() && i.GetUser().GetLogin() == self {
			issues = append(issues, issueOf(i))
		}
	}
	slices.SortFunc(issues, func(a, b forge.Issue) int { return int(a.Number - b.Number) })
	return issues, nil
}

func issueOf(i *sdk.Issue) forge.Issue {
	return forge.Issue{
		Number: int64(i.GetNumber()), URL: i.GetHTMLURL(), Title: i.GetTitle(), Body: polite.Plain(i.GetBody()), Open: i.GetState() == "open",
		Labels: labelNames(i.Labels), Author: i.GetUser().GetLogin(),
	}
}

// PutIssue opens an issue, or changes one.
func (c *Client) PutIssue(ctx context.Context, path string, issue forge.Issue) (forge.Issue, error) {
	owner, name, err := c.split(path)
	if err != nil {
		return forge.Issue{}, err
	}
	request := &sdk.IssueRequest{Title: &issue.Title, Body: &issue.Body}
	if issue.Number == 0 {
		if len(issue.Labels) > 0 {
			request.Labels = sdk.Ptr(polite.Sorted(issue.Labels))
		}
		opened, _, err := c.api.Issues.Create(ctx, owner, name, request)
		if err != nil {
			return forge.Issue{}, c.failed(err, "open an issue in %s", path)
		}
		return issueOf(opened), nil
	}
	request.State = sdk.Ptr("closed")
	if issue.Open {
		request.State = sdk.Ptr("open")
	}
	changed, _, err := c.api.Issues.Edit(ctx, owner, name, int(issue.Number), request)
	if err != nil {
		return forge.Issue{}, c.failed(err, "change issue %d of %s", issue.Number, path)
	}
	return issueOf(changed), nil
}
