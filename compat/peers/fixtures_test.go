//go:build peers

package peers

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/schema"
)

// rules are the rules that have findings in one file, sorted, "objects N" before them.
func rules(t *testing.T, full string, provided []compat.Definition) []string {
	t.Helper()
	file := compat.File{Name: filepath.Base(full), Read: func() ([]byte, error) { return os.ReadFile(full) }}
	report, err := compat.CheckFiles(context.Background(), []compat.File{file},
		compat.Target{Kubernetes: "1.37", Schemas: schema.Schemas{}, Provided: provided})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, f := range report.Findings {
		if f.Rule != compat.Missing {
			got = append(got, f.Rule)
		}
	}
	slices.Sort(got)
	return slices.Compact(got)
}

// fixtures are the manifests in a folder, by name.
func fixtures(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if ext := path.Ext(e.Name()); e.Type()&fs.ModeDir == 0 && (ext == ".yaml" || ext == ".json") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		t.Fatalf("no fixtures in %s", dir)
	}
	return names
}

// TestKubeconformFixtures tells what is wrong with each file; nothing is wrong with those that are not listed.
func TestKubeconformFixtures(t *testing.T) {
	want := map[string][]string{
		"crd_schema.yaml":               {compat.Removed}, // apiextensions.k8s.io/v1beta1
		"duplicate_property.yaml":       {compat.Unparsable},
		"duplicates-skipped-kinds.yaml": {compat.UnknownKind},
		"extra_property.yaml":           {compat.UnknownField},
		"invalid.yaml":                  {compat.FieldType, compat.UnknownField},
		"list_invalid.yaml":             {compat.FieldType, compat.UnknownField},
		"missing_apiversion.yaml":       {compat.Incomplete},
		"multi_invalid.yaml":            {compat.FieldType},
		"same-kind-different-api.yaml":  {compat.Removed},    // apps/v1beta1
		"valid_large.yaml":              {compat.Unparsable}, // ten megabytes in one document: over what is read of one
		"valid_version.yaml":            {compat.Removed},    // scaleTargetRef of extensions/v1beta1
	}
	dir := filepath.Join(folder(t, kubeconform), "fixtures")
	seen := 0
	for _, name := range fixtures(t, dir) {
		if want[name] != nil {
			seen++
		}
		if diff := cmp.Diff(append([]string{}, want[name]...), rules(t, filepath.Join(dir, name), nil)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d fixtures are there", seen, len(want))
	}
}

// TestKubectlValidateFixtures goes by the names of the files: those that begin with error_ have one. What only the whole schema of a
// built-in kind tells (values of an enumeration, required fields, names, equal list items) is not the checker's question.
func TestKubectlValidateFixtures(t *testing.T) {
	beyond := []string{"error_enum_invalid.yaml", "error_invalid_label.yaml", "error_invalid_name.yaml", "error_missing_image.yaml",
		"error_name_exceeds_max_length.yaml", "error_x_list_map_duplicate_key.yaml",
		"error_crd_typo.yaml"} // a definition that nothing in the tree uses is not compiled
	dir := filepath.Join(folder(t, kubectlValidate), "testcases")
	var files []compat.File
	for _, crds := range []string{"crds", "more-crds"} {
		for _, name := range fixtures(t, filepath.Join(dir, crds)) {
			full := filepath.Join(dir, crds, name)
			files = append(files, compat.File{Name: full, Read: func() ([]byte, error) { return os.ReadFile(full) }})
		}
	}
	provided, err := compat.CheckFiles(context.Background(), files, compat.Target{})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range fixtures(t, filepath.Join(dir, "manifests")) {
		got := rules(t, filepath.Join(dir, "manifests", name), provided.Definitions)
		wrong := strings.HasPrefix(name, "error_") && !slices.Contains(beyond, name)
		if wrong != (len(got) > 0) {
			t.Errorf("%s: %v", name, got)
		}
		if wrong {
			checked++
		}
	}
	if checked < 12 {
		t.Errorf("%d files with an error were checked", checked)
	}
}
