package pipeline

import (
	"testing"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/gitops/lock"
)

// TestDefinitionsOfTheBaseHaveTheirInstance holds that what goes is told with who had it, and without a lock with where it was.
func TestDefinitionsOfTheBaseHaveTheirInstance(t *testing.T) {
	old := &compat.Report{Definitions: []compat.Definition{
		{Name: "a", File: "packages/metrics-crds/crds/a.yaml", Line: 2}, {Name: "b", File: "packages/other/crds/b.yaml", Line: 3}, {Name: "c", File: "c.yaml", Line: 4},
	}}
	before := &lock.Lock{Instances: []lock.Instance{{Name: "metrics-crds", Version: "v1.4.0+1"}}}
	for _, c := range []struct {
		before *lock.Lock
		want   []string
	}{
		{before, []string{"metrics-crds v1.4.0+1", "packages/other/crds/b.yaml:3 of the base", "c.yaml:4 of the base"}},
		{nil, []string{"packages/metrics-crds/crds/a.yaml:2 of the base", "packages/other/crds/b.yaml:3 of the base", "c.yaml:4 of the base"}},
	} {
		for i, d := range provided(old, c.before) {
			if d.From != c.want[i] {
				t.Errorf("%s is from %q, want %q", d.Name, d.From, c.want[i])
			}
		}
	}
	if old.Definitions[0].From != "" || provided(nil, before) != nil {
		t.Error("the report of the base changes, or is made up")
	}
}
