package bitbucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// end is one side of a pull.
type end struct {
	Branch     branch          `json:"branch"`
	Commit     *hash           `json:"commit,omitempty"`
	Repository *repositoryName `json:"repository,omitempty"`
}

type branch struct {
	Name string `json:"name"`
}

type hash struct {
	Hash string `json:"hash"`
}

type repositoryName struct {
	FullName string `json:"full_name"`
}

type pullRequest struct {
	ID          int64
	Title       string
	Description string
	State       string
	Draft       bool
	Author      *account
	Reviewers   []account
	Source      end
	Destination end
	CreatedOn   time.Time `json:"created_on"`
	UpdatedOn   time.Time `json:"updated_on"`
	Links       struct {
		HTML struct{ Href string }
	}
}

// change is what the API takes to open or change a pull. Reviewers that are left out are taken away.
type change struct {
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Source      *end      `json:"source,omitempty"`
	Destination *end      `json:"destination,omitempty"`
	Reviewers   []account `json:"reviewers"`
	Draft       *bool     `json:"draft,omitempty"`
}

// Pulls lists all that match, newest first.
func (c *Client) Pulls(ctx context.Context, path string, query forge.PullQuery) ([]forge.Pull, error) {
	address, err := c.at(path, "/pullrequests")
	if err != nil {
		return nil, err
	}
	states := map[forge.State][]string{
		forge.Open: {"OPEN"}, forge.Merged: {"MERGED"}, forge.Closed: {"DECLINED", "SUPERSEDED"}, "": {"OPEN", "MERGED", "DECLINED", "SUPERSEDED"},
	}
	all, err := list[pullRequest](ctx, c, address, url.Values{"state": states[query.State], "pagelen": {"50"}, "sort": {"-id"}, "fields": {"+values.reviewers"}})
	if err != nil {
		return nil, c.failed(err, "pulls of %s", path)
	}
	var found []forge.Pull
	for _, p := range all {
		if query.Head != "" && (p.Source.Branch.Name != query.Head || p.Source.Repository == nil || p.Source.Repository.FullName != path) {
			continue
		}
		pull, err := c.pullOf(ctx, path, p)
		if err != nil {
			return nil, err
		}
		found = append(found, pull)
	}
	return forge.NewestFirst(found), nil
}

func (c *Client) pullOf(ctx context.Context, path string, p pullRequest) (forge.Pull, error) {
	pull := forge.Pull{
		Number: p.ID, URL: p.Links.HTML.Href, Title: p.Title, Body: polite.Plain(p.Description), Draft: p.Draft,
		Head: p.Source.Branch.Name, Base: p.Destination.Branch.Name, Created: p.CreatedOn, State: forge.Open,
	}
	if p.Author != nil {
		pull.Author = p.Author.Nickname
	}
	for _, reviewer := range p.Reviewers {
		pull.Reviewers = append(pull.Reviewers, reviewer.Nickname)
	}
	pull.Reviewers = polite.Sorted(pull.Reviewers)
	switch p.State {
	case "MERGED":
		pull.State, pull.Closed = forge.Merged, p.UpdatedOn
	case "DECLINED", "SUPERSEDED":
		pull.State, pull.Closed = forge.Closed, p.UpdatedOn
	}
	if p.Source.Repository == nil || p.Source.Commit == nil {
		return pull, nil
	}
	pull.HeadRepository = p.Source.Repository.FullName
	var err error
	pull.HeadCommit, err = c.commit(ctx, pull.HeadRepository, p.Source.Commit.Hash)
	return pull, err
}

// OpenPull opens a pull. The API may change an open pull of the same branches instead, so they are listed before.
func (c *Client) OpenPull(ctx context.Context, path string, wanted forge.NewPull) (forge.Pull, error) {
	what := fmt.Sprintf("open a pull from %s to %s in %s", wanted.Head, wanted.Base, path)
	open, err := c.Pulls(ctx, path, forge.PullQuery{State: forge.Open, Head: wanted.Head})
	if err != nil {
		return forge.Pull{}, err
	}
	for _, p := range open {
		if p.Base == wanted.Base {
			return forge.Pull{}, &forge.ConflictError{Forge: c.name, What: what, Reason: fmt.Sprintf("pull %d is open for it", p.Number)}
		}
	}
	reviewers, unknown, err := c.people(ctx, path, wanted.Reviewers)
	if err != nil {
		return forge.Pull{}, err
	}
	address, err := c.at(path, "/pullrequests")
	if err != nil {
		return forge.Pull{}, err
	}
	var opened pullRequest
	err = c.api.Call(ctx, http.MethodPost, address, nil, change{
		Title: wanted.Title, Description: wanted.Body, Draft: &wanted.Draft, Reviewers: reviewers,
		Source: &end{Branch: branch{wanted.Head}}, Destination: &end{Branch: branch{wanted.Base}},
	}, &opened)
	if err != nil {
		return forge.Pull{}, c.refused(err, what)
	}
	pull, err := c.pullOf(ctx, path, opened)
	var others []error
	if len(wanted.Labels)+len(wanted.Assignees) > 0 {
		others = append(others, fmt.Errorf("%s: labels and assignees: %w", c.name, forge.ErrUnsupported))
	}
	if len(unknown) > 0 {
		others = append(others, &forge.PeopleError{Forge: c.name, Names: polite.Sorted(unknown)})
	}
	return pull, errors.Join(append(others, err)...)
}

