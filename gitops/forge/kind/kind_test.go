package kind

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	cases := map[string]string{
		"https://github.com/a/b.git":          "github https://api.github.com a/b",
		"git@github.com:a/b.git":              "github https://api.github.com a/b",
		"ssh://git@ssh.github.com:443/a/b":    "github https://api.github.com a/b",
		"https://acme.ghe.com/a/b":            "github https://api.acme.ghe.com a/b",
		"https://gitlab.com/g/sub/p.git":      "gitlab https://gitlab.com g/sub/p",
		"git@gitlab.com:g/sub/deep/p.git":     "gitlab https://gitlab.com g/sub/deep/p",
		"ssh://git@altssh.gitlab.com:443/g/p": "gitlab https://gitlab.com g/p",
		"https://codeberg.org/a/b":            "gitea https://codeberg.org a/b",
		"https://bitbucket.org/w/r.git":       "bitbucket https://api.bitbucket.org/2.0 w/r",
		"git@bitbucket.org:w/r.git":           "bitbucket https://api.bitbucket.org/2.0 w/r",
		"https://dev.azure.com/o/p/_git/r":    "azure https://dev.azure.com/o o/p/r",
		"https://o@dev.azure.com/o/p/_git/r":  "azure https://dev.azure.com/o o/p/r",
		"https://dev.azure.com/o/_git/r":      "azure https://dev.azure.com/o o/r/r",
		"git@ssh.dev.azure.com:v3/o/p/r":      "azure https://dev.azure.com/o o/p/r",
		"https://o.visualstudio.com/p/_git/r": "azure https://dev.azure.com/o o/p/r",
		"https://GitHub.com/a/b":              "github https://api.github.com a/b",
		"https://git.example.org/a/b":         "unknown git.example.org",
		"https://github.com.evil.example/a/b": "unknown github.com.evil.example",
		"https://evil-github.com/a/b":         "unknown evil-github.com",
		"https://github.com/a":                "error",
		"https://github.com/a/b/c":            "error",
		"https://github.com/a/../b":           "error",
		"/srv/git/a.git":                      "error",
		"file:///srv/git/a.git":               "error",
		"ftp://github.com/a/b":                "error",
	}
	for address, want := range cases {
		if got := told(Of(address)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func told(p Place, err error) string {
	var unknown *UnknownError
	switch {
	case errors.As(err, &unknown):
		return "unknown " + unknown.Host
	case err != nil:
		return "error"
	}
	return fmt.Sprintf("%s %s %s", p.Kind, p.API, p.Path)
}

func TestAs(t *testing.T) {
	cases := []struct {
		kind          Kind
		address, want string
	}{
		{GitHub, "https://git.example.org/a/b", "github https://git.example.org/api/v3 a/b"},
		{GitLab, "https://git.example.org:8443/g/s/p", "gitlab https://git.example.org:8443 g/s/p"},
		{Gitea, "http://127.0.0.1:3000/a/b.git", "gitea http://127.0.0.1:3000 a/b"},
		{Gitea, "https://example.org/code/a/b", "gitea https://example.org/code a/b"},
		{Gitea, "ssh://git@git.example.org:2222/a/b.git", "gitea https://git.example.org a/b"},
		{Azure, "https://tfs.example.org/tfs/Collection/p/_git/r", "azure https://tfs.example.org/tfs/Collection tfs/Collection/p/r"},
	}
	for _, c := range cases {
		if got := told(As(c.kind, c.address)); got != c.want {
			t.Errorf("%s: %s, want %s", c.address, got, c.want)
		}
	}
}

func TestInCI(t *testing.T) {
	env := func(pairs map[string]string) func(string) string {
		return func(name string) string { return pairs[name] }
	}
	cases := []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"GITHUB_SERVER_URL": "https://git.example.org"}, "github https://git.example.org/api/v3 a/b"},
		{map[string]string{"GITHUB_SERVER_URL": "https://git.example.org", "GITEA_ACTIONS": "true"}, "gitea https://git.example.org a/b"},
		{map[string]string{"CI_SERVER_URL": "https://git.example.org"}, "gitlab https://git.example.org a/b"},
		{map[string]string{"CI_SERVER_URL": "https://other.example.org"}, "unknown git.example.org"},
		{nil, "unknown git.example.org"},
	}
	for _, c := range cases {
		if got := told(In(env(c.env), "https://git.example.org/a/b.git")); got != c.want {
			t.Errorf("%v: %s, want %s", c.env, got, c.want)
		}
	}
}

func TestProbe(t *testing.T) {
	cases := map[string]struct {
		path   string
		answer func(w http.ResponseWriter)
	}{
		"gitea":     {"/api/v1/version", func(w http.ResponseWriter) { fmt.Fprint(w, `{"version": "1.26.0"}`) }},
		"gitlab":    {"/api/v4/version", func(w http.ResponseWriter) { w.Header().Set("X-Gitlab-Meta", "{}"); w.WriteHeader(401) }},
		"github":    {"/api/v3/meta", func(w http.ResponseWriter) { w.Header().Set("X-GitHub-Request-Id", "1"); w.WriteHeader(401) }},
		"unknown":   {"/none", func(http.ResponseWriter) {}},
		"any page":  {"/api/v1/version", func(w http.ResponseWriter) { fmt.Fprint(w, `<html>`) }},
		"elsewhere": {"/api/v1/version", func(w http.ResponseWriter) { w.Header().Set("Location", "http://127.0.0.1:1/"); w.WriteHeader(302) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" {
					t.Error("credentials were sent")
				}
				if r.URL.Path == c.path {
					c.answer(w)
					return
				}
				http.NotFound(w, r)
			}))
			defer server.Close()
			place, err := Probe(t.Context(), server.Client(), server.URL+"/a/b.git")
			var unknown *UnknownError
			if got := string(place.Kind); err == nil && got != name || err != nil && !(errors.As(err, &unknown) && strings.Contains("unknown any page elsewhere", name)) {
				t.Errorf("it is %q, %v", got, err)
			}
		})
	}
	if _, err := Probe(t.Context(), http.DefaultClient, "http://127.0.0.1:1/a/b"); err == nil || errors.As(err, new(*UnknownError)) {
		t.Errorf("a server that does not answer: %v", err)
	}
}

func TestGitLogin(t *testing.T) {
	for _, c := range []struct {
		kind              Kind
		user, token, want string
	}{
		{GitHub, "", "t", "x-access-token t"}, {GitLab, "", "t", "oauth2 t"}, {Gitea, "", "t", "gkops t"}, {Bitbucket, "", "t", "x-token-auth t"},
		{Bitbucket, "me@example.org", "t", "x-bitbucket-api-token-auth t"}, {Azure, "", "t", "gkops t"}, {GitHub, "me", "t", "me t"}, {GitHub, "me", "", " "},
	} {
		if user, token := c.kind.GitLogin(c.user, c.token); user+" "+token != c.want {
			t.Errorf("%s %q: %s %s", c.kind, c.user, user, token)
		}
	}
}

func TestOrigins(t *testing.T) {
	for address, want := range map[string]string{
		"git@github.com:a/b": "https://github.com", "git@bitbucket.org:a/b": "https://bitbucket.org", "https://dev.azure.com/o/p/_git/r": "https://dev.azure.com",
	} {
		place, err := Of(address)
		if err != nil || place.Origin().String() != want {
			t.Errorf("%s: %s, %v", address, place.Origin(), err)
		}
	}
}
