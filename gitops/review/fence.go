package review

import (
	"fmt"
	"net/url"
	"strings"
)

// object is an object as a fold with a diff.
func (p *page) object(o *Object) string {
	text := strings.Join(diffLines(o), "\n")
	mark := fence(text)
	body := fmt.Sprintf("%sdiff\n%s\n%s\n", mark, text, mark)
	place := code(o.File)
	if o.OldFile != "" {
		place = code(o.OldFile) + " → " + place
	}
	risk := ""
	if o.Risk >= Medium {
		risk = "<b>" + o.Risk.String() + "</b> "
	}
	if !p.forge.folds() {
		return fmt.Sprintf("\n%s %s %s: %s\n\n%s", o.Risk, o.Change, code(o.Object.String()), place, body)
	}
	return fmt.Sprintf("\n<details><summary>%s%s <code>%s</code></summary>\n\n%s\n\n%s\n</details>\n", risk, o.Change, escapeHTML(o.Object.String()), place, body)
}

// diffLines are the hunks of an object as the lines of a diff, the dangerous hunks first.
func diffLines(o *Object) []string {
	var body []string
	heading := "\x00"
	folded := map[Fold]int{}
	for _, hunk := range byRisk(o.Hunks) {
		if hunk.Noise && o.Change == Changed {
			folded[Fold{Fact: hunk.Fact}]++
			continue
		}
		if hunk.Heading() != heading && o.Change == Changed {
			heading = hunk.Heading()
			body = append(body, "@@ "+orRoot(heading)+" @@")
		}
		body = append(body, markdownLines(hunk)...)
	}
	for _, fold := range foldsOf(folded) {
		body = append(body, "@@ "+fold.String()+", not shown @@")
	}
	for i, line := range body {
		body[i] = neutral(line)
	}
	return body
}

// byRisk are hunks with those first that need attention, else in their order.
func byRisk(hunks []Hunk) []Hunk {
	var first, rest []Hunk
	for _, h := range hunks {
		if h.Risk >= Medium {
			first = append(first, h)
			continue
		}
		rest = append(rest, h)
	}
	return append(first, rest...)
}

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
	if text == "" || strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return mark + text + mark
}

// cell is a text in a cell of a table; cellCode is one as a code span, in which a bar still ends the cell.
func cell(text string) string { return escape(text) }

func cellCode(text string) string {
	if text == "" {
		return ""
	}
	return strings.ReplaceAll(code(text), "|", `\|`)
}

// sigils start mentions and references on some forge, when something follows them. Entities do not stop that, since forges look
// for them after they were resolved; a code span does.
const sigils = "@#!~%$&^"

// escape is a text in a paragraph. What starts a mention, a reference or a link stands in a code span of its own; what would format
// becomes an entity.
func escape(text string) string {
	var out strings.Builder
	text = neutral(text)
	for i := 0; i < len(text); {
		rest := text[i:]
		if n := len(rest) - len(strings.TrimLeft(rest, sigils)); n > 0 {
			out.WriteString("`" + rest[:n] + "`")
			i += n
			continue
		}
		if link, acting := linking(rest, i == 0 || !isWord(text[i-1])); link > 0 {
			out.WriteString(rest[:acting] + "`" + rest[acting:link] + "`")
			i += link
			continue
		}
		if strings.IndexByte("\\`*_{}[]<>|", rest[0]) >= 0 {
			fmt.Fprintf(&out, "&#%d;", rest[0])
		} else {
			out.WriteByte(rest[0])
		}
		i++
	}
	return out.String()
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// linking reports how long the start of a text is that forges make links of, and where in it the character stands that does it.
func linking(text string, start bool) (length, acting int) {
	if strings.HasPrefix(text, "://") {
		return 3, 0
	}
	for _, prefix := range []string{"www.", "mailto:", "xmpp:", "gh-"} {
		if start && len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
			return len(prefix), len(prefix) - 1
		}
	}
	return 0, 0
}

// escapeHTML is a text inside of a code element of HTML, in which forges look for no references.
func escapeHTML(text string) string {
	var out strings.Builder
	for _, r := range neutral(text) {
		if strings.ContainsRune("<>&\"'@#`*_[]\\", r) {
			fmt.Fprintf(&out, "&#%d;", r)
			continue
		}
		out.WriteRune(r)
	}
	return strings.ReplaceAll(strings.ReplaceAll(out.String(), "://", "&#58;//"), "www.", "www&#46;")
}

// followed is an address that may be made a link of: http or https, without a password, in a spelling that ends no link.
func followed(address string) (string, bool) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || parsed.User != nil {
		return "", false
	}
	text := parsed.String()
	if strings.ContainsAny(text, "()<>[]\\\"'` \t\n|@#") || strings.IndexFunc(text, acts) >= 0 {
		return "", false
	}
	return text, true
}
