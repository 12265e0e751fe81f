//go:build peers

package peers

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/report"
)

// element is what the schema of JUnit reports says about one element. The schema has only sequences of references and attributes.
type element struct {
	Name    string `xml:"name,attr"`
	Complex *struct {
		Sequence []struct {
			Ref string `xml:"ref,attr"`
			Max string `xml:"maxOccurs,attr"`
		} `xml:"sequence>element"`
		Attributes []struct {
			Name string `xml:"name,attr"`
			Use  string `xml:"use,attr"`
		} `xml:"attribute"`
	} `xml:"complexType"`
}

// TestJUnitFitsItsSchema holds a report with every kind of entry to the schema that Jenkins reads by, which kubeconform publishes
// with its fixtures.
func TestJUnitFitsItsSchema(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(folder(t, kubeconform), "fixtures", "junit.xsd"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Elements []element `xml:"element"`
	}
	if err := xml.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	known := map[string]element{}
	for _, e := range schema.Elements {
		known[e.Name] = e
	}
	if len(known) < 8 {
		t.Fatalf("the schema has %d elements", len(known))
	}
	f := finding.Finding{Rule: compat.Removed, Severity: finding.Error, Message: "gone", File: "a.yaml", Line: 1}
	low := finding.Finding{Rule: compat.Deprecated, Severity: finding.Warning, Message: "old", File: "a.yaml", Line: 2}
	for _, view := range []report.View{
		{Report: &compat.Report{Findings: []finding.Finding{f, low}}, Ignored: []compat.Ignored{{Finding: f, Reason: "r"}}},
		{Report: &compat.Report{}},
	} {
		var out bytes.Buffer
		if err := report.JUnit(&out, view); err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults(t, known, out.String()) {
			t.Error(fault)
		}
	}
	broken := `<testsuites><testsuite name="a"><testcase name="b" file="c"><failure/><skipped/></testcase></testsuite></testsuites>`
	if got := faults(t, known, broken); len(got) != 3 {
		t.Errorf("a missing attribute, an unknown one and a wrong order: %v", got)
	}
}

// faults is where a document does not fit.
func faults(t *testing.T, known map[string]element, text string) []string {
	t.Helper()
	var out []string
	decoder := xml.NewDecoder(strings.NewReader(text))
	type open struct {
		name string
		at   int // in the sequence of its children
	}
	var stack []open
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if len(stack) > 0 {
				parent := &stack[len(stack)-1]
				sequence := known[parent.name].Complex.Sequence
				at := parent.at
				for at < len(sequence) && sequence[at].Ref != name {
					at++
				}
				if at == len(sequence) {
					out = append(out, name+" may not stand here in "+parent.name)
				} else {
					parent.at = at
				}
			}
			out = append(out, attributes(known[name], token)...)
			stack = append(stack, open{name: name})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
}

func attributes(e element, start xml.StartElement) []string {
	var out []string
	if e.Complex == nil {
		if len(start.Attr) > 0 {
			out = append(out, start.Name.Local+" has attributes")
		}
		return out
	}
	for _, a := range start.Attr {
		if !slices.ContainsFunc(e.Complex.Attributes, func(known struct {
			Name string `xml:"name,attr"`
			Use  string `xml:"use,attr"`
		}) bool {
			return known.Name == a.Name.Local
		}) {
			out = append(out, start.Name.Local+" has the attribute "+a.Name.Local)
		}
	}
	for _, known := range e.Complex.Attributes {
		if known.Use == "required" && !slices.ContainsFunc(start.Attr, func(a xml.Attr) bool { return a.Name.Local == known.Name }) {
			out = append(out, start.Name.Local+" lacks "+known.Name)
		}
	}
	return out
}
