package compat

import (
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/compat/finding"
)

func TestApplyIgnoresByPathRuleAndObject(t *testing.T) {
	today := time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC)
	f := newFinding(Removed, finding.Object{APIVersion: "policy/v1beta1", Kind: "PodSecurityPolicy", Namespace: "web", Name: "psp"}, "gone")
	f.File = "apps/web/base/psp.yaml"
	for _, c := range []struct {
		name string
		rule Ignore
		want string // the rules that stay
	}{
		{"rule", Ignore{Rule: Removed, Reason: "r"}, ""},
		{"another rule", Ignore{Rule: NotYet, Reason: "r"}, "removed ignore-unused"},
		{"folder", Ignore{Path: "apps/web", Reason: "r"}, ""},
		{"folder with a slash", Ignore{Path: "apps/web/", Reason: "r"}, ""},
		{"half a name", Ignore{Path: "apps/we", Reason: "r"}, "removed ignore-unused"},
		{"pattern", Ignore{Path: "apps/*/base/*.yaml", Reason: "r"}, ""},
		{"any depth", Ignore{Path: "**/psp.yaml", Reason: "r"}, ""},
		{"too deep", Ignore{Path: "apps/*/psp.yaml", Reason: "r"}, "removed ignore-unused"},
		{"object", Ignore{Object: "PodSecurityPolicy/psp", Reason: "r"}, ""},
		{"object with namespace", Ignore{Object: "PodSecurityPolicy/web/psp", Reason: "r"}, ""},
		{"another object", Ignore{Object: "PodSecurityPolicy/other", Reason: "r"}, "removed ignore-unused"},
		{"last day", Ignore{Rule: Removed, Reason: "r", Expires: "2026-03-01"}, ""},
		{"run out", Ignore{Rule: Removed, Reason: "100%", Expires: "2026-02-28"}, "ignore-expired removed"},
		{"no reason", Ignore{Rule: Removed, Reason: " "}, "ignore-without-reason removed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept, ignored, err := Apply([]finding.Finding{f}, []Ignore{c.rule}, today)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, k := range kept {
				if got != "" {
					got += " "
				}
				got += k.Rule
			}
			if !sameWords(got, c.want) || (c.want == "") != (len(ignored) == 1) {
				t.Errorf("kept %q, want %q; ignored %v", got, c.want, ignored)
			}
		})
	}
}

func sameWords(a, b string) bool {
	count := map[string]int{}
	for _, w := range strings.Fields(a) {
		count[w]++
	}
	for _, w := range strings.Fields(b) {
		count[w]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestApplyRefusesWhatItCannotRead(t *testing.T) {
	for _, rule := range []Ignore{{Path: "[", Reason: "r"}, {Rule: Removed, Reason: "r", Expires: "tomorrow"}} {
		if _, _, err := Apply(nil, []Ignore{rule}, time.Time{}); err == nil {
			t.Errorf("%+v was taken", rule)
		}
	}
}

func TestThresholdTakesSeveritiesAndRules(t *testing.T) {
	for name, want := range map[string]finding.Severity{"error": finding.Error, "info": finding.Info, "removed": finding.Error, "deprecated": finding.Warning} {
		if got, err := Threshold(name); err != nil || got != want {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	if _, err := Threshold("nonsense"); err == nil {
		t.Error("nonsense was taken")
	}
	findings := []finding.Finding{{Severity: finding.Error}, {Severity: finding.Warning}, {Severity: finding.Info}}
	for severity, want := range map[finding.Severity]int{finding.Error: 1, finding.Warning: 2, finding.Info: 3} {
		if got := len(Over(findings, severity)); got != want {
			t.Errorf("%s: %d findings", severity, got)
		}
	}
}
