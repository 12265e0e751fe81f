package review

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// declaration finds the tests of a file, proofs finds the tests and scripts that a page names, with a case behind a slash.
var (
	declaration = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	proofs      = regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z]\\w*)(?:/([^`]+))?`|`(\\w+\\.txtar)`")
)

// missingProofs are the promises of a page without a test, and the tests, cases and scripts that it names and a tree does not have.
func missingProofs(t *testing.T, page string, tree fs.FS) []string {
	t.Helper()
	sources, scripts := map[string]string{}, map[string]bool{} // by test; a case may stand in any test file of its package
	packages := map[string]string{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if name == ".git" && entry.IsDir() {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		scripts[path.Base(name)] = scripts[path.Base(name)] || path.Ext(name) == ".txtar"
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		data, err := fs.ReadFile(tree, name)
		for _, match := range declaration.FindAllSubmatch(data, -1) {
			sources[string(match[1])] = path.Dir(name)
		}
		packages[path.Dir(name)] += string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, line := range strings.Split(page, "\n") {
		found := proofs.FindAllStringSubmatch(line, -1)
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| promise |") && len(found) == 0 {
			missing = append(missing, "a test of "+line)
		}
		for _, proof := range found {
			test, which, script := proof[1], strings.ReplaceAll(proof[2], "_", " "), proof[3]
			folder, there := sources[test]
			literal := strings.Contains(packages[folder], `"`+which+`"`) || scripts[which+".txtar"]
			if script != "" && !scripts[script] || script == "" && (!there || which != "" && !literal) {
				missing = append(missing, proof[0])
			}
		}
	}
	return missing
}

// TestProofsExist holds that what docs/review-proof.md names is there.
func TestProofsExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/review-proof.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), "\n| "); n < 40 {
		t.Errorf("only %d lines of tables", n)
	}
	for _, proof := range missingProofs(t, string(page), os.DirFS("../..")) {
		t.Errorf("docs/review-proof.md: there is no %s", proof)
	}
}

// TestProofsCanBeMissing names what is not there.
func TestProofsCanBeMissing(t *testing.T) {
	tree := fstest.MapFS{"a/a_test.go": {Data: []byte("package a\nfunc TestOne(t *testing.T) { run(\"a case\") }\n")}, "a/testdata/one.txtar": {}}
	page := "| promise | shown by |\n|---|---|\n| a | `TestOne` `TestOne/a_case` `TestOne/one` `one.txtar` |\n| b | nothing |\n| c | `TestTwo` `TestOne/b_case` `two.txtar` |\n"
	want := []string{"a test of | b | nothing |", "`TestTwo`", "`TestOne/b_case`", "`two.txtar`"}
	if got := missingProofs(t, page, tree); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
