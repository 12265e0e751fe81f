package gitops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestMergeBaseIsGits asks for what every two revisions of a history have in common: a line, a fork, a merge, and two branches that merged
// each other, which have two.
func TestMergeBaseIsGits(t *testing.T) {
	dir := workspace(t)
	commit := func(branch string, parents ...string) {
		args := []string{"commit-tree", "-m", branch, strings.TrimSpace(git(t, dir, "write-tree"))}
		for _, parent := range parents {
			args = append(args, "-p", parent)
		}
		git(t, dir, "branch", "-f", branch, strings.TrimSpace(git(t, dir, args...)))
	}
	commit("root")
	commit("a1", "root")
	commit("b1", "root")
	commit("a2", "a1", "b1")
	commit("b2", "b1", "a1")
	commit("a3", "a2")
	commit("b3", "b2")
	commit("both", "a3", "b3")
	commit("alone")
	r := opened(t, dir)
	revisions := []string{"root", "a1", "b1", "a2", "b2", "a3", "b3", "both"}
	for _, a := range revisions {
		for _, b := range revisions {
			want := strings.Fields(git(t, dir, "merge-base", "--all", a, b))
			got, err := r.MergeBase(context.Background(), a, b)
			if err != nil || !slices.Contains(want, got) {
				t.Errorf("%s and %s have %s in common, %v; git says %v", a, b, got, err, want)
			}
			for range 5 {
				if again, _ := r.MergeBase(context.Background(), a, b); again != got {
					t.Errorf("%s and %s have %s in common, and then %s", a, b, got, again)
				}
			}
			if back, _ := r.MergeBase(context.Background(), b, a); back != got {
				t.Errorf("%s and %s have %s in common, the other way round %s", a, b, got, back)
			}
		}
	}
	if want := strings.Fields(git(t, dir, "merge-base", "--all", "a3", "b3")); len(want) != 2 {
		t.Errorf("a3 and b3 have %v in common, the test wants two", want)
	}
	for _, pair := range [][2]string{{"a3", "alone"}, {"a3", "nowhere"}, {"nowhere", "a3"}} {
		var unknown *RevisionError
		if got, err := r.MergeBase(context.Background(), pair[0], pair[1]); !errors.As(err, &unknown) || !strings.Contains(fmt.Sprint(err), pair[1]) && !strings.Contains(fmt.Sprint(err), pair[0]) {
			t.Errorf("%v have %s in common, %v", pair, got, err)
		}
	}
}
