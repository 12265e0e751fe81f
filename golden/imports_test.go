package golden

import (
	"os"
	"strings"
	"testing"
)

// TestRules holds the rules of the design: which folder may import what, and what only cmd may do.
func TestRules(t *testing.T) {
	all, err := sources(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d Go files found, is this the module?", len(all))
	}
	for _, violation := range violations(all) {
		t.Error(violation)
	}
}

// good is a small tree that breaks no rule. Every case of TestRulesCanFail adds one file to it.
var good = map[string]string{
	"cmd/gkops/main.go":              "// Command gkops.\npackage main\nimport \"os\"\nfunc main() { os.Exit(0) }",
	"cmd/internal/cli/cli.go":        "// Package cli.\npackage cli\nimport (\n\"os\"\n_ \"github.com/spf13/cobra\"\n_ \"golang.org/x/term\"\n)\nvar Out = os.Stdout",
	"cmd/internal/pipeline/run.go":   "// Package pipeline.\npackage pipeline\nimport (\n_ \"gkops.dev/gkops/render\"\n_ \"gkops.dev/gkops/resolver\"\n)",
	"compat/check.go":                "// Package compat.\npackage compat\nimport _ \"gkops.dev/gkops/compat/finding\"",
	"compat/finding/finding.go":      "// Package finding.\npackage finding",
	"examples/examples.go":           "// Package examples.\npackage examples\nimport _ \"embed\"",
	"gitops/repo.go":                 "// Package gitops.\npackage gitops\nimport (\n_ \"github.com/go-git/go-git/v5\"\n\"os\"\n)\nvar Open = os.Open",
	"gitops/review/review.go":        "// Package review.\npackage review\nimport _ \"gkops.dev/gkops/compat/document\"",
	"golden/golden.go":               "// Package golden.\npackage golden\nimport _ \"flag\"",
	"render/tree.go":                 "// Package render.\npackage render\nimport (\n_ \"sigs.k8s.io/kustomize/api/krusty\"\n_ \"gkops.dev/gkops/resolver/catalog\"\n)",
	"render/tree_test.go":            "package render\nimport (\n_ \"gkops.dev/gkops/golden\"\n_ \"gkops.dev/gkops/examples\"\n\"time\"\n)\nvar now = time.Now()",
	"resolver/solve.go":              "// Package resolver.\npackage resolver\nimport (\n_ \"context\"\n_ \"gkops.dev/gkops/resolver/catalog\"\n)",
	"resolver/catalog/version.go":    "// Package catalog.\npackage catalog\nimport _ \"github.com/Masterminds/semver/v3\"",
	"resolver/catalog/dir/folder.go": "// Package dir.\npackage dir\nimport \"os\"\nvar Open = os.Open",
	"render/testdata/bad.go":         "package util",
}

func check(t *testing.T, extra map[string]string) []string {
	t.Helper()
	files := map[string][]byte{}
	for path, text := range good {
		files[path] = []byte(text)
	}
	for path, text := range extra {
		files[path] = []byte(text)
	}
	all, err := sources(Map(files))
	if err != nil {
		t.Fatal(err)
	}
	return violations(all)
}

func TestGoodTreeBreaksNoRule(t *testing.T) {
	for _, violation := range check(t, nil) {
		t.Error(violation)
	}
}

