package review

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Forge is a program that shows pulls. Forges differ in how much text a pull holds and in what of markdown they know.
type Forge string

// The forges. An unknown one is treated as GitHub.
const (
	GitHub    Forge = "github"
	GitLab    Forge = "gitlab"
	Gitea     Forge = "gitea"
	Bitbucket Forge = "bitbucket"
	Azure     Forge = "azure"
)

// Forges are all of them.
func Forges() []Forge { return []Forge{GitHub, GitLab, Gitea, Bitbucket, Azure} }

// Budget is how many bytes a report may have there: what a pull holds, less some for what others write around it. GitHub takes
// 65,536 characters and Bitbucket 32,768; the description of a pull on Azure DevOps takes 4,000. GitLab and Gitea take more than anybody reads.
func (f Forge) Budget() int {
	switch f {
	case Bitbucket:
		return 30_000
	case Azure:
		return 3_800
	}
	return 60_000
}

// folds reports whether the forge shows <details>.
func (f Forge) folds() bool { return f != Bitbucket }

// MarkdownOptions say for whom the markdown is. The zero options are those for GitHub.
type MarkdownOptions struct {
	Forge  Forge
	Budget int // in bytes; zero is that of the forge
}

// Markdown is MarkdownFor with the zero options.
func Markdown(w io.Writer, report *Report) error { return MarkdownFor(w, report, MarkdownOptions{}) }

// MarkdownFor writes the report for the body of a pull, never over the budget: what is most dangerous first, whole objects only, and
// how many objects are not shown. Texts of packages are shown as they are and do nothing: no mention, link, issue reference,
// comment, and no end of a fence.
func MarkdownFor(w io.Writer, report *Report, o MarkdownOptions) error {
	if o.Budget <= 0 {
		o.Budget = o.Forge.Budget()
	}
	p := page{forge: o.Forge, left: o.Budget}
	if report.Empty() {
		p.add("No changes.\n")
		p.folded(report)
		_, err := io.WriteString(w, p.out.String())
		return err
	}
	footer := p.footer(report)
	p.left -= len(footer) + len(notShown(len(report.Objects), report.Origin))
	p.headline(report)
	p.attention(report)
	p.tables(report)
	left := p.objects(report)
	p.folded(report)
	if left > 0 {
		p.out.WriteString(notShown(left, report.Origin))
	}
	p.out.WriteString(footer)
	_, err := io.WriteString(w, strings.TrimLeft(p.out.String(), "\n"))
	return err
}

// page is markdown with a limit.
type page struct {
	out   strings.Builder
	forge Forge
	left  int // bytes
}

// add writes a text when there is room for it.
func (p *page) add(text string) bool {
	if len(text) > p.left {
		return false
	}
	p.left -= len(text)
	p.out.WriteString(text)
	return true
}

// list writes lines under a heading as long as they fit into a part of what is left, and says how many there are more.
func (p *page) list(heading string, lines []string, share int) {
	if len(lines) == 0 {
		return
	}
	const reserve = 40
	limit, size := p.left*share/100, len(heading)+reserve
	shown := 0
	for _, line := range lines {
		if size += len(line); size > limit {
			break
		}
		shown++
	}
	if shown == 0 {
		return
	}
	p.add(heading + strings.Join(lines[:shown], ""))
	if shown < len(lines) {
		p.add(fmt.Sprintf("\n… and %d more.\n", len(lines)-shown))
	}
}

func (p *page) headline(report *Report) {
	var lines []string
	for _, c := range report.Clusters {
		var names []string
		for _, i := range c.Instances {
			names = append(names, i.Title())
		}
		line := strings.Join(slices.DeleteFunc([]string{c.Title(), listed(names)}, func(s string) bool { return s == "" }), ": ")
		if line != "" {
			lines = append(lines, "#### "+escape(line)+"\n\n")
		}
		if fits := c.Fits(); fits != "" {
			lines = append(lines, escape(strings.ToUpper(fits[:1])+fits[1:])+".\n\n")
		}
		for _, i := range c.Instances {
			if why := p.reasons(i); why != "" {
				lines = append(lines, why)
			}
		}
	}
	p.list("", lines, 30)
	p.add(fmt.Sprintf("\n**%s**\n", escape(report.Summary.Headline())))
}

