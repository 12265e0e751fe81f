//go:build real

package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gkops.dev/gkops/resolver/catalog"
)

// TestRealOverlay holds the example overlay to the table that it was made from: each row about Kubernetes or another package is stated
// for its version, with its source, and with the same minors.
func TestRealOverlay(t *testing.T) {
	shared := os.Getenv("GKOPS_SHARED")
	data, err := os.ReadFile(filepath.Join(shared, "mirror", "COMPAT.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	sheets := map[string]*catalog.PackageFacts{}
	rows := 0
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		cell := strings.Split(line, "\t")
		pkg, version, needs, constraint := cell[0], strings.TrimPrefix(cell[1], "v"), cell[2], cell[3]
		source, _, _ := strings.Cut(cell[4], " (")
		if sheets[pkg] == nil {
			file := filepath.Join("../../../examples/overlay", pkg, catalog.FactsFile)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if sheets[pkg], err = catalog.ParseFacts(file, text, pkg, false); err != nil {
				t.Fatal(err)
			}
		}
		if !stated(t, sheets[pkg], version, needs, constraint, source) {
			t.Errorf("the overlay does not state: %s", line)
		}
		rows++
	}
	t.Logf("%d rows", rows)
	if rows < 300 {
		t.Errorf("only %d rows", rows)
	}
}

var number = regexp.MustCompile(`\d+(\.\d+)+`)

// stated reports whether some fact says of a version what a row says.
func stated(t *testing.T, facts *catalog.PackageFacts, version, needs, constraint, source string) bool {
	t.Helper()
	v, err := catalog.ParseVersion(strings.NewReplacer("x", "0", "*", "1.0.0").Replace(version))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range facts.Facts {
		about, err := catalog.ParseRange(f.Versions)
		if err != nil {
			t.Fatal(err)
		}
		if f.Evidence.Source != source || !about.Allows(v) {
			continue
		}
		said := f.Kubernetes
		for _, d := range f.Requires {
			if d.Name == needs {
				said = d.Version + " "
			}
		}
		for _, p := range f.Provides {
			if p.Name == needs {
				said = p.Version
			}
		}
		marks := strings.HasPrefix(constraint, "columns:") && strings.Count(constraint, "✔") == len(number.FindAllString(said, -1))
		same := strings.Join(number.FindAllString(said, -1), " ") == strings.Join(number.FindAllString(constraint, -1), " ")
		if said != "" && (marks || same) && strings.Contains(constraint, ">=") == strings.Contains(said, ">=") {
			return true
		}
	}
	return false
}
