package review

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/golden"
)

// pageOf is the page of a report.
func pageOf(t testing.TB, report *Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := HTML(&out, report); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// full is a report that has something of everything, with texts that try to act in every field that a package, a repository or a
// user fills.
func full(hostile string) *Report {
	object := finding.Object{APIVersion: hostile, Kind: hostile, Namespace: hostile, Name: hostile}
	twin := finding.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"}
	r := &Report{
		Summary: Summary{Added: 1, Removed: 1, Changed: 1, MetadataOnly: 1, Risk: Blocked},
		Origin:  Origin{Base: hostile, Head: hostile, BaseCommit: hostile, HeadCommit: hostile, Command: hostile, Patch: hostile, LeftOut: 2},
		Clusters: []Cluster{{
			Name: hostile, Kubernetes: hostile, OldKubernetes: "1.33", Interval: &Interval{Min: hostile, Max: hostile}, OldInterval: &Interval{Min: "1.2"},
			Instances: []Instance{
				{Change: Changed, Name: hostile, Package: hostile, Old: hostile, New: "v2", Reasons: []string{hostile}, Notes: []Link{{hostile, hostile}, {"notes", "https://example.dev/a?b=c&d"}}},
				{Change: Added, Name: "web", New: "v1"},
			},
			Layers: []Layer{
				{ID: hostile + "/crds", Instance: hostile, Version: hostile, Layer: 10, Changed: true},
				{ID: "web/core", Instance: "web", Version: "v1", Layer: 20, DependsOn: []string{hostile + "/crds"}},
				{ID: "web/config", Instance: "web", Version: "v1", Layer: 30, DependsOn: []string{"web/core", hostile + "/crds"}},
				{ID: "last/core", Instance: "last", Layer: 40, DependsOn: []string{hostile + "/crds"}},
			},
		}},
		Attention: []Attention{
			{Rule: hostile, Risk: Blocked, Message: hostile, Why: hostile, Do: hostile, Object: object, File: hostile, Path: hostile, Line: 3, Cluster: hostile},
			{Rule: "privilege", Risk: High, Message: hostile, Object: twin, File: "a.yaml", Path: "spec.a"},
			{Rule: ruleUnparsable, Risk: Blocked, Message: hostile, File: hostile, Line: 1},
		},
		Tables: Tables{
			Images:   []Image{{From: hostile, To: hostile, Users: []Place{{object, hostile, hostile, nil}}}},
			Rollouts: []Rollout{{Object: object, File: hostile, Reasons: []string{hostile}}},
			Rights:   []Rights{{Change: Changed, Object: object, File: hostile, Added: []string{hostile}, Removed: []string{hostile}, Risk: High}},
			CRDs:     []CRDChange{{Change: Changed, Object: object, File: hostile, Served: []string{hostile}, Dropped: []string{hostile}, Storage: hostile, OldStorage: "v1", FieldsAdded: 2, FieldsDropped: []string{hostile}}},
			Webhooks: []WebhookChange{{Change: Changed, Object: object, File: hostile, Webhook: hostile, Field: hostile, Old: hostile, New: hostile}},
		},
		Files:  []FileChange{{Change: Changed, File: hostile, Added: 1, Removed: 2}},
		Folded: []Fold{{Fact: FactIgnored, Count: 2, Reason: hostile, Where: hostile}},
	}
	line := strings.ReplaceAll(hostile, "\n", " ")
	r.Objects = []Object{
		{Change: Changed, Object: object, File: hostile, OldFile: hostile, Cluster: hostile, Instance: hostile, Risk: Blocked, Hunks: []Hunk{
			{Path: hostile, Change: Changed, Old: line + "\na\n", New: line + "\n" + line + " more\n", path: fieldPath{{key: hostile}, {key: hostile}}},
			{Path: "data.x", Change: Changed, Redacted: &Redacted{3, 4}, path: fieldPath{{key: "data"}, {key: hostile}}},
			{Path: "metadata.labels.chart", Change: Changed, Old: line + "\n", New: "b\n", Noise: true, Fact: FactLabel},
		}},
		{Change: Changed, Object: twin, File: "a.yaml", Risk: High, Hunks: []Hunk{{Path: "spec.a", Change: Changed, Old: "a: 1\n", New: "a: 2\n", path: fieldPath{{key: "spec"}, {key: "a"}}}}},
		{Change: Added, Object: twin, File: "b.yaml", Risk: Low, Hunks: []Hunk{{Change: Added, New: line + "\n"}}},
		{Change: MetadataOnly, Object: twin, File: "c.yaml", Risk: Low, Hunks: []Hunk{{Path: "x", Change: Changed, Old: line + "\n", New: "b\n", Noise: true, Fact: FactLabel}}},
	}
	return r
}

// hostileTexts try to leave the place where they are shown.
var hostileTexts = []string{
	`<script>alert(1)</script>`, `</script><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</style><style>*{display:none}`,
	`javascript:alert(1)`, `JaVaScRiPt:alert(1)//https://x`, `data:text/html,<script>alert(1)</script>`, `//example.dev/x`, `https://user:pass@example.dev/`, `vbscript:x`,
	"abc\u202edef\u2066ghi\u200b\u2028\u0007\x1b[31m\x00", `{{.Title}} ${x}`, `<!-- gkops: ours -->`, `</details></main></body>`, `&lt;script&gt;`, `<svg onload=alert(1)>`,
	`https://example.dev/" onclick="alert(1)`, `<base href=//example.dev>`, `<meta http-equiv=refresh content="0;url=//example.dev">`, "a\xff\xfeb", "top", "attention", "find",
	"`\n# heading\n```", `<iframe srcdoc="<script>alert(1)</script>">`,
}

func TestHTMLKeepsHostileTextsInert(t *testing.T) {
	plain := shapeOf(t, pageOf(t, full("text")))
	for _, text := range hostileTexts {
		data := pageOf(t, full(text))
		checkPage(t, text, data)
		if shape := shapeOf(t, data); !slices.Equal(shape, plain) {
			t.Errorf("%q changes the elements of the page:\n%q\nwant\n%q", text, shape, plain)
		}
	}
}

// shapeOf are the elements of a page, without what may depend on a text: whether it is an address, and how it is cut into runs.
func shapeOf(t *testing.T, data []byte) []string {
	t.Helper()
	var shape []string
	for _, node := range elements(t, data) {
		if !slices.Contains([]string{"a", "b", "ins", "del", "span", "code", "fieldset", "legend", "label", "input", "div"}, node.Data) {
			shape = append(shape, node.Data)
		}
	}
	return shape
}

func TestHTMLOfEveryCase(t *testing.T) {
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		report := compare(t, first(trees(t, file)), second(trees(t, file)))
		data := pageOf(t, report)
		checkPage(t, filepath.Base(file), data)
		text := textOf(t, data)
		for _, a := range report.Attention {
			if !strings.Contains(text, string(inert([]byte(a.Message)))) {
				t.Errorf("%s: the page does not tell %q", file, a.Message)
			}
		}
		for _, object := range report.Objects {
			for _, hunk := range object.Hunks {
				for _, line := range hunk.Lines() {
					if !strings.Contains(text, string(inert([]byte(line.Text)))) {
						t.Errorf("%s: the page does not show %q", file, line.Text)
					}
				}
			}
		}
	}
}

