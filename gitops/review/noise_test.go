package review

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/golden"
)

func textTree(files map[string]string) fs.FS {
	data := map[string][]byte{}
	for name, text := range files {
		data[name] = []byte(text)
	}
	return golden.Map(data)
}

func compareWith(t testing.TB, base, head fs.FS, opts Options) *Report {
	t.Helper()
	report, err := Compare(context.Background(), base, head, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func twoFindings() Options {
	object := finding.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "x"}
	old := finding.Finding{Rule: "deprecated", Severity: finding.Warning, Message: "old", File: "x.yaml", Line: 1, Object: object}
	moved := old
	moved.Line = 7
	fresh := finding.Finding{Rule: "removed", Severity: finding.Error, Message: "gone", Replacement: "apps/v2", File: "x.yaml", Line: 1, Object: object}
	return Options{Know: func(context.Context, []string) (Knowledge, error) {
		return Knowledge{Findings: []finding.Finding{moved, fresh}, BaseFindings: []finding.Finding{old}}, nil
	}}
}

const pem1, pem2 = "-----BEGIN CERTIFICATE-----\n    one\n    -----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n    two\n    -----END CERTIFICATE-----"

func TestNoiseBecomesFacts(t *testing.T) {
	cases := []struct {
		name, base, head string
		change           Change
		fact             string // of the one hunk; empty when it is shown
		rolled           int
	}{
		{"version label", "metadata: {name: x, labels: {app.kubernetes.io/version: a}}", "metadata: {name: x, labels: {app.kubernetes.io/version: b}}", MetadataOnly, FactLabel, 0},
		{"label of a person", "metadata: {name: x, labels: {team: a}}", "metadata: {name: x, labels: {team: b}}", Changed, "", 0},
		{"label in a selector", "metadata: {name: x}\nspec: {selector: {matchLabels: {helm.sh/chart: a}}}", "metadata: {name: x}\nspec: {selector: {matchLabels: {helm.sh/chart: b}}}", Changed, "", 0},
		{"label in a template", "metadata: {name: x}\nspec: {template: {metadata: {labels: {helm.sh/chart: a}}}}", "metadata: {name: x}\nspec: {template: {metadata: {labels: {helm.sh/chart: b}}}}", Changed, "", 1},
		{"checksum", "metadata: {name: x}\nspec: {template: {metadata: {annotations: {checksum/config: a}}}}", "metadata: {name: x}\nspec: {template: {metadata: {annotations: {checksum/config: b}}}}", Changed, FactChecksum, 1},
		{"checksum comes", "metadata: {name: x}\nspec: {template: {metadata: {annotations: {a: b}}}}", "metadata: {name: x}\nspec: {template: {metadata: {annotations: {a: b, checksum/config: b}}}}", Changed, "", 1},
		{"bundle", "metadata: {name: x}\nspec: {caBundle: YQ==}", "metadata: {name: x}\nspec: {caBundle: Yg==}", Changed, FactCertificate, 0},
		{"certificate", "metadata: {name: x}\ndata:\n  ca: |\n    " + pem1, "metadata: {name: x}\ndata:\n  ca: |\n    " + pem2, Changed, FactCertificate, 0},
	}
	for _, c := range cases {
		object := func(rest string) string { return "apiVersion: apps/v1\nkind: Deployment\n" + rest + "\n" }
		report := compare(t, yamlTree(object(c.base)), yamlTree(object(c.head)))
		if len(report.Objects) != 1 || report.Objects[0].Change != c.change || len(report.Objects[0].Hunks) != 1 {
			t.Errorf("%s: objects %+v, attention %+v", c.name, report.Objects, report.Attention)
			continue
		}
		if hunk := report.Objects[0].Hunks[0]; hunk.Fact != c.fact || hunk.Noise != (c.fact != "") || report.Summary.Rolled != c.rolled {
			t.Errorf("%s: hunk %+v, %d rolled", c.name, hunk, report.Summary.Rolled)
		}
		if c.fact != "" && (len(report.Folded) != 1 || report.Folded[0] != (Fold{Fact: c.fact, Count: 1})) {
			t.Errorf("%s: folded %+v", c.name, report.Folded)
		}
	}
}

func TestIgnoredFieldsAreCounted(t *testing.T) {
	base := deployment(`{containers: [{name: a, image: "i.example/a:1", args: [x]}]}`)
	head := deployment(`{hostNetwork: true, containers: [{name: a, image: "i.example/a:1", args: [y]}]}`)
	rules := []Ignore{
		{Kind: "StatefulSet", Reason: "other kind"},
		{Path: "spec.template.spec.containers[*].args", Kind: "Deployment.apps", Reason: "set by a person", Where: "gkops.yaml:7"},
		{Path: "spec.template.*.hostNetwork", Reason: "all of them"},
	}
	report := compareWith(t, yamlTree(base), yamlTree(head), Options{Ignore: rules})
	want := []Fold{{Fact: FactIgnored, Count: 1, Reason: "all of them"}, {Fact: FactIgnored, Count: 1, Reason: "set by a person", Where: "gkops.yaml:7"}}
	if len(report.Folded) != 2 || report.Folded[0] != want[0] || report.Folded[1] != want[1] {
		t.Errorf("folded %+v, want %+v", report.Folded, want)
	}
	if report.Summary.MetadataOnly != 1 || report.Summary.Risk != High || report.Attention[0].Rule != rulePrivilege {
		t.Errorf("a rule of the user hides a danger: %+v %+v", report.Summary, report.Attention)
	}
	if text := string(rendered(t, report)["report.txt"]); !strings.Contains(text, "1 field ignored by gkops.yaml:7: set by a person") || strings.Contains(text, "- - x") {
		t.Errorf("text:\n%s", text)
	}
}

func TestIgnoreMatchesWholeSteps(t *testing.T) {
	object := finding.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"}
	path := pathOf("spec", "template").child("a.b").matching([]field{{"name", "x.y"}}).child("c")
	cases := map[Ignore]bool{
		{}:                              true,
		{Path: "spec"}:                  true,
		{Path: "spe"}:                   false,
		{Path: "spec.template.c"}:       false,
		{Path: `spec.template["a.b"]`}:  true,
		{Path: `spec.template.*[*].c`}:  true,
		{Path: `spec.template.*.*.c.d`}: false,
		{Path: `spec.template["a.b"][name=x.y].c`}: true,
		{Path: "[*]"}:                     false,
		{Kind: "Deployment"}:              true,
		{Kind: "Deployment.example.dev"}:  false,
		{Kind: "Deployment.apps"}:         true,
		{Namespace: "shop", Name: "web"}:  true,
		{Namespace: "other", Name: "web"}: false,
		{Name: "we"}:                      false,
	}
	for rule, want := range cases {
		if got := rule.covers(object, path); got != want {
			t.Errorf("%+v covers %s: %t, want %t", rule, path, got, want)
		}
	}
}

func TestMovesAndSpellingAreCounted(t *testing.T) {
	object := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %}\ndata: {a: b}\n"
	base := textTree(map[string]string{"old/a.yaml": strings.Replace(object, "%", "a", 1), "b.yaml": strings.Replace(object, "%", "b", 1)})
	head := textTree(map[string]string{"new/a.yaml": strings.Replace(object, "%", "a", 1), "b.yaml": "# a comment\n" + strings.Replace(object, "%", "b", 1)})
	report := compare(t, base, head)
	if !report.Empty() || report.Summary.Moved != 1 || report.Summary.Respelled != 1 || report.Summary.Risk != None {
		t.Errorf("summary %+v", report.Summary)
	}
}