// reasons says why an instance changes, with links to its release notes.
func (p *page) reasons(i Instance) string {
	if len(i.Reasons)+len(i.Notes) == 0 {
		return ""
	}
	text := "- " + escape(i.Name) + ": " + escape(strings.Join(i.Reasons, ", "))
	for _, note := range i.Notes {
		if url, ok := followed(note.URL); ok {
			text += " · [" + escape(note.Label) + "](" + url + ")"
		}
	}
	return text + "\n"
}

func (p *page) attention(report *Report) {
	var lines []string
	for _, g := range report.groups() {
		for n, a := range g.items {
			line := "  - " + escape(a.Message) + about(a, len(report.Clusters)) + "\n"
			if n == 0 {
				line = fmt.Sprintf("- **%s · %s** %s *%s*\n", g.risk, g.rule.Name, escape(g.rule.Why), escape(g.rule.Do)) + line
			}
			lines = append(lines, line)
		}
	}
	p.list("\n### Attention\n\n", lines, 60)
}

// about says what an attention is about where its message does not: the cluster when there are several, the object, or the place of
// what is no object. Paths of objects are long, and the folds have them: told here too, they took a quarter of the room in a pull.
func about(a Attention, clusters int) string {
	if a.Object.Kind == "" {
		return " (" + code(place(a)) + ")"
	}
	var parts []string
	if clusters > 1 && a.Cluster != "" {
		parts = append(parts, a.Cluster)
	}
	named := strings.Contains(a.Message, title(a.Object)) || a.Object.Kind == "CustomResourceDefinition" && strings.Contains(a.Message, a.Object.Name)
	if !named {
		parts = append(parts, title(a.Object))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + code(strings.Join(parts, ": ")) + ")"
}

// folded lists what is not shown hunk by hunk.
func (p *page) folded(report *Report) {
	var objects, files, facts []string
	for _, o := range report.Objects {
		if o.Folded() {
			objects = append(objects, "- "+code(o.Object.String())+"\n")
		}
	}
	for _, f := range report.Files {
		files = append(files, fmt.Sprintf("- %s %s (+%d -%d)\n", f.Change, code(f.File), f.Added, f.Removed))
	}
	for _, f := range report.Folded {
		facts = append(facts, escape(f.String()))
	}
	p.fold(plural(len(objects), "object", "objects")+" changed in labels, annotations or other noise only", objects)
	p.fold(plural(len(files), "file", "files")+" without objects changed", files)
	if len(facts) > 0 {
		p.add("\nFolded: " + strings.Join(facts, "; ") + ".\n")
	}
}

// fold writes a list behind its title.
func (p *page) fold(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	head, end := "\n<details><summary>"+title+"</summary>\n\n", "\n</details>\n"
	if !p.forge.folds() {
		head, end = "\n"+title+":\n\n", ""
	}
	text := head + strings.Join(lines, "") + end
	if len(text) > p.left/2 {
		text = "\n" + title + ".\n"
	}
	p.add(text)
}

func notShown(n int, origin Origin) string {
	return fmt.Sprintf("\n**%s not shown** for want of room; see all of it with %s.\n", plural(n, "object", "objects"), code(origin.command()))
}

func (p *page) footer(report *Report) string {
	parts := report.Origin.footer()
	for i := range parts {
		parts[i] = escape(parts[i])
	}
	if report.Origin.Command != "" || report.Origin.Base != "" {
		parts = append([]string{"All of it: " + code(report.Origin.command())}, parts...)
	}
	if len(parts) == 0 {
		return ""
	}
	text := strings.Join(parts, " · ")
	if !p.forge.folds() {
		return "\n---\n\n" + text + "\n"
	}
	return "\n<sub>" + text + "</sub>\n"
}
