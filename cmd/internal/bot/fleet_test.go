package bot_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/remote"
	"gkops.dev/gkops/gitops/review"
)

// fleet is a forge with one repository, and a registry in a folder: web needs crds, tool needs nothing.
type fleet struct {
	t        *testing.T
	server   *forgetest.Server
	registry string
	now      time.Time
	logs     bytes.Buffer
	policy   string
	more     string // clusters
	packages string // as a list in gkops.yaml
}

const repo = "team/fleet"

// newFleet is a fleet whose repository has everything in v1.0.0.
func newFleet(t *testing.T, policy string) *fleet {
	t.Helper()
	return newFleetOf(t, policy, "", t.TempDir())
}

// newFleetOf is newFleet with more clusters, and its registry in a folder.
func newFleetOf(t *testing.T, policy, more, registry string) *fleet {
	t.Helper()
	f := &fleet{t: t, server: forgetest.New(t), registry: registry, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), policy: policy, more: more, packages: "  - name: web\n  - name: tool\n"}
	f.server.SetClock(func() time.Time { return f.now })
	for _, pkg := range []string{"web", "tool", "crds"} {
		f.publish(pkg, "v1.0.0")
	}
	f.write("index.yaml", "packages:\n- {name: web, latestVersion: v1.0.0}\n- {name: tool, latestVersion: v1.0.0}\n- {name: crds, latestVersion: v1.0.0}\n")
	f.server.Add(t, repo, f.rendered(), "gitops")
	return f
}

// workspace is gkops.yaml.
func (f *fleet) workspace() string {
	return `apiVersion: gkops.dev/v1alpha1
kind: Workspace
engine: flux
source: {name: flux-system, namespace: flux-system}
registries: [{name: own, url: "` + f.registry + `"}]
clusters: [` + f.more + `{name: prod, kubernetes: "1.33"}]
packages:
` + f.packages + f.policy
}

// rendered are the files of the repository as a first commit has them.
func (f *fleet) rendered() map[string]string {
	f.t.Helper()
	files := map[string]string{"gkops.yaml": f.workspace(), "README": "a fleet\n"}
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	p, err := pipeline.OpenCommit(context.Background(), f.world(), pipeline.Commit{ID: "first", Tree: tree})
	if err != nil {
		f.t.Fatal(err)
	}
	e := pipeline.Edit{}
	for _, c := range p.Workspace().Clusters {
		e.Clusters = append(e.Clusters, c.Name)
	}
	proposal, err := p.Propose(context.Background(), e)
	if err != nil {
		f.t.Fatal(err)
	}
	for name, data := range proposal.Files() {
		files[name] = string(data)
	}
	return files
}

func (f *fleet) write(name, text string) {
	f.t.Helper()
	name = filepath.Join(f.registry, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		f.t.Fatal(err)
	}
}

// publish makes these all the versions of a package.
func (f *fleet) publish(pkg string, versions ...string) {
	list := "latestVersion: " + versions[len(versions)-1] + "\nversions:\n"
	for _, v := range versions {
		list += "- version: " + v + "\n"
		needs := ""
		if pkg == "web" {
			needs = "dependencies:\n- name: crds\n  version: \">=1\"\n"
		}
		f.write(pkg+"/"+v+"/package.yaml", "name: "+pkg+"\nscope: Cluster\ndefaultNamespace: "+pkg+"\nmanifests:\n- url: m.yaml\n"+needs)
		f.write(pkg+"/"+v+"/m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "+pkg+"\n  namespace: "+pkg+"\ndata:\n  version: "+v+"\n")
	}
	f.write(pkg+"/versions.yaml", list)
}

func (f *fleet) world() pipeline.World {
	return pipeline.World{
		Getenv: func(string) string { return "" }, HTTP: http.DefaultClient, Now: func() time.Time { return f.now },
		Warn: func(string) {}, Progress: func(string, int, int) {},
	}
}

