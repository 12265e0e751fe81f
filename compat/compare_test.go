package compat

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/compat/document"
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
	findings, err := CompareCRDs(context.Background(), trees["base"], trees["head"])
	if err != nil {
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

func TestAtRiskReplaysTheHistory(t *testing.T) {
	var history []Revision
	for _, versions := range []string{
		"[{name: v1alpha1, served: true, storage: true}]",
		"[{name: v1alpha1, served: true, storage: false}, {name: v1, served: true, storage: true}]",
		"[{name: v1, served: true, storage: true}]",
	} {
		doc, err := document.ParseOne("crd.yaml", []byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec: {versions: "+versions+"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		history = append(history, NewRevision(doc))
	}
	if diff := cmp.Diff([]string{"v1alpha1", "v1"}, StoredVersions(history)); diff != "" {
		t.Error(diff)
	}
	if found := AtRisk(history[:2]); len(found) != 0 {
		t.Errorf("still listed: %v", found)
	}
	if found := AtRisk(history); len(found) != 1 || !strings.Contains(found[0].Message, "v1alpha1") || found[0].Rule != StoredAtRisk {
		t.Errorf("dropped: %v", found)
	}
}
