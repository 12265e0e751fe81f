package report

import (
	"cmp"
	"encoding/xml"
	"io"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
)

type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Skipped string        `xml:"skipped,omitempty"`
		Failure *junitFailure `xml:"failure,omitempty"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a report that fits the schema of Jenkins, which knows neither files nor lines: they are in the texts. It has one suite per file with findings and one case per finding, failed from View.FailOn on; ignored findings are
// skipped cases. Without any finding there is one case that passed.
func JUnit(w io.Writer, v View) error {
	out := junitSuites{Name: "gkops compat"}
	failing := map[finding.Severity]bool{}
	for _, f := range compat.Over(v.Findings, cmp.Or(v.FailOn, finding.Error)) {
		failing[f.Severity] = true
	}
	for _, f := range v.Findings {
		c := caseOf(f)
		text := plain(where(f) + f.Message)
		if failing[f.Severity] {
			c.Failure = &junitFailure{Message: plain(f.Message), Type: f.Rule, Text: text}
		} else {
			c.Out = text
		}
		out.add(f.File, c)
	}
	for _, ignored := range v.Ignored {
		c := caseOf(ignored.Finding)
		c.Skipped = plain("ignored: " + where(ignored.Finding) + ignored.Finding.Message + ": " + ignored.Reason)
		out.add(ignored.Finding.File, c)
	}
	if out.Tests == 0 {
		out.add("", junitCase{Name: fits(v), Class: "compat", Out: summary(v)})
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}

func caseOf(f finding.Finding) junitCase {
	return junitCase{Name: plain(f.Rule + subject(f)), Class: cmp.Or(plain(f.File), "compat")}
}

// add puts a case into the suite of its file; findings come sorted by file.
func (s *junitSuites) add(file string, c junitCase) {
	name := cmp.Or(plain(file), "compat")
	i := len(s.Suites) - 1
	if i < 0 || s.Suites[i].Name != name {
		s.Suites = append(s.Suites, junitSuite{Name: name})
		i++
	}
	suite := &s.Suites[i]
	suite.Cases = append(suite.Cases, c)
	suite.Tests++
	s.Tests++
	if c.Failure != nil {
		suite.Failures++
		s.Failures++
	}
	if c.Skipped != "" {
		suite.Skipped++
	}
}