func TestHTMLOfNothing(t *testing.T) {
	data := pageOf(t, compare(t, nil, nil))
	checkPage(t, "nothing", data)
	if !strings.Contains(textOf(t, data), "No changes") {
		t.Error("the page does not say that nothing changes")
	}
}

func TestHTMLIsTheSameEveryTime(t *testing.T) {
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		var pages [][]byte
		for range 2 {
			pages = append(pages, pageOf(t, compare(t, first(trees(t, file)), second(trees(t, file)))))
		}
		if !bytes.Equal(pages[0], pages[1]) {
			t.Errorf("%s: two pages of one report differ", file)
		}
	}
	if !bytes.Equal(pageOf(t, full("a")), pageOf(t, full("a"))) {
		t.Error("two pages of one report differ")
	}
}

// TestAttentionLeadsToItsLine follows the link of an attention to the one line among many.
func TestAttentionLeadsToItsLine(t *testing.T) {
	var long strings.Builder
	long.WriteString("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n")
	for i := range 300 {
		fmt.Fprintf(&long, "      - name: c%d\n        image: example.dev/c%d:v1\n", i, i)
		if i == 210 {
			long.WriteString("        securityContext: {privileged: true}\n")
		}
	}
	report := compare(t, nil, yamlTree(long.String()))
	page := pageOf(t, report)
	for _, node := range elements(t, page) {
		if node.Data != "a" || !strings.Contains(textUnder(node), "c210") {
			continue
		}
		for _, target := range elements(t, page) {
			if id := attr(target, "id"); id == "" || "#"+id != attr(node, "href") {
				continue
			}
			if got := strings.TrimSpace(textUnder(target)); target.Data != "ins" || !strings.HasPrefix(got, "privileged: true") {
				t.Errorf("%s leads to <%s> %q", attr(node, "href"), target.Data, got)
			}
			return
		}
	}
	t.Error("no attention names the container")
}

func TestDifferenceOfLines(t *testing.T) {
	for _, c := range []struct{ old, new, was, is string }{
		{"image: a/b:v2.14.1", "image: a/b:v3.2.0", "v2.14.1", "v3.2.0"},
		{"- --replicas=1 x", "- --replicas=12 x", "1", "12"},
		{"größe: kleine äußerst", "größe: kleine äußerste", "äußerst", "äußerste"},
		{"  a: true", "  a: false", "", ""},
		{"name: one-thing-here", "kind: other", "", ""},
		{"its end is here", "many words that are new and its end is here", "", ""},
	} {
		words := differences([]Line{{Delete, c.old}, {Insert, c.new}})
		if words[0].Word != c.was || words[1].Word != c.is {
			t.Errorf("%q to %q: %q to %q, want %q to %q", c.old, c.new, words[0].Word, words[1].Word, c.was, c.is)
		}
		if m, ok := words[0]; ok && m.Before+m.Word+m.After != c.old {
			t.Errorf("%q became %+v", c.old, m)
		}
	}
}

func TestFollowableLinksArePagesOfTheWeb(t *testing.T) {
	for address, want := range map[string]bool{
		"https://example.dev/notes": true, "http://example.dev": true, "javascript:alert(1)": false, "data:text/html,x": false, "//example.dev": false,
		"https://me:secret@example.dev/": false, "file:///etc/passwd": false, "https:example.dev": false, "": false, "::": false,
	} {
		if got := followable([]Link{{"x", address}})[0].URL != ""; got != want {
			t.Errorf("%q is followed: %t, want %t", address, got, want)
		}
	}
}

func BenchmarkHTML(b *testing.B) {
	var text strings.Builder
	for i := range 30000 {
		fmt.Fprintf(&text, "- name: item-%d\n", i)
	}
	object := finding.Object{APIVersion: "v1", Kind: "ConfigMap", Name: "big"}
	report := &Report{Objects: []Object{{Change: Added, Object: object, File: "a.yaml", Hunks: []Hunk{{Change: Added, New: text.String()}}}}}
	for b.Loop() {
		if err := HTML(io.Discard, report); err != nil {
			b.Fatal(err)
		}
	}
}
