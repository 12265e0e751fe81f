package review

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Markdown writes the report for the body of a pull. Texts of packages are shown as they are and do nothing: no mention, link,
// issue reference, comment, and no end of a fence.
func Markdown(w io.Writer, report *Report) error {
	out := bufio.NewWriter(w)
	if report.Empty() {
		fmt.Fprintln(out, "No changes.")
		return out.Flush()
	}
	fmt.Fprintf(out, "**%s**\n", report.Summary.Headline())
	if len(report.Attention) > 0 {
		fmt.Fprint(out, "\n### Attention\n\n")
	}
	for _, a := range report.Attention {
		fmt.Fprintf(out, "- **%s** `%s`: %s (%s)\n", a.Risk, a.Rule, escape(a.Message), code(place(a)))
	}
	if report.Summary.Added+report.Summary.Removed+report.Summary.Changed > 0 {
		fmt.Fprint(out, "\n### Objects\n")
	}
	for _, object := range report.Objects {
		if object.Change != MetadataOnly {
			markdownObject(out, object)
		}
	}
	markdownFolded(out, report)
	return out.Flush()
}

func place(a Attention) string {
	if a.Line == 0 {
		return a.File
	}
	return fmt.Sprintf("%s:%d", a.File, a.Line)
}

func markdownObject(out io.Writer, object Object) {
	var body []string
	heading, hidden := "\x00", 0
	for _, hunk := range object.Hunks {
		if hunk.Noise && object.Change == Changed {
			hidden++
			continue
		}
		if hunk.Heading() != heading && object.Change == Changed {
			heading = hunk.Heading()
			body = append(body, "@@ "+orRoot(heading)+" @@")
		}
		body = append(body, markdownLines(hunk)...)
	}
	if hidden > 0 {
		body = append(body, fmt.Sprintf("@@ %s of tools, not shown @@", plural(hidden, "label or annotation", "labels or annotations")))
	}
	for i, line := range body {
		body[i] = neutral(line)
	}
	text := strings.Join(body, "\n")
	mark := fence(text)
	fmt.Fprintf(out, "\n<details><summary>%s <code>%s</code></summary>\n\n%s\n\n%sdiff\n%s\n%s\n\n</details>\n",
		changeWords[object.Change], escapeHTML(object.Object.String()), code(object.File), mark, text, mark)
}

var changeWords = map[Change]string{Added: "added", Removed: "removed", Changed: "changed"}

func markdownLines(hunk Hunk) []string {
	var lines []string
	if hunk.Change == Reordered {
		lines = append(lines, "! "+hunk.Name()+": only the order changed")
	}
	for _, line := range hunk.Lines() {
		switch line.Op {
		case Gap:
			lines = append(lines, "  ...")
		case Note:
			lines = append(lines, "! "+line.Text)
		default:
			lines = append(lines, string(rune(line.Op))+" "+line.Text)
		}
	}
	return lines
}

func markdownFolded(out io.Writer, report *Report) {
	if n := report.Summary.MetadataOnly; n > 0 {
		fmt.Fprintf(out, "\n<details><summary>%s changed in labels or annotations of tools only</summary>\n\n", plural(n, "object", "objects"))
		for _, object := range report.Objects {
			if object.Change == MetadataOnly {
				fmt.Fprintf(out, "- %s\n", code(object.Object.String()))
			}
		}
		fmt.Fprint(out, "\n</details>\n")
	}
	if n := len(report.Files); n > 0 {
		fmt.Fprintf(out, "\n<details><summary>%s without objects changed</summary>\n\n", plural(n, "file", "files"))
		for _, file := range report.Files {
			fmt.Fprintf(out, "- %s %s\n", file.Change, code(file.File))
		}
		fmt.Fprint(out, "\n</details>\n")
	}
}

// fence is longer than any run of backticks in the text.
func fence(text string) string { return strings.Repeat("`", max(3, longestRun(text)+1)) }

func longestRun(text string) int {
	longest, run := 0, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// code is a text as a code span, in which nothing acts.
func code(text string) string {
	text = neutral(text)
	mark := strings.Repeat("`", longestRun(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return mark + text + mark
}

// escape is a text in a paragraph. Whatever could start a mention, a link, a reference or formatting becomes an entity.
func escape(text string) string { return entities(text, "\\`*_{}[]<>#!|~@&$^") }

// escapeHTML is a text inside an HTML element of markdown.
func escapeHTML(text string) string { return entities(text, "<>&\"'@#") }

func entities(text, special string) string {
	var out strings.Builder
	for _, r := range neutral(text) {
		if strings.ContainsRune(special, r) {
			fmt.Fprintf(&out, "&#%d;", r)
			continue
		}
		out.WriteRune(r)
	}
	return unlinked.Replace(out.String())
}

// unlinked breaks what forges turn into links by themselves.
var unlinked = strings.NewReplacer("://", "&#58;//", "www.", "www&#46;", "mailto:", "mailto&#58;")
