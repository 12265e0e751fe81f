package compat

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestEveryRuleIsInTheDocs holds the table of docs/compat.md to the rules.
func TestEveryRuleIsInTheDocs(t *testing.T) {
	data, err := os.ReadFile("../docs/compat.md")
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, rule := range Rules() {
		want += fmt.Sprintf("| `%s` | %s | %s |\n", rule.Name, rule.Severity, rule.Summary)
	}
	if !strings.Contains(string(data), "| rule | severity | means |\n|---|---|---|\n"+want+"\n") {
		t.Errorf("docs/compat.md has another table; the rules are\n%s", want)
	}
}
