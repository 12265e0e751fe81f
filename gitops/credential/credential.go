// Package credential finds the user and the token for a server: in the environment, in netrc, in the file of git's credential store.
//
// Every secret is bound to a scheme, a host and a port, and is found for nothing else. It knows where people keep tokens. It refuses
// to know what they are for, runs no helper program, and touches neither environment nor disk itself: both come from outside.
package credential

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
)

// World is where secrets are looked for.
type World struct {
	Getenv   func(name string) string
	ReadFile func(name string) ([]byte, error)
}

// Secret is a user and a token or password. Source says where it was found, for messages. User may be empty.
type Secret struct{ User, Token, Source string }

// String hides the token, so that no message shows it by mistake.
func (s Secret) String() string { return "a token from " + s.Source }

// GoString hides the token too.
func (s Secret) GoString() string { return s.String() }

// Origin is the scheme, host and port that a secret is for.
type Origin struct{ scheme, host, port string }

// OriginOf is the origin of an http or https URL, its port written out.
func OriginOf(u *url.URL) (Origin, error) {
	o := Origin{scheme: strings.ToLower(u.Scheme), host: strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), port: u.Port()}
	switch {
	case o.host == "":
		return o, errors.New("the URL has no host")
	case o.scheme != "https" && o.scheme != "http":
		return o, fmt.Errorf("tokens are for https and http, not for %q", u.Scheme)
	case o.port == "" && o.scheme == "https":
		o.port = "443"
	case o.port == "":
		o.port = "80"
	}
	return o, nil
}

// String is the origin as a URL.
func (o Origin) String() string { return o.scheme + "://" + o.host + ":" + o.port }

// standard reports whether it is https at its own port, which is what a name without scheme and port stands for.
func (o Origin) standard() bool { return o.scheme == "https" && o.port == "443" }

// For finds the secret for a URL. Found is false when there is none; then the server is asked as nobody. The order: the variable that
// names the host, the variables that others have named for their servers, netrc, git's credential store. It returns an error for a
// file that is there and cannot be read, and never for what is in it.
func (w World) For(u *url.URL) (secret Secret, found bool, err error) {
	origin, err := OriginOf(u)
	if err != nil {
		return Secret{}, false, err
	}
	if secret, found := w.named(origin); found {
		return secret, true, nil
	}
	if secret, found := w.known(origin); found {
		return secret, true, nil
	}
	if secret, found, err = w.netrc(origin); found || err != nil {
		return secret, found, err
	}
	return w.store(origin, u.Path)
}

// Variable is the name of the variable that holds the token for an origin: GKOPS_TOKEN_GIT_EXAMPLE_ORG. A dash in the host becomes
// two underscores, a port other than 443 is added as _PORT_8443, and http begins with GKOPS_HTTP_TOKEN_, so that two origins never
// share a name.
func Variable(o Origin) string {
	name := "GKOPS_TOKEN_"
	port := "443"
	if o.scheme == "http" {
		name, port = "GKOPS_HTTP_TOKEN_", "80"
	}
	name += strings.ToUpper(strings.NewReplacer("-", "__", ".", "_", ":", "_").Replace(o.host))
	if o.port != port {
		name += "_PORT_" + o.port
	}
	return name
}

func (w World) named(o Origin) (Secret, bool) {
	name := Variable(o)
	token := strings.TrimSpace(w.Getenv(name))
	if user, password, both := strings.Cut(token, ":"); both {
		return Secret{User: user, Token: password, Source: name}, password != ""
	}
	return Secret{Token: token, Source: name}, token != ""
}

// variable is one that others have named, and the server that it is for.
type variable struct {
	names  []string
	host   string // the server that everybody means
	server string // the variable that says another, as CI systems set it
	user   string // the variable of the user
}

// variables are those of the forges' own tools and CI systems.
func variables() []variable {
	return []variable{
		{names: []string{"GH_TOKEN", "GITHUB_TOKEN"}, host: "github.com", server: "GITHUB_SERVER_URL"},
		{names: []string{"GITLAB_TOKEN"}, host: "gitlab.com", server: "CI_SERVER_URL"},
		{names: []string{"GITEA_TOKEN"}, server: "GITEA_SERVER_URL"},
		{names: []string{"FORGEJO_TOKEN"}, host: "codeberg.org", server: "FORGEJO_SERVER_URL"},
		{names: []string{"BITBUCKET_TOKEN"}, host: "bitbucket.org", user: "BITBUCKET_USER"},
		{names: []string{"AZURE_DEVOPS_EXT_PAT", "SYSTEM_ACCESSTOKEN"}, host: "dev.azure.com", server: "SYSTEM_COLLECTIONURI"},
	}
}

// known looks into the variables of others. A variable that says a server takes the token away from the usual one: in a pipeline of a
// server of one's own, GITHUB_TOKEN is no token for github.com.
func (w World) known(o Origin) (Secret, bool) {
	for _, v := range variables() {
		if !w.means(v, o) {
			continue
		}
		for _, name := range v.names {
			if token := strings.TrimSpace(w.Getenv(name)); token != "" {
				secret := Secret{Token: token, Source: name}
				if v.user != "" {
					secret.User = strings.TrimSpace(w.Getenv(v.user))
				}
				return secret, true
			}
		}
	}
	return Secret{}, false
}

func (w World) means(v variable, o Origin) bool {
	if v.server != "" {
		if text := strings.TrimSpace(w.Getenv(v.server)); text != "" {
			u, err := url.Parse(text)
			if err != nil {
				return false
			}
			said, err := OriginOf(u)
			return err == nil && said == o
		}
	}
	return o.standard() && o.host == v.host
}

// read is a file that may not be there.
func (w World) read(name string) ([]byte, error) {
	data, err := w.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	return data, nil
}

func (w World) home(name ...string) string {
	home := w.Getenv("HOME")
	if home == "" {
		home = w.Getenv("USERPROFILE")
	}
	if home == "" {
		return ""
	}
	return filepath.Join(append([]string{home}, name...)...)
}
