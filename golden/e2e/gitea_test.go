//go:build e2e && gitea

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "code.gitea.io/sdk/gitea"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/forge/gitea"
	"gkops.dev/gkops/gitops/forge/kind"
	"gkops.dev/gkops/gitops/forge/polite"
	"gkops.dev/gkops/gitops/remote"
)

// giteaServer is a real Gitea on loopback, its users and their tokens.
type giteaServer struct {
	base   string
	dir    string
	tokens map[string]string // root is the administrator
	count  int               // of the organisations that were made
}

const giteaConfig = `APP_NAME = test
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = %[1]s
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = 3030
ROOT_URL = http://127.0.0.1:3030/
STATIC_ROOT_PATH = %[2]s
OFFLINE_MODE = true
DISABLE_SSH = true
LFS_START_SERVER = false
[database]
DB_TYPE = sqlite3
PATH = %[1]s/gitea.db
[repository]
ROOT = %[1]s/repositories
DEFAULT_BRANCH = main
[security]
INSTALL_LOCK = true
PASSWORD_HASH_ALGO = pbkdf2
[service]
DISABLE_REGISTRATION = true
[api]
MAX_RESPONSE_ITEMS = 6
[actions]
ENABLED = false
[indexer]
ISSUE_INDEXER_TYPE = db
[mailer]
ENABLED = false
[log]
LEVEL = warn
[cron]
ENABLED = false
`

