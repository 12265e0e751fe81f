// Package kind tells which forge a repository lives on, where its API is, and what it takes as limits and logins.
//
// It knows addresses. It refuses to know the forges' clients, which the caller opens, and it sends no credentials: what it asks an
// unknown server, anybody may ask.
package kind

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Kind is a kind of forge.
type Kind string

// The kinds. Forgejo speaks as Gitea does.
const (
	GitHub    Kind = "github"
	GitLab    Kind = "gitlab"
	Gitea     Kind = "gitea"
	Bitbucket Kind = "bitbucket"
	Azure     Kind = "azure"
)

// Kinds lists all kinds, as --forge takes them.
func Kinds() []Kind { return []Kind{GitHub, GitLab, Gitea, Bitbucket, Azure} }

// Parse reads the name of a kind; forgejo is gitea.
func Parse(name string) (Kind, error) {
	if name == "forgejo" {
		return Gitea, nil
	}
	for _, k := range Kinds() {
		if string(k) == name {
			return k, nil
		}
	}
	return "", fmt.Errorf("there is no kind of forge %q: there are github, gitlab, gitea, forgejo, bitbucket and azure", name)
}

// Limits are how many characters the body of a pull and a comment may have, 0 for no bound that matters. Sources: GitHub answers 422
// over 65,536; GitLab's default is 1,048,576; learn.microsoft.com for Azure DevOps. Bitbucket documents none, 32,768 is careful.
func (k Kind) Limits() (body, comment int) {
	switch k {
	case GitHub:
		return 65_536, 65_536
	case GitLab:
		return 1_000_000, 1_000_000
	case Bitbucket:
		return 32_768, 32_768
	case Azure:
		return 4_000, 150_000
	}
	return 0, 0
}

// GitLogin is the user and the password that a server's Git takes for a secret of its API. user may be empty.
func (k Kind) GitLogin(user, token string) (string, string) {
	switch {
	case token == "":
		return "", ""
	case k == GitHub && user == "":
		return "x-access-token", token
	case k == GitLab && user == "":
		return "oauth2", token
	case k == Bitbucket && user == "":
		return "x-token-auth", token
	case k == Bitbucket && strings.Contains(user, "@"):
		return "x-bitbucket-api-token-auth", token
	case user == "":
		return "gkops", token // Gitea and Azure DevOps look at the token only
	}
	return user, token
}

// Place is where a repository is on a forge.
type Place struct {
	Kind Kind
	// API is what the client of the kind takes: for GitHub the API, for Azure DevOps the organisation, for Bitbucket the API with its
	// version, for the others the address of the pages.
	API  *url.URL
	Path string // of the repository, as package forge has it
}

// Origin is the address whose credentials are for the repository's server: the one of its pages, which people keep tokens for.
func (p Place) Origin() *url.URL {
	switch {
	case p.Kind == GitHub && p.API.Host == "api.github.com":
		return &url.URL{Scheme: "https", Host: "github.com"}
	case p.Kind == Bitbucket && p.API.Host == "api.bitbucket.org":
		return &url.URL{Scheme: "https", Host: "bitbucket.org"}
	}
	return &url.URL{Scheme: p.API.Scheme, Host: p.API.Host}
}

// UnknownError says that nothing tells which forge a server is.
type UnknownError struct{ Host string }

// Error names the server.
func (e *UnknownError) Error() string { return "cannot tell which forge " + e.Host + " is" }

// Hint says how to tell it.
func (e *UnknownError) Hint() string {
	return "say it with --forge github, gitlab, gitea, forgejo, bitbucket or azure"
}

// remote is a repository's URL in parts.
type remote struct {
	scheme, host string // https or http, for ssh https; the host with a port only when it is that of http
	name         string // the host without a port, lower case
	path         []string
}

