package simulate_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/render/order/simulate"
)

var update = flag.Bool("update", false, "write what is predicted into the cases")

// TestCases predicts what is in testdata: the tree before, the tree after, and what must be told of them. The name of a case says what it is
// about: a rule that is broken, or good_ and what must not be called a fault.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	found := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sections := map[string]string{}
			for _, f := range archive.Files {
				sections[f.Name] = string(f.Data)
			}
			timeline := predict(t, sections)
			for _, f := range timeline.Faults {
				found[f.Rule] = true
				if f.Hint == "" || f.File == "" || f.Line == 0 {
					t.Errorf("no place, or nothing to do: %+v", f)
				}
			}
			if good := strings.HasPrefix(name, "good_"); good != (len(timeline.Faults) == 0) {
				t.Errorf("faults: %v", timeline.Faults)
			}
			got := map[string]string{"faults": faultsText(timeline)}
			if _, shown := sections["events"]; shown {
				got["events"] = eventsText(timeline)
			}
			compareSections(t, file, archive, sections, got)
		})
	}
	for _, rule := range simulate.Rules() {
		if !found[rule] {
			t.Errorf("no case breaks the rule %s", rule)
		}
	}
}

func predict(t *testing.T, sections map[string]string) *simulate.Timeline {
	t.Helper()
	var before *simulate.Tree
	if text, found := sections["before"]; found {
		before = readTree(t, text, nil)
	}
	return simulate.Predict(before, readTree(t, sections["after"], before))
}

func compareSections(t *testing.T, file string, archive *txtar.Archive, sections, got map[string]string) {
	t.Helper()
	if *update {
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "faults" || f.Name == "events" })
		for _, name := range []string{"faults", "events"} {
			if text, there := got[name]; there {
				archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
			}
		}
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, text := range got {
		if diff := cmp.Diff(sections[name], text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func faultsText(timeline *simulate.Timeline) string {
	var text strings.Builder
	for _, f := range timeline.Faults {
		fmt.Fprintf(&text, "%s: %s\n  %s\n", f.Severity, f, f.Hint)
	}
	return text.String()
}

func eventsText(timeline *simulate.Timeline) string {
	var text strings.Builder
	for _, e := range timeline.Events {
		fmt.Fprintf(&text, "%s %d.%d %s: %s %s\n", e.Owner, e.Gate, e.Step, e.Stage, e.Action, e.Object.ID)
	}
	return text.String()
}
