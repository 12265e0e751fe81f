package compat

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// TestEveryKindAtEveryMinor is the table of what a check has to find: one manifest per kind that Kubernetes ever had, and per
// minor all that are removed, none that is served, and none missed. Truth is the served sets alone.
func TestEveryKindAtEveryMinor(t *testing.T) {
	known := load(t)
	tree := fstest.MapFS{}
	for i, row := range known.Kinds() {
		tree[fmt.Sprintf("%03d.yaml", i)] = file(fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata:\n  name: x\n", row.APIVersion(), row.Kind))
	}
	for at := known.Oldest; at <= known.Newest; at++ {
		report, err := Check(context.Background(), tree, Target{Kubernetes: at.String(), Knowledge: known})
		if err != nil {
			t.Fatal(err)
		}
		if report.Objects != len(known.Kinds()) {
			t.Errorf("%s: %d objects of %d", at, report.Objects, len(known.Kinds()))
		}
		compareVerdicts(t, known, at, report.Findings)
	}
}

func compareVerdicts(t *testing.T, known *knowledge.Knowledge, at knowledge.Minor, findings []finding.Finding) {
	t.Helper()
	rules := map[string]string{}
	for _, f := range findings {
		if f.Rule != Deprecated && f.Rule != WillBeRemoved && f.Rule != OffByDefault {
			rules[f.Object.APIVersion+" "+f.Object.Kind] = f.Rule
		}
	}
	removed, stable := 0, 0
	for _, row := range known.Kinds() {
		want := ""
		switch {
		case row.Served.Has(at):
		case row.Served&knowledge.Between(at, known.Newest) != 0:
			want = NotYet
		default:
			want = Removed
			removed++
			if !strings.Contains(row.Version, "alpha") {
				stable++
			}
		}
		if got := rules[row.GVK.String()]; got != want {
			t.Errorf("%s: %s is %q, want %q", at, row.GVK, got, want)
		}
	}
	t.Logf("%s: %d removed (%d not alpha)", at, removed, stable)
	// Counted once from the served sets without this code: all, and those that were no alphas.
	if want, found := map[knowledge.Minor][2]int{29: {68, 49}, 34: {91, 54}, 37: {101, 57}}[at]; found && want != [2]int{removed, stable} {
		t.Errorf("%s: %d removed kinds, %d no alphas, want %d", at, removed, stable, want)
	}
}

// TestEveryMinorIsInTheInterval checks the interval of each kind alone against its served set.
func TestEveryMinorIsInTheInterval(t *testing.T) {
	known := load(t)
	for _, row := range known.Kinds() {
		tree := fstest.MapFS{"x.yaml": file(fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: x}\n", row.APIVersion(), row.Kind))}
		report, err := Check(context.Background(), tree, Target{Knowledge: known})
		if err != nil {
			t.Fatal(err)
		}
		in := report.Interval
		if in.Min != row.Served.First().String() || in.Max != row.Served.Last().String() {
			t.Errorf("%s: %s to %s, served by %s", row.GVK, in.Min, in.Max, row.Served)
		}
	}
}

func load(t testing.TB) *knowledge.Knowledge {
	t.Helper()
	known, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