func TestRulesCanFail(t *testing.T) {
	cases := []struct{ name, path, text, want string }{
		{"stage to stage", "render/bad.go", `package render; import _ "gkops.dev/gkops/resolver"`, "of another stage"},
		{"stage to part of a stage", "compat/bad.go", `package compat; import _ "gkops.dev/gkops/gitops/lock"`, "of another stage"},
		{"stage to part of a language", "gitops/bad.go", `package gitops; import _ "gkops.dev/gkops/resolver/catalog/dir"`, "of another stage"},
		{"language to stage", "resolver/catalog/bad.go", `package catalog; import _ "gkops.dev/gkops/compat"`, "of another stage"},
		{"language to its own stage", "resolver/catalog/bad.go", `package catalog; import _ "gkops.dev/gkops/resolver"`, "or its own"},
		{"solver to a source", "resolver/bad.go", `package resolver; import _ "gkops.dev/gkops/resolver/catalog/dir"`, "solver imports"},
		{"test of a stage to a stage", "render/bad_test.go", `package render; import _ "gkops.dev/gkops/gitops"`, "of another stage"},
		{"stage to cmd", "gitops/bad.go", `package gitops; import _ "gkops.dev/gkops/cmd/internal/cli"`, "imports cmd"},
		{"golden in code", "cmd/internal/cli/bad.go", `package cli; import _ "gkops.dev/gkops/golden"`, "for tests"},
		{"golden to stage", "golden/bad.go", `package golden; import _ "gkops.dev/gkops/render"`, "stand alone"},
		{"examples to stage", "examples/bad.go", `package examples; import _ "gkops.dev/gkops/resolver/catalog"`, "stand alone"},
		{"go-git", "render/bad.go", `package render; import _ "github.com/go-git/go-git/v5/plumbing"`, "only gitops"},
		{"go-billy", "cmd/internal/cli/bad.go", `package cli; import _ "github.com/go-git/go-billy/v5"`, "only gitops"},
		{"kustomize", "compat/bad.go", `package compat; import _ "sigs.k8s.io/kustomize/api/types"`, "only render"},
		{"kustomize in a test", "compat/bad_test.go", `package compat; import _ "sigs.k8s.io/kustomize/api/types"`, "only render"},
		{"kustomize in a test of cmd", "cmd/internal/cli/good_test.go", `package cli; import _ "sigs.k8s.io/kustomize/api/types"`, ""},
		{"semver", "resolver/catalog/dir/bad.go", `package dir; import _ "github.com/Masterminds/semver/v3"`, "only resolver/catalog"},
		{"cobra", "cmd/internal/pipeline/bad.go", `package pipeline; import _ "github.com/spf13/cobra"`, "only cmd/internal/cli"},
		{"pflag", "render/bad.go", `package render; import _ "github.com/spf13/pflag"`, "only cmd/internal/cli"},
		{"term", "cmd/internal/pipeline/bad.go", `package pipeline; import _ "golang.org/x/term"`, "only cmd/internal/cli"},
		{"solver and net", "resolver/bad.go", `package resolver; import _ "net/http"`, "solver imports"},
		{"solver and os", "resolver/bad.go", `package resolver; import _ "os"`, "solver imports"},
		{"solver and time", "resolver/bad.go", `package resolver; import _ "time"`, "solver imports"},
		{"solver and yaml", "resolver/bad.go", `package resolver; import _ "go.yaml.in/yaml/v3"`, "solver imports"},
		{"solver and kubernetes", "resolver/bad.go", `package resolver; import _ "k8s.io/apimachinery/pkg/version"`, "solver imports"},
		{"a module is no package", "render/tool/go.mod", "module tool", ""},
		{"init", "render/bad.go", `package render; func init() {}`, "func init"},
		{"exit", "cmd/internal/cli/bad.go", `package cli; import "os"; func f() { os.Exit(1) }`, "ends the process"},
		{"exit by another name", "render/bad.go", `package render; import world "os"; func f() { world.Exit(1) }`, "ends the process"},
		{"fatal", "render/bad.go", `package render; import "log"; func f() { log.Fatalln() }`, "ends the process"},
		{"environment", "gitops/bad.go", `package gitops; import "os"; var home = os.Getenv("HOME")`, "touches the process"},
		{"clock", "gitops/bad.go", `package gitops; import "time"; func f() time.Time { return time.Now() }`, "touches the process"},
		{"new folder", "internal/bad.go", "// Package bad.\npackage bad", "no folder of the design"},
		{"code at the root", "bad.go", "// Package bad.\npackage bad", "no folder of the design"},
		{"package name", "render/text/bad.go", "// Package util.\npackage util", "named for what it contains"},
		{"folder name", "render/common/bad.go", "// Package bad.\npackage bad", "named for what it contains"},
		{"no comment", "render/bare/bad.go", "package bare", "no package comment"},
		{"comment of a test only", "render/bare/bad_test.go", "// Package bare.\npackage bare", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found := check(t, map[string]string{c.path: c.text})
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("found %q", found)
				}
				return
			}
			if len(found) != 1 || !strings.Contains(found[0], c.want) {
				t.Errorf("found %q, want one that says %q", found, c.want)
			}
		})
	}
}
