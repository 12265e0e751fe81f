package simulate_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gkops.dev/gkops/render/order/simulate"
)

// TestThePageOfRulesIsWhole: docs/order.md has every rule, the cases that it names are there, and every case is named.
func TestThePageOfRulesIsWhole(t *testing.T) {
	data, err := os.ReadFile("../../../docs/order.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, rule := range simulate.Rules() {
		if !strings.Contains(page, "`"+rule+"`") {
			t.Errorf("docs/order.md lacks the rule %s", rule)
		}
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	cases := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		cases[name] = true
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/order.md does not name the case %s", name)
		}
	}
	for _, row := range regexp.MustCompile(`(?m)\| ([^|]*) \|$`).FindAllStringSubmatch(page, -1) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			if !cases[name[1]] {
				t.Errorf("docs/order.md names %s, and there is no such case", name[1])
			}
		}
	}
}
