// Package report writes what a compatibility check found: as text for people, as JSON, as markdown for a pull request, as SARIF
// 2.1.0 for code scanning and as JUnit for CI.
//
// It knows the formats and how foreign text is made harmless in each. It refuses to know how anything was found and what the
// exit status is.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
)

// View is a report as it is shown.
type View struct {
	*compat.Report
	Ignored []compat.Ignored `json:"ignored,omitempty"`

	FailOn finding.Severity `json:"-"` // findings from here on are failures in JUnit; empty is error
}

// Formats are the names that Write takes.
func Formats() []string { return []string{"text", "json", "markdown", "sarif", "junit"} }

// Write writes a report in a format. Its error is an unknown format, or that of the writer.
func Write(w io.Writer, format string, v View) error {
	switch format {
	case "text":
		return Text(w, v)
	case "json":
		return JSON(w, v)
	case "markdown":
		return Markdown(w, v)
	case "sarif":
		return SARIF(w, v)
	case "junit":
		return JUnit(w, v)
	}
	return fmt.Errorf("the format %q is unknown: want one of %s", format, strings.Join(Formats(), ", "))
}

// JSON writes the report as one indented object: objects, interval, findings and more.
func JSON(w io.Writer, v View) error { return indented(w, v) }

func indented(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// Text writes one line per finding, then what was read and which versions fit.
func Text(w io.Writer, v View) error {
	var out strings.Builder
	for _, f := range v.Findings {
		fmt.Fprintf(&out, "%s%s: %s: %s%s\n", where(f), f.Severity, f.Rule, plain(f.Message), subject(f))
	}
	if len(v.Findings) > 0 {
		out.WriteByte('\n')
	}
	fmt.Fprintf(&out, "%s\n%s\n", summary(v), fits(v))
	for _, f := range v.Interval.MinBecause {
		fmt.Fprintf(&out, "  not older: %s%s%s\n", where(f), plain(f.Message), subject(f))
	}
	for _, f := range v.Interval.MaxBecause {
		fmt.Fprintf(&out, "  not newer: %s%s%s\n", where(f), plain(f.Message), subject(f))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// where is the place of a finding, as editors and terminals follow it, empty when it has none.
func where(f finding.Finding) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return plain(f.File) + ": "
	}
	return fmt.Sprintf("%s:%d: ", plain(f.File), f.Line)
}

// subject is the object of a finding in brackets, empty when it has none.
func subject(f finding.Finding) string {
	if f.Object.Kind == "" {
		return ""
	}
	return " [" + plain(name(f.Object)) + "]"
}

// name is "Deployment web/api".
func name(o finding.Object) string {
	if o.Namespace != "" {
		return o.Kind + " " + o.Namespace + "/" + o.Name
	}
	return strings.TrimSpace(o.Kind + " " + o.Name)
}

// summary says how much was read and found.
func summary(v View) string {
	counts := map[finding.Severity]int{}
	for _, f := range v.Findings {
		counts[f.Severity]++
	}
	text := fmt.Sprintf("%s in %s read: %s, %s, %d info", count(v.Objects, "object"), count(v.Files, "file"),
		count(counts[finding.Error], "error"), count(counts[finding.Warning], "warning"), counts[finding.Info])
	if v.Skipped > 0 {
		text += fmt.Sprintf("; %s no Kubernetes object", count(v.Skipped, "document"))
	}
	if len(v.Ignored) > 0 {
		text += fmt.Sprintf("; %d ignored", len(v.Ignored))
	}
	return text
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// fits says which versions the tree fits.
func fits(v View) string {
	if v.Interval.Min == "" {
		return "fits no known Kubernetes version"
	}
	text := "fits Kubernetes " + v.Interval.Min
	if v.Interval.Max != v.Interval.Min {
		text += " to " + v.Interval.Max
	}
	if v.Kubernetes != "" {
		text += "; judged against " + v.Kubernetes
	}
	return text
}

// plain takes away what could command a terminal or reorder a line: control characters, bidirectional and invisible marks.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ', r >= 0x7f && r <= 0x9f, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
			return -1
		}
		return r
	}, s)
}
