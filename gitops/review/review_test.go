package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gkops.dev/gkops/examples"
	"gkops.dev/gkops/golden"
)

// trees are the folders base and head of an archive.
func trees(t *testing.T, file string) (base, head fs.FS) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := golden.Map(golden.Archive(data))
	return sub(t, all, "base"), sub(t, all, "head")
}

func sub(t *testing.T, tree fs.FS, dir string) fs.FS {
	t.Helper()
	part, err := fs.Sub(tree, dir)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// perCluster is the scope of a file of a workspace: gkops/<cluster>.
func perCluster(file string) string {
	parts := strings.SplitN(file, "/", 3)
	if len(parts) < 3 || parts[0] != "gkops" {
		return ""
	}
	return parts[1]
}

func compare(t testing.TB, base, head fs.FS) *Report {
	t.Helper()
	report, err := Compare(context.Background(), base, head, Options{Scope: perCluster})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// rendered is a report in the forms that golden files hold.
func rendered(t testing.TB, report *Report) map[string][]byte {
	t.Helper()
	return written(t, map[string]func(*bytes.Buffer) error{
		"report.txt":  func(w *bytes.Buffer) error { return Text(w, report, false) },
		"report.json": func(w *bytes.Buffer) error { return JSON(w, report) },
		"report.md":   func(w *bytes.Buffer) error { return Markdown(w, report) },
	})
}

// everyForm is a report in every form that there is.
func everyForm(t testing.TB, report *Report) map[string][]byte {
	t.Helper()
	forms := map[string]func(*bytes.Buffer) error{
		"text":     func(w *bytes.Buffer) error { return Text(w, report, false) },
		"coloured": func(w *bytes.Buffer) error { return Text(w, report, true) },
		"json":     func(w *bytes.Buffer) error { return JSON(w, report) },
		"html":     func(w *bytes.Buffer) error { return HTML(w, report) },
		"sarif":    func(w *bytes.Buffer) error { return SARIF(w, report) },
		"patch":    func(w *bytes.Buffer) error { return Patch(w, report) },
	}
	for _, forge := range Forges() {
		forms["markdown for "+string(forge)] = func(w *bytes.Buffer) error { return MarkdownFor(w, report, MarkdownOptions{Forge: forge}) }
	}
	return written(t, forms)
}

func written(t testing.TB, forms map[string]func(*bytes.Buffer) error) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for name, render := range forms {
		var out bytes.Buffer
		if err := render(&out); err != nil {
			t.Fatal(err)
		}
		files[name] = out.Bytes()
	}
	return files
}

func TestReports(t *testing.T) {
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			report := compare(t, first(trees(t, file)), second(trees(t, file)))
			golden.Tree(t, "testdata/golden/"+name, golden.Map(rendered(t, report)))
		})
	}
}

func first(a, _ fs.FS) fs.FS  { return a }
func second(_, b fs.FS) fs.FS { return b }

// TestUpgradesOfTheExamples shows what people see first.
func TestUpgradesOfTheExamples(t *testing.T) {
	upgrades := []struct{ name, pkg, from, to string }{
		{"operator", "key-operator", "v1.1.0+2", "v1.2.0+1"},
		{"crd-version", "metrics-crds", "v1.4.0+1", "v2.0.0+1"},
		{"cluster-admin", "metrics-bundle", "v1.0.0+1", "v1.1.0+1"},
		{"templates", "alert-router", "v0.3.0+1", "v0.4.0+1"},
	}
	for _, u := range upgrades {
		t.Run(u.name, func(t *testing.T) {
			base, head := sub(t, examples.Registry(), u.pkg+"/"+u.from), sub(t, examples.Registry(), u.pkg+"/"+u.to)
			var text bytes.Buffer
			if err := Text(&text, compare(t, base, head), false); err != nil {
				t.Fatal(err)
			}
			golden.Text(t, "testdata/golden/example-"+u.name+".txt", text.Bytes())
		})
	}
}

func TestColourOnlyAddsColour(t *testing.T) {
	base, head := trees(t, "testdata/cases/upgrade.txtar")
	report := compare(t, base, head)
	var plain, coloured bytes.Buffer
	if err := errors.Join(Text(&plain, report, false), Text(&coloured, report, true)); err != nil {
		t.Fatal(err)
	}
	stripped := coloured.String()
	for _, color := range []string{plainColor, bold, dim, red, green, yellow, cyan} {
		stripped = strings.ReplaceAll(stripped, color, "")
	}
	if coloured.Len() == plain.Len() || stripped != plain.String() {
		t.Errorf("coloured text is\n%s", coloured.String())
	}
	if bytes.Contains(plain.Bytes(), []byte("\x1b")) {
		t.Error("plain text has an escape")
	}
}