func split(text string) (remote, error) {
	r := remote{scheme: "https"}
	path := ""
	if !strings.Contains(text, "://") {
		before, after, found := strings.Cut(text, ":")
		if !found || strings.ContainsAny(before, `/\`) || len(before) < 2 {
			return r, errors.New("a repository in a folder is on no forge")
		}
		_, host, named := strings.Cut(before, "@")
		if !named {
			host = before
		}
		r.host, path = host, after
	} else {
		u, err := url.Parse(text)
		if err != nil {
			return r, errors.New("the URL of the repository cannot be read")
		}
		switch u.Scheme {
		case "https", "http":
			r.scheme, r.host = u.Scheme, u.Host
		case "ssh":
			r.host = u.Hostname()
		default:
			return r, errors.New("a repository in a folder is on no forge")
		}
		path = u.Path
	}
	r.name = strings.ToLower(r.host)
	if host, _, found := strings.Cut(r.name, ":"); found {
		r.name = host
	}
	for _, part := range strings.Split(strings.TrimSuffix(strings.Trim(path, "/"), ".git"), "/") {
		if part == "" || part == "." || part == ".." {
			return r, fmt.Errorf("%s names no repository", r.host)
		}
		r.path = append(r.path, part)
	}
	return r, nil
}

// Of tells the place of a repository by its URL (https, ssh or "user@host:path") when the host says which forge it is. It returns an
// *UnknownError for other hosts.
func Of(text string) (Place, error) {
	r, err := split(text)
	if err != nil {
		return Place{}, err
	}
	switch {
	case r.name == "github.com" || r.name == "ssh.github.com" || strings.HasSuffix(r.name, ".ghe.com"):
		return r.place(GitHub)
	case r.name == "gitlab.com" || r.name == "altssh.gitlab.com":
		return r.place(GitLab)
	case r.name == "bitbucket.org" || r.name == "altssh.bitbucket.org":
		return r.place(Bitbucket)
	case r.name == "codeberg.org" || r.name == "gitea.com":
		return r.place(Gitea)
	case r.name == "dev.azure.com" || r.name == "ssh.dev.azure.com" || strings.HasSuffix(r.name, ".visualstudio.com"):
		return r.place(Azure)
	}
	return Place{}, &UnknownError{Host: r.host}
}

// As tells the place of a repository on a server that is known to be of a kind.
func As(k Kind, text string) (Place, error) {
	r, err := split(text)
	if err != nil {
		return Place{}, err
	}
	return r.place(k)
}

// In tells what Of tells, and what the variables of a CI system say of their own server.
func In(getenv func(string) string, text string) (Place, error) {
	place, err := Of(text)
	var unknown *UnknownError
	if !errors.As(err, &unknown) {
		return place, err
	}
	r, err := split(text)
	if err != nil {
		return Place{}, err
	}
	actions := GitHub
	if getenv("GITEA_ACTIONS") == "true" || getenv("FORGEJO_ACTIONS") == "true" {
		actions = Gitea
	}
	for _, known := range []struct {
		variable string
		kind     Kind
	}{
		{"GITHUB_SERVER_URL", actions}, {"CI_SERVER_URL", GitLab}, {"GITEA_SERVER_URL", Gitea}, {"FORGEJO_SERVER_URL", Gitea}, {"SYSTEM_COLLECTIONURI", Azure},
	} {
		u, err := url.Parse(getenv(known.variable))
		if err == nil && u.Host != "" && strings.EqualFold(u.Hostname(), r.name) {
			return r.place(known.kind)
		}
	}
	return Place{}, unknown
}

func (r remote) place(k Kind) (Place, error) {
	none := fmt.Errorf("%s/%s names no repository of %s", r.host, strings.Join(r.path, "/"), k)
	if len(r.path) < 2 {
		return Place{}, none
	}
	last := strings.Join(r.path[len(r.path)-2:], "/")
	prefix := strings.Join(r.path[:len(r.path)-2], "/")
	at := func(host, path string) *url.URL { return &url.URL{Scheme: r.scheme, Host: host, Path: path} }
	switch k {
	case GitHub:
		api := at(r.host, "/api/v3")
		switch {
		case r.name == "github.com" || r.name == "ssh.github.com":
			api = &url.URL{Scheme: "https", Host: "api.github.com"}
		case strings.HasSuffix(r.name, ".ghe.com"):
			api = &url.URL{Scheme: "https", Host: "api." + r.name}
		}
		if prefix != "" {
			return Place{}, none
		}
		return Place{Kind: k, API: api, Path: last}, nil
	case GitLab:
		return Place{Kind: k, API: at(strings.TrimPrefix(r.host, "altssh."), ""), Path: strings.Join(r.path, "/")}, nil
	case Gitea:
		api := at(r.host, "")
		if prefix != "" {
			api.Path = "/" + prefix
		}
		return Place{Kind: k, API: api, Path: last}, nil
	case Bitbucket:
		if prefix != "" {
			return Place{}, none
		}
		if r.name == "bitbucket.org" || r.name == "altssh.bitbucket.org" {
			return Place{Kind: k, API: &url.URL{Scheme: "https", Host: "api.bitbucket.org", Path: "/2.0"}, Path: last}, nil
		}
		return Place{Kind: k, API: at(r.host, "/2.0"), Path: last}, nil
	case Azure:
		return r.azure(none)
	}
	return Place{}, fmt.Errorf("there is no kind of forge %q", k)
}

// azure reads the addresses of Azure DevOps: organisation/project/_git/name, with the project left out when it is called as the
// repository; over ssh v3/organisation/project/name.
func (r remote) azure(none error) (Place, error) {
	parts := r.path
	host := r.host
	if parts[0] == "v3" && len(parts) == 4 {
		parts, host = parts[1:], strings.TrimPrefix(host, "ssh.")
	}
	if organisation, legacy := strings.CutSuffix(r.name, ".visualstudio.com"); legacy && organisation != "vs-ssh" {
		parts, host = append([]string{organisation}, parts...), "dev.azure.com"
	} else if legacy {
		host = "dev.azure.com"
	}
	var kept []string
	for n, part := range parts {
		if part != "_git" {
			kept = append(kept, part)
		} else if n == len(parts)-2 && len(kept) == 1 {
			kept = append(kept, parts[n+1])
		}
	}
	if len(kept) < 3 {
		return Place{}, none
	}
	organisation := strings.Join(kept[:len(kept)-2], "/")
	return Place{Kind: Azure, API: &url.URL{Scheme: r.scheme, Host: host, Path: "/" + organisation}, Path: strings.Join(kept, "/")}, nil
}
