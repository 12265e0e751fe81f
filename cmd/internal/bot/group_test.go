package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver/catalog"
)

func version(t *testing.T, text string) catalog.Version {
	t.Helper()
	v, err := catalog.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// candidates reads a table, one candidate a line: "cluster/instance from to [needs a,b] [group g] [soak s]".
func candidates(t *testing.T, table string) []bot.Candidate {
	t.Helper()
	var all []bot.Candidate
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		fields := strings.Fields(line)
		cluster, instance, _ := strings.Cut(fields[0], "/")
		c := bot.Candidate{Prospect: pipeline.Prospect{
			Cluster: cluster, Instance: instance, Package: instance, From: version(t, fields[1]), To: version(t, fields[2]), Newest: version(t, fields[2]),
		}}
		for n := 3; n+1 < len(fields); n += 2 {
			switch fields[n] {
			case "needs":
				c.Requires = strings.Split(fields[n+1], ",")
			case "parent":
				c.Parent = fields[n+1]
			case "group":
				c.Group = fields[n+1]
			case "labels":
				c.Moves.Labels = strings.Split(fields[n+1], ",")
			}
		}
		all = append(all, c)
	}
	return all
}

func TestGroups(t *testing.T) {
	for _, c := range []struct {
		name, table string
		want        []string // branch and targets
	}{
		{"nothing moves", "prod/a v1.0.0 v1.0.0", nil},
		{"each by itself", "prod/a v1.0.0 v1.1.0\nprod/b v1.0.0 v1.1.0",
			[]string{"gkops/upgrade/a prod/a@v1.1.0", "gkops/upgrade/b prod/b@v1.1.0"}},
		{"an operator, its definitions and what needs them", "prod/app v1.0.0 v1.1.0 needs operator\nprod/crds v1.0.0 v1.1.0\nprod/operator v1.0.0 v1.1.0 needs crds",
			[]string{"gkops/upgrade/crds prod/app@v1.1.0 prod/crds@v1.1.0 prod/operator@v1.1.0"}},
		{"what stays joins nothing", "prod/app v1.0.0 v1.1.0 needs operator\nprod/operator v1.0.0 v1.0.0\nprod/other v1.0.0 v1.1.0 needs operator",
			[]string{"gkops/upgrade/app prod/app@v1.1.0", "gkops/upgrade/other prod/other@v1.1.0"}},
		{"a component moves with its parent", "prod/app v1.0.0 v1.1.0 needs app-db\nprod/app-db v1.0.0 v1.1.0 parent app",
			[]string{"gkops/upgrade/app-db prod/app-db@v1.1.0 prod/app@v1.1.0"}},
		{"the user's rule", "prod/a v1.0.0 v1.1.0 group watch\nprod/b v1.0.0 v1.1.0 group watch\nprod/c v1.0.0 v1.1.0 needs a",
			[]string{"gkops/upgrade/c prod/c@v1.1.0", "gkops/upgrade/watch prod/a@v1.1.0 prod/b@v1.1.0"}},
		{"clusters share a pull", "dev/a v1.0.0 v1.1.0\nprod/a v1.0.0 v1.1.0", []string{"gkops/upgrade/a dev/a@v1.1.0 prod/a@v1.1.0"}},
		{"clusters with other rules do not", "dev/a v1.0.0 v1.1.0\nprod/a v1.0.0 v1.1.0 labels prod",
			[]string{"gkops/cluster/prod/a prod/a@v1.1.0", "gkops/upgrade/a dev/a@v1.1.0"}},
		{"a circle", "prod/b v1.0.0 v1.1.0 needs a\nprod/a v1.0.0 v1.1.0 needs b", []string{"gkops/upgrade/a prod/a@v1.1.0 prod/b@v1.1.0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := candidates(t, c.table)
			for range 2 {
				var got []string
				for _, g := range bot.Groups(list) {
					got = append(got, g.Branch()+" "+strings.Join(g.Targets(), " "))
				}
				slices.Sort(got)
				if !slices.Equal(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
				slices.Reverse(list) // the order of the candidates means nothing
			}
		})
	}
}

func TestRankAndBudget(t *testing.T) {
	wishes := []bot.Wish{
		{Branch: "d", Level: workspace.Major}, {Branch: "c", Level: workspace.Patch}, {Branch: "b", Level: workspace.Patch},
		{Branch: "a", Level: workspace.Minor}, {Branch: "z", Level: workspace.Major, Security: true},
	}
	bot.Rank(wishes)
	order := ""
	for _, w := range wishes {
		order += w.Branch
	}
	if order != "zbcad" {
		t.Errorf("ranked %s", order)
	}
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	ours := bot.Marker{Kind: bot.Upgrade}.String()
	open := []forge.Pull{{Body: ours, Created: now.Add(-time.Minute)}, {Body: ours, Created: now.Add(-2 * time.Hour)}, {Body: "a person's", Created: now}}
	budget := bot.NewBudget(workspace.Limits{Open: 3, Hourly: 5}, open, now)
	for n, want := range []string{"", "limit: 3 pulls are open"} {
		if got := budget.Take(wishes[1]); got != want {
			t.Errorf("pull %d: %q", n, got)
		}
	}
	if why := budget.Take(wishes[0]); why != "" {
		t.Errorf("security is counted: %s", why)
	}
	if why := bot.NewBudget(workspace.Limits{Hourly: 1}, open, now).Take(wishes[1]); why != "limit: 1 pulls were opened in the last hour" {
		t.Errorf("hourly: %q", why)
	}
}

func TestAdvisories(t *testing.T) {
	a, err := bot.ParseAdvisory("GHSA-1.json", []byte(`{"id": "GHSA-1", "affected": [{"package": {"ecosystem": "gkops", "name": "web"}, "versions": ["v3.0.0"],
		"ranges": [{"type": "SEMVER", "events": [{"introduced": "1.1.0"}, {"fixed": "1.2.1"}, {"introduced": "2.0.0"}, {"last_affected": "2.0.3"}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"v1.0.9": false, "v1.1.0": true, "v1.2.0+4": true, "v1.2.1": false, "v1.9.0": false, "v2.0.0": true, "v2.0.3": true, "v2.0.4": false, "v3.0.0": true,
	} {
		if got := a.Affects("web", version(t, text)); got != want {
			t.Errorf("%s is affected: %v", text, got)
		}
	}
	if a.Affects("tool", version(t, "v1.1.0")) {
		t.Error("another package is affected")
	}
	known := []bot.Advisory{a}
	if len(bot.Fixes(known, "web", version(t, "v1.1.0"), version(t, "v1.2.0"))) != 0 || len(bot.Fixes(known, "web", version(t, "v1.1.0"), version(t, "v1.2.1"))) != 1 {
		t.Error("a move fixes what it does not leave behind, or not what it does")
	}
	for _, bad := range []string{`{`, `{}`, `{"id": "x\ny"}`, `{"id": "x", "affected": [{"ranges": [{"type": "SEMVER", "events": [{"fixed": "soon"}]}]}]}`} {
		if _, err := bot.ParseAdvisory("bad.json", []byte(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
