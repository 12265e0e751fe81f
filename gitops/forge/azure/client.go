// Package azure speaks to Azure DevOps, the service and servers that others run. The path of a repository is organisation (or
// collection), project and name: "acme/platform/fleet" for https://dev.azure.com/acme/platform/_git/fleet.
//
// It has no assignees, no topics, and its work items are not issues (all forge.ErrUnsupported). A description has at most 4,000
// characters. Builds do not report on commits but hold back the merge by policies.
package azure

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

// Client is one organisation, seen by the owner of one token. It may be used from several goroutines.
type Client struct {
	name         string
	organisation string // the beginning of every path: "acme"
	api          polite.API
	sleep        func(ctx context.Context, wait time.Duration) error
}

// New names an organisation by its address: "https://dev.azure.com/acme". Of the options it needs Base, Now and Sleep.
func New(base *url.URL, login polite.Login, o polite.Options) *Client {
	o.Name, o.Origin = "azure "+base.Host, base
	basic := login.Authorized(func(request *http.Request, user, token string) { request.SetBasicAuth(user, token) })
	o.Authorize = func(request *http.Request) error {
		request.Header.Set("X-TFS-FedAuthRedirect", "Suppress") // else an unknown token gets a page to sign in
		return basic(request)
	}
	return &Client{
		name: o.Name, organisation: strings.Trim(base.Path, "/"), sleep: o.Sleep,
		api: polite.API{Base: strings.TrimRight(base.String(), "/"), HTTP: &http.Client{Transport: polite.New(o)}},
	}
}

func (c *Client) failed(err error, format string, args ...any) error {
	if polite.Status(err) == http.StatusNonAuthoritativeInfo { // the page to sign in
		return &forge.AuthError{Forge: c.name, What: fmt.Sprintf(format, args...), Status: http.StatusUnauthorized, Reason: "the token is not known"}
	}
	return polite.Explain(c.name, fmt.Sprintf(format, args...), err)
}

// version is the version of the API, which every call names.
func version(more ...string) url.Values {
	query := url.Values{"api-version": {"7.1"}}
	for n := 0; n+1 < len(more); n += 2 {
		query.Set(more[n], more[n+1])
	}
	return query
}

// split gives project and repository of a path.
func (c *Client) split(path string) (project, name string, err error) {
	below, found := strings.CutPrefix(path, c.organisation+"/")
	project, name, both := strings.Cut(below, "/")
	if !found || !both || strings.Contains(name, "/") {
		return "", "", &forge.NotFoundError{Forge: c.name, What: path}
	}
	return project, name, nil
}

// at is the address of a repository.
func (c *Client) at(path string, more ...any) (string, error) {
	project, name, err := c.split(path)
	return "/" + url.PathEscape(project) + "/_apis/git/repositories/" + url.PathEscape(name) + fmt.Sprint(more...), err
}

