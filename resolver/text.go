package resolver

import (
	"encoding/json"
	"fmt"
	"strings"
)

// maxSteps and maxFixes keep an explanation on one screen.
const (
	maxSteps = 20
	maxFixes = 5
)

// Explain is the explanation as text of several lines: the conflict, the numbered requirements, the nearest fixes.
func (e *NoSolutionError) Explain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", e.Conflict)
	e.steps(&b, "\n", func(n int, text string) string { return fmt.Sprintf("%3d. %s\n", n, text) })
	e.fixes(&b, "\nwhat would help:\n", func(text string) string { return fmt.Sprintf("  - %s\n", text) })
	return b.String()
}

// Markdown is the explanation for a pull or an issue on a forge.
func (e *NoSolutionError) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n", escapeMarkdown(e.Conflict))
	e.steps(&b, "\n", func(n int, text string) string { return fmt.Sprintf("%d. %s\n", n, escapeMarkdown(text)) })
	e.fixes(&b, "\nWhat would help:\n\n", func(text string) string { return fmt.Sprintf("- %s\n", escapeMarkdown(text)) })
	return b.String()
}

// MarshalJSON is {"conflict", "steps": [{"kind", "package", "text", "where"}], "fixes": [...], "cycle": []}, complete where
// the text is cut to a screen.
func (e *NoSolutionError) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Conflict string   `json:"conflict"`
		Steps    []Step   `json:"steps"`
		Fixes    []Fix    `json:"fixes"`
		Cycle    []string `json:"cycle,omitempty"`
	}{e.Conflict, append([]Step{}, e.Steps...), append([]Fix{}, e.Fixes...), e.Cycle})
}

func (e *NoSolutionError) steps(b *strings.Builder, before string, line func(n int, text string) string) {
	if len(e.Steps) == 0 {
		return
	}
	b.WriteString(before)
	for i, step := range e.Steps {
		if i == maxSteps && len(e.Steps) > maxSteps+1 {
			fmt.Fprintf(b, "     and %d more\n", len(e.Steps)-maxSteps)
			return
		}
		b.WriteString(line(i+1, step.Text))
	}
}

func (e *NoSolutionError) fixes(b *strings.Builder, before string, line func(text string) string) {
	if len(e.Fixes) == 0 {
		return
	}
	b.WriteString(before)
	for _, fix := range e.Fixes[:min(len(e.Fixes), maxFixes)] {
		b.WriteString(line(fix.Text))
	}
}

// escapeMarkdown keeps versions and ranges from being read as markup.
func escapeMarkdown(s string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "<", `\<`, ">", `\>`, "~", `\~`, "|", `\|`, "`", "\\`").Replace(s)
}
