package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// commitTree is a repository at a commit, in memory.
type commitTree struct {
	t     *testing.T
	files fstest.MapFS
}

const gkopsYAML = `apiVersion: gkops.dev/v1alpha1
kind: Workspace
engine: flux
source: {name: flux-system, namespace: flux-system}
registries: [{name: own, url: registry}]
clusters: [{name: prod, kubernetes: "1.33"}]
packages: [{name: web, version: "<2"}, {name: tool}]
`

// newCommitTree is a commit with a registry in it: web needs crds, tool needs nothing, each in v1.0.0 and v1.1.0, web in v2.0.0 too.
func newCommitTree(t *testing.T) *commitTree {
	c := &commitTree{t, fstest.MapFS{}}
	c.put("gkops.yaml", gkopsYAML)
	c.put("registry/index.yaml", "packages:\n- name: web\n  latestVersion: v2.0.0\n- name: tool\n  latestVersion: v1.0.0\n- name: crds\n  latestVersion: v1.0.0\n")
	c.versions("web", "v1.0.0")
	c.versions("tool", "v1.0.0")
	c.versions("crds", "v1.0.0")
	return c
}

func (c *commitTree) put(name, data string) {
	c.files[name] = &fstest.MapFile{Data: []byte(data), Mode: 0o644}
}

