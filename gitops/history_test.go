package gitops

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHistoryVisitsWhatTheBranchHeld makes a branch with a merge: contents of the merged branch that the branch itself never held,
// and files that are no YAML, are not visited; what a shallow clone lacks is told.
func TestHistoryVisitsWhatTheBranchHeld(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	commit := func(files map[string]string) {
		write(t, dir, files)
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "-m", "x")
	}
	commit(map[string]string{"a/one.yaml": "1", "b/two.yaml": "other", "a/three.txt": "no"})
	commit(map[string]string{"a/one.yaml": "2"})
	git(t, dir, "switch", "-q", "-c", "side")
	commit(map[string]string{"a/one.yaml": "never on main"})
	commit(map[string]string{"a/one.yaml": "3"})
	git(t, dir, "switch", "-q", "main")
	git(t, dir, "merge", "-q", "--no-ff", "-m", "merge", "side")
	commit(map[string]string{"a/one.yaml": "-", "c/moved.json": "2"})
	visited := func(dir, revision, folder string) ([]string, bool) {
		var seen []string
		whole, err := opened(t, dir).History(context.Background(), revision, folder, func(name string, data []byte) error {
			seen = append(seen, name+" "+string(data))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(seen)
		return seen, whole
	}
	for _, c := range []struct {
		revision, folder string
		want             []string
	}{
		{"HEAD", "", []string{"a/one.yaml 1", "a/one.yaml 3", "b/two.yaml other", "c/moved.json 2"}},
		{"HEAD", "a", []string{"a/one.yaml 1", "a/one.yaml 2", "a/one.yaml 3"}},
		{"HEAD", "a/one.yaml", []string{"a/one.yaml 1", "a/one.yaml 2", "a/one.yaml 3"}},
		{"HEAD", "nothing/here", nil},
		{"HEAD~3", "a", []string{"a/one.yaml 1"}},
	} {
		got, whole := visited(dir, c.revision, c.folder)
		if diff := cmp.Diff(c.want, got); diff != "" || !whole {
			t.Errorf("%s %s (whole: %t): -want +got\n%s", c.revision, c.folder, whole, diff)
		}
	}
	shallow := t.TempDir()
	git(t, shallow, "clone", "-q", "--depth", "2", "file://"+dir, "clone")
	got, whole := visited(shallow+"/clone", "HEAD", "a")
	if diff := cmp.Diff([]string{"a/one.yaml 3"}, got); diff != "" || whole {
		t.Errorf("shallow (whole: %t): -want +got\n%s", whole, diff)
	}
}
