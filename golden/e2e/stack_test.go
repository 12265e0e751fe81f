//go:build e2e && gitea

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "code.gitea.io/sdk/gitea"
)

// stackRegistry has one package whose versions fit two Kubernetes minors each.
func stackRegistry(t *testing.T, dir string) {
	t.Helper()
	files := map[string]string{
		"index.yaml":        "packages: [{name: web}]\n",
		"web/versions.yaml": "{latestVersion: v3.0.0, versions: [{version: v1.0.0}, {version: v2.0.0}, {version: v3.0.0}]}\n",
		"web/facts.yaml":    "apiVersion: gkops.dev/v1alpha1\nkind: PackageFacts\npackage: web\nfacts:\n",
	}
	for n, fits := range []string{">=1.29 <=1.30", ">=1.30 <=1.31", ">=1.31 <=1.32"} {
		v := n + 1
		files["web/facts.yaml"] += fmt.Sprintf("- {versions: %d.x, kubernetes: %q, evidence: {kind: declared, source: README.md, date: 2025-03-01}}\n", v, fits)
		files[fmt.Sprintf("web/v%d.0.0/package.yaml", v)] = "{name: web, defaultNamespace: web, manifests: [{url: web.yaml}]}\n"
		files[fmt.Sprintf("web/v%d.0.0/web.yaml", v)] = fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {version: \"%d\"}}\n", v)
	}
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// testStack is a Kubernetes upgrade as pulls at the real Gitea: a command opens them, a person merges one after the other and lets Gitea delete its
// branch, and the bot keeps the others on what is left.
func (g *giteaServer) testStack(t *testing.T) {
	const owner = "stack"
	if _, _, err := g.sdk(t.Context(), "root").CreateOrg(sdk.CreateOrgOption{Name: owner}); err != nil {
		t.Fatal(err)
	}
	g.repository(t, owner, "fleet")
	w := g.cloned(t, owner+"/fleet")
	w.env = append(w.env, "GKOPS_HTTP_TOKEN_127_0_0_1_PORT_3030="+g.tokens["alice"])
	stackRegistry(t, filepath.Join(w.dir, "reg"))
	w.gkops(t, "init", "--engine", "flux", "--cluster", "prod", "--kubernetes", "1.30", "--registry", "main=reg")
	w.gkops(t, "add", "web", "--minimal")
	w.commit(t, "Begin")
	w.push(t)

	w.gkops(t, "plan", "kubernetes", "1.32", "--pull")
	g.stacked(t, owner, "Upgrade web v2.0.0", "Move prod to Kubernetes 1.31", "Upgrade web v3.0.0", "Move prod to Kubernetes 1.32")
	bot := &scene{workspace: w}
	bot.bot(t, g) // tells of them on the dashboard
	before := g.commits(t, owner)
	w.gkops(t, "plan", "kubernetes", "1.32", "--pull")
	bot.bot(t, g)
	if after := g.commits(t, owner); after != before {
		t.Errorf("what is as it should be was written again: %s, before %s", after, before)
	}
	titles := []string{"Upgrade web v2.0.0", "Move prod to Kubernetes 1.31", "Upgrade web v3.0.0", "Move prod to Kubernetes 1.32"}
	gone := true
	for n := range titles {
		pulls := g.stacked(t, owner, titles[n:]...)
		eventually(t, 30*time.Second, "merged", func(ctx context.Context) error { // Gitea looks in the background whether it can be
			merged, _, err := g.sdk(ctx, "alice").MergePullRequest(owner, "fleet", pulls[0].Index, sdk.MergePullRequestOption{Style: sdk.MergeStyleSquash, DeleteBranchAfterMerge: &gone})
			if err == nil && !merged {
				err = fail("%q cannot be merged now", titles[n])
			}
			return err
		})
		g.push(t, owner+"/fleet", "main", fmt.Sprintf("note-%d", n), "x\n")
		bot.bot(t, g)
		bot.bot(t, g)
	}
	g.stacked(t, owner)
	output(t, w.dir, w.env, "git", "pull", "--quiet", "--ff-only", "origin", "main")
	w.gkops(t, "verify")
	if text := w.gkops(t, "list", "-o", "json"); !strings.Contains(text, `"v3.0.0"`) || !strings.Contains(text, `"1.32"`) {
		t.Errorf("the cluster has\n%s", text)
	}
}

// stacked are the open pulls, each based on the one before it, whose titles are these.
func (g *giteaServer) stacked(t *testing.T, owner string, titles ...string) []*sdk.PullRequest {
	t.Helper()
	all, _, err := g.sdk(t.Context(), "root").ListRepoPullRequests(owner, "fleet", sdk.ListPullRequestsOptions{State: sdk.StateOpen})
	if err != nil {
		t.Fatal(err)
	}
	byBase := map[string]*sdk.PullRequest{}
	for _, p := range all {
		byBase[p.Base.Ref] = p
	}
	var stack []*sdk.PullRequest
	var got []string
	for at := byBase["main"]; at != nil; at = byBase[at.Head.Ref] {
		stack, got = append(stack, at), append(got, at.Title)
	}
	if strings.Join(got, ", ") != strings.Join(titles, ", ") || len(all) != len(titles) {
		t.Fatalf("%d pulls are open, and the stack is %q, want %q", len(all), got, titles)
	}
	return stack
}
