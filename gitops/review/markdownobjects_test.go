package review

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestWhatGoesIsNamed removes far more than a pull can show: each object is there with its lines, or named beside others of its kind.
func TestWhatGoesIsNamed(t *testing.T) {
	files := map[string]string{}
	for n := range 340 {
		kind := []string{"ConfigMap", "Service", "ServiceAccount"}[n%3]
		files[fmt.Sprintf("%03d.yaml", n)] = fmt.Sprintf("apiVersion: v1\nkind: %s\nmetadata: {name: gone-%03d, namespace: shop}\ndata:\n", kind, n) +
			"  text: |\n" + strings.Repeat("    a line of some length that stands for a real one\n", 30)
	}
	report := compareWith(t, textTree(files), nil, Options{Origin: Origin{Command: "gkops diff"}})
	for _, forge := range []Forge{GitHub, GitLab, Gitea, Bitbucket} {
		var out bytes.Buffer
		if err := MarkdownFor(&out, report, MarkdownOptions{Forge: forge}); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if strings.Contains(text, "not shown") || len(text) > forge.Budget() {
			t.Errorf("%s: %d bytes, and something is not shown", forge, len(text))
		}
		for n := range 340 {
			if !strings.Contains(text, fmt.Sprintf("gone-%03d", n)) {
				t.Errorf("%s: gone-%03d is not named", forge, n)
			}
		}
		if strings.Count(text, "removed Service: `shop/gone-") != 1 {
			t.Errorf("%s: the services are not on one line", forge)
		}
		checkWhole(t, text)
	}
	for budget := 900; budget < 12_000; budget += 333 {
		var out bytes.Buffer
		if err := MarkdownFor(&out, report, MarkdownOptions{Budget: budget}); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		shown, missing := strings.Count(text, "```diff\n"), 0
		_, names, _ := strings.Cut(text, "Without their lines")
		if named := strings.Count(names, "shop/gone-"); named+shown < 340 {
			missing = 340 - named - shown
		}
		if want := fmt.Sprintf("**%d objects not shown**", missing); len(text) > budget || missing > 0 && !strings.Contains(text, want) {
			t.Errorf("budget %d: %d bytes, and not %s", budget, len(text), want)
		}
	}
}
