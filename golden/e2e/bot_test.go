//go:build e2e && gitea

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sdk "code.gitea.io/sdk/gitea"
)

// registryURL is where the bot finds the registry of the tests.
const registryURL = "http://127.0.0.1:3002"

// The whole product on real programs: the bot opens a pull at Gitea, a person merges it, and Flux brings it to the cluster in order.
func TestBot(t *testing.T) {
	g := startGitea(t)
	for n, minor := range minors {
		t.Run("kubernetes "+minor, func(t *testing.T) { g.tellBot(t, fmt.Sprintf("bot-%d", n), minor) })
	}
}

func (g *giteaServer) tellBot(t *testing.T, owner, minor string) {
	if _, _, err := g.sdk(t.Context(), "root").CreateOrg(sdk.CreateOrgOption{Name: owner}); err != nil {
		t.Fatal(err)
	}
	g.repository(t, owner, "fleet")
	c := startCluster(t, minor)
	s := &scene{life: t, cluster: c, engine: newFlux(c), hook: newWebhook(t), workspace: g.cloned(t, owner+"/fleet")}
	s.hook.serve(t, c)
	serveFolder(t, registryURL, registry(t, s.hook.authority))
	s.gkops(t, "init", "--engine", "flux", "--cluster", "prod", "--kubernetes", minor, "--repo-url", s.workspace.url, "--registry", "test="+registryURL,
		"--entry", "clusters/prod")
	s.gkops(t, "add", "shop@1.0.0", "keys@1.0.0")
	s.allow(t, "1.x")
	s.gkops(t, "render", "--commit")
	s.begin(t).inOrder(t, keysDefinition, keysOperator, defaultKey, shop)

	was := g.commits(t, owner)
	s.bot(t, g, "--dry-run")
	if now := g.commits(t, owner); now != was {
		t.Errorf("a dry run wrote %s, it was %s", now, was)
	}
	s.bot(t, g)
	pulls, _, err := g.sdk(t.Context(), "alice").ListRepoPullRequests(owner, "fleet", sdk.ListPullRequestsOptions{State: sdk.StateOpen})
	if err != nil || len(pulls) != 1 {
		t.Fatalf("%d open pulls, %v", len(pulls), err)
	}
	if !strings.Contains(pulls[0].Title, "keys") || !strings.Contains(pulls[0].Body, "1.2.1") {
		t.Errorf("the pull is %q:\n%s", pulls[0].Title, pulls[0].Body)
	}
	opened := g.commits(t, owner)
	s.bot(t, g)
	if now := g.commits(t, owner); now != opened {
		t.Errorf("a second run wrote %s, it was %s", now, opened)
	}

	merged, _, err := g.sdk(t.Context(), "alice").MergePullRequest(owner, "fleet", pulls[0].Index, sdk.MergePullRequestOption{Style: sdk.MergeStyleSquash})
	if err != nil || !merged {
		t.Fatalf("not merged: %v", err)
	}
	output(t, s.dir(), s.env, "git", "pull", "--quiet", "--ff-only", "origin", "main")
	step := s.next(t)
	step.inOrder(t, keysDefinition, keysOperator, defaultKey, shop)
	if text := s.text(t, shopSettings); text != "${HOME} and $${x} in three" {
		t.Errorf("the text arrived as %q", text)
	}
	s.gkops(t, "verify")
}

// cloned is a clone that alice has of a repository.
func (g *giteaServer) cloned(t *testing.T, path string) *workspace {
	t.Helper()
	w := noClone(t, g.base+"/"+path+".git")
	address := strings.Replace(w.url, "http://", "http://alice-user:"+g.tokens["alice"]+"@", 1)
	output(t, t.TempDir(), w.env, "git", "clone", "--quiet", address, w.dir)
	return w
}

// allow lets all packages be of a range that was 1.0.0, without moving them.
func (s *scene) allow(t *testing.T, versions string) {
	t.Helper()
	file := filepath.Join(s.dir(), "gkops.yaml")
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, bytes.ReplaceAll(data, []byte(`version: "1.0.0"`), []byte(`version: "`+versions+`"`)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// dir is the folder of the clone.
func (s *scene) dir() string { return s.workspace.dir }

// bot runs the bot on the repository, elsewhere than in the clone.
func (s *scene) bot(t *testing.T, g *giteaServer, more ...string) {
	t.Helper()
	env := append([]string{"GKOPS_HTTP_TOKEN_127_0_0_1_PORT_3030=" + g.tokens["bot"]}, s.env...)
	args := append([]string{"bot", "run", "--repo", s.workspace.url}, more...)
	said := output(t, t.TempDir(), env, s.program, args...)
	t.Logf("$ gkops %s\n%s", strings.Join(args, " "), said)
	if strings.Contains(said, g.tokens["bot"]) {
		t.Error("the bot prints its token")
	}
}

// commits are the branches of a repository with their commits, and its pulls with what is written in them.
func (g *giteaServer) commits(t *testing.T, owner string) string {
	t.Helper()
	root := g.sdk(t.Context(), "root")
	branches, _, err := root.ListRepoBranches(owner, "fleet", sdk.ListRepoBranchesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	issues, _, err := root.ListRepoIssues(owner, "fleet", sdk.ListIssueOption{State: sdk.StateAll})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, b := range branches {
		all = append(all, b.Name, b.Commit.ID)
	}
	for _, i := range issues {
		all = append(all, i.Title, i.Body, i.Updated.String())
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// serveFolder serves the files of a folder.
func serveFolder(t *testing.T, url, root string) {
	t.Helper()
	listener, err := net.Listen("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(root))}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}
