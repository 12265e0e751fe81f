// Package gitlab speaks to GitLab, the one at gitlab.com and those that others run.
//
// Its pulls are merge requests, whose drafts have a title that begins with "Draft:"; this package adds and takes that away. Its checks
// are commit statuses, which the jobs of pipelines report as too.
package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	sdk "gitlab.com/gitlab-org/api/client-go/v2"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Client is one server, seen by the owner of one token. It may be used from several goroutines.
type Client struct {
	name string
	api  *sdk.Client
}

// unhurried lets every request through: the transport below knows the limits.
type unhurried struct{}

// Wait waits for nothing.
func (unhurried) Wait(ctx context.Context) error { return ctx.Err() }

// New names a server by the address of its pages, "https://gitlab.com". Of the options it needs Base, Now and Sleep.
func New(base *url.URL, login polite.Login, o polite.Options) (*Client, error) {
	o.Name, o.Origin = "gitlab "+base.Host, base
	bearer := login.Authorized(func(request *http.Request, _, token string) { request.Header.Set("Authorization", "Bearer "+token) })
	o.Authorize = func(request *http.Request) error {
		request.Header.Del("Private-Token") // the SDK's own, which is empty
		return bearer(request)
	}
	api, err := sdk.NewClient("", sdk.WithBaseURL(base.String()), sdk.WithHTTPClient(&http.Client{Transport: polite.New(o)}),
		sdk.WithoutRetries(), sdk.WithCustomLimiter(unhurried{}), sdk.WithUserAgent("gkops"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return &Client{name: o.Name, api: api}, nil
}

func list(page int) sdk.ListOptions { return sdk.ListOptions{Page: int64(page), PerPage: 100} }

func next(answer *sdk.Response) int {
	if answer == nil {
		return 0
	}
	return int(answer.NextPage)
}

func (c *Client) failed(err error, format string, args ...any) error {
	return polite.Explain(c.name, fmt.Sprintf(format, args...), err)
}

// Name is "gitlab" and the host.
func (c *Client) Name() string { return c.name }

// Self is the user of the token.
func (c *Client) Self(ctx context.Context) (string, error) {
	user, _, err := c.api.Users.CurrentUser(sdk.WithContext(ctx))
	if err != nil {
		return "", c.failed(err, "ask whose token it is")
	}
	return user.Username, nil
}

// Repository describes one project.
func (c *Client) Repository(ctx context.Context, path string) (forge.Repository, error) {
	found, _, err := c.api.Projects.GetProject(path, nil, sdk.WithContext(ctx))
	if err != nil {
		return forge.Repository{}, c.failed(err, "repository %s", path)
	}
	return described(found), nil
}

func described(p *sdk.Project) forge.Repository {
	d := forge.Repository{
		Path: p.PathWithNamespace, CloneURL: p.HTTPURLToRepo, Default: p.DefaultBranch, Archived: p.Archived, Topics: polite.Sorted(p.Topics),
	}
	if p.EmptyRepo {
		d.Default = ""
	}
	return d
}

// Repositories lists the projects of a group, with all groups below it, or of a user, that carry a topic.
func (c *Client) Repositories(ctx context.Context, owner, topic string) ([]forge.Repository, error) {
	all, err := polite.Pages(func(page int) ([]*sdk.Project, int, error) {
		options := sdk.ListGroupProjectsOptions{ListOptions: list(page), IncludeSubGroups: sdk.Ptr(true), WithShared: sdk.Ptr(false)}
		if topic != "" {
			options.Topic = &topic
		}
		some, answer, err := c.api.Groups.ListGroupProjects(owner, &options, sdk.WithContext(ctx))
		return some, next(answer), err
	})
	if polite.Status(err) == http.StatusNotFound {
		all, err = polite.Pages(func(page int) ([]*sdk.Project, int, error) {
			some, answer, err := c.api.Projects.ListUserProjects(owner, &sdk.ListProjectsOptions{ListOptions: list(page)}, sdk.WithContext(ctx))
			return some, next(answer), err
		})
	}
	if err != nil {
		return nil, c.failed(err, "repositories of %s", owner)
	}
	var found []forge.Repository
	for _, p := range all {
		found = append(found, described(p))
	}
	return forge.WithTopic(topic, found), nil
}

func usernames(users []*sdk.BasicUser) []string {
	var names []string
	for _, user := range users {
		names = append(names, user.Username)
	}
	return polite.Sorted(names)
}

// ids finds users by their names, which the API does not take where it wants people.
func (c *Client) ids(ctx context.Context, names []string) (ids []int64, unknown []string, err error) {
	for _, name := range polite.Sorted(names) {
		found, _, err := c.api.Users.ListUsers(&sdk.ListUsersOptions{Username: &name}, sdk.WithContext(ctx))
		if err != nil {
			return nil, nil, c.failed(err, "look for user %s", name)
		}
		n := slices.IndexFunc(found, func(u *sdk.User) bool { return strings.EqualFold(u.Username, name) })
		if n < 0 {
			unknown = append(unknown, name)
			continue
		}
		ids = append(ids, found[n].ID)
	}
	return ids, unknown, nil
}

func (c *Client) partly(unknown []string, others ...error) error {
	if len(unknown) > 0 {
		others = append(others, &forge.PeopleError{Forge: c.name, Names: polite.Sorted(unknown)})
	}
	return errors.Join(others...)
}
