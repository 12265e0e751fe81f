//go:build e2e

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/render/order/simulate"
)

// wait is how long the tests wait for what should take seconds: the machine may be busy with other things.
const wait = 5 * time.Minute

// engine is Flux or Argo CD on a cluster, reading the Git server of the tests.
type engine interface {
	// name is what gkops calls it.
	name() string
	// start installs it, and makes it read clusters/prod of a repository.
	start(t *testing.T, url string)
	// reconciled waits until everything that the clone holds is applied, and healthy, at a commit.
	reconciled(t *testing.T, w *workspace, commit string)
	// refused waits until it says of a commit that it cannot apply an object, for a reason.
	refused(t *testing.T, part, reason string)
}

// scene is a repository with gkops, and a cluster whose engine reads it.
type scene struct {
	*cluster
	*workspace
	life     *testing.T // what runs in the scene ends with this test, not with a chapter
	engine   engine
	hook     *webhook
	tree     *simulate.Tree // of what was pushed last, nil before that
	revision int64          // of the cluster when the last step was over
}

// newScene starts a cluster of a minor and makes a workspace for it.
func newScene(t *testing.T, minor string, of func(*cluster) engine) *scene {
	t.Helper()
	c := startCluster(t, minor)
	s := &scene{life: t, cluster: c, engine: of(c), hook: newWebhook(t)}
	s.hook.serve(t, c)
	s.workspace = newWorkspace(t)
	serveCharts(t)
	s.gkops(t, "init", "--engine", s.engine.name(), "--cluster", "prod", "--kubernetes", minor, "--repo-url", gitURL,
		"--registry", "test="+registry(t, s.hook.authority), "--registry", "charts="+chartsURL, "--entry", "clusters/prod")
	return s
}

// begin pushes what was committed first, and starts the engine.
func (s *scene) begin(t *testing.T) *step {
	t.Helper()
	commit := s.push(t)
	s.engine.start(s.life, s.workspace.url)
	return s.applied(t, commit)
}

// next pushes what was committed, and waits until the engine has applied it.
func (s *scene) next(t *testing.T) *step {
	t.Helper()
	return s.applied(t, s.push(t))
}

// step is what one push came to.
type step struct {
	timeline *simulate.Timeline // what was foretold
	entries  []entry            // what happened
}

// applied waits until a commit is applied, and holds what happened to what was foretold.
func (s *scene) applied(t *testing.T, commit string) *step {
	t.Helper()
	tree, err := simulate.Read(s.files(t), "gkops/prod", s.tree)
	if err != nil {
		t.Fatal(err)
	}
	taken := &step{timeline: simulate.Predict(s.tree, tree)}
	before := s.record.identities()
	s.engine.reconciled(t, s.workspace, commit)
	revision := s.record.now(t)
	taken.entries = s.record.since(s.revision)
	s.tree, s.revision = tree, revision
	taken.foretold(t, before, s.record.identities())
	return taken
}

// files are the generated files of the clone.
func (s *scene) files(t *testing.T) simulate.Files {
	t.Helper()
	files := simulate.Files{}
	root := os.DirFS(s.workspace.dir)
	err := fs.WalkDir(root, "gkops", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(root, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// foretold fails the test where something else happened than the simulator of the engine says.
func (s *step) foretold(t *testing.T, before, after map[string]string) {
	t.Helper()
	for _, fault := range s.timeline.Faults {
		if fault.Severity == "error" {
			t.Errorf("foretold is a fault, %s: %s", fault.Rule, fault.Message)
		}
	}
	for n := range s.timeline.Events {
		if wrong := s.differs(&s.timeline.Events[n], before, after); wrong != "" {
			t.Errorf("%s: foretold was %s by %s, and it %s", s.timeline.Events[n].Object.ID, s.timeline.Events[n].Action, s.timeline.Events[n].Owner, wrong)
		}
	}
	var made, left []string
	for _, e := range s.entries {
		switch {
		case (e.action == created || e.action == changed) && s.makes(e.key) && !slices.Contains(made, e.key):
			made = append(made, e.key)
		case e.action == leaving || e.action == gone && !slices.Contains(left, e.key):
			left = append(left, e.key)
		}
	}
	for _, c := range s.timeline.Contradicts(made) {
		t.Errorf("%s was foretold to come before %s, and came after it", c.First.Object.ID, c.Then.Object.ID)
	}
	s.leftInOrder(t, left)
	t.Logf("as foretold: %d events, %d of them seen to be made, %d to leave", len(s.timeline.Events), len(made), len(left))
}

// makes reports whether an object is foretold to be made or changed.
func (s *step) makes(key string) bool {
	return slices.ContainsFunc(s.timeline.Of(key), func(e simulate.Event) bool {
		return e.Action == simulate.Create || e.Action == simulate.Update || e.Action == simulate.Recreate
	})
}

// leftInOrder holds deletions to the order that was foretold.
func (s *step) leftInOrder(t *testing.T, keys []string) {
	t.Helper()
	pruned := func(key string) *simulate.Event {
		for _, e := range s.timeline.Of(key) {
			if e.Action == simulate.Prune {
				return &e
			}
		}
		return nil
	}
	for n, first := range keys {
		for _, later := range keys[n+1:] {
			if a, b := pruned(first), pruned(later); a != nil && b != nil && s.timeline.Before(b, a) {
				t.Errorf("%s was foretold to leave before %s, and left after it", later, first)
			}
		}
	}
}

// differs says how what happened to an object is not what an event foretells, empty when it is.
func (s *step) differs(e *simulate.Event, before, after map[string]string) string {
	key := e.Object.ID.Key()
	was, is := before[key], after[key]
	left := s.did(key, leaving) || s.did(key, gone)
	switch e.Action {
	case simulate.Create:
		if was == "" && !s.did(key, created) {
			return "was not"
		}
	case simulate.Update, simulate.Keep:
		switch {
		case e.Object.ID.Kind == "Job": // what Kubernetes cannot change, and what Argo CD runs in every sync, is made again
			if e.Action == simulate.Update && !s.did(key, changed) && !s.did(key, created) {
				return "was not"
			}
		case left || was != is:
			return "was deleted"
		case e.Action == simulate.Update && !s.did(key, changed):
			return "was not"
		}
	case simulate.Recreate:
		if was == is {
			return "was kept"
		}
	case simulate.Prune:
		if !left {
			return "is still there"
		}
	case simulate.Orphan:
		if left || was != is {
			return "was deleted"
		}
	}
	return ""
}

// did reports whether something was done to an object.
func (s *step) did(key string, what action) bool {
	return slices.ContainsFunc(s.entries, func(e entry) bool { return e.key == key && e.action == what })
}

// inOrder fails the test unless these objects came to be, or changed, one after the other.
func (s *step) inOrder(t *testing.T, keys ...string) {
	t.Helper()
	last := 0
	for _, key := range keys {
		at := slices.IndexFunc(s.entries, func(e entry) bool { return e.key == key && (e.action == created || e.action == changed) })
		if at < 0 {
			t.Errorf("nothing was done to %s", key)
			continue
		}
		if at < last {
			t.Errorf("%s was written before what is listed before it: %s", key, strings.Join(keys, ", "))
		}
		last = at
	}
}

// parts are the names of the generated files in a folder, without those of kustomize.
func (w *workspace) parts(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if name := filepath.Base(file); name != "kustomization.yaml" {
			names = append(names, strings.TrimSuffix(name, ".yaml"))
		}
	}
	return names
}