type identity struct {
	ID          string `json:"id"`
	UniqueName  string `json:"uniqueName,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
}

// Name is "azure" and the host.
func (c *Client) Name() string { return c.name }

// Self is the name, an e-mail address as a rule, of the user of the token.
func (c *Client) Self(ctx context.Context) (string, error) {
	_, name, err := c.self(ctx)
	return name, err
}

func (c *Client) self(ctx context.Context) (id, name string, err error) {
	var data struct {
		AuthenticatedUser struct {
			ID         string
			Properties struct {
				Account struct {
					Value string `json:"$value"`
				}
			}
		}
	}
	if err := c.api.Call(ctx, http.MethodGet, "/_apis/connectionData", nil, nil, &data); err != nil {
		return "", "", c.failed(err, "ask whose token it is")
	}
	return data.AuthenticatedUser.ID, data.AuthenticatedUser.Properties.Account.Value, nil
}

type repository struct {
	Name          string
	DefaultBranch string
	RemoteURL     string `json:"remoteUrl"`
	WebURL        string `json:"webUrl"`
	IsDisabled    bool
	Project       struct{ Name string }
}

// Repository describes one repository.
func (c *Client) Repository(ctx context.Context, path string) (forge.Repository, error) {
	address, err := c.at(path)
	if err != nil {
		return forge.Repository{}, err
	}
	var found repository
	if err := c.api.Call(ctx, http.MethodGet, address, version(), nil, &found); err != nil {
		return forge.Repository{}, c.failed(err, "repository %s", path)
	}
	return c.described(found), nil
}

func (c *Client) described(r repository) forge.Repository {
	d := forge.Repository{
		Path: c.organisation + "/" + r.Project.Name + "/" + r.Name, Default: strings.TrimPrefix(r.DefaultBranch, "refs/heads/"), Archived: r.IsDisabled,
	}
	if u, err := url.Parse(r.RemoteURL); err == nil {
		u.User = nil // the API writes the organisation into it
		d.CloneURL = u.String()
	}
	return d
}

// Repositories lists those of an organisation, or of a project of it: "acme" or "acme/platform". There are no topics.
func (c *Client) Repositories(ctx context.Context, owner, topic string) ([]forge.Repository, error) {
	if topic != "" {
		return nil, fmt.Errorf("%s: repositories by topic: %w", c.name, forge.ErrUnsupported)
	}
	address := "/_apis/git/repositories"
	if project, below := strings.CutPrefix(owner, c.organisation+"/"); below {
		address = "/" + url.PathEscape(project) + address
	} else if owner != c.organisation {
		return nil, &forge.NotFoundError{Forge: c.name, What: owner}
	}
	var all struct{ Value []repository }
	if err := c.api.Call(ctx, http.MethodGet, address, version(), nil, &all); err != nil {
		return nil, c.failed(err, "repositories of %s", owner)
	}
	var found []forge.Repository
	for _, r := range all.Value {
		found = append(found, c.described(r))
	}
	return forge.WithTopic(topic, found), nil
}

// people finds members of the project's teams by their names.
func (c *Client) people(ctx context.Context, path string, names []string) (found []identity, unknown []string, err error) {
	found = []identity{}
	if len(names) == 0 {
		return found, nil, nil
	}
	project, _, err := c.split(path)
	if err != nil {
		return nil, nil, err
	}
	teams := "/_apis/projects/" + url.PathEscape(project) + "/teams"
	var all struct{ Value []struct{ ID string } }
	if err := c.api.Call(ctx, http.MethodGet, teams, version("$top", "1000"), nil, &all); err != nil {
		return nil, nil, c.failed(err, "teams of %s", project)
	}
	var members []identity
	for _, team := range all.Value {
		var some struct{ Value []struct{ Identity identity } }
		if err := c.api.Call(ctx, http.MethodGet, teams+"/"+url.PathEscape(team.ID)+"/members", version("$top", "1000"), nil, &some); err != nil {
			return nil, nil, c.failed(err, "members of the teams of %s", project)
		}
		for _, member := range some.Value {
			members = append(members, member.Identity)
		}
	}
	for _, name := range polite.Sorted(names) {
		n := slices.IndexFunc(members, func(i identity) bool { return strings.EqualFold(i.UniqueName, name) || i.DisplayName == name })
		if n < 0 {
			unknown = append(unknown, name)
			continue
		}
		found = append(found, identity{ID: members[n].ID})
	}
	return found, unknown, nil
}

// Issues says that there are none.
func (c *Client) Issues(context.Context, string) ([]forge.Issue, error) {
	return nil, fmt.Errorf("%s: issues: %w", c.name, forge.ErrUnsupported)
}

// PutIssue says that there are none.
func (c *Client) PutIssue(context.Context, string, forge.Issue) (forge.Issue, error) {
	return forge.Issue{}, fmt.Errorf("%s: issues: %w", c.name, forge.ErrUnsupported)
}

func (c *Client) partly(unknown []string, others ...error) error {
	if len(unknown) > 0 {
		others = append(others, &forge.PeopleError{Forge: c.name, Names: polite.Sorted(unknown)})
	}
	return errors.Join(others...)
}
