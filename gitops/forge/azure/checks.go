package azure

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

type gitStatus struct {
	State       string     `json:"state"`
	Description string     `json:"description,omitempty"`
	TargetURL   string     `json:"targetUrl,omitempty"`
	Context     statusName `json:"context"`
}

// statusName names a status: what lies before the last slash of ours is its genre.
type statusName struct {
	Name  string `json:"name"`
	Genre string `json:"genre,omitempty"`
}

// Checks lists the latest statuses of a commit.
func (c *Client) Checks(ctx context.Context, path, commit string) ([]forge.Check, error) {
	address, err := c.at(path, "/commits/", url.PathEscape(commit), "/statuses")
	if err != nil {
		return nil, err
	}
	var all struct{ Value []gitStatus }
	if err := c.api.Call(ctx, http.MethodGet, address, version("latestOnly", "true", "top", "1000"), nil, &all); err != nil {
		return nil, c.failed(err, "statuses of %s in %s", commit, path)
	}
	var checks []forge.Check
	for _, s := range all.Value {
		name, state := s.Context.Name, forge.Failure
		if s.Context.Genre != "" {
			name = s.Context.Genre + "/" + name
		}
		switch s.State {
		case "succeeded", "notApplicable":
			state = forge.Success
		case "pending", "notSet":
			state = forge.Pending
		}
		checks = append(checks, forge.Check{Name: name, State: state, URL: s.TargetURL})
	}
	return forge.ByName(checks), nil
}

// SetStatus sets a commit status.
func (c *Client) SetStatus(ctx context.Context, path, commit string, status forge.Status) error {
	address, err := c.at(path, "/commits/", url.PathEscape(commit), "/statuses")
	if err != nil {
		return err
	}
	named := statusName{Name: status.Context}
	if slash := strings.LastIndexByte(status.Context, '/'); slash > 0 {
		named = statusName{Genre: status.Context[:slash], Name: status.Context[slash+1:]}
	}
	state := map[forge.CheckState]string{forge.Pending: "pending", forge.Success: "succeeded", forge.Failure: "failed"}[status.State]
	set := gitStatus{State: state, Description: polite.Cut(status.Description, 140), TargetURL: status.URL, Context: named}
	return c.failed(c.api.Call(ctx, http.MethodPost, address, version(), set, nil), "set the status %s of %s in %s", status.Context, commit, path)
}

type thread struct {
	ID        int64     `json:"id"`
	Comments  []comment `json:"comments"`
	IsDeleted bool      `json:"isDeleted"`
	Context   *struct {
		FilePath string `json:"filePath"`
	} `json:"threadContext"`
}

type comment struct {
	ID          int64     `json:"id,omitempty"`
	Content     string    `json:"content"`
	CommentType string    `json:"commentType"`
	IsDeleted   bool      `json:"isDeleted,omitempty"`
	Author      *identity `json:"author,omitempty"`
}

func commentOf(thread int64, n comment) forge.Comment {
	c := forge.Comment{ID: fmt.Sprintf("%d:%d", thread, n.ID), Body: polite.Plain(n.Content)}
	if n.Author != nil {
		c.Author = n.Author.UniqueName
	}
	return c
}

// Comments lists the first comment of every thread that is not on a file, oldest first. The API gives them all at once.
func (c *Client) Comments(ctx context.Context, path string, number int64) ([]forge.Comment, error) {
	address, err := c.at(path, "/pullRequests/", number, "/threads")
	if err != nil {
		return nil, err
	}
	var all struct{ Value []thread }
	if err := c.api.Call(ctx, http.MethodGet, address, version(), nil, &all); err != nil {
		return nil, c.failed(err, "comments of pull %d of %s", number, path)
	}
	slices.SortFunc(all.Value, func(a, b thread) int { return int(a.ID - b.ID) })
	var comments []forge.Comment
	for _, t := range all.Value {
		if t.IsDeleted || t.Context != nil || len(t.Comments) == 0 || t.Comments[0].IsDeleted || t.Comments[0].CommentType == "system" {
			continue
		}
		comments = append(comments, commentOf(t.ID, t.Comments[0]))
	}
	return comments, nil
}

// PutComment adds a thread that is closed, so that it holds back no merge, or replaces a comment.
func (c *Client) PutComment(ctx context.Context, path string, number int64, put forge.Comment) (forge.Comment, error) {
	address, err := c.at(path, "/pullRequests/", number, "/threads")
	if err != nil {
		return forge.Comment{}, err
	}
	written := comment{Content: put.Body, CommentType: "text"}
	what := fmt.Sprintf("comment on pull %d of %s", number, path)
	if put.ID == "" {
		var made thread
		body := map[string]any{"comments": []comment{written}, "status": "closed"}
		if err := c.api.Call(ctx, http.MethodPost, address, version(), body, &made); err != nil {
			return forge.Comment{}, c.failed(err, "%s", what)
		}
		if len(made.Comments) == 0 {
			return forge.Comment{}, fmt.Errorf("%s: %s: the answer has no comment", c.name, what)
		}
		return commentOf(made.ID, made.Comments[0]), nil
	}
	first, second, _ := strings.Cut(put.ID, ":")
	id, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return forge.Comment{}, &forge.NotFoundError{Forge: c.name, What: "comment " + put.ID}
	}
	address += "/" + url.PathEscape(first) + "/comments/" + url.PathEscape(second)
	if err := c.api.Call(ctx, http.MethodPatch, address, version(), map[string]string{"content": put.Body}, &written); err != nil {
		return forge.Comment{}, c.failed(err, "%s", what)
	}
	return commentOf(id, written), nil
}
