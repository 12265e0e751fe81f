package compat

import (
	"fmt"
	"maps"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// Fact is a reason why a part of a tree, the objects of one package say, cannot stay as it is. Whoever chooses versions can
// choose another one of Part or of With.
type Fact struct {
	Part    string // as the caller named it
	With    string // the other part of a conflict; empty when it is with Kubernetes, or with Part itself
	Last    string // what still served an API version that With does not serve, as its From says; empty when that is not known
	Finding finding.Finding
}

// Why is the reason in one line.
func (f Fact) Why() string { return f.Finding.Object.String() + ": " + f.Finding.Message }

// Where is the place of the reason: "file:line".
func (f Fact) Where() string { return fmt.Sprintf("%s:%d", f.Finding.File, f.Finding.Line) }

// Facts judges the parts of a tree against Kubernetes, as each was reported alone for the same target, and against each other:
// a custom resource whose version no definition serves, and a definition that two parts bring. provided are definitions that are in the
// cluster, earlier what the parts replace, the newest last. Facts come sorted by part.
func Facts(parts map[string]*Report, provided, earlier []Definition) []Fact {
	names := slices.Sorted(maps.Keys(parts))
	var facts []Fact
	for _, name := range names {
		for _, f := range parts[name].Findings {
			if f.Severity == finding.Error && kubernetesRule(f.Rule) {
				facts = append(facts, Fact{Part: name, Finding: f})
			}
		}
	}
	providers := map[groupKind][]provider{}
	byName := map[string][]provider{}
	for _, name := range names {
		for i := range parts[name].Definitions {
			d := &parts[name].Definitions[i]
			p := provider{name, d}
			providers[groupKind{d.Group, d.Kind}] = append(providers[groupKind{d.Group, d.Kind}], p)
			byName[d.Name] = append(byName[d.Name], p)
		}
	}
	for i := range provided {
		d := &provided[i]
		providers[groupKind{d.Group, d.Kind}] = append(providers[groupKind{d.Group, d.Kind}], provider{"", d})
	}
	facts = append(facts, versionFacts(names, parts, providers, earlier)...)
	return append(facts, duplicateFacts(byName)...)
}

// Split takes the report of a whole tree apart, by the part that a file belongs to; what belongs to none is left out. Intervals
// stay behind: they are of the whole.
func (r *Report) Split(part func(file string) string) map[string]*Report {
	parts := map[string]*Report{}
	of := func(file string) *Report {
		name := part(file)
		if name != "" && parts[name] == nil {
			parts[name] = &Report{Kubernetes: r.Kubernetes}
		}
		return parts[name]
	}
	for _, f := range r.Findings {
		if one := of(f.File); one != nil {
			one.Findings = append(one.Findings, f)
		}
	}
	for _, d := range r.Definitions {
		if one := of(d.File); one != nil {
			one.Definitions = append(one.Definitions, d)
		}
	}
	for _, u := range r.Uses {
		if one := of(u.File); one != nil {
			one.Uses = append(one.Uses, u)
		}
	}
	return parts
}

// kubernetesRule reports whether findings of a rule depend on the Kubernetes version alone.
func kubernetesRule(rule string) bool {
	return slices.Contains([]string{Removed, NotYet, FieldNotYet, FieldRemoved, RuleNotYet}, rule)
}

// provider is a definition and the part that brings it, empty for the cluster.
type provider struct {
	part       string
	definition *Definition
}

// versionFacts finds custom resources whose version nobody serves although somebody has the kind.
func versionFacts(names []string, parts map[string]*Report, providers map[groupKind][]provider, earlier []Definition) []Fact {
	var facts []Fact
	for _, name := range names {
		for i := range parts[name].Uses {
			use := &parts[name].Uses[i]
			have := providers[groupKind{use.GVK.Group, use.GVK.Kind}]
			if len(have) == 0 {
				continue
			}
			definitions := make([]*Definition, len(have))
			for j := range have {
				definitions[j] = have[j].definition
			}
			if f, found := judgeVersion(use, definitions); found && f.Rule == VersionGone {
				last := lastServed(use, earlier)
				f.Message += stillServed(last)
				facts = append(facts, Fact{Part: name, With: other(name, have[0].part), Last: last, Finding: f})
			}
		}
	}
	return facts
}

func other(part, with string) string {
	if part == with {
		return ""
	}
	return with
}

// duplicateFacts finds definitions that two parts bring.
func duplicateFacts(byName map[string][]provider) []Fact {
	var facts []Fact
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		first := byName[name][0]
		for _, p := range byName[name][1:] {
			if p.part == first.part {
				continue
			}
			f := newFinding(Duplicate, p.definition.Object, fmt.Sprintf("%s and %s both bring the definition %s", first.part, p.part, name))
			f.File, f.Line = p.definition.File, p.definition.Line
			facts = append(facts, Fact{Part: p.part, With: first.part, Finding: f})
		}
	}
	return facts
}
