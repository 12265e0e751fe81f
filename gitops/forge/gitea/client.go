// Package gitea speaks to Gitea and Forgejo.
//
// What they do not have: a pull does not say whether it is merged by itself when its checks have passed, and a draft is a pull whose
// title begins with "WIP:", which this package adds and takes away.
package gitea

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	sdk "code.gitea.io/sdk/gitea"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Client is one server, seen by the owner of one token. It may be used from several goroutines.
type Client struct {
	name string
	base string
	http *http.Client
}

// New names a server by the address of its pages, "https://git.example.org". Of the options it needs Base, Now and Sleep.
func New(base *url.URL, login polite.Login, o polite.Options) *Client {
	o.Name, o.Origin = "gitea "+base.Host, base
	o.Authorize = login.Authorized(func(request *http.Request, _, token string) { request.Header.Set("Authorization", "token "+token) })
	return &Client{name: o.Name, base: strings.TrimRight(base.String(), "/"), http: &http.Client{Transport: polite.New(o)}}
}

// pageSize is the most that servers give unless they are set up otherwise.
const pageSize = 50

// api is the SDK for one call: it has no context per call.
func (c *Client) api(ctx context.Context) (*sdk.Client, error) {
	return sdk.NewClient(c.base, sdk.SetHTTPClient(c.http), sdk.SetContext(ctx), sdk.SetGiteaVersion(""))
}

func (c *Client) failed(err error, format string, args ...any) error {
	return polite.Explain(c.name, fmt.Sprintf(format, args...), err)
}

// at is the SDK and the two parts of a repository's path.
func (c *Client) at(ctx context.Context, path string) (api *sdk.Client, owner, name string, err error) {
	owner, name, found := strings.Cut(path, "/")
	if !found || strings.Contains(name, "/") {
		return nil, "", "", &forge.NotFoundError{Forge: c.name, What: path}
	}
	api, err = c.api(ctx)
	return api, owner, name, err
}

// Name is "gitea" and the host.
func (c *Client) Name() string { return c.name }

// Self is the user of the token.
func (c *Client) Self(ctx context.Context) (string, error) {
	api, err := c.api(ctx)
	if err != nil {
		return "", err
	}
	user, _, err := api.GetMyUserInfo()
	if err != nil {
		return "", c.failed(err, "ask whose token it is")
	}
	return user.UserName, nil
}

// Repository describes one repository.
func (c *Client) Repository(ctx context.Context, path string) (forge.Repository, error) {
	found, err := c.repository(ctx, path)
	if err != nil {
		return forge.Repository{}, err
	}
	return described(found), nil
}

func (c *Client) repository(ctx context.Context, path string) (*sdk.Repository, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return nil, err
	}
	found, _, err := api.GetRepo(owner, name)
	if err != nil {
		return nil, c.failed(err, "repository %s", path)
	}
	return found, nil
}

func described(r *sdk.Repository) forge.Repository {
	d := forge.Repository{Path: r.FullName, CloneURL: r.CloneURL, Default: r.DefaultBranch, Archived: r.Archived, Topics: polite.Sorted(r.Topics)}
	if r.Empty {
		d.Default = ""
	}
	return d
}

// Repositories lists those of a user or an organisation that carry a topic.
func (c *Client) Repositories(ctx context.Context, owner, topic string) ([]forge.Repository, error) {
	api, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	all, err := polite.Pages(func(page int) ([]*sdk.Repository, int, error) {
		list, answer, err := api.ListUserRepos(owner, sdk.ListReposOptions{ListOptions: sdk.ListOptions{Page: page, PageSize: pageSize}})
		return list, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "repositories of %s", owner)
	}
	var found []forge.Repository
	for _, r := range all {
		found = append(found, described(r))
	}
	return forge.WithTopic(topic, found), nil
}

func next(answer *sdk.Response) int {
	if answer == nil {
		return 0
	}
	return answer.NextPage
}

func list(page int) sdk.ListOptions { return sdk.ListOptions{Page: page, PageSize: pageSize} }

// logins are the names of users, sorted.
func logins(users []*sdk.User) []string {
	var names []string
	for _, user := range users {
		names = append(names, user.UserName)
	}
	return polite.Sorted(names)
}

func login(user *sdk.User) string {
	if user == nil {
		return ""
	}
	return user.UserName
}

// partly joins what went wrong after a pull was opened.
func (c *Client) partly(unknown []string, others ...error) error {
	if len(unknown) > 0 {
		others = append(others, &forge.PeopleError{Forge: c.name, Names: polite.Sorted(unknown)})
	}
	return errors.Join(others...)
}
