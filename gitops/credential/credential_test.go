package credential

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
)

// world has these variables and files.
func world(env map[string]string, files map[string]string) World {
	disk := fstest.MapFS{}
	for name, text := range files {
		disk[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Data: []byte(text)}
	}
	return World{
		Getenv:   func(name string) string { return env[name] },
		ReadFile: func(name string) ([]byte, error) { return fs.ReadFile(disk, strings.TrimPrefix(name, "/")) },
	}
}

func find(t *testing.T, w World, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	secret, found, err := w.For(u)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	if !found {
		return ""
	}
	return secret.User + ":" + secret.Token
}

func TestFor(t *testing.T) {
	netrc := "# ours\nmachine git.example.org\n  login ann password s3cret # never\nmacdef init\nmachine evil.example.org login a password b\n\n" +
		"machine git.example.org:8443 login bob password other\ndefault login x password y\n"
	store := "https://cat:st%40red@store.example.org\nhttp://dog:plain@store.example.org\nhttps://eve:p@path.example.org/team\n# none\nhttps://noone@empty.example.org\n"
	files := map[string]string{"/home/ann/.netrc": netrc, "/home/ann/.git-credentials": store}
	home := func(pairs ...string) map[string]string {
		env := map[string]string{"HOME": "/home/ann"}
		for n := 0; n < len(pairs); n += 2 {
			env[pairs[n]] = pairs[n+1]
		}
		return env
	}
	cases := []struct {
		name    string
		env     map[string]string
		address string
		want    string
	}{
		{"the host's variable", home("GKOPS_TOKEN_GIT_EXAMPLE_ORG", "tok"), "https://git.example.org/x.git", ":tok"},
		{"with a user", home("GKOPS_TOKEN_GIT_EXAMPLE_ORG", "me:tok"), "https://git.example.org/x.git", "me:tok"},
		{"not for http", home("GKOPS_TOKEN_GIT_EXAMPLE_ORG", "tok"), "http://git.example.org/x.git", ""},
		{"not for another port", home("GKOPS_TOKEN_A_EXAMPLE_ORG", "tok"), "https://a.example.org:8443/x.git", ""},
		{"its own port", home("GKOPS_TOKEN_A_EXAMPLE_ORG_PORT_8443", "tok"), "https://a.example.org:8443/x.git", ":tok"},
		{"http has its own name", home("GKOPS_HTTP_TOKEN_127_0_0_1_PORT_3000", "tok"), "http://127.0.0.1:3000/x", ":tok"},
		{"a dash is no dot", home("GKOPS_TOKEN_GIT_CORP_IO", "tok"), "https://git-corp.io/x", ""},
		{"a dash", home("GKOPS_TOKEN_GIT__CORP_IO", "tok"), "https://git-corp.io/x", ":tok"},
		{"github", home("GITHUB_TOKEN", "gh"), "https://github.com/a/b", ":gh"},
		{"github's is for github", home("GITHUB_TOKEN", "gh"), "https://github.example.org/a/b", ""},
		{"github's is for https", home("GITHUB_TOKEN", "gh"), "http://github.com/a/b", ""},
		{"a server of one's own", home("GITHUB_TOKEN", "gh", "GITHUB_SERVER_URL", "https://git.corp"), "https://git.corp/a/b", ":gh"},
		{"and then not the usual one", home("GITHUB_TOKEN", "gh", "GITHUB_SERVER_URL", "https://git.corp"), "https://github.com/a/b", ""},
		{"gitlab in ci", home("GITLAB_TOKEN", "gl", "CI_SERVER_URL", "https://gitlab.corp:8443"), "https://gitlab.corp:8443/a/b", ":gl"},
		{"bitbucket", home("BITBUCKET_TOKEN", "bb", "BITBUCKET_USER", "me@example.org"), "https://bitbucket.org/a/b", "me@example.org:bb"},
		{"azure", home("AZURE_DEVOPS_EXT_PAT", "az"), "https://dev.azure.com/a/b/_git/c", ":az"},
		{"netrc", home(), "https://git.example.org/x", "ann:s3cret"},
		{"netrc with a port", home(), "https://git.example.org:8443/x", "bob:other"},
		{"netrc is for https", home(), "http://git.example.org/x", ""},
		{"netrc's macros are text", home(), "https://evil.example.org/x", ""},
		{"netrc elsewhere", home("NETRC", "/none"), "https://git.example.org/x", ""},
		{"git's store", home(), "https://store.example.org/x", "cat:st@red"},
		{"git's store by scheme", home(), "http://store.example.org/x", "dog:plain"},
		{"git's store by path", home(), "https://path.example.org/team/x", "eve:p"},
		{"git's store not beside its path", home(), "https://path.example.org/teams/x", ""},
		{"no password, no secret", home(), "https://empty.example.org/x", ""},
		{"case of hosts", home(), "https://GIT.Example.ORG/x", "ann:s3cret"},
		{"nobody's home", nil, "https://git.example.org/x", ""},
		{"a host that ends alike", home(), "https://evil-git.example.org/x", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := find(t, world(c.env, files), c.address); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestUnreadableFilesAreTold(t *testing.T) {
	w := world(map[string]string{"HOME": "/home/ann"}, nil)
	w.ReadFile = func(string) ([]byte, error) { return nil, fs.ErrPermission }
	if _, _, err := w.For(&url.URL{Scheme: "https", Host: "git.example.org"}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	secret := Secret{User: "me", Token: "canary", Source: "GITHUB_TOKEN"}
	for _, text := range []string{fmt.Sprint(secret), fmt.Sprintf("%+v", secret), fmt.Sprintf("%#v", secret), fmt.Sprintf("%v", &secret)} {
		if strings.Contains(text, "canary") {
			t.Errorf("printed %q", text)
		}
	}
}
