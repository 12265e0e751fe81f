package review

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	dom "golang.org/x/net/html"
)

// seen is markdown as a forge shows it: GitHub's dialect with HTML in it, before and after what may not be there was taken out. Gitea
// runs these two libraries; GitHub and GitLab follow the same specification (https://github.github.com/gfm/).
func seen(t testing.TB, markdown []byte) (raw, clean string) {
	t.Helper()
	var out bytes.Buffer
	forge := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := forge.Convert(markdown, &out); err != nil {
		t.Fatal(err)
	}
	return out.String(), bluemonday.UGCPolicy().Sanitize(out.String())
}

// forgeShape is what a page of a forge consists of.
type forgeShape struct {
	elements     map[string]int
	faults       []string
	text         strings.Builder
	depth, cells int
}

func forgeShapeOf(t testing.TB, page string) *forgeShape {
	t.Helper()
	root, err := dom.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	s := &forgeShape{elements: map[string]int{}}
	s.walk(root)
	return s
}

func (s *forgeShape) walk(node *dom.Node) {
	switch node.Type {
	case dom.TextNode:
		s.text.WriteString(node.Data)
	case dom.CommentNode:
		s.faults = append(s.faults, "a comment: "+node.Data)
	case dom.ElementNode:
		s.elements[node.Data]++
	}
	switch node.Data {
	case "details":
		if s.depth++; s.depth > 1 {
			s.faults = append(s.faults, "a fold in a fold")
		}
		defer func() { s.depth-- }()
		if first := node.FirstChild; first == nil || first.Data != "summary" {
			s.faults = append(s.faults, "a fold without a title")
		}
		for child := node.FirstChild; child != nil; child = child.NextSibling {
			if child.Type == dom.TextNode && strings.TrimSpace(child.Data) != "" {
				s.faults = append(s.faults, "markdown that stayed text")
			}
		}
	case "tr":
		cells := 0
		for child := node.FirstChild; child != nil; child = child.NextSibling {
			if child.Data == "td" || child.Data == "th" {
				cells++
			}
		}
		if node.Parent.Data == "thead" {
			s.cells = cells
		} else if cells != s.cells {
			s.faults = append(s.faults, "a row of another length")
		}
	}
	for child := node.FirstChild; child != nil; child = child.NextSibling {
		s.walk(child)
	}
}

// allowed are the elements that a report consists of.
var allowed = []string{"html", "head", "body", "h3", "h4", "p", "strong", "em", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "b", "code",
	"pre", "sub", "hr"}

// faultsOnForge are what a forge would show otherwise than it was meant.
func faultsOnForge(t testing.TB, markdown string) []string {
	t.Helper()
	raw, clean := seen(t, []byte(markdown))
	before, after := forgeShapeOf(t, raw), forgeShapeOf(t, clean)
	faults := after.faults
	for name := range before.elements {
		if !slices.Contains(allowed, name) {
			faults = append(faults, "an element "+name)
		}
	}
	if before.text.String() != after.text.String() {
		faults = append(faults, "the sanitizer takes text away")
	}
	for name, want := range map[string]int{"pre": strings.Count("\n"+markdown, "`diff\n"), "details": strings.Count("\n"+markdown, "\n<details>"), "table": strings.Count(markdown, "|---|\n")} {
		if before.elements[name] != want || after.elements[name] != want {
			faults = append(faults, "not as many as were written of "+name)
		}
	}
	return faults
}

func TestMarkdownAsForgesShowIt(t *testing.T) {
	all := reports(t)
	base, head := manyObjects()
	all["many objects"] = compare(t, base, head)
	all["many that go"] = compare(t, base, nil)
	for name, report := range all {
		for _, forge := range []Forge{GitHub, GitLab, Gitea, Bitbucket} {
			for _, budget := range []int{0, 3_000} {
				var out bytes.Buffer
				if err := MarkdownFor(&out, report, MarkdownOptions{Forge: forge, Budget: budget}); err != nil {
					t.Fatal(err)
				}
				for _, fault := range faultsOnForge(t, out.String()) {
					t.Errorf("%s on %s: %s", name, forge, fault)
				}
			}
		}
	}
}

// TestForgesAreWatched breaks a report in ways in which one broke before.
func TestForgesAreWatched(t *testing.T) {
	base, head := trees(t, "testdata/cases/hostile.txtar")
	var out bytes.Buffer
	if err := Markdown(&out, compare(t, base, head)); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string][2]string{
		"no blank line after a title":  {"</summary>\n\n", "</summary>\n"},
		"a fold that stays open":       {"\n</details>\n", "\n"},
		"a fence that stays open":      {"\n```\n", "\n"},
		"an element that is taken out": {"\n### Objects", "\n<script>x</script>\n### Objects"},
		"a link":                       {"### Objects", "### Objects https://example.org"},
		"a cell too many":              {"|---|---|---|\n", "|---|---|\n"},
	} {
		if spoiled := strings.ReplaceAll(out.String(), spoil[0], spoil[1]); spoiled == out.String() || len(faultsOnForge(t, spoiled)) == 0 {
			t.Errorf("%s: nobody notices", name)
		}
	}
}
