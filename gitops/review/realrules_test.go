//go:build real

package review

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withoutPair are the rules for which no two versions of a package in the mirror that follow each other are a real pair. When that
// changes, the test says so, and the pair belongs into realPairs.
var withoutPair = []string{ruleUnparsable, ruleZero, ruleNotReviewed, ruleDisruption}

// TestRealRules looks through all versions of the mirror, each against the next, for what every rule finds, and says how often.
func TestRealRules(t *testing.T) {
	found, example := map[string]int{}, map[string]string{}
	for _, pair := range neighbours(t) {
		report := compare(t, mirrored(t, pair[0], pair[1]), mirrored(t, pair[0], pair[2]))
		for _, a := range report.Attention {
			if found[a.Rule]++; found[a.Rule] == 1 {
				example[a.Rule] = fmt.Sprintf(", first %s: %s", strings.Join(pair[:], " "), a.Message)
			}
		}
	}
	for _, rule := range Rules() {
		t.Logf("%s: %d%s", rule.Name, found[rule.Name], example[rule.Name])
		if want := slices.Contains(withoutPair, rule.Name); want != (found[rule.Name] == 0) {
			t.Errorf("%s is found %d times, and said to have a real pair: %v", rule.Name, found[rule.Name], !want)
		}
	}
}

// neighbours are the packages of the mirror with two versions of which one follows the other.
func neighbours(t *testing.T) [][3]string {
	t.Helper()
	table, err := os.ReadFile(filepath.Join(os.Getenv("GKOPS_SHARED"), "mirror", "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var pairs [][3]string
	var last [2]string
	for _, line := range strings.Split(string(table), "\n")[1:] {
		cells := strings.Split(line, "\t")
		if len(cells) < 2 {
			continue
		}
		if cells[0] == last[0] {
			pairs = append(pairs, [3]string{cells[0], last[1], cells[1]})
		}
		last = [2]string{cells[0], cells[1]}
	}
	if len(pairs) < 100 {
		t.Fatalf("only %d pairs", len(pairs))
	}
	return pairs
}
