package examples_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/examples"
	"gkops.dev/gkops/resolver/catalog"
)

// TestFacts reads every file of facts, and holds the lists of who provides what, and of what the overlay is about, to them.
func TestFacts(t *testing.T) {
	for name, files := range map[string]fs.FS{"registry": examples.Registry(), "overlay": os.DirFS("overlay")} {
		found, provides := 0, map[string][]string{}
		var about []string
		err := fs.WalkDir(files, ".", func(file string, _ fs.DirEntry, err error) error {
			if err != nil || path.Base(file) != catalog.FactsFile {
				return err
			}
			data, err := fs.ReadFile(files, file)
			if err != nil {
				return err
			}
			pkg, rest, _ := strings.Cut(file, "/")
			facts, err := catalog.ParseFacts(file, data, pkg, strings.Contains(rest, "/"))
			if err != nil {
				return err
			}
			found++
			about = append(about, pkg)
			for _, f := range facts.Facts {
				for _, p := range f.Provides {
					if !slices.Contains(provides[p.Name], pkg) {
						provides[p.Name] = append(provides[p.Name], pkg)
					}
				}
				if name == "overlay" && (f.Evidence.Source == "" || f.Evidence.Kind == "") {
					t.Errorf("%s: a fact about %q has no source or kind", file, f.Versions)
				}
			}
			return nil
		})
		if err != nil || found < 4 {
			t.Fatalf("%s: %d files of facts, %v", name, found, err)
		}
		data, err := fs.ReadFile(files, catalog.ProvidesFile)
		if err != nil {
			t.Fatal(err)
		}
		listed, err := catalog.ParseProvides(catalog.ProvidesFile, data)
		if diff := cmp.Diff(provides, listed); err != nil || diff != "" {
			t.Errorf("%s: who provides what: %v\n%s", name, err, diff)
		}
		if name == "registry" {
			continue
		}
		data, err = fs.ReadFile(files, "index.yaml")
		if err != nil {
			t.Fatal(err)
		}
		index, err := catalog.ParseOverlay("index.yaml", data)
		if diff := cmp.Diff(about, index); err != nil || diff != "" {
			t.Errorf("the overlay lists other packages than it has facts about: %v\n%s", err, diff)
		}
	}
}

// TestFactsInDocs reads the examples of docs/facts.md.
func TestFactsInDocs(t *testing.T) {
	data, err := os.ReadFile("../docs/facts.md")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for n, block := range strings.Split(string(data), "```") {
		text, isYAML := strings.CutPrefix(block, "yaml\n")
		if n%2 == 0 || !isYAML {
			continue
		}
		switch {
		case strings.Contains(text, "kind: "+catalog.FactsKind):
			_, err = catalog.ParseFacts("docs/facts.md", []byte(text), "queue", false)
		case strings.Contains(text, "kind: "+catalog.ProvidesKind):
			_, err = catalog.ParseProvides("docs/facts.md", []byte(text))
		case strings.Contains(text, "kind: "+catalog.OverlayKind):
			_, err = catalog.ParseOverlay("docs/facts.md", []byte(text))
		default:
			continue
		}
		read++
		if err != nil {
			t.Error(err)
		}
	}
	if read < 3 {
		t.Errorf("%d examples were read", read)
	}
}
