package catalog

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// The identity of the files that gkops adds to a registry. An index.yaml in Glasskube's layout has neither.
const (
	APIVersion   = "gkops.dev/v1alpha1"
	FactsKind    = "PackageFacts"
	ProvidesKind = "ProvidesIndex"
	OverlayKind  = "Overlay"
)

// FactsFile is the name of a file of facts: <package>/facts.yaml about the versions of a package, <package>/<version>/facts.yaml
// beside package.yaml about that one.
const FactsFile = "facts.yaml"

// PackageFacts is a facts.yaml: what is known of a package beyond its package.yaml.
type PackageFacts struct {
	APIVersion string `yaml:"apiVersion" json:"apiVersion"`
	Kind       string `yaml:"kind" json:"kind"`
	Package    string `yaml:"package" json:"package"`
	Facts      []Fact `yaml:"facts" json:"facts"`
}

// Fact is one entry: the versions that it is about, what holds for them, and how that is known.
type Fact struct {
	Versions    string         `yaml:"versions,omitempty" json:"versions,omitempty"`
	Kubernetes  string         `yaml:"kubernetes,omitempty" json:"kubernetes,omitempty"`
	Requires    []Dependency   `yaml:"requires,omitempty" json:"requires,omitempty"`
	Conflicts   []FactConflict `yaml:"conflicts,omitempty" json:"conflicts,omitempty"`
	Provides    []FactProvided `yaml:"provides,omitempty" json:"provides,omitempty"`
	APIs        FactAPIs       `yaml:"apis,omitempty" json:"apis,omitzero"`
	UpgradeFrom string         `yaml:"upgradeFrom,omitempty" json:"upgradeFrom,omitempty"`
	Yanked      string         `yaml:"yanked,omitempty" json:"yanked,omitempty"`
	Prerelease  string         `yaml:"prerelease,omitempty" json:"prerelease,omitempty"`
	Deprecated  string         `yaml:"deprecated,omitempty" json:"deprecated,omitempty"`
	Replacement string         `yaml:"replacement,omitempty" json:"replacement,omitempty"`
	Evidence    Evidence       `yaml:"evidence,omitempty" json:"evidence,omitzero"`
}

// FactConflict is a package, or a virtual one, that may not be in the same cluster. An absent version means any.
type FactConflict struct {
	Name    string `yaml:"name" json:"name"`
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
	Reason  string `yaml:"reason,omitempty" json:"reason,omitempty"`
}

// FactProvided is a virtual package that the versions stand in for. An absent version provides the name in no particular one.
type FactProvided struct {
	Name    string `yaml:"name" json:"name"`
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
}

// FactAPIs are the custom resources that the package's definitions serve, and those that its objects are of.
type FactAPIs struct {
	Serves []FactAPI `yaml:"serves,omitempty" json:"serves,omitempty"`
	Uses   []FactAPI `yaml:"uses,omitempty" json:"uses,omitempty"`
}

// FactAPI is versions ("v1alpha2") of one kind of custom resource.
type FactAPI struct {
	Group    string   `yaml:"group" json:"group"`
	Kind     string   `yaml:"kind" json:"kind"`
	Versions []string `yaml:"versions" json:"versions"`
}

// EvidenceKind is how something is known.
type EvidenceKind string

// The kinds of evidence, the weightiest first. An absent kind is Declared.
const (
	Tested   EvidenceKind = "tested"   // it was run
	Measured EvidenceKind = "measured" // computed from what the package renders
	Declared EvidenceKind = "declared" // the package's own project says so
	Reported EvidenceKind = "reported" // somebody who uses it says so
)

// EvidenceResult is what came out of a test or a report.
type EvidenceResult string

// The results.
const (
	Works EvidenceResult = "works"
	Fails EvidenceResult = "fails"
)

// Evidence is how a fact is known. Date is a day, "2026-01-31". Result is there for Tested and Reported alone: such a fact speaks
// of the versions that it names and is silent about all others.
type Evidence struct {
	Kind   EvidenceKind   `yaml:"kind,omitempty" json:"kind,omitempty"`
	Source string         `yaml:"source,omitempty" json:"source,omitempty"`
	Date   string         `yaml:"date,omitempty" json:"date,omitempty"`
	Result EvidenceResult `yaml:"result,omitempty" json:"result,omitempty"`
}

// seen reports whether the evidence speaks of single cases, and not of all versions.
func (e Evidence) seen() bool { return e.Kind == Tested || e.Kind == Reported }

// ParseFacts reads a facts.yaml of a package: with one set, the one beside package.yaml, which is about that version alone. Its errors
// are like those of ParseManifest.
func ParseFacts(file string, data []byte, pkg string, one bool) (*PackageFacts, error) {
	facts := new(PackageFacts)
	c, err := decodeKind(file, data, FactsKind, facts)
	if err != nil {
		return nil, err
	}
	if c.required(place{"package"}, facts.Package) && facts.Package != pkg {
		c.wrong(place{"package"}, "name the package whose folder it lies in", "is %.80q, and the file lies in the folder of %s", facts.Package, pkg)
	}
	c.listed(place{"facts"})
	for i, fact := range facts.Facts {
		c.fact(place{"facts"}.item(i), fact, pkg, one)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return facts, nil
}

// decodeKind is decode for a file that says what it is. That is looked at first, so that another file is not told key by key.
func decodeKind(file string, data []byte, kind string, into any) (*checker, error) {
	doc, err := document.ParseOne(file, data)
	if err != nil {
		return nil, err
	}
	for _, want := range []struct{ key, value string }{{"apiVersion", APIVersion}, {"kind", kind}} {
		fault := &document.SyntaxError{File: file, Line: max(doc.Line, 1)}
		switch node := document.Lookup(doc.Root(), want.key); {
		case node == nil:
			fault.Reason, fault.Hint = want.key+" is missing", "add '"+want.key+": "+want.value+"'"
		case node.Kind != yaml.ScalarNode || node.Value != want.value:
			fault.Line, fault.Reason = node.Line, fmt.Sprintf("%s is %.80q, not %s", want.key, node.Value, want.value)
			fault.Hint = "when a newer gkops wrote this file, use that one"
		default:
			continue
		}
		return nil, fault
	}
	if err := doc.Decode(into); err != nil {
		return nil, err
	}
	return newChecker(doc), nil
}
