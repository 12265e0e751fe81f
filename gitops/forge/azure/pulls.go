package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

type commit struct {
	CommitID string `json:"commitId"`
}

type label struct {
	Name string `json:"name"`
}

type pullRequest struct {
	PullRequestID int64
	Title         string
	Description   string
	Status        string
	IsDraft       bool
	MergeStatus   string
	CreatedBy     *identity
	Reviewers     []identity
	Labels        []label
	SourceRefName string
	TargetRefName string
	CreationDate  time.Time
	ClosedDate    *time.Time
	Repository    struct{ WebURL string }
	ForkSource    *struct {
		Repository struct {
			Name    string
			Project struct{ Name string }
		}
	}
	LastMergeSourceCommit *commit
	AutoCompleteSetBy     *identity
}

// truncated is how many characters of a description a list gives.
const truncated = 400

const branches = "refs/heads/"

// Pulls lists all that match, newest first. What a list cuts is read again.
func (c *Client) Pulls(ctx context.Context, path string, query forge.PullQuery) ([]forge.Pull, error) {
	address, err := c.at(path, "/pullrequests")
	if err != nil {
		return nil, err
	}
	status := map[forge.State]string{forge.Open: "active", forge.Closed: "abandoned", forge.Merged: "completed", "": "all"}[query.State]
	asked := version("searchCriteria.status", status, "$top", "100")
	if query.Head != "" {
		asked.Set("searchCriteria.sourceRefName", branches+query.Head)
	}
	var found []forge.Pull
	for skip := 0; ; {
		asked.Set("$skip", strconv.Itoa(skip))
		var page struct{ Value []pullRequest }
		if err := c.api.Call(ctx, http.MethodGet, address, asked, nil, &page); err != nil {
			return nil, c.failed(err, "pulls of %s", path)
		}
		if len(page.Value) == 0 {
			break
		}
		skip += len(page.Value)
		for _, p := range page.Value {
			if utf8.RuneCountInString(p.Description) >= truncated {
				if p, err = c.raw(ctx, path, p.PullRequestID); err != nil {
					return nil, err
				}
			}
			if pull := c.pullOf(path, p); query.Head == "" || pull.HeadRepository == path {
				found = append(found, pull)
			}
		}
	}
	return forge.NewestFirst(found), nil
}

func (c *Client) pullOf(path string, p pullRequest) forge.Pull {
	pull := forge.Pull{
		Number: p.PullRequestID, Title: p.Title, Body: polite.Plain(p.Description), Draft: p.IsDraft,
		Head: strings.TrimPrefix(p.SourceRefName, branches), Base: strings.TrimPrefix(p.TargetRefName, branches), HeadRepository: path,
		Created: p.CreationDate, State: forge.Open, AutoMerge: p.AutoCompleteSetBy != nil,
	}
	pull.URL = fmt.Sprintf("%s/pullrequest/%d", p.Repository.WebURL, p.PullRequestID)
	if p.Repository.WebURL == "" {
		project, name, err := c.split(path)
		if err == nil {
			pull.URL = fmt.Sprintf("%s/%s/_git/%s/pullrequest/%d", c.api.Base, url.PathEscape(project), url.PathEscape(name), p.PullRequestID)
		}
	}
	if p.ForkSource != nil {
		pull.HeadRepository = c.organisation + "/" + p.ForkSource.Repository.Project.Name + "/" + p.ForkSource.Repository.Name
	}
	if p.CreatedBy != nil {
		pull.Author = p.CreatedBy.UniqueName
	}
	if p.LastMergeSourceCommit != nil {
		pull.HeadCommit = p.LastMergeSourceCommit.CommitID
	}
	for _, reviewer := range p.Reviewers {
		pull.Reviewers = append(pull.Reviewers, reviewer.UniqueName)
	}
	for _, l := range p.Labels {
		pull.Labels = append(pull.Labels, l.Name)
	}
	pull.Reviewers, pull.Labels = polite.Sorted(pull.Reviewers), polite.Sorted(pull.Labels)
	switch p.Status {
	case "completed":
		pull.State, pull.AutoMerge = forge.Merged, false
	case "abandoned":
		pull.State, pull.AutoMerge = forge.Closed, false
	}
	if p.ClosedDate != nil && pull.State != forge.Open {
		pull.Closed = *p.ClosedDate
	}
	return pull
}

// OpenPull opens a pull, people and labels with it, in one call after the people were looked up.
func (c *Client) OpenPull(ctx context.Context, path string, wanted forge.NewPull) (forge.Pull, error) {
	reviewers, unknown, err := c.people(ctx, path, wanted.Reviewers)
	if err != nil {
		return forge.Pull{}, err
	}
	address, err := c.at(path, "/pullrequests")
	if err != nil {
		return forge.Pull{}, err
	}
	labels := []label{}
	for _, name := range polite.Sorted(wanted.Labels) {
		labels = append(labels, label{name})
	}
	what := fmt.Sprintf("open a pull from %s to %s in %s", wanted.Head, wanted.Base, path)
	var opened pullRequest
	err = c.api.Call(ctx, http.MethodPost, address, version(), map[string]any{
		"sourceRefName": branches + wanted.Head, "targetRefName": branches + wanted.Base, "title": wanted.Title, "description": wanted.Body,
		"isDraft": wanted.Draft, "labels": labels, "reviewers": reviewers,
	}, &opened)
	if err != nil {
		return forge.Pull{}, c.refused(err, what)
	}
	var others []error
	if len(wanted.Assignees) > 0 {
		others = append(others, fmt.Errorf("%s: assignees: %w", c.name, forge.ErrUnsupported))
	}
	if again, err := c.raw(ctx, path, opened.PullRequestID); err == nil {
		opened = again // the answer to the opening has no labels
	}
	return c.pullOf(path, opened), c.partly(unknown, others...)
}

