package report

import (
	"fmt"
	"io"
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// most is how many findings markdown lists: forges cut long comments.
const most = 200

// Markdown writes the report for a comment on a pull request: the answer first, then a table. Foreign text cannot mention
// people, close issues or bring markup.
func Markdown(w io.Writer, v View) error {
	var out strings.Builder
	fmt.Fprintf(&out, "**Compatibility: %s**\n\n%s.\n", escape(fits(v)), escape(summary(v)))
	bounds(&out, v)
	if len(v.Findings) > 0 {
		out.WriteString("\n| | rule | what | object | where |\n|---|---|---|---|---|\n")
	}
	for i, f := range v.Findings {
		if i == most {
			fmt.Fprintf(&out, "\nand %d more.\n", len(v.Findings)-most)
			break
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", f.Severity, code(f.Rule), escape(f.Message), code(name(f.Object)), code(place(f)))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func bounds(out *strings.Builder, v View) {
	for _, side := range []struct {
		word string
		why  []finding.Finding
	}{{"Not older", v.Interval.MinBecause}, {"Not newer", v.Interval.MaxBecause}} {
		for i, f := range side.why {
			if i == 3 {
				fmt.Fprintf(out, "- and %d more\n", len(side.why)-3)
				break
			}
			if i == 0 {
				out.WriteString("\n")
			}
			fmt.Fprintf(out, "- %s: %s (%s)\n", side.word, escape(f.Message), code(place(f)))
		}
	}
}

func place(f finding.Finding) string {
	return strings.TrimSuffix(strings.TrimSpace(where(f)), ":")
}

// escape makes text mean itself in a markdown table.
func escape(s string) string {
	var out strings.Builder
	for _, r := range plain(s) {
		switch {
		case strings.ContainsRune("&<>@#`|~$", r):
			fmt.Fprintf(&out, "&#%d;", r)
		case strings.ContainsRune(`\*_[]!`, r):
			out.WriteByte('\\')
			out.WriteRune(r)
		default:
			out.WriteRune(r)
		}
	}
	return strings.ReplaceAll(out.String(), "://", "&#58;//")
}

// code is text in a code span that it cannot leave.
func code(s string) string {
	s = strings.TrimSpace(strings.NewReplacer("`", "'", "|", "¦").Replace(plain(s)))
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
