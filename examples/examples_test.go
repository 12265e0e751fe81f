package examples_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/examples"
	"gkops.dev/gkops/resolver/catalog"
)

// release is one version of a package as it lies in the registry, read without the help of a Source.
type release struct {
	pkg, dir string
	version  catalog.Version
	manifest *catalog.Manifest
	objects  []document.Document
	files    []string // everything beside package.yaml, relative to dir
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(examples.Registry(), name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// releases reads every version of every package, lowest version first.
func releases(t *testing.T) map[string][]release {
	t.Helper()
	listings, err := catalog.ParseIndex("index.yaml", read(t, "index.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(listings) < 8 {
		t.Fatalf("the index lists %d packages", len(listings))
	}
	all := map[string][]release{}
	for _, listing := range listings {
		file := listing.Name + "/versions.yaml"
		versions, err := catalog.ParseVersions(file, read(t, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range versions {
			all[listing.Name] = append(all[listing.Name], load(t, listing.Name, v))
		}
	}
	return all
}

func load(t *testing.T, pkg string, v catalog.Version) release {
	t.Helper()
	r := release{pkg: pkg, version: v, dir: pkg + "/" + v.String()}
	manifest, err := catalog.ParseManifest(r.dir+"/package.yaml", read(t, r.dir+"/package.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r.manifest = manifest
	err = fs.WalkDir(examples.Registry(), r.dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && name != r.dir+"/package.yaml" {
			r.files = append(r.files, strings.TrimPrefix(name, r.dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range manifest.Manifests {
		file := path.Join(r.dir, plain.URL)
		docs, err := document.Parse(file, read(t, file))
		if err != nil {
			t.Fatal(err)
		}
		if len(docs) == 0 {
			t.Errorf("%s holds no object", file)
		}
		r.objects = append(r.objects, docs...)
	}
	return r
}

func TestIndexFoldersAndManifestsAgree(t *testing.T) {
	all := releases(t)
	entries, err := fs.ReadDir(examples.Registry(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() && len(all[entry.Name()]) < 2 {
			t.Errorf("%s has %d versions in the registry, want two or more", entry.Name(), len(all[entry.Name()]))
		}
	}
	for pkg, versions := range all {
		folders, err := fs.ReadDir(examples.Registry(), pkg)
		if err != nil {
			t.Fatal(err)
		}
		folders = slices.DeleteFunc(folders, func(e fs.DirEntry) bool { return e.Name() == catalog.FactsFile })
		if len(folders) != len(versions)+1 {
			t.Errorf("%s: %d folders and files, but %d versions are listed", pkg, len(folders), len(versions))
		}
		for _, r := range versions {
			if r.manifest.Name != pkg {
				t.Errorf("%s: the package is named %s", r.dir, r.manifest.Name)
			}
		}
	}
}

func TestEveryFileIsUsedAndHoldsObjects(t *testing.T) {
	for _, versions := range releases(t) {
		for _, r := range versions {
			var named []string
			for _, plain := range r.manifest.Manifests {
				named = append(named, path.Clean(plain.URL))
			}
			if r.manifest.Kustomize != nil {
				if !slices.Contains(r.files, "kustomization.yaml") {
					t.Errorf("%s: no kustomization.yaml", r.dir)
				}
				continue
			}
			for _, file := range r.files {
				if !slices.Contains(named, file) && file != catalog.FactsFile {
					t.Errorf("%s/%s is not used", r.dir, file)
				}
			}
			for _, doc := range r.objects {
				if err := doc.CheckObject(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestNoReleaseShipsAnObjectTwice(t *testing.T) {
	for _, versions := range releases(t) {
		for _, r := range versions {
			seen := map[string]bool{}
			for _, doc := range r.objects {
				key := doc.Object().Key()
				if seen[key] {
					t.Errorf("%s ships %s twice", r.dir, doc.Object())
				}
				seen[key] = true
			}
		}
	}
}

// TestTargetsFit puts a value at every target: the object must be there, and the path must fit it.
func TestTargetsFit(t *testing.T) {
	patched := 0
	for _, versions := range releases(t) {
		for _, r := range versions {
			targets := map[string][]catalog.Target{}
			for name, definition := range r.manifest.ValueDefinitions {
				targets["value "+name] = definition.Targets
			}
			for _, transformation := range r.manifest.Transformations {
				targets["transformation "+transformation.Source.Path] = transformation.Targets
			}
			for what, list := range targets {
				for _, target := range list {
					patched++
					if err := fit(r, target); err != "" {
						t.Errorf("%s: %s: %s", r.dir, what, err)
					}
				}
			}
		}
	}
	if patched == 0 {
		t.Error("no package has a value")
	}
}

func fit(r release, target catalog.Target) string {
	want := finding.Object{APIVersion: target.Resource.APIGroup, Kind: target.Resource.Kind, Name: target.Resource.Name}
	for i := range r.objects {
		doc := &r.objects[i]
		object := doc.Object()
		object.Namespace = ""
		if object != want {
			continue
		}
		if err := document.Patch(doc.Root(), target.Patch.Op, target.Patch.Path, document.String("x")); err != nil {
			return err.Error()
		}
		return ""
	}
	return "no " + want.String()
}

func TestDefaultsObeyTheirConstraints(t *testing.T) {
	types := map[catalog.ValueType]int{}
	for _, versions := range releases(t) {
		for _, r := range versions {
			for name, definition := range r.manifest.ValueDefinitions {
				types[definition.Type]++
				if definition.Type == catalog.OptionsValue && !slices.Contains(definition.Options, definition.DefaultValue) {
					t.Errorf("%s: the default of %s is no option", r.dir, name)
				}
			}
		}
	}
	for _, kind := range []catalog.ValueType{catalog.BooleanValue, catalog.TextValue, catalog.NumberValue, catalog.OptionsValue} {
		if types[kind] == 0 {
			t.Errorf("no package has a %s value", kind)
		}
	}
}

// TestTemplatesOfOthersAreThere holds what makes alert-router an example at all.
func TestTemplatesOfOthersAreThere(t *testing.T) {
	text := string(read(t, "alert-router/v0.4.0+1/router.yaml"))
	for _, want := range []string{"{{ range .Alerts }}", "${CLUSTER_NAME:-unknown}", "$${literal}"} {
		if !strings.Contains(text, want) {
			t.Errorf("alert-router has no %s", want)
		}
	}
}