// refused makes a conflict of the 400 that the API answers to what cannot be.
func (c *Client) refused(err error, what string) error {
	var status *polite.StatusError
	if errors.As(err, &status) && status.Status == http.StatusBadRequest {
		return &forge.ConflictError{Forge: c.name, What: what, Reason: status.Message}
	}
	return c.failed(err, "%s", what)
}

func (c *Client) raw(ctx context.Context, path string, number int64) (pullRequest, error) {
	var found pullRequest
	address, err := c.at(path, "/pullrequests/", number)
	if err == nil {
		err = c.failed(c.api.Call(ctx, http.MethodGet, address, version(), nil, &found), "pull %d of %s", number, path)
	}
	return found, err
}

// EditPull changes a pull.
func (c *Client) EditPull(ctx context.Context, path string, number int64, edit forge.PullEdit) (forge.Pull, error) {
	change := map[string]any{}
	for field, value := range map[string]*string{"title": edit.Title, "description": edit.Body} {
		if value != nil {
			change[field] = *value
		}
	}
	if edit.Base != nil {
		change["targetRefName"] = branches + *edit.Base
	}
	switch edit.State {
	case forge.Open:
		change["status"] = "active"
	case forge.Closed:
		change["status"] = "abandoned"
	}
	if len(change) > 0 {
		if err := c.patch(ctx, path, number, change, fmt.Sprintf("edit pull %d of %s", number, path)); err != nil {
			return forge.Pull{}, err
		}
	}
	address, err := c.at(path, "/pullrequests/", number, "/labels")
	if err != nil {
		return forge.Pull{}, err
	}
	for _, name := range polite.Sorted(edit.AddLabels) {
		if err := c.api.Call(ctx, http.MethodPost, address, version(), label{name}, nil); err != nil {
			return forge.Pull{}, c.failed(err, "label pull %d of %s", number, path)
		}
	}
	for _, name := range polite.Sorted(edit.RemoveLabels) {
		err := c.api.Call(ctx, http.MethodDelete, address+"/"+url.PathEscape(name), version(), nil, nil)
		if err != nil && polite.Status(err) != http.StatusNotFound {
			return forge.Pull{}, c.failed(err, "take the label %s from pull %d of %s", name, number, path)
		}
	}
	now, err := c.raw(ctx, path, number)
	if err != nil {
		return forge.Pull{}, err
	}
	return c.pullOf(path, now), nil
}

func (c *Client) patch(ctx context.Context, path string, number int64, change map[string]any, what string) error {
	address, err := c.at(path, "/pullrequests/", number)
	if err != nil {
		return err
	}
	if err := c.api.Call(ctx, http.MethodPatch, address, version(), change, nil); err != nil {
		return c.refused(err, what)
	}
	return nil
}

// MergePull merges a pull, or lets the service do it when its policies allow. The service merges in its own time; it is waited for.
func (c *Client) MergePull(ctx context.Context, path string, number int64, merge forge.Merge) error {
	what := fmt.Sprintf("merge pull %d of %s", number, path)
	now, err := c.raw(ctx, path, number)
	if err != nil {
		return err
	}
	pull := c.pullOf(path, now)
	switch {
	case pull.State != forge.Open:
		return &forge.ConflictError{Forge: c.name, What: what, Reason: "it is " + string(pull.State)}
	case pull.HeadCommit != merge.Commit:
		return &forge.ConflictError{Forge: c.name, What: what, Reason: "its branch is at " + pull.HeadCommit}
	case now.MergeStatus == "conflicts":
		return &forge.ConflictError{Forge: c.name, What: what, Reason: "it conflicts with " + pull.Base}
	}
	options := map[string]any{}
	if strategy := map[string]string{"merge": "noFastForward", "squash": "squash", "rebase": "rebase"}[merge.Method]; strategy != "" {
		options["mergeStrategy"] = strategy
	}
	if merge.Queue {
		self, _, err := c.self(ctx)
		if err != nil {
			return err
		}
		return c.patch(ctx, path, number, map[string]any{"autoCompleteSetBy": identity{ID: self}, "completionOptions": options}, what)
	}
	change := map[string]any{"status": "completed", "lastMergeSourceCommit": commit{merge.Commit}, "completionOptions": options}
	if err := c.patch(ctx, path, number, change, what); err != nil {
		return err
	}
	return c.completed(ctx, path, number, what)
}

// completed waits until a merge has happened, half a minute at most.
func (c *Client) completed(ctx context.Context, path string, number int64, what string) error {
	for range 30 {
		now, err := c.raw(ctx, path, number)
		switch {
		case err != nil:
			return err
		case now.Status == "completed":
			return nil
		case now.MergeStatus == "conflicts" || now.MergeStatus == "rejectedByPolicy" || now.MergeStatus == "failure":
			return &forge.ConflictError{Forge: c.name, What: what, Reason: now.MergeStatus}
		}
		if err := c.sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %s: it is not merged after half a minute", c.name, what)
}