// refused makes a conflict of the 400 that the API answers to what cannot be, a branch that is not there or nothing to pull.
func (c *Client) refused(err error, what string) error {
	var status *polite.StatusError
	if errors.As(err, &status) && status.Status == http.StatusBadRequest {
		return &forge.ConflictError{Forge: c.name, What: what, Reason: status.Message}
	}
	return c.failed(err, "%s", what)
}

// people finds members of the workspace by nickname or account id.
func (c *Client) people(ctx context.Context, path string, names []string) (found []account, unknown []string, err error) {
	found = []account{}
	if len(names) == 0 {
		return found, nil, nil
	}
	owner, _, _ := strings.Cut(path, "/")
	members, err := list[struct{ User account }](ctx, c, "/workspaces/"+url.PathEscape(owner)+"/members", url.Values{"pagelen": {"100"}})
	if err != nil {
		return nil, nil, c.failed(err, "members of %s", owner)
	}
	for _, name := range polite.Sorted(names) {
		n := slices.IndexFunc(members, func(m struct{ User account }) bool { return m.User.Nickname == name || m.User.AccountID == name })
		if n < 0 {
			unknown = append(unknown, name)
			continue
		}
		found = append(found, account{Nickname: members[n].User.Nickname, UUID: members[n].User.UUID})
	}
	return found, unknown, nil
}

func (c *Client) raw(ctx context.Context, path string, number int64) (pullRequest, error) {
	var found pullRequest
	address, err := c.at(path, "/pullrequests/", number)
	if err == nil {
		err = c.failed(c.api.Call(ctx, http.MethodGet, address, nil, nil, &found), "pull %d of %s", number, path)
	}
	return found, err
}

// EditPull changes a pull. What stays is sent along, as the API wants it.
func (c *Client) EditPull(ctx context.Context, path string, number int64, edit forge.PullEdit) (forge.Pull, error) {
	now, err := c.raw(ctx, path, number)
	if err != nil {
		return forge.Pull{}, err
	}
	address, err := c.at(path, "/pullrequests/", number)
	if err != nil {
		return forge.Pull{}, err
	}
	if edit.State == forge.Open && now.State != "OPEN" {
		return forge.Pull{}, fmt.Errorf("%s: open pull %d of %s again: %w", c.name, number, path, forge.ErrUnsupported)
	}
	if edit.Title != nil || edit.Body != nil || edit.Base != nil {
		changed := change{Title: now.Title, Description: now.Description, Reviewers: append([]account{}, now.Reviewers...)}
		if edit.Title != nil {
			changed.Title = *edit.Title
		}
		if edit.Body != nil {
			changed.Description = *edit.Body
		}
		if edit.Base != nil {
			changed.Destination = &end{Branch: branch{*edit.Base}}
		}
		if err := c.api.Call(ctx, http.MethodPut, address, nil, changed, &now); err != nil {
			return forge.Pull{}, c.refused(err, fmt.Sprintf("edit pull %d of %s", number, path))
		}
	}
	if edit.State == forge.Closed && now.State == "OPEN" {
		if err := c.api.Call(ctx, http.MethodPost, address+"/decline", nil, struct{}{}, nil); err != nil {
			return forge.Pull{}, c.failed(err, "close pull %d of %s", number, path)
		}
	}
	if now, err = c.raw(ctx, path, number); err != nil {
		return forge.Pull{}, err
	}
	pull, err := c.pullOf(ctx, path, now)
	if len(edit.AddLabels)+len(edit.RemoveLabels) > 0 {
		err = errors.Join(err, fmt.Errorf("%s: labels: %w", c.name, forge.ErrUnsupported))
	}
	return pull, err
}

// MergePull merges a pull now.
func (c *Client) MergePull(ctx context.Context, path string, number int64, merge forge.Merge) error {
	what := fmt.Sprintf("merge pull %d of %s", number, path)
	if merge.Queue {
		return fmt.Errorf("%s: %s when its checks have passed: %w", c.name, what, forge.ErrUnsupported)
	}
	now, err := c.raw(ctx, path, number)
	if err != nil {
		return err
	}
	pull, err := c.pullOf(ctx, path, now)
	switch {
	case err != nil:
		return err
	case pull.State != forge.Open:
		return &forge.ConflictError{Forge: c.name, What: what, Reason: "it is " + string(pull.State)}
	case pull.HeadCommit != merge.Commit:
		return &forge.ConflictError{Forge: c.name, What: what, Reason: "its branch is at " + pull.HeadCommit}
	}
	address, err := c.at(path, "/pullrequests/", number, "/merge")
	if err != nil {
		return err
	}
	options := map[string]string{"type": "pullrequest_merge_parameters"}
	if strategy := map[string]string{"merge": "merge_commit", "squash": "squash", "rebase": "fast_forward"}[merge.Method]; strategy != "" {
		options["merge_strategy"] = strategy
	}
	if err := c.api.Call(ctx, http.MethodPost, address, nil, options, nil); err != nil {
		return c.refused(err, what)
	}
	return nil
}
