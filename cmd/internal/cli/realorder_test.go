//go:build real

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"gkops.dev/gkops/render/order/simulate"
	"gkops.dev/gkops/resolver/catalog"
)

// history is all that happens to one package in one workspace: its first version is installed, every later one follows, and the last is
// removed, once so that data stays and once so that it does not.
type history struct {
	pkg, registry, engine string
	releases              []release
	dir                   string
	env                   map[string]string
	before                *simulate.Tree
	counts                map[string]int // what was done: installs, upgrades, guards, removal steps, refusals
}

// TestRealOrder brings every package of the real registries through its versions and out again, for both engines, and predicts for every
// commit what the engine makes of it, from the files of the commit and of the one before alone.
func TestRealOrder(t *testing.T) {
	shared := os.Getenv("GKOPS_SHARED")
	if shared == "" {
		t.Fatal("GKOPS_SHARED names no folder with registry, upstream and mirror")
	}
	packages := map[string][]release{}
	for _, r := range append(realReleases(t, shared, "registry", "glasskube"), realReleases(t, shared, "upstream", "upstream")...) {
		packages[r.registry+"/"+r.pkg] = append(packages[r.registry+"/"+r.pkg], r)
	}
	var (
		mu    sync.Mutex
		wait  sync.WaitGroup
		total = map[string]int{}
		work  = make(chan *history)
	)
	for range runtime.NumCPU() {
		wait.Go(func() {
			for h := range work {
				h.run(t, shared)
				mu.Lock()
				for what, n := range h.counts {
					total[h.engine+" "+what] += n
				}
				mu.Unlock()
			}
		})
	}
	for _, releases := range packages {
		slices.SortFunc(releases, func(a, b release) int { return compareReleases(t, a, b) })
		for _, engine := range []string{"flux", "argocd"} {
			work <- &history{pkg: releases[0].pkg, registry: releases[0].registry, engine: engine, releases: releases, counts: map[string]int{}}
		}
	}
	close(work)
	wait.Wait()
	t.Logf("%d packages: %v", len(packages), total)
	for _, what := range []string{"flux installs", "argocd installs", "flux upgrades", "argocd upgrades", "flux removal steps", "argocd removal steps"} {
		if total[what] == 0 {
			t.Errorf("no %s", what)
		}
	}
}

func compareReleases(t *testing.T, a, b release) int {
	x, errX := catalog.ParseVersion(a.version)
	y, errY := catalog.ParseVersion(b.version)
	if errX != nil || errY != nil {
		t.Errorf("versions %s, %s: %v, %v", a.version, b.version, errX, errY)
	}
	return x.Compare(y)
}

func (h *history) run(t *testing.T, shared string) {
	installed := false
	for _, r := range h.releases {
		if installed {
			installed = h.upgrade(t, shared, r)
		}
		if !installed {
			installed = h.install(t, shared, r)
		}
	}
	if installed {
		h.remove(t)
		if err := h.do("add", h.pkg+"@"+exactly(h.releases[len(h.releases)-1].version), "--registry", h.registry); err == nil {
			h.look(t, "install again")
			h.remove(t, "--purge")
		}
	}
	if h.dir != "" {
		os.RemoveAll(h.dir)
	}
}

// install makes a workspace with a release. It is false when the release is refused for a reason that is none of ours.
func (h *history) install(t *testing.T, shared string, r release) bool {
	if h.dir != "" {
		os.RemoveAll(h.dir)
	}
	dir, err := os.MkdirTemp(t.TempDir(), "order")
	if err != nil {
		t.Error(err)
		return false
	}
	h.dir, h.before = dir, nil
	h.env = map[string]string{
		"GKOPS_MIRROR": filepath.Join(shared, "mirror") + ",off", "XDG_CACHE_HOME": filepath.Join(dir, ".git", "cache"), "HOME": dir,
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main", dir}, {"-C", dir, "config", "user.name", "a"}, {"-C", dir, "config", "user.email", "a@example.org"}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Errorf("git %v: %s", args, out)
			return false
		}
	}
	if err := runQuiet(dir, h.env, "init", "--engine", h.engine, "--cluster", "prod", "--kubernetes", "1.33", "--repo-url", "https://git.example.org/fleet.git",
		"--registry", "glasskube="+filepath.Join(shared, "registry"), "--registry", "upstream="+filepath.Join(shared, "upstream")); err != nil {
		t.Error(err)
		return false
	}
	if err := acceptOld(dir); err != nil {
		t.Error(err)
		return false
	}
	o := outcome{release: r, engine: h.engine}
	if err := h.do(append([]string{"add", r.pkg + "@" + exactly(r.version), "--registry", r.registry}, o.values()...)...); err != nil {
		if allowed(err.Error()) == "" {
			t.Errorf("%s %s %s: %v", h.engine, r.pkg, r.version, err)
		}
		h.counts["refusals"]++
		return false
	}
	h.counts["installs"]++
	h.look(t, "install "+r.version)
	return true
}

// upgrade brings the package to a release, by way of a guard when it needs one.
func (h *history) upgrade(t *testing.T, shared string, r release) bool {
	for range 3 {
		err := h.do("set", r.pkg, "--version", exactly(r.version))
		if err != nil {
			if strings.Contains(err.Error(), "could not apply this") {
				t.Errorf("%s %s to %s: %v", h.engine, r.pkg, r.version, err)
			}
			return false
		}
		h.look(t, "upgrade to "+r.version)
		data, err := os.ReadFile(filepath.Join(h.dir, "gkops.yaml"))
		if err != nil {
			t.Error(err)
			return false
		}
		if strings.Contains(string(data), exactly(r.version)) {
			h.counts["upgrades"]++
			return true
		}
		h.counts["guards"]++
	}
	t.Errorf("%s %s never comes to %s", h.engine, r.pkg, r.version)
	return false
}

// remove takes the package out, step by step.
func (h *history) remove(t *testing.T, flags ...string) {
	args := append([]string{"remove", h.pkg}, flags...)
	for range 40 {
		if err := h.do(args...); err != nil {
			t.Errorf("%s: remove %s %v: %v", h.engine, h.pkg, flags, err)
			return
		}
		h.counts["removal steps"]++
		h.look(t, fmt.Sprintf("remove %v", flags))
		left, err := filepath.Glob(filepath.Join(h.dir, "gkops/prod/packages/*"))
		if err != nil || len(left) == 0 {
			return
		}
		args = []string{"remove"}
	}
	t.Errorf("%s: %s never goes", h.engine, h.pkg)
}

func (h *history) do(args ...string) error {
	return runQuiet(h.dir, h.env, append(args, "--commit")...)
}

// look predicts what the engine makes of the last commit.
func (h *history) look(t *testing.T, what string) {
	files, err := treeOf(h.dir)
	if err != nil {
		t.Error(err)
		return
	}
	bytes := map[string][]byte{}
	for name, text := range files {
		bytes[name] = []byte(text)
	}
	after, err := simulate.Read(bytes, "gkops/prod", h.before)
	if err != nil {
		t.Errorf("%s %s, %s: %v", h.engine, h.pkg, what, err)
		return
	}
	for _, f := range simulate.Predict(h.before, after).Faults {
		if f.Rule == simulate.JobChanged && f.Severity == simulate.Warning { // the Job to delete is told: no order helps
			h.counts["changed jobs"]++
			continue
		}
		if f.Rule == simulate.DependencyNew { // a part that had nothing to wait for: Flux tries again
			h.counts["first dependencies"]++
			continue
		}
		t.Errorf("%s %s, %s: %s: %s", h.engine, h.pkg, what, f.Severity, f)
	}
	h.before = after
}