// startGitea makes a server with the users root, bot and alice.
func startGitea(t *testing.T) *giteaServer {
	t.Helper()
	program := place(t, "gitea")
	dir := t.TempDir()
	config := filepath.Join(dir, "app.ini")
	text := fmt.Sprintf(giteaConfig, dir, moduleDir(t, "gitea", "code.gitea.io/gitea"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + dir, "GIT_CONFIG_SYSTEM=/dev/null", "GITEA_WORK_DIR=" + dir}
	g := &giteaServer{base: "http://127.0.0.1:3030", dir: dir, tokens: map[string]string{}}
	start(t, dir, program, env, "web", "--config", config)
	eventually(t, 60*time.Second, "Gitea answers", func(ctx context.Context) error {
		_, _, err := g.sdk(ctx, "root").ServerVersion()
		return err
	})
	said := strings.Fields(output(t, dir, env, program, "admin", "user", "create", "--config", config, "--admin", "--username", "root-user", "--password", password,
		"--email", "root@example.org", "--must-change-password=false", "--access-token", "--access-token-scopes", "all"))
	g.tokens["root"] = said[len(said)-1]
	for _, user := range []string{"bot", "alice"} {
		g.user(t, user)
	}
	return g
}

// password is that of every user.
const password = "Pa55word-of-all"

// user makes a user, and a token that may do all that the user may.
func (g *giteaServer) user(t *testing.T, name string) {
	t.Helper()
	mustChange := false
	_, _, err := g.sdk(t.Context(), "root").AdminCreateUser(sdk.CreateUserOption{Username: name + "-user", Email: name + "@example.org", Password: password, MustChangePassword: &mustChange})
	if err != nil {
		t.Fatal(err)
	}
	itself, err := sdk.NewClient(g.base, sdk.SetBasicAuth(name+"-user", password), sdk.SetGiteaVersion(""), sdk.SetContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := itself.CreateAccessToken(sdk.CreateAccessTokenOption{Name: "test", Scopes: []sdk.AccessTokenScope{sdk.AccessTokenScopeAll}})
	if err != nil {
		t.Fatal(err)
	}
	g.tokens[name] = made.Token
}

// sdk is the API as a user sees it, for what people do.
func (g *giteaServer) sdk(ctx context.Context, user string) *sdk.Client {
	client, err := sdk.NewClient(g.base, sdk.SetToken(g.tokens[user]), sdk.SetGiteaVersion(""), sdk.SetContext(ctx))
	if err != nil {
		panic(err)
	}
	return client
}

// client is the client under test for a token.
func (g *giteaServer) client(t *testing.T, token string) *gitea.Client {
	t.Helper()
	at, err := kind.Probe(t.Context(), http.DefaultClient, g.base+"/team/fleet.git")
	if err != nil || at.Kind != kind.Gitea {
		t.Fatalf("the server is %+v, %v", at, err)
	}
	login := func(context.Context) (string, string, error) { return "", token, nil }
	return gitea.New(at.API, login, polite.Options{Base: http.DefaultTransport, Now: time.Now, Sleep: func(ctx context.Context, wait time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			return nil
		}
	}})
}

// repository makes a repository with one commit, which bot and alice may write to.
func (g *giteaServer) repository(t *testing.T, owner, name string, topics ...string) {
	t.Helper()
	root := g.sdk(t.Context(), "root")
	_, _, err := root.CreateOrgRepo(owner, sdk.CreateRepoOption{Name: name, AutoInit: true, DefaultBranch: "main"})
	if err != nil {
		t.Fatal(err)
	}
	write := sdk.AccessModeWrite
	for _, user := range []string{"bot-user", "alice-user"} {
		if _, err := root.AddCollaborator(owner, name, user, sdk.AddCollaboratorOption{Permission: &write}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := root.SetRepoTopics(owner, name, topics); err != nil {
		t.Fatal(err)
	}
}

// subject is an organisation of its own with two repositories.
func (g *giteaServer) subject(t *testing.T) *forgetest.Subject {
	t.Helper()
	g.count++
	owner := fmt.Sprintf("team-%d", g.count)
	if _, _, err := g.sdk(t.Context(), "root").CreateOrg(sdk.CreateOrgOption{Name: owner}); err != nil {
		t.Fatal(err)
	}
	g.repository(t, owner, "fleet", "gitops")
	g.repository(t, owner, "other")
	path := owner + "/fleet"
	return &forgetest.Subject{
		Forge: g.client(t, g.tokens["bot"]), Denied: g.client(t, "0123456789012345678901234567890123456789"), Path: path, Owner: owner,
		Topic: "gitops", Another: owner + "/other", Person: "alice-user", Many: 13,
		Push: func(t *testing.T, branch, file, text string) string { return g.push(t, path, branch, file, text) },
		Issue: func(t *testing.T, title string) {
			if _, _, err := g.sdk(t.Context(), "alice").CreateIssue(owner, "fleet", sdk.CreateIssueOption{Title: title}); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// clone is a repository as package remote reaches it.
func (g *giteaServer) clone(t *testing.T, path, token string) *remote.Remote {
	t.Helper()
	user, password := kind.Gitea.GitLogin("", token)
	r, err := remote.Open(g.base+"/"+path+".git", t.TempDir(), remote.Options{
		HTTP: http.DefaultClient, Login: func(context.Context) (string, string, error) { return user, password, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// push commits a file to a branch as alice does, without Git.
func (g *giteaServer) push(t *testing.T, path, branch, file, text string) string {
	t.Helper()
	r := g.clone(t, path, g.tokens["alice"])
	refs, err := r.Refs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := refs.ByName["refs/heads/"+branch]
	parent := old
	if parent == "" {
		parent = refs.ByName["refs/heads/main"]
	}
	if err := r.Fetch(t.Context(), 1, parent); err != nil {
		t.Fatal(err)
	}
	who := gitops.Person{Name: "Alice", Email: "alice@example.org", When: time.Now()}
	id, err := r.Store().Commit(t.Context(), gitops.NewCommit{
		Parents: []string{parent}, Files: []gitops.FileChange{{Path: file, Data: []byte(text)}}, Message: "Change " + file, Author: who, Committer: who,
	})
	if err == nil {
		err = r.Push(t.Context(), branch, id, old)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The client of Gitea keeps the promises of every forge on the real one.
func TestGitea(t *testing.T) {
	g := startGitea(t)
	t.Run("contract", func(t *testing.T) { forgetest.Contract(t, g.subject) })
	t.Run("a merge that waits for checks", g.testQueue)
	t.Run("a fork", g.testFork)
	t.Run("pushes", g.testPushes)
	t.Run("a stack", g.testStack)
}

func (g *giteaServer) testQueue(t *testing.T) {
	s := g.subject(t)
	commit := s.Push(t, "up", "a.txt", "a\n")
	p, err := s.Forge.OpenPull(t.Context(), s.Path, forge.NewPull{Title: "Up", Head: "up", Base: "main"})
	if err != nil {
		t.Fatal(err)
	}
	set := func(state forge.CheckState) {
		if err := s.Forge.SetStatus(t.Context(), s.Path, commit, forge.Status{Context: "ci", State: state}); err != nil {
			t.Fatal(err)
		}
	}
	set(forge.Pending)
	eventually(t, 30*time.Second, "queued", func(ctx context.Context) error {
		return s.Forge.MergePull(ctx, s.Path, p.Number, forge.Merge{Commit: commit, Queue: true})
	})
	state := func(ctx context.Context) (forge.State, error) {
		list, err := s.Forge.Pulls(ctx, s.Path, forge.PullQuery{})
		if err != nil || len(list) != 1 {
			return "", fail("%d pulls, %v", len(list), err)
		}
		return list[0].State, nil
	}
	if now, err := state(t.Context()); err != nil || now != forge.Open {
		t.Fatalf("with a pending check it is %s, %v", now, err)
	}
	set(forge.Success)
	eventually(t, 30*time.Second, "merged by the forge", func(ctx context.Context) error {
		now, err := state(ctx)
		if err == nil && now != forge.Merged {
			err = fail("it is %s", now)
		}
		return err
	})
}

func (g *giteaServer) testFork(t *testing.T) {
	s := g.subject(t)
	alice := g.sdk(t.Context(), "alice")
	if _, _, err := alice.CreateFork(s.Owner, "fleet", sdk.CreateForkOption{}); err != nil {
		t.Fatal(err)
	}
	g.push(t, "alice-user/fleet", "up", "a.txt", "mine\n")
	_, _, err := alice.CreatePullRequest(s.Owner, "fleet", sdk.CreatePullRequestOption{Head: "alice-user:up", Base: "main", Title: "Mine"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Forge.Pulls(t.Context(), s.Path, forge.PullQuery{})
	if err != nil || len(all) != 1 || all[0].HeadRepository != "alice-user/fleet" || all[0].Head != "up" {
		t.Errorf("listed %+v, %v", all, err)
	}
	if ours, err := s.Forge.Pulls(t.Context(), s.Path, forge.PullQuery{Head: "up"}); err != nil || len(ours) != 0 {
		t.Errorf("the fork's branch counts as ours: %+v, %v", ours, err)
	}
}

func (g *giteaServer) testPushes(t *testing.T) {
	s := g.subject(t)
	first := s.Push(t, "up", "a.txt", "a\n")
	r := g.clone(t, s.Path, g.tokens["bot"])
	if err := r.Fetch(t.Context(), 1, first); err != nil {
		t.Fatal(err)
	}
	who := gitops.Person{Name: "Bot", Email: "bot@example.org", When: time.Now()}
	commit := func(text string) string {
		id, err := r.Store().Commit(t.Context(), gitops.NewCommit{
			Parents: []string{first}, Files: []gitops.FileChange{{Path: "b.txt", Data: []byte(text)}}, Message: "b", Author: who, Committer: who,
		})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	second := s.Push(t, "up", "a.txt", "somebody was quicker\n")
	var lease *remote.LeaseError
	if err := r.Push(t.Context(), "up", commit("1"), first); !errors.As(err, &lease) || lease.Now != second {
		t.Errorf("pushed over somebody: %v", err)
	}
	if err := r.Push(t.Context(), "up", commit("2"), second); err != nil {
		t.Errorf("forced with the lease: %v", err)
	}
	_, _, err := g.sdk(t.Context(), "root").CreateBranchProtection(s.Owner, "fleet", sdk.CreateBranchProtectionOption{BranchName: "main", RuleName: "main", EnablePush: false})
	if err != nil {
		t.Fatal(err)
	}
	refs, err := r.Refs(t.Context())
	if err != nil || refs.Head != "main" {
		t.Fatalf("the branches are %+v, %v", refs, err)
	}
	var protected *remote.ProtectedError
	if err := r.Push(t.Context(), "main", commit("3"), refs.ByName["refs/heads/main"]); !errors.As(err, &protected) || protected.Reason == "" {
		t.Errorf("pushed to a protected branch: %v", err)
	}
	t.Logf("the server says: %v", protected)
	if err := r.Delete(t.Context(), "up", commit("2")); err != nil {
		t.Error(err)
	}
	var denied *remote.AuthError
	if _, err := g.clone(t, s.Path, "0123456789012345678901234567890123456789").Refs(t.Context()); !errors.As(err, &denied) || denied.Status != 401 {
		t.Errorf("a token that is not known: %v", err)
	}
	var missing *remote.NotFoundError
	if _, err := g.clone(t, s.Owner+"/none", g.tokens["bot"]).Refs(t.Context()); !errors.As(err, &missing) {
		t.Errorf("a repository that is not there: %v", err)
	}
}
