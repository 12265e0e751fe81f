package bitbucket

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// build is a build status.
type build struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	State       string `json:"state"`
	URL         string `json:"url"`
	Description string `json:"description"`
}

// Checks lists the build statuses of a commit.
func (c *Client) Checks(ctx context.Context, path, commit string) ([]forge.Check, error) {
	address, err := c.at(path, "/commit/", url.PathEscape(commit), "/statuses")
	if err != nil {
		return nil, err
	}
	all, err := list[build](ctx, c, address, url.Values{"pagelen": {"100"}})
	if err != nil {
		return nil, c.failed(err, "statuses of %s in %s", commit, path)
	}
	var checks []forge.Check
	for _, b := range all {
		state := forge.Failure
		switch b.State {
		case "SUCCESSFUL":
			state = forge.Success
		case "INPROGRESS":
			state = forge.Pending
		}
		name := b.Name
		if name == "" {
			name = b.Key
		}
		checks = append(checks, forge.Check{Name: name, State: state, URL: b.URL})
	}
	return forge.ByName(checks), nil
}

// maxKey is how long the key of a status may be, in characters.
const maxKey = 40

// SetStatus sets a build status. It has to have a URL: the repository's page when none is given.
func (c *Client) SetStatus(ctx context.Context, path, commit string, status forge.Status) error {
	what := fmt.Sprintf("set the status %s of %s in %s", status.Context, commit, path)
	address, err := c.at(path, "/commit/", url.PathEscape(commit), "/statuses/build")
	if err != nil {
		return err
	}
	b := build{
		Key: status.Context, Name: status.Context, URL: status.URL, Description: polite.Cut(status.Description, 140),
		State: map[forge.CheckState]string{forge.Pending: "INPROGRESS", forge.Success: "SUCCESSFUL", forge.Failure: "FAILED"}[status.State],
	}
	if len([]rune(b.Key)) > maxKey {
		b.Key = fmt.Sprintf("%x", sha256.Sum256([]byte(status.Context)))[:maxKey]
	}
	if b.URL == "" {
		r, err := c.repository(ctx, path)
		if err != nil {
			return err
		}
		b.URL = r.Links.HTML.Href
	}
	return c.failed(c.api.Call(ctx, http.MethodPost, address, nil, b, nil), "%s", what)
}

type text struct {
	Raw string `json:"raw"`
}

type comment struct {
	ID      int64
	Content text
	User    *account
	Deleted bool
	Inline  *struct{}
}

func commentOf(n comment) forge.Comment {
	c := forge.Comment{ID: strconv.FormatInt(n.ID, 10), Body: polite.Plain(n.Content.Raw)}
	if n.User != nil {
		c.Author = n.User.Nickname
	}
	return c
}

// Comments lists the comments of a pull that are not on a line of it, oldest first.
func (c *Client) Comments(ctx context.Context, path string, number int64) ([]forge.Comment, error) {
	address, err := c.at(path, "/pullrequests/", number, "/comments")
	if err != nil {
		return nil, err
	}
	all, err := list[comment](ctx, c, address, url.Values{"pagelen": {"100"}, "sort": {"created_on"}})
	if err != nil {
		return nil, c.failed(err, "comments of pull %d of %s", number, path)
	}
	var comments []forge.Comment
	for _, n := range all {
		if !n.Deleted && n.Inline == nil {
			comments = append(comments, commentOf(n))
		}
	}
	return comments, nil
}

// PutComment adds a comment, or replaces one.
func (c *Client) PutComment(ctx context.Context, path string, number int64, put forge.Comment) (forge.Comment, error) {
	address, err := c.at(path, "/pullrequests/", number, "/comments")
	if err != nil {
		return forge.Comment{}, err
	}
	method := http.MethodPost
	if put.ID != "" {
		method, address = http.MethodPut, address+"/"+url.PathEscape(put.ID)
	}
	var written comment
	if err := c.api.Call(ctx, method, address, nil, map[string]text{"content": {Raw: put.Body}}, &written); err != nil {
		return forge.Comment{}, c.failed(err, "comment on pull %d of %s", number, path)
	}
	return commentOf(written), nil
}
