package bot

import (
	"fmt"
	"strings"
	"unicode"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/review"
)

// quoted is a text of others in a block where nothing of it acts: no mention, reference, link, comment, or end of the block.
func quoted(text string) string {
	text = inert(strings.TrimRight(text, "\n"))
	longest, run := 2, 0
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	return fence + "text\n" + text + "\n" + fence + "\n"
}

// word is a text of others on one line, as code.
func word(text string) string {
	text = strings.Join(strings.Fields(inert(text)), " ")
	return "`" + strings.ReplaceAll(text, "`", "'") + "`"
}

// inert writes out what moves the cursor, hides or turns text, and the start of a comment, which programs take for their marks.
func inert(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "<!--", `\u003c!--`), "\ufffd")
	var out strings.Builder
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)) {
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// bodyOf is the text of a pull; trunk is the default branch. It never ends without its marker, whatever the forge's limit is.
func bodyOf(w Wish, marker Marker, trunk string, proposal *pipeline.Proposal, report *review.Report, kind review.Forge) (string, error) {
	var head, foot strings.Builder
	if marker.Base != trunk {
		fmt.Fprintf(&head, "This comes after the pull of branch %s: merge that one first.\n\n", word(marker.Base))
	}
	if proposal.Deferred {
		head.WriteString("This comes first: it guards what the upgrade would otherwise let the engine delete. The upgrade itself is proposed when this is merged and applied.\n\n")
	}
	if len(w.Closes) > 0 {
		head.WriteString("Closes known holes:\n\n")
		for _, a := range w.Closes {
			fmt.Fprintf(&head, "- %s %s\n", word(a.ID), word(a.Summary))
		}
		head.WriteString("\n")
	}
	for _, c := range proposal.Clusters {
		if len(c.Notices) > 0 {
			fmt.Fprintf(&head, "To know of cluster %s:\n\n%s\n", word(c.Name), quoted(strings.Join(c.Notices, "\n")))
		}
	}
	foot.WriteString("\n---\n\n")
	foot.WriteString("To undo it after the merge: `gkops revert` with the name of the package, or revert the commit. " +
		"A commit of yours on this branch is left alone; close this pull and these versions are not proposed again.\n\n")
	foot.WriteString(marker.String() + "\n")
	var shown strings.Builder
	budget := kind.Budget() - head.Len() - foot.Len()
	if budget < 1000 {
		head.Reset()
		budget = kind.Budget() - foot.Len()
	}
	if err := review.MarkdownFor(&shown, report, review.MarkdownOptions{Forge: kind, Budget: budget}); err != nil {
		return "", err
	}
	return head.String() + shown.String() + foot.String(), nil
}
