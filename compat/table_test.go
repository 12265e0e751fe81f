package compat

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// truth is which minors serve a kind: testdata/served.txt. The generator of the knowledge writes it, but from other documents
// than the table: the answers of discovery, where the table is made from paths and schemas. It has every kind that any k8s.io/api
// registers.
func truth(t *testing.T) map[knowledge.GVK]knowledge.Minors {
	t.Helper()
	data, err := os.ReadFile("testdata/served.txt")
	if err != nil {
		t.Fatal(err)
	}
	served := map[knowledge.GVK]knowledge.Minors{}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		var minors knowledge.Minors
		for part := range strings.SplitSeq(words[2], ",") {
			var first, last int
			switch n, _ := fmt.Sscanf(part, "%d-%d", &first, &last); n {
			case 1:
				last = first
				fallthrough
			case 2:
				minors |= knowledge.Between(knowledge.Minor(first), knowledge.Minor(last))
			}
		}
		served[knowledge.ParseGVK(words[0], words[1])] = minors
	}
	if len(served) < 200 {
		t.Fatalf("%d kinds", len(served))
	}
	return served
}

// TestEveryKindAtEveryMinor is the table of what a check has to find: one manifest per kind that Kubernetes ever had, and per
// minor all that are removed, none that is served, and none missed.
func TestEveryKindAtEveryMinor(t *testing.T) {
	known, served := load(t), truth(t)
	for _, row := range known.Kinds() {
		if _, listed := served[row.GVK]; !listed {
			t.Errorf("%s is known and was never registered", row.GVK)
		}
	}
	tree := fstest.MapFS{}
	for gvk := range served {
		name := fmt.Sprintf("%s-%s-%s.yaml", gvk.Group, gvk.Version, gvk.Kind)
		tree[name] = file(fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata:\n  name: x\n", gvk.APIVersion(), gvk.Kind))
	}
	for at := known.Oldest; at <= known.Newest; at++ {
		report, err := Check(context.Background(), tree, Target{Kubernetes: at.String(), Knowledge: known})
		if err != nil {
			t.Fatal(err)
		}
		if report.Objects != len(served) {
			t.Errorf("%s: %d objects of %d", at, report.Objects, len(served))
		}
		compareVerdicts(t, served, known.Newest, at, report.Findings)
	}
}

func compareVerdicts(t *testing.T, served map[knowledge.GVK]knowledge.Minors, newest, at knowledge.Minor, findings []finding.Finding) {
	t.Helper()
	rules := map[string]string{}
	for _, f := range findings {
		if f.Rule != Deprecated && f.Rule != WillBeRemoved && f.Rule != OffByDefault {
			rules[f.Object.APIVersion+" "+f.Object.Kind] = f.Rule
		}
	}
	removed, stable := 0, 0
	for gvk, minors := range served {
		want := ""
		switch {
		case minors.Has(at):
		case minors&knowledge.Between(at, newest) != 0:
			want = NotYet
		default:
			want = Removed
			removed++
			if !strings.Contains(gvk.Version, "alpha") {
				stable++
			}
		}
		if got := rules[gvk.String()]; got != want {
			t.Errorf("%s: %s is %q, want %q", at, gvk, got, want)
		}
	}
	t.Logf("%s: %d removed (%d not alpha)", at, removed, stable)
	// Counted once by hand from what each release says it serves: all, and those that were no alphas.
	if want, found := map[knowledge.Minor][2]int{29: {68, 49}, 34: {91, 54}, 37: {101, 57}}[at]; found && want != [2]int{removed, stable} {
		t.Errorf("%s: %d removed kinds, %d no alphas, want %d", at, removed, stable, want)
	}
}

// TestEveryMinorIsInTheInterval checks the interval of each kind alone against its served set.
func TestEveryMinorIsInTheInterval(t *testing.T) {
	known := load(t)
	for gvk, served := range truth(t) {
		tree := fstest.MapFS{"x.yaml": file(fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: x}\n", gvk.APIVersion(), gvk.Kind))}
		report, err := Check(context.Background(), tree, Target{Knowledge: known})
		if err != nil {
			t.Fatal(err)
		}
		in := report.Interval
		if in.Min != served.First().String() || in.Max != served.Last().String() {
			t.Errorf("%s: %s to %s, served by %s", gvk, in.Min, in.Max, served)
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