func TestSameTreeIsNoChange(t *testing.T) {
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		base, head := trees(t, file)
		for _, tree := range []fs.FS{base, head} {
			if report := compare(t, tree, tree); !report.Empty() || report.Summary != (Summary{}) {
				t.Errorf("%s: a tree against itself: %+v", file, report)
			}
		}
	}
}

func TestOppositeDirectionsAgree(t *testing.T) {
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		base, head := trees(t, file)
		if strings.HasSuffix(file, "/unread.txtar") {
			continue // what a broken file of the head held is not taken for removed
		}
		forth, back := compare(t, base, head).Summary, compare(t, head, base).Summary
		if forth.Added != back.Removed || forth.Removed != back.Added || forth.Changed != back.Changed || forth.MetadataOnly != back.MetadataOnly {
			t.Errorf("%s: %+v forth and %+v back", file, forth, back)
		}
	}
}

func TestNilTreeIsEmpty(t *testing.T) {
	_, head := trees(t, "testdata/cases/upgrade.txtar")
	if got := compare(t, nil, head).Summary; got.Added != 4 || got.Removed+got.Changed != 0 {
		t.Errorf("against nothing: %+v", got)
	}
	if !compare(t, nil, nil).Empty() {
		t.Error("nothing differs from nothing")
	}
}

// unreadable is a tree that lists a file and cannot read it.
type unreadable struct{ fs.FS }

var errDisk = errors.New("disk on fire")

func (u unreadable) ReadFile(string) ([]byte, error) { return nil, errDisk }

func TestErrorsOfATreeAreReturned(t *testing.T) {
	base, head := trees(t, "testdata/cases/upgrade.txtar")
	if _, err := Compare(context.Background(), base, unreadable{head}, Options{}); !errors.Is(err, errDisk) {
		t.Errorf("error %v, want %v", err, errDisk)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Compare(ctx, base, head, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestGitFolderIsLeftOut(t *testing.T) {
	head := golden.Map(map[string][]byte{".git/config.yaml": []byte("a: b\n"), "sub/.git": []byte("gitdir: x\n")})
	if report := compare(t, nil, head); !report.Empty() {
		t.Errorf("report %+v", report)
	}
}

// TestOneArrivalIsOneMove holds that of two copies of an object that leave, only one can have moved to the one that comes.
func TestOneArrivalIsOneMove(t *testing.T) {
	object := []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twin}\n")
	base := golden.Map(map[string][]byte{"a/x.yaml": object, "b/x.yaml": object, "c/x.yaml": object})
	head := golden.Map(map[string][]byte{"b/y.yaml": object, "c/y.yaml": object})
	report := compare(t, base, head)
	if len(report.Objects) != 1 || report.Objects[0].Change != Removed {
		t.Errorf("objects %+v, want one that was removed", report.Objects)
	}
}

func TestLabelsElsewhereAreNoNoise(t *testing.T) {
	for _, field := range []string{"selector: {matchLabels: {%s}}", "template: {metadata: {labels: {%s}}}", "labels: {%s}", "volumeClaimTemplates: [{metadata: {labels: {%s}}}]"} {
		tree := func(version string) fs.FS {
			return yamlTree("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {" + fmt.Sprintf(field, "app.kubernetes.io/version: "+version) + "}\n")
		}
		if got := compare(t, tree("a"), tree("b")).Summary; got.Changed != 1 || got.Noise != 0 {
			t.Errorf("spec.%s: %+v", field, got)
		}
	}
}

// TestNamespaceOfWhatIsInNone holds that a namespace, which some write on objects that are in none, makes no other object of them.
func TestNamespaceOfWhatIsInNone(t *testing.T) {
	object := func(apiVersion, kind, namespace string) fs.FS {
		return yamlTree("apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x" + namespace + "}\nrules: [{apiGroups: [apps], resources: [deployments], verbs: [get]}]\n")
	}
	got := compare(t, object("rbac.authorization.k8s.io/v1", "ClusterRole", ", namespace: a"), object("rbac.authorization.k8s.io/v1", "ClusterRole", ""))
	if got.Summary.Changed != 1 || got.Summary.Added+got.Summary.Removed != 0 || len(got.Tables.Rights) != 0 {
		t.Errorf("a role: %+v %+v", got.Summary, got.Tables.Rights)
	}
	for kind, apiVersion := range map[string]string{"Role": "rbac.authorization.k8s.io/v1", "ClusterRole": "example.dev/v1"} {
		if got := compare(t, object(apiVersion, kind, ", namespace: a"), object(apiVersion, kind, "")).Summary; got.Added != 1 || got.Removed != 1 {
			t.Errorf("%s of %s: %+v", kind, apiVersion, got)
		}
	}
}
