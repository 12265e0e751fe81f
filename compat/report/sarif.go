package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
)

// The part of SARIF 2.1.0 that is written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
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
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
		Default          sarifConfig  `json:"defaultConfiguration"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifMessage       `json:"message"`
		Locations    []sarifLocation    `json:"locations,omitempty"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
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

// SARIF writes the report for code scanning. Ignored findings are there too, as suppressed.
func SARIF(w io.Writer, v View) error {
	run := sarifRun{ColumnKind: "utf16CodeUnits", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "gkops compat", InformationURI: "https://gkops.dev", Rules: []sarifRule{}}
	index := map[string]int{}
	for i, rule := range compat.Rules() {
		index[rule.Name] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: rule.Name, ShortDescription: sarifMessage{rule.Summary},
			Default: sarifConfig{level(rule.Severity)}})
	}
	for _, f := range v.Findings {
		run.Results = append(run.Results, sarifOf(f, index))
	}
	for _, ignored := range v.Ignored {
		result := sarifOf(ignored.Finding, index)
		result.Suppressions = []sarifSuppression{{Kind: "external", Justification: plain(ignored.Reason)}}
		run.Results = append(run.Results, result)
	}
	return indented(w, sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifOf(f finding.Finding, index map[string]int) sarifResult {
	i, known := index[f.Rule]
	if !known {
		i = -1
	}
	r := sarifResult{RuleID: f.Rule, RuleIndex: i, Level: level(f.Severity), Message: sarifMessage{plain(f.Message + subject(f))},
		Fingerprints: map[string]string{"gkops/v1": fingerprint(f)}}
	if f.File == "" {
		return r
	}
	location := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{uri(f.File)}}}
	if f.Line > 0 {
		location.Physical.Region = &sarifRegion{f.Line}
	}
	if f.Object.Kind != "" {
		location.Logical = []sarifLogical{{Name: plain(name(f.Object)), Kind: "resource"}}
	}
	r.Locations = []sarifLocation{location}
	return r
}

func level(s finding.Severity) string {
	if s == finding.Info {
		return "note"
	}
	return string(s)
}

// fingerprint stays the same when lines move.
func fingerprint(f finding.Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.File, f.Object.Key(), f.Message}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// uri is a relative reference, or a file URI for an absolute path.
func uri(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if strings.HasPrefix(u.Path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}
