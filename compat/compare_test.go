package compat

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/golden"
)

func TestCompareCRDs(t *testing.T) {
	for _, name := range golden.Cases(t, "testdata/compare/*.txtar") {
		t.Run(strings.TrimSuffix(name[len("testdata/compare/"):], ".txtar"), func(t *testing.T) { compareCase(t, name) })
	}
}

func compareCase(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	trees := map[string]fstest.MapFS{"base": {}, "head": {}}
	want := ""
	for _, f := range archive.Files {
		if side, rest, found := strings.Cut(f.Name, "/"); found {
			trees[side][rest] = &fstest.MapFile{Data: f.Data}
			continue
		}
		want = string(f.Data)
	}
	before, errBefore := Files(trees["base"])
	after, errAfter := Files(trees["head"])
	findings, err := CompareCRDs(context.Background(), before, after, nil)
	if err := errors.Join(errBefore, errAfter, err); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(told(&Report{Findings: findings}), "\n")
	if golden.Updating() {
		updateCase(t, name, archive, got)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestStoredVersionsOfTheHistoryAreAtRisk(t *testing.T) {
	definition := func(versions string) []byte {
		return []byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec: {versions: " + versions + "}\n")
	}
	stored := Stored{}
	for _, old := range []string{
		"[{name: v1alpha1, served: true, storage: true}, {name: v1beta1, served: true, storage: false}]",
		"[{name: v1alpha1, served: false, storage: false}, {name: v1beta1, served: false, storage: false}, {name: v1, served: true, storage: true}]",
	} {
		stored.Add("crd.yaml", definition(old))
	}
	stored.Add("broken.yaml", []byte("kind: CustomResourceDefinition\n a: [\n"))
	if diff := cmp.Diff(Stored{"x": {"v1alpha1", "v1"}}, stored); diff != "" {
		t.Error(diff)
	}
	files := func(versions string) []File {
		return []File{{Name: "crd.yaml", Read: func() ([]byte, error) { return definition(versions), nil }}}
	}
	base := files("[{name: v1alpha1, served: false, storage: false}, {name: v1beta1, served: false, storage: false}, {name: v1, served: true, storage: true}]")
	head := files("[{name: v1, served: true, storage: true}]")
	for _, c := range []struct {
		name   string
		head   []File
		stored Stored
		want   []string
	}{
		{"both listed", base, stored, nil},
		{"dropped, history known", head, stored, []string{"error v1alpha1"}},
		{"dropped, nothing known", head, nil, []string{"warning v1alpha1", "warning v1beta1"}},
	} {
		found, err := CompareCRDs(context.Background(), base, c.head, c.stored)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, string(f.Severity)+" "+strings.Fields(f.Message)[2])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
}