// versions publishes versions of a package.
func (c *commitTree) versions(pkg string, versions ...string) {
	list := "latestVersion: " + versions[len(versions)-1] + "\nversions:\n"
	for _, v := range versions {
		list += "- version: " + v + "\n"
		needs := ""
		if pkg == "web" {
			needs = "dependencies:\n- name: crds\n  version: \">=1\"\n"
		}
		c.put("registry/"+pkg+"/"+v+"/package.yaml", fmt.Sprintf("name: %s\nscope: Cluster\ndefaultNamespace: %s\nmanifests:\n- url: m.yaml\n%s", pkg, pkg, needs))
		c.put("registry/"+pkg+"/"+v+"/m.yaml", fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: %s\ndata:\n  version: %s\n", pkg, pkg, v))
	}
	c.put("registry/"+pkg+"/versions.yaml", list)
}

func (c *commitTree) open() *pipeline.Project {
	c.t.Helper()
	world := pipeline.World{
		Getenv: func(string) string { return "" }, HTTP: http.DefaultClient, Now: func() time.Time { return time.Unix(1e9, 0) },
		Warn: func(text string) { c.t.Log(text) }, Progress: func(string, int, int) {},
	}
	p, err := pipeline.OpenCommit(context.Background(), world, pipeline.Commit{ID: "0123456789abcdef", Tree: c.files})
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// take brings a proposal into the tree, as a commit of it would.
func (c *commitTree) take(e pipeline.Edit) *pipeline.Proposal {
	c.t.Helper()
	proposal, err := c.open().Propose(context.Background(), e)
	if err != nil {
		c.t.Fatal(err)
	}
	for name, data := range proposal.Files() {
		delete(c.files, name)
		if data != nil {
			c.put(name, string(data))
		}
	}
	return proposal
}

func (c *commitTree) locked() map[string]string {
	all := map[string]string{}
	for _, i := range c.open().Lock("prod").Instances {
		all[i.Name] = i.Version
	}
	return all
}

func TestCommitIsProposedAndVerified(t *testing.T) {
	c := newCommitTree(t)
	first := c.take(pipeline.Edit{})
	if first.Empty() || !maps.Equal(c.locked(), map[string]string{"web": "v1.0.0", "tool": "v1.0.0", "crds": "v1.0.0"}) {
		t.Fatalf("first proposal gives %v", c.locked())
	}
	if second := c.take(pipeline.Edit{}); !second.Empty() {
		t.Errorf("a second proposal changes %v", slices.Sorted(maps.Keys(second.Files())))
	}
	differences, err := c.open().Verify(context.Background(), "")
	if err != nil || len(differences) > 0 {
		t.Errorf("verify: %v, %v", differences, err)
	}
	c.put("gkops/prod/packages/web/core/configmap_web_web.yaml", "x")
	if _, err := fs.Stat(c.files, "gkops/prod/packages/web/core/configmap_web_web.yaml"); err != nil {
		t.Fatal("the test edits a file that is not generated")
	}
	c.versions("web", "v1.0.0", "v1.1.0")
	if _, err := c.open().Propose(context.Background(), pipeline.Edit{MoveAll: true}); err == nil || !strings.Contains(err.Error(), "edited by hand") {
		t.Errorf("a person's edit was not seen: %v", err)
	}
}

func TestProspectsStayInBounds(t *testing.T) {
	c := newCommitTree(t)
	c.take(pipeline.Edit{})
	c.versions("web", "v1.0.0", "v1.1.0", "v2.0.0")
	c.versions("tool", "v1.0.0", "v1.1.0")
	c.versions("crds", "v1.0.0", "v1.1.0")
	v := func(text string) catalog.Version { parsed, _ := catalog.ParseVersion(text); return parsed }
	r, _ := catalog.ParseRange("<1.1")
	bounds := pipeline.Bounds{
		Holds:   []resolver.Hold{{Package: "tool", Range: r, Reason: "a test", Where: "here"}},
		Exclude: []resolver.Exclusion{{Package: "crds", Version: v("v1.1.0"), Why: "a test", Where: "here"}},
	}
	found, _, _, err := c.open().Prospects(context.Background(), "prod", bounds)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range found {
		got[p.Instance] = p.To.String() + " of " + p.Newest.String()
	}
	want := map[string]string{"web": "v1.1.0 of v2.0.0", "tool": "v1.0.0 of v1.1.0", "crds": "v1.0.0 of v1.1.0"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	c.take(pipeline.Edit{Move: []string{"web", "tool", "crds"}, Bounds: map[string]pipeline.Bounds{"prod": bounds}})
	if got := c.locked(); !maps.Equal(got, map[string]string{"web": "v1.1.0", "tool": "v1.0.0", "crds": "v1.0.0"}) {
		t.Errorf("proposed %v", got)
	}
}

// TestC26UnreadablePackagesBindNoOther: the others move, and what cannot be read stays where it is.
func TestC26UnreadablePackagesBindNoOther(t *testing.T) {
	for _, lost := range []struct {
		name, file, pkg, version string
		want                     map[string]string
	}{
		{"list of versions", "registry/tool/versions.yaml", "tool", "", map[string]string{"web": "v1.1.0", "tool": "v1.0.0", "crds": "v1.1.0"}},
		{"list of versions of one with dependencies", "registry/web/versions.yaml", "web", "", map[string]string{"web": "v1.0.0", "tool": "v1.1.0", "crds": "v1.1.0"}},
		{"newest version", "registry/tool/v1.1.0/package.yaml", "tool", "v1.1.0", map[string]string{"web": "v1.1.0", "tool": "v1.0.0", "crds": "v1.1.0"}},
		{"newest version of a dependency", "registry/crds/v1.1.0/package.yaml", "crds", "v1.1.0", map[string]string{"web": "v1.1.0", "tool": "v1.1.0", "crds": "v1.0.0"}},
	} {
		t.Run(lost.name, func(t *testing.T) {
			c := newCommitTree(t)
			c.take(pipeline.Edit{})
			c.versions("web", "v1.0.0", "v1.1.0")
			c.versions("tool", "v1.0.0", "v1.1.0")
			c.versions("crds", "v1.0.0", "v1.1.0")
			c.put(lost.file, "<html>Please log in</html>")
			found, bounds, missing, err := c.open().Prospects(context.Background(), "prod", pipeline.Bounds{})
			if err != nil {
				t.Fatal(err)
			}
			if len(missing) != 1 || missing[0].Package != lost.pkg || missing[0].Version.String() != lost.version {
				t.Errorf("told %v", missing)
			}
			e := pipeline.Edit{Bounds: map[string]pipeline.Bounds{"prod": bounds}}
			for _, p := range found {
				if p.Moves() {
					e.Move = append(e.Move, p.Instance)
				}
			}
			c.take(e)
			if got := c.locked(); !maps.Equal(got, lost.want) {
				t.Errorf("got %v, want %v", got, lost.want)
			}
		})
	}
}

func TestOtherBytesOfALockedVersionAreFatal(t *testing.T) {
	c := newCommitTree(t)
	c.take(pipeline.Edit{})
	c.versions("web", "v1.0.0", "v1.1.0")
	c.put("registry/tool/v1.0.0/package.yaml", "name: tool\nscope: Cluster\ndefaultNamespace: evil\nmanifests: [{url: m.yaml}]\n")
	_, _, missing, err := c.open().Prospects(context.Background(), "prod", pipeline.Bounds{})
	if err == nil || len(missing) > 0 {
		t.Errorf("changed bytes gave %v, %v", missing, err)
	}
}

func TestRelativeRegistryOutsideOfACommitIsRefused(t *testing.T) {
	c := newCommitTree(t)
	c.put("gkops.yaml", strings.Replace(gkopsYAML, "url: registry", "url: ../registry", 1))
	_, err := pipeline.OpenCommit(context.Background(), pipeline.World{Getenv: func(string) string { return "" }, HTTP: http.DefaultClient}, pipeline.Commit{ID: "1", Tree: c.files})
	if err == nil || !strings.Contains(err.Error(), "outside of the repository") {
		t.Errorf("got %v", err)
	}
	delete(c.files, "gkops.yaml")
	_, err = pipeline.OpenCommit(context.Background(), pipeline.World{}, pipeline.Commit{ID: "1", Tree: c.files})
	if none := (*pipeline.NoWorkspaceError)(nil); !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
}
