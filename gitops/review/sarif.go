package review

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
)

// The part of SARIF 2.1.0 that is written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool       `json:"tool"`
		ColumnKind string          `json:"columnKind"`
		Results    []sarifResult   `json:"results"`
		Properties sarifProperties `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string       `json:"id"`
		Short   sarifMessage `json:"shortDescription"`
		Full    sarifMessage `json:"fullDescription"`
		Help    sarifMessage `json:"help"`
		Default sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifMessage      `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   sarifProperties   `json:"properties"`
	}
	sarifProperties struct {
		Risk Risk   `json:"risk"`
		Path string `json:"path,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// SARIF writes what needs attention for code scanning, as SARIF 2.1.0. Lines are those of the head, or of the base for what goes.
func SARIF(w io.Writer, report *Report) error {
	run := sarifRun{ColumnKind: "utf16CodeUnits", Results: []sarifResult{}, Properties: sarifProperties{Risk: report.Summary.Risk}}
	run.Tool.Driver = sarifDriver{Name: "gkops diff", InformationURI: "https://gkops.dev", Rules: []sarifRule{}}
	for _, rule := range rulesOf(report) {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: rule.Name, Short: sarifMessage{rule.Summary}, Full: sarifMessage{rule.Why}, Help: sarifMessage{rule.Do}, Default: sarifDefault{level(rule.Risk)},
		})
	}
	for _, a := range report.Attention {
		index := slices.IndexFunc(run.Tool.Driver.Rules, func(r sarifRule) bool { return r.ID == a.Rule })
		run.Results = append(run.Results, sarifOf(a, index))
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// rulesOf are all rules, and those of the compatibility check that the report names.
func rulesOf(report *Report) []Rule {
	rules := Rules()
	for _, a := range report.Attention {
		if !slices.ContainsFunc(rules, func(r Rule) bool { return r.Name == a.Rule }) {
			rules = append(rules, explain(a.Rule))
		}
	}
	return rules
}

func sarifOf(a Attention, index int) sarifResult {
	text := neutral(a.Message)
	if a.Object.Kind != "" && !strings.Contains(text, a.Object.Name) {
		text += " (" + neutral(a.Object.String()) + ")"
	}
	result := sarifResult{RuleID: a.Rule, RuleIndex: index, Level: level(a.Risk), Message: sarifMessage{text},
		Fingerprints: map[string]string{"gkops/v1": fingerprint(a)}, Properties: sarifProperties{Risk: a.Risk, Path: neutral(a.Path)}}
	if a.File == "" {
		return result
	}
	location := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{(&url.URL{Path: a.File}).String()}}}
	if a.Line > 0 {
		location.Physical.Region = &sarifRegion{a.Line}
	}
	if a.Object.Kind != "" {
		location.Logical = []sarifLogical{{Name: neutral(a.Object.String()), Kind: "resource"}}
	}
	result.Locations = []sarifLocation{location}
	return result
}

// level is the risk as code scanning has it.
func level(risk Risk) string {
	switch {
	case risk >= High:
		return "error"
	case risk == Medium:
		return "warning"
	}
	return "note"
}

// fingerprint stays the same when lines move.
func fingerprint(a Attention) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{a.Rule, a.File, a.Object.Key(), a.Path, a.Message}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
