// Package bitbucket speaks to Bitbucket Cloud.
//
// It has no labels, no assignees and no topics, cannot open a declined pull again, and merges no pull by itself; its issues are being
// taken away (all forge.ErrUnsupported). It has no lease on a merge: the head is compared just before. Commits of pulls are told
// short, so each costs one more call, once.
package bitbucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Client is Bitbucket, seen by the owner of one token. It may be used from several goroutines.
type Client struct {
	name string
	api  polite.API

	mu    sync.Mutex
	whole map[string]string // ids of commits, by repository and their short form
}

// New names the API: "https://api.bitbucket.org/2.0". A login with a user is that of an API token, whose user is an e-mail address;
// one without is an access token. Of the options it needs Base, Now and Sleep.
func New(base *url.URL, login polite.Login, o polite.Options) *Client {
	o.Name, o.Origin = "bitbucket "+strings.TrimPrefix(base.Host, "api."), base
	o.Authorize = login.Authorized(func(request *http.Request, user, token string) {
		if user != "" {
			request.SetBasicAuth(user, token)
			return
		}
		request.Header.Set("Authorization", "Bearer "+token)
	})
	return &Client{
		name: o.Name, whole: map[string]string{},
		api: polite.API{Base: strings.TrimRight(base.String(), "/"), HTTP: &http.Client{Transport: polite.New(o)}},
	}
}

func (c *Client) failed(err error, format string, args ...any) error {
	return polite.Explain(c.name, fmt.Sprintf(format, args...), err)
}

// at is the address of a repository.
func (c *Client) at(path string, more ...any) (string, error) {
	owner, name, found := strings.Cut(path, "/")
	if !found || strings.Contains(name, "/") {
		return "", &forge.NotFoundError{Forge: c.name, What: path}
	}
	return "/repositories/" + url.PathEscape(owner) + "/" + url.PathEscape(name) + fmt.Sprint(more...), nil
}

// list reads a list to its end. The API names the next page itself, and the transport keeps it at its origin.
func list[T any](ctx context.Context, c *Client, address string, query url.Values) ([]T, error) {
	var all []T
	for pages := 0; address != ""; pages++ {
		var page struct {
			Values []T
			Next   string
		}
		if err := c.api.Call(ctx, http.MethodGet, address, query, nil, &page); err != nil {
			return nil, err
		}
		if pages > 2000 || page.Next != "" && len(page.Values) == 0 {
			return nil, errors.New("the list has no end")
		}
		all = append(all, page.Values...)
		address, query = page.Next, nil
	}
	return all, nil
}

// account is a user.
type account struct {
	Nickname  string `json:"nickname"`
	AccountID string `json:"account_id,omitempty"`
	UUID      string `json:"uuid,omitempty"`
}

type repository struct {
	FullName   string `json:"full_name"`
	MainBranch *struct {
		Name string
	} `json:"mainbranch"`
	Links struct {
		Clone []struct{ Name, Href string }
		HTML  struct{ Href string }
	}
}

// Name is "bitbucket" and the host.
func (c *Client) Name() string { return c.name }

// Self is the user of the token.
func (c *Client) Self(ctx context.Context) (string, error) {
	var self account
	if err := c.api.Call(ctx, http.MethodGet, "/user", nil, nil, &self); err != nil {
		return "", c.failed(err, "ask whose token it is")
	}
	return self.Nickname, nil
}

// Repository describes one repository.
func (c *Client) Repository(ctx context.Context, path string) (forge.Repository, error) {
	found, err := c.repository(ctx, path)
	if err != nil {
		return forge.Repository{}, err
	}
	return described(found), nil
}

func (c *Client) repository(ctx context.Context, path string) (repository, error) {
	var found repository
	address, err := c.at(path)
	if err == nil {
		err = c.failed(c.api.Call(ctx, http.MethodGet, address, nil, nil, &found), "repository %s", path)
	}
	return found, err
}

func described(r repository) forge.Repository {
	d := forge.Repository{Path: r.FullName}
	if r.MainBranch != nil {
		d.Default = r.MainBranch.Name
	}
	for _, link := range r.Links.Clone {
		if u, err := url.Parse(link.Href); err == nil && link.Name == "https" {
			u.User = nil // the API writes the user of the token into it
			d.CloneURL = u.String()
		}
	}
	return d
}

// Repositories lists those of a workspace. There are no topics.
func (c *Client) Repositories(ctx context.Context, owner, topic string) ([]forge.Repository, error) {
	if topic != "" {
		return nil, fmt.Errorf("%s: repositories by topic: %w", c.name, forge.ErrUnsupported)
	}
	all, err := list[repository](ctx, c, "/repositories/"+url.PathEscape(owner), url.Values{"pagelen": {"100"}})
	if err != nil {
		return nil, c.failed(err, "repositories of %s", owner)
	}
	var found []forge.Repository
	for _, r := range all {
		found = append(found, described(r))
	}
	return forge.WithTopic(topic, found), nil
}

// commit is the whole id of a commit.
func (c *Client) commit(ctx context.Context, path, short string) (string, error) {
	const idLength = 40
	if len(short) >= idLength || short == "" {
		return short, nil
	}
	c.mu.Lock()
	known := c.whole[path+" "+short]
	c.mu.Unlock()
	if known != "" {
		return known, nil
	}
	address, err := c.at(path, "/commit/", short)
	if err != nil {
		return "", err
	}
	var found struct{ Hash string }
	if err := c.api.Call(ctx, http.MethodGet, address, nil, nil, &found); err != nil {
		return "", c.failed(err, "commit %s of %s", short, path)
	}
	c.mu.Lock()
	c.whole[path+" "+short] = found.Hash
	c.mu.Unlock()
	return found.Hash, nil
}

// Issues says that there are none.
func (c *Client) Issues(context.Context, string) ([]forge.Issue, error) {
	return nil, fmt.Errorf("%s: issues: %w", c.name, forge.ErrUnsupported)
}

// PutIssue says that there are none.
func (c *Client) PutIssue(context.Context, string, forge.Issue) (forge.Issue, error) {
	return forge.Issue{}, fmt.Errorf("%s: issues: %w", c.name, forge.ErrUnsupported)
}
