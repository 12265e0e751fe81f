package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/golden"
)

func example() View {
	psp := finding.Object{APIVersion: "policy/v1beta1", Kind: "PodSecurityPolicy", Name: "restricted"}
	pod := finding.Object{APIVersion: "v1", Kind: "Pod", Namespace: "web", Name: "a|b"}
	removed := finding.Finding{Rule: compat.Removed, Severity: finding.Error, Object: psp, File: "apps/a b.yaml", Line: 7, Since: "1.25",
		Message: "policy/v1beta1 PodSecurityPolicy is gone since Kubernetes 1.25: nothing replaces it"}
	hostile := finding.Finding{Rule: compat.UnknownField, Severity: finding.Warning, Object: pod, File: "web.yaml", Line: 3,
		Message: "spec.`x`|<img src=x>@octocat closes #1 \x1b[31m\u202e[link](https://evil.example) ]]> line\nbreak"}
	note := finding.Finding{Rule: compat.Outside, Severity: finding.Info, Message: "Kubernetes 1.99 is outside of what is known"}
	ignored := removed
	ignored.File, ignored.Line = "legacy/psp.yaml", 1
	return View{
		Report: &compat.Report{Kubernetes: "1.34", Files: 3, Objects: 12, Skipped: 1,
			Interval: compat.Interval{Min: "1.24", Max: "1.24", MaxBecause: []finding.Finding{removed}},
			Findings: []finding.Finding{note, removed, hostile}},
		Ignored: []compat.Ignored{{Finding: ignored, Reason: "the old cluster goes in May", Expires: "2026-05-31"}},
	}
}

func nothing() View {
	return View{Report: &compat.Report{Files: 1, Objects: 1, Interval: compat.Interval{Min: "1.24", Max: "1.37"}, Findings: []finding.Finding{}}}
}

func TestFormats(t *testing.T) {
	for _, format := range Formats() {
		for name, view := range map[string]View{"some": example(), "none": nothing()} {
			var out bytes.Buffer
			if err := Write(&out, format, view); err != nil {
				t.Fatal(err)
			}
			golden.Text(t, "testdata/"+name+"."+format, out.Bytes())
			if strings.ContainsRune(out.String(), 0x1b) || format != "json" && strings.ContainsRune(out.String(), 0x202e) {
				t.Errorf("%s lets control characters through", format)
			}
		}
	}
}

func TestUnknownFormatIsAnError(t *testing.T) {
	if err := Write(io.Discard, "yaml", example()); err == nil || !strings.Contains(err.Error(), "sarif") {
		t.Error(err)
	}
}

func TestJSONKeepsTheFixedKeys(t *testing.T) {
	var out bytes.Buffer
	if err := JSON(&out, example()); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Objects  *int
		Interval *struct{ Min, Max *string }
		Findings []struct {
			Rule, Severity, Message *string
			Object                  *struct{ APIVersion, Kind, Name *string }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Objects == nil || got.Interval == nil || got.Interval.Min == nil || got.Interval.Max == nil || len(got.Findings) != 3 {
		t.Errorf("%s", out.String())
	}
	for _, f := range got.Findings {
		if f.Rule == nil || f.Severity == nil || f.Message == nil || f.Object == nil || f.Object.Kind == nil {
			t.Errorf("a key is missing: %+v", f)
		}
	}
}

// TestSARIFHoldsItsOwnRules checks what the schema cannot say: every result has a rule of the driver at its index.
func TestSARIFHoldsItsOwnRules(t *testing.T) {
	var out bytes.Buffer
	if err := SARIF(&out, example()); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	decoder := json.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&log); err != nil {
		t.Fatal(err)
	}
	for _, r := range log.Runs[0].Results {
		if log.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s is not at %d", r.RuleID, r.RuleIndex)
		}
		if r.Level != "error" && r.Level != "warning" && r.Level != "note" {
			t.Errorf("the level %q is unknown", r.Level)
		}
	}
}

func TestJUnitCountsWhatItLists(t *testing.T) {
	view := example()
	view.FailOn = finding.Warning
	var out bytes.Buffer
	if err := JUnit(&out, view); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	tests, failures := 0, 0
	for _, suite := range got.Suites {
		for _, c := range suite.Cases {
			tests++
			if c.Failure != nil {
				failures++
			}
		}
	}
	if got.Tests != tests || got.Failures != failures || tests != 4 || failures != 2 {
		t.Errorf("says %d tests and %d failures, lists %d and %d", got.Tests, got.Failures, tests, failures)
	}
}
