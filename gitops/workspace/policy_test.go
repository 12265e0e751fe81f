package workspace

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func TestLevelOf(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     Level
	}{
		{"v1.2.3+1", "v1.2.3+2", Patch},
		{"v1.2.3", "v1.2.4", Patch},
		{"v1.2.3", "v1.3.0", Minor},
		{"v1.2.3", "v2.0.0", Major},
		{"v0.14.1", "v0.14.9", Patch},
		{"v0.14.1", "v0.15.0", Major}, // below v1 the second number breaks things
		{"v0.9.0", "v1.0.0", Major},
	} {
		if got := LevelOf(version(t, c.from), version(t, c.to)); got != c.want {
			t.Errorf("%s to %s is %s, want %s", c.from, c.to, got, c.want)
		}
	}
	for _, c := range []struct {
		level, move Level
		want        bool
	}{{"", Minor, true}, {"", Major, false}, {Patch, Minor, false}, {Major, Major, true}, {Major, Patch, true}} {
		if got := c.level.Allows(c.move); got != c.want {
			t.Errorf("level %q allows %s: %v", c.level, c.move, got)
		}
	}
}

func TestLaterRulesWin(t *testing.T) {
	policy := Policy{
		Moves:  Moves{Level: Major, Soak: "1d", Reviewers: []string{"ada"}, Automerge: &Automerge{Risk: "low"}},
		Groups: []Group{{Name: "watch", Packages: []string{"kube-*", "loki"}}, {Name: "rest", Packages: []string{"*"}}},
		Rules: []Rule{
			{Packages: []string{"kube-*"}, Moves: Moves{Level: Patch}},
			{Clusters: []string{"prod"}, Moves: Moves{Soak: "7d", Reviewers: []string{}}},
			{Groups: []string{"watch"}, Moves: Moves{Automerge: &Automerge{Risk: AutomergeOff}, Labels: []string{"watch"}}},
		},
	}
	off, low := &Automerge{Risk: AutomergeOff}, &Automerge{Risk: "low"}
	for _, c := range []struct {
		subject Subject
		want    Moves
	}{
		{Subject{"web", "dev", ""}, Moves{Level: Major, Soak: "1d", Reviewers: []string{"ada"}, Automerge: low}},
		{Subject{"web", "prod", ""}, Moves{Level: Major, Soak: "7d", Reviewers: []string{}, Automerge: low}},
		{Subject{"kube-x", "prod", "watch"}, Moves{Level: Patch, Soak: "7d", Reviewers: []string{}, Automerge: off, Labels: []string{"watch"}}},
		{Subject{"loki", "dev", "watch"}, Moves{Level: Major, Soak: "1d", Reviewers: []string{"ada"}, Automerge: off, Labels: []string{"watch"}}},
	} {
		if diff := cmp.Diff(c.want, policy.For(c.subject)); diff != "" {
			t.Errorf("%v: %s", c.subject, diff)
		}
	}
	for pkg, want := range map[string]string{"kube-x": "watch", "loki": "watch", "web": "rest"} {
		if got := policy.GroupOf(pkg); got != want {
			t.Errorf("group of %s is %q, want %q", pkg, got, want)
		}
	}
}

func TestPinEndsWithItsLastDay(t *testing.T) {
	pin := Pin{Package: "a", Version: "<2", Clusters: []string{"prod"}, Until: "2026-01-31"}
	for _, c := range []struct {
		pkg, cluster, now string
		want              bool
	}{
		{"a", "prod", "2026-01-31T23:59:59Z", true},
		{"a", "prod", "2026-02-01T00:00:00Z", false},
		{"a", "dev", "2026-01-01T00:00:00Z", false},
		{"b", "prod", "2026-01-01T00:00:00Z", false},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := pin.Binds(c.pkg, c.cluster, now); got != c.want {
			t.Errorf("%s of %s at %s: %v", c.pkg, c.cluster, c.now, got)
		}
	}
	if !(Pin{Package: "a"}).Binds("a", "any", time.Now()) {
		t.Error("a pin without a last day ended")
	}
}

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		name, zone  string
		expressions []string
		now         string
		open        bool
		next        string // in UTC
	}{
		{"no schedule is always open", "", nil, "2026-03-01T12:00:30Z", true, ""},
		{"inside", "Europe/Vienna", []string{"* 6-8 * * 1-5"}, "2026-01-05T05:00:00Z", true, ""},
		{"the last minute", "Europe/Vienna", []string{"* 6-8 * * 1-5"}, "2026-01-05T07:59:59Z", true, ""},
		{"after", "Europe/Vienna", []string{"* 6-8 * * 1-5"}, "2026-01-05T08:00:00Z", false, "2026-01-06T05:00:00Z"},
		{"weekend", "Europe/Vienna", []string{"* 6-8 * * 1-5"}, "2026-01-10T06:30:00Z", false, "2026-01-12T05:00:00Z"},
		{"summer time moves the window", "Europe/Vienna", []string{"* 6-8 * * 1-5"}, "2026-07-06T04:00:00Z", true, ""},
		{"the hour that summer time leaves out", "Europe/Vienna", []string{"* 2 * * *"}, "2026-03-29T00:59:00Z", false, "2026-03-30T00:00:00Z"},
		{"one of two", "", []string{"* 1 * * *", "* 13 * * *"}, "2026-01-05T13:30:00Z", true, ""},
		{"never", "", []string{"* * 31 2 *"}, "2026-01-05T13:30:00Z", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := ParseWindow(c.expressions, c.zone)
			if err != nil {
				t.Fatal(err)
			}
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			if got := w.Open(now); got != c.open {
				t.Errorf("open %v", got)
			}
			next := ""
			if at := w.Next(now); !c.open && !at.IsZero() {
				next = at.UTC().Format(time.RFC3339)
			}
			if next != c.next {
				t.Errorf("next %q, want %q", next, c.next)
			}
		})
	}
}

func TestParseSoak(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "3d": 72 * time.Hour, "12h": 12 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute} {
		if got, err := ParseSoak(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"3", "d", "3w", "-1d", "99999d", "1.5h", "3d ", "+3d"} {
		if got, err := ParseSoak(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
