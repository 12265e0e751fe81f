package resolver

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func explained(t *testing.T, text string) *NoSolutionError {
	t.Helper()
	stock, problem := stocked(t, text)
	_, err := Solve(t.Context(), stock, problem)
	var no *NoSolutionError
	if !errors.As(err, &no) {
		t.Fatalf("want no answer, got %v", err)
	}
	return no
}

const heldBack = `
gateway-api 1.3 1.5
nginx 2.1 -> gateway-api ~1.3.0
want nginx
hold gateway-api 1.5.0 because we_test *it*
`

func TestExplanationAsMarkdown(t *testing.T) {
	want := `**no version of gateway-api fits: nginx (gkops.yaml:1) needs \~1.3.0 and gkops.yaml:2 holds 1.5.0**

1. gkops.yaml:1 asks for nginx
2. nginx 2.1.0 needs gateway-api \~1.3.0
3. gkops.yaml:2 holds gateway-api at 1.5.0 (we\_test \*it\*)

What would help:

- drop the hold on gateway-api (gkops.yaml:2)
`
	if diff := gocmp.Diff(want, explained(t, heldBack).Markdown()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestExplanationAsJSON(t *testing.T) {
	got, err := json.MarshalIndent(explained(t, heldBack), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "conflict": "no version of gateway-api fits: nginx (gkops.yaml:1) needs ~1.3.0 and gkops.yaml:2 holds 1.5.0",
 "steps": [
  {
   "kind": "root",
   "package": "nginx",
   "text": "gkops.yaml:1 asks for nginx",
   "where": "gkops.yaml:1"
  },
  {
   "kind": "dependency",
   "package": "nginx",
   "text": "nginx 2.1.0 needs gateway-api ~1.3.0"
  },
  {
   "kind": "hold",
   "package": "gateway-api",
   "text": "gkops.yaml:2 holds gateway-api at 1.5.0 (we_test *it*)",
   "where": "gkops.yaml:2"
  }
 ],
 "fixes": [
  {
   "kind": "hold",
   "package": "gateway-api",
   "text": "drop the hold on gateway-api (gkops.yaml:2)",
   "where": "gkops.yaml:2"
  }
 ]
}`
	if diff := gocmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestACycleIsNamed(t *testing.T) {
	no := explained(t, "a 1 -> b *\nb 1 -> c *\nc 1 -> b *\nwant a")
	if diff := gocmp.Diff([]string{"b", "c", "b"}, no.Cycle); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// However many requirements a conflict has, its text fits on a screen; JSON has all.
func TestALongExplanationIsCut(t *testing.T) {
	var b strings.Builder
	b.WriteString("end 1 2\nwant end 2\n")
	names := strings.Split("abcdefghijklmnopqrstuvwxyz", "")
	for i, name := range names {
		next := "end 1"
		if i+1 < len(names) {
			next = names[i+1] + " *"
		}
		b.WriteString(name + " 1 -> " + next + "\n")
	}
	no := explained(t, b.String()+"want a")
	if lines := strings.Count(no.Explain(), "\n"); lines > 30 {
		t.Errorf("%d lines:\n%s", lines, no.Explain())
	}
	if len(no.Steps) != 28 {
		t.Errorf("%d steps, want 28", len(no.Steps))
	}
	if strings.Contains(no.Error(), "\n") {
		t.Errorf("more than a line: %s", no.Error())
	}
}

// The page for users shows an explanation as it is.
func TestThePageShowsAnExplanation(t *testing.T) {
	page, err := os.ReadFile("../docs/versions.md")
	if err != nil {
		t.Fatal(err)
	}
	stock, problem := stocked(t, "exporter 1 2 -> metrics-crds <2\nmetrics-crds 1 2\nwant exporter\nhold metrics-crds >=2 because the store reads version 2")
	problem.Roots[0].Where, problem.Holds[0].Where = "gkops.yaml:12", "gkops.yaml:15"
	_, err = Solve(t.Context(), stock, problem)
	var no *NoSolutionError
	if !errors.As(err, &no) || !strings.Contains(string(page), "```\n"+no.Explain()+"```\n") {
		t.Errorf("docs/versions.md does not show this:\n%s", no.Explain())
	}
}
