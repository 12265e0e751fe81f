package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/forge/github/githubtest"
	"gkops.dev/gkops/gitops/forge/kind"
)

// TestGitHubAppIsUsed runs the bot as an app over repositories of two owners, each of which has installed it.
func TestGitHubAppIsUsed(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600); err != nil {
		t.Fatal(err)
	}
	fake := githubtest.New(t)
	fake.Server.Add(t, "other/fleet", map[string]string{"README": "hello\n"})
	var asked []string
	fake.Before = func(w http.ResponseWriter, r *http.Request) bool {
		switch owner, is := strings.CutPrefix(r.URL.Path, "/orgs/"); {
		case is && strings.HasSuffix(owner, "/installation"):
			asked = append(asked, strings.TrimSuffix(owner, "/installation"))
			forgetest.JSON(w, http.StatusOK, map[string]any{"id": 17})
		case r.URL.Path == "/app/installations/17/access_tokens":
			forgetest.JSON(w, http.StatusCreated, map[string]any{"token": forgetest.BotToken, "expires_at": time.Now().Add(time.Hour).Format(time.RFC3339)})
		default:
			return false
		}
		return true
	}
	server := httptest.NewServer(http.StripPrefix("/api/v3", fake))
	defer server.Close()
	var out, talk bytes.Buffer
	env := Env{
		Args: []string{"bot", "run", "--forge", "github", "--repo", server.URL + "/team/fleet", "--repo", server.URL + "/other/fleet", "--cache", t.TempDir()},
		Dir:  t.TempDir(), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &talk, Now: time.Now, HTTP: &http.Client{Timeout: time.Minute},
		Getenv: func(name string) string {
			return map[string]string{"GKOPS_GITHUB_APP_ID": "4711", "GKOPS_GITHUB_APP_KEY": file}[name]
		},
	}
	if code := Run(context.Background(), env); code != yes {
		t.Errorf("exit status %d: %s%s", code, out.String(), talk.String())
	}
	if got := strings.Join(asked, " "); got != "team other" {
		t.Errorf("the installations of %q were asked", got)
	}
	if all := out.String() + talk.String(); strings.Contains(all, forgetest.BotToken) || !strings.Contains(all, "it has no gkops.yaml") {
		t.Errorf("told:\n%s", all)
	}
}

func TestSSHFromTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	reach := func(vars map[string]string) *access {
		return &access{env: Env{Getenv: func(name string) string { return vars[name] }}}
	}
	with, err := reach(map[string]string{"GKOPS_SSH_KEY": file, "GKOPS_SSH_PASSPHRASE": "open", "GKOPS_SSH_KNOWN_HOSTS": "/hosts", "SSH_AUTH_SOCK": "/agent"}).remote("git@git.example.org:team/fleet.git")
	if err != nil || string(with.SSH.Key) != "a key" || string(with.SSH.Passphrase) != "open" || with.SSH.Agent != nil || with.SSH.KnownHosts[0] != "/hosts" || with.Login != nil {
		t.Errorf("%+v, %v", with, err)
	}
	with, err = reach(map[string]string{"SSH_AUTH_SOCK": "/agent", "HOME": "/home/ada"}).remote("ssh://git@git.example.org/team/fleet.git")
	if err != nil || with.SSH.Key != nil || with.SSH.Agent == nil || with.SSH.KnownHosts[0] != "/home/ada/.ssh/known_hosts" {
		t.Errorf("%+v, %v", with, err)
	}
	if _, err := reach(map[string]string{"GKOPS_SSH_KEY": file + ".none"}).remote("git@git.example.org:a/b"); err == nil || !strings.Contains(err.Error(), "GKOPS_SSH_KEY") {
		t.Errorf("a key that is not there: %v", err)
	}
	var f fleet
	for _, address := range []string{"git@git.example.org:team/a.git", "ssh://git@git.example.org/team/b.git", "https://git.example.org/team/c.git"} {
		place, err := kind.As(kind.Gitea, address)
		if err != nil {
			t.Fatal(err)
		}
		f.add(place.Path, address)
	}
	if len(f.paths) != 3 || len(f.ssh) != 2 || f.ssh["team/a"] != "git@git.example.org:team/a.git" {
		t.Errorf("%+v", f)
	}
}
