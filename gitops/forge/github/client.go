// Package github speaks to GitHub and GitHub Enterprise Server.
//
// Checks are check runs and commit statuses together. A pull is merged by the forge itself through GraphQL, the only way that GitHub
// has for it.
package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	sdk "github.com/google/go-github/v88/github"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Client is one server, seen by the owner of one token. It may be used from several goroutines.
type Client struct {
	name string
	api  *sdk.Client
	self func(ctx context.Context) (string, error) // nil: the user of the token
	// graph is the URL of GraphQL.
	graph string
}

// New names a server by the URL of its API: "https://api.github.com" or "https://git.example.org/api/v3". Of the options it needs
// Base, Now and Sleep.
func New(base *url.URL, login polite.Login, o polite.Options) (*Client, error) {
	o.Name, o.Origin = "github "+strings.TrimPrefix(base.Host, "api."), base
	o.Authorize = login.Authorized(func(request *http.Request, _, token string) { request.Header.Set("Authorization", "Bearer "+token) })
	address := strings.TrimRight(base.String(), "/") + "/"
	api, err := sdk.NewClient(sdk.WithTransport(polite.New(o)), sdk.WithURLs(&address, &address), sdk.WithDisableRateLimitCheck(), sdk.WithUserAgent("gkops"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	graph := strings.TrimSuffix(address, "v3/") + "graphql"
	return &Client{name: o.Name, api: api, graph: graph}, nil
}

// ForApp makes the client that of a GitHub App, whose name tells Self: an app's token has no user.
func (c *Client) ForApp(app *App) { c.self = app.Login }

const pageSize = 100

func list(page int) sdk.ListOptions { return sdk.ListOptions{Page: page, PerPage: pageSize} }

func next(answer *sdk.Response) int {
	if answer == nil {
		return 0
	}
	return answer.NextPage
}

func (c *Client) failed(err error, format string, args ...any) error {
	return polite.Explain(c.name, fmt.Sprintf(format, args...), err)
}

// split gives the two parts of a repository's path.
func (c *Client) split(path string) (owner, name string, err error) {
	owner, name, found := strings.Cut(path, "/")
	if !found || name == "" || strings.Contains(name, "/") {
		return "", "", &forge.NotFoundError{Forge: c.name, What: path}
	}
	return owner, name, nil
}

// Name is "github" and the host.
func (c *Client) Name() string { return c.name }

// Self is the user of the token, or the name that an app writes under.
func (c *Client) Self(ctx context.Context) (string, error) {
	if c.self != nil {
		login, err := c.self(ctx)
		return login, c.failed(err, "ask which app it is")
	}
	user, _, err := c.api.Users.Get(ctx, "")
	if err != nil {
		return "", c.failed(err, "ask whose token it is")
	}
	return user.GetLogin(), nil
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
	owner, name, err := c.split(path)
	if err != nil {
		return nil, err
	}
	found, _, err := c.api.Repositories.Get(ctx, owner, name)
	if err != nil {
		return nil, c.failed(err, "repository %s", path)
	}
	return found, nil
}

func described(r *sdk.Repository) forge.Repository {
	return forge.Repository{
		Path: r.GetFullName(), CloneURL: r.GetCloneURL(), Default: r.GetDefaultBranch(), Archived: r.GetArchived(), Topics: polite.Sorted(r.Topics),
	}
}

// Repositories lists those of an organisation or a user that carry a topic.
func (c *Client) Repositories(ctx context.Context, owner, topic string) ([]forge.Repository, error) {
	all, err := polite.Pages(func(page int) ([]*sdk.Repository, int, error) {
		some, answer, err := c.api.Repositories.ListByOrg(ctx, owner, &sdk.RepositoryListByOrgOptions{ListOptions: list(page)})
		return some, next(answer), err
	})
	if polite.Status(err) == http.StatusNotFound {
		all, err = c.ofUser(ctx, owner)
	}
	if err != nil {
		return nil, c.failed(err, "repositories of %s", owner)
	}
	var found []forge.Repository
	for _, r := range all {
		found = append(found, described(r))
	}
	return forge.WithTopic(topic, found), nil
}

// ofUser lists the repositories of a user: the private ones too when it is the token's own.
func (c *Client) ofUser(ctx context.Context, owner string) ([]*sdk.Repository, error) {
	self, err := c.Self(ctx)
	if err != nil {
		return nil, err
	}
	return polite.Pages(func(page int) ([]*sdk.Repository, int, error) {
		if owner == self {
			options := sdk.RepositoryListByAuthenticatedUserOptions{Affiliation: "owner", ListOptions: list(page)}
			some, answer, err := c.api.Repositories.ListByAuthenticatedUser(ctx, &options)
			return some, next(answer), err
		}
		some, answer, err := c.api.Repositories.ListByUser(ctx, owner, &sdk.RepositoryListByUserOptions{ListOptions: list(page)})
		return some, next(answer), err
	})
}

func logins(users []*sdk.User) []string {
	var names []string
	for _, user := range users {
		names = append(names, user.GetLogin())
	}
	return polite.Sorted(names)
}

func labelNames(labels []*sdk.Label) []string {
	var names []string
	for _, label := range labels {
		names = append(names, label.GetName())
	}
	return polite.Sorted(names)
}

func (c *Client) partly(unknown []string, others ...error) error {
	if len(unknown) > 0 {
		others = append(others, &forge.PeopleError{Forge: c.name, Names: polite.Sorted(unknown)})
	}
	return errors.Join(others...)
}