// bot is a bot with a clone of its own, on a client of the forge.
func (f *fleet) bot(client bot.Forge) *bot.Run {
	f.t.Helper()
	cache := f.t.TempDir()
	return &bot.Run{
		Forge: client, Kind: review.GitHub, World: f.world(), Repositories: []string{repo}, Workers: 1,
		Identity: bot.Identity{Name: "gkops", Email: "gkops@example.org"}, Log: slog.New(slog.NewJSONHandler(&f.logs, nil)),
		Clone: func(path, url string) (bot.Clone, error) {
			return remote.Open(url, filepath.Join(cache, strings.ReplaceAll(path, "/", "-")), remote.Options{})
		},
	}
}

// run runs the bot once, and fails the test when it does not get through.
func (f *fleet) run() bot.Result {
	f.t.Helper()
	result := f.try(f.bot(f.server.As("bot")))
	if result.Err() != nil {
		f.t.Fatal(result.Err())
	}
	return result
}

func (f *fleet) try(b *bot.Run) bot.Result {
	f.t.Helper()
	results, err := b.Do(context.Background())
	if err != nil || len(results) != 1 {
		f.t.Fatalf("%d results, %v", len(results), err)
	}
	return results[0]
}

// pulls lists pulls as somebody else sees them, by branch and number.
func (f *fleet) pulls(state forge.State) []forge.Pull {
	f.t.Helper()
	all, err := f.server.As("alice").Pulls(context.Background(), repo, forge.PullQuery{State: state})
	if err != nil {
		f.t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b forge.Pull) int { return strings.Compare(a.Head, b.Head) })
	return all
}

// states are the outcomes of a result, "gkops/upgrade/web opened".
func states(r bot.Result) []string {
	var all []string
	for _, o := range r.Pulls {
		all = append(all, strings.TrimPrefix(o.Branch, bot.Prefix)+" "+string(o.State))
	}
	slices.Sort(all)
	return all
}

func (f *fleet) want(r bot.Result, want ...string) {
	f.t.Helper()
	if got := states(r); !slices.Equal(got, want) {
		f.t.Errorf("got %q, want %q: %+v", got, want, r.Pulls)
	}
}

// facts are what the oracle counts: branches of the bot, open pulls, and commits of the branches beyond main.
func (f *fleet) facts() string {
	f.t.Helper()
	refs, err := f.bot(nil).Clone(repo, f.server.Dir(repo))
	if err != nil {
		f.t.Fatal(err)
	}
	found, err := refs.Refs(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	branches, commits := 0, map[string]bool{}
	main := found.ByName["refs/heads/main"]
	for name, id := range found.ByName {
		if !strings.HasPrefix(name, "refs/heads/"+bot.Prefix) {
			continue
		}
		branches++
		if err := refs.Fetch(context.Background(), 50, id); err != nil {
			f.t.Fatal(err)
		}
		for id != main {
			commits[id] = true
			c, err := refs.Store().CommitOf(id)
			if err != nil || len(c.Parents) != 1 {
				f.t.Fatalf("commit %s has %d parents, %v", id, len(c.Parents), err)
			}
			id = c.Parents[0]
		}
	}
	return fmt.Sprintf("%d branches, %d pulls, %d commits", branches, len(f.pulls(forge.Open)), len(commits))
}

// quiet fails the test when a run writes anything.
func (f *fleet) quiet() bot.Result {
	f.t.Helper()
	before, tips := fmt.Sprint(f.server.Writes()), f.tips()
	result := f.run()
	if after := fmt.Sprint(f.server.Writes()); after != before {
		f.t.Errorf("a run with nothing new wrote: %s, before %s", after, before)
	}
	if now := f.tips(); now != tips {
		f.t.Errorf("a run with nothing new moved branches: %s, before %s", now, tips)
	}
	return result
}

func (f *fleet) tips() string {
	f.t.Helper()
	clone, err := f.bot(nil).Clone(repo, f.server.Dir(repo))
	if err != nil {
		f.t.Fatal(err)
	}
	refs, err := clone.Refs(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	return fmt.Sprint(refs.ByName)
}
