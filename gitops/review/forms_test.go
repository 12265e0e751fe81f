package review

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // has the schema of the standard in its source
	"github.com/xeipuuv/gojsonschema"

	"gkops.dev/gkops/golden"
)

// reports are the reports of all cases, and an empty one.
func reports(t *testing.T) map[string]*Report {
	t.Helper()
	all := map[string]*Report{"empty": compare(t, nil, nil)}
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		all[filepath.Base(file)] = compare(t, first(trees(t, file)), second(trees(t, file)))
	}
	return all
}

// fits validates a form of every report by a schema, and sees that the schema refuses what is wrong.
func fits(t *testing.T, loader gojsonschema.JSONLoader, form, key string) {
	t.Helper()
	schema, err := gojsonschema.NewSchema(loader)
	if err != nil {
		t.Fatal(err)
	}
	for name, report := range reports(t) {
		data := everyForm(t, report)[form]
		result, err := schema.Validate(gojsonschema.NewBytesLoader(data))
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range result.Errors() {
			t.Errorf("%s: %s", name, fault)
		}
		broken := strings.Replace(string(data), `"`+key+`"`, `"`+key+`s"`, 1)
		if result, err := schema.Validate(gojsonschema.NewStringLoader(broken)); err != nil || result.Valid() {
			t.Errorf("%s: an unknown key is valid: %v", name, err)
		}
	}
}

func TestSARIFFitsItsSchema(t *testing.T) {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "schema.go"))
	if err != nil {
		t.Fatal(err)
	}
	start, end := bytes.IndexByte(source, '`'), bytes.LastIndexByte(source, '`')
	if start < 0 || end <= start {
		t.Fatal("the library has its schema in another form")
	}
	fits(t, gojsonschema.NewBytesLoader(source[start+1:end]), "sarif", "columnKind")
}

func TestJSONFitsItsSchema(t *testing.T) {
	data, err := os.ReadFile("../../docs/schema/diff.json")
	if err != nil {
		t.Fatal(err)
	}
	fits(t, gojsonschema.NewBytesLoader(data), "json", "metadataOnly")
}

// manyObjects are trees whose report is far over every budget: fences inside of values, one object that alone is too much, and one
// that is dangerous.
func manyObjects() (base, head fs.FS) {
	files, others := map[string]string{}, map[string]string{}
	for n := range 400 {
		name := fmt.Sprintf("%03d.yaml", n)
		object := fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%03d}\ndata:\n  text: |\n    %%s\n    ```\n    </details>\n", n)
		files[name] = fmt.Sprintf(object, "one")
		others[name] = fmt.Sprintf(object, strings.Repeat("two ", 50))
	}
	others["000.yaml"] = strings.Replace(others["000.yaml"], "two", strings.Repeat("long ", 30_000), 1)
	files["zzz.yaml"], others["zzz.yaml"] = deployment("{containers: [{name: a}]}"), deployment("{hostPID: true, containers: [{name: a}]}")
	return textTree(files), textTree(others)
}

func TestMarkdownKeepsItsBudget(t *testing.T) {
	base, head := manyObjects()
	report := compareWith(t, base, head, Options{Origin: Origin{Base: "main", Head: "next", Command: "gkops diff main next"}})
	for _, forge := range Forges() {
		for _, budget := range []int{0, 2_000, 9_999} {
			var out bytes.Buffer
			if err := MarkdownFor(&out, report, MarkdownOptions{Forge: forge, Budget: budget}); err != nil {
				t.Fatal(err)
			}
			limit := budget
			if budget == 0 {
				limit = forge.Budget()
			}
			text := out.String()
			if len(text) > limit || budget == 0 && forge != Azure && len(text) < limit*8/10 {
				t.Errorf("%s: %d bytes of %d", forge, len(text), limit)
			}
			checkWhole(t, text)
			shown := strings.Count(text, "diff\n")
			if want := fmt.Sprintf("**%d objects not shown** for want of room; see all of it with `gkops diff main next`", 401-shown); !strings.Contains(text, want) {
				t.Errorf("%s: %d objects are shown, and the text does not say %s", forge, shown, want)
			}
			if danger := strings.Index(text, "hostPID"); danger < 0 || danger > 1500 {
				t.Errorf("%s: what is dangerous is at %d", forge, danger)
			}
		}
	}
}

// checkWhole sees that every fence and every fold that is opened is closed again, outside of each other.
func checkWhole(t *testing.T, text string) {
	t.Helper()
	open, folds := "", 0
	for _, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimRight(line, "`")
		switch {
		case open != "" && line == open:
			open = ""
		case open != "":
		case strings.HasPrefix(line, "```"):
			open = strings.TrimSuffix(line, "diff")
		case strings.HasPrefix(line, "<details>"):
			folds++
		case trimmed == "</details>":
			folds--
		}
		if folds < 0 || folds > 1 {
			t.Fatalf("%d folds are open at %q", folds, line)
		}
	}
	if open != "" || folds != 0 {
		t.Errorf("left open: fence %q, %d folds", open, folds)
	}
}

func TestNothingOfAPackageActsInMarkdown(t *testing.T) {
	for _, text := range []string{"@all", "a@b.example", "closes #1", "owner/repo#1", "!12", "~label", "%milestone", "$snippet", "&epic", "GH-1", "https://a.example",
		"www.a.example", "mailto:a", "[a](b)", "<b>", "<!-- gkops -->", "|", "`a", "*a*", "_a_", "\x1b[31m", "a\u202eb", "\n/close"} {
		got := escape(text)
		bare := strings.Join(evenParts(got), "\x00")
		for _, acting := range []string{"@", "#", "!", "~", "%", "$", "://", "www.", "mailto:", "GH-", "[", "<", "|", "*", "_", "\x1b", "\u202e", "\n"} {
			if strings.Contains(strings.ReplaceAll(bare, "&#", "&"), acting) {
				t.Errorf("%q is written %q, in which %q acts", text, got, acting)
			}
		}
	}
	for _, bad := range []string{"javascript:alert(1)", "https://user:pw@a.example", "https://a.example/)x", "//a.example", "https://a.example/#x"} {
		if link, ok := followed(bad); ok {
			t.Errorf("%q may be followed, as %q", bad, link)
		}
	}
}

// evenParts are the parts of a text that are in no code span.
func evenParts(text string) []string {
	var parts []string
	for i, part := range strings.Split(text, "`") {
		if i%2 == 0 {
			parts = append(parts, part)
		}
	}
	return parts
}
