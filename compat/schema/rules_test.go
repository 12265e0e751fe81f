package schema

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"k8s.io/apiserver/pkg/cel/environment"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// since is rules and the first minor whose API server takes them in a new definition: the one after the minor that brought what they use.
// What brought what is said by k8s.io/apiserver, pkg/cel/environment.
func since() map[knowledge.Minor][]string {
	return map[knowledge.Minor][]string{
		24: {"self.size > 0", "self.host.matches('^[a-z]+$')", "self.host.lowerAscii() == self.host", "url(self.host).getHost() == ''", "self.list.isSorted()",
			"self.list.all(i, i > 1)", "self.list.sum() > 1", "self.host.split('.').size() == 2"},
		29: {"self.size > 1.5", "double(self.size) < self.size", "self.?host.hasValue()", "self.?host.orValue('') == ''", "self.?host.or(self.?mode).value() == ''",
			"self.list[?0].hasValue()", "[?self.?host].size() == 1", "self.?host.optMap(h, h + 'a').hasValue()", "self.?host.optFlatMap(h, optional.of(h)).hasValue()",
			"optional.none().hasValue() || optional.ofNonZeroValue(self.host).hasValue()", "[optional.of(1)].unwrapOpt() == [1]", "optional.unwrap([optional.of(1)]) == [1]",
			"self.list.first().hasValue() && self.list.last().hasValue()", "isQuantity(self.host)", "quantity('1').isGreaterThan(quantity('2'))",
			"quantity('1').isLessThan(quantity('2').add(3).sub(1))", "sign(quantity(self.host)) == 1 && quantity(self.host).isInteger()",
			"quantity('1').asInteger() == 1 || quantity('1').asApproximateFloat() > 0.5", "quantity('1').compareTo(quantity('2')) == 1"},
		30: {"'%d'.format([self.size]) == ''", "strings.quote(self.host) == ''", "sets.contains(self.list, [1])", "sets.equivalent(self.list, [1])", "sets.intersects(self.list, [1])"},
		31: {"isIP(self.host)", "ip(self.host).family() == 4", "ip.isCanonical(self.host)", "ip(self.host).isUnspecified() || ip(self.host).isLoopback()",
			"ip(self.host).isLinkLocalMulticast() || ip(self.host).isLinkLocalUnicast() || ip(self.host).isGlobalUnicast()", "isCIDR(self.host)",
			"cidr(self.host).containsIP('10.0.0.1')", "cidr(self.host).containsCIDR('10.0.0.0/8')", "cidr(self.host).prefixLength() == 8", "cidr(self.host).masked() == cidr(self.host)"},
		32: {"!format.dns1123Label().validate(self.host).hasValue()", "format.dns1123LabelPrefix().validate(self.host).hasValue()",
			"format.dns1123Subdomain().validate(self.host).hasValue()", "format.dns1123SubdomainPrefix().validate(self.host).hasValue()",
			"format.dns1035Label().validate(self.host).hasValue()", "format.dns1035LabelPrefix().validate(self.host).hasValue()",
			"format.qualifiedName().validate(self.host).hasValue()", "format.labelValue().validate(self.host).hasValue()", "format.uri().validate(self.host).hasValue()",
			"format.uuid().validate(self.host).hasValue()", "format.byte().validate(self.host).hasValue()", "format.date().validate(self.host).hasValue()",
			"format.datetime().validate(self.host).hasValue()", "format.named('uri').hasValue()", "self.namespace == ''", "has(self . namespace)"},
		33: {"self.list.all(i, v, i < v)", "self.list.exists(i, v, i < v)", "self.list.exists_one(i, v, i < v)", "self.list.existsOne(i, v, i < v)",
			"self.list.transformList(i, v, i + v).size() > 1", "self.tags.transformMap(k, v, v + k).size() > 1", "self.tags.transformMapEntry(k, v, {v: k}).size() > 1"},
		34: {"isSemver(self.host)", "semver(self.host).major() == 1 || semver(self.host).minor() == 1 || semver(self.host).patch() == 1"},
		35: {"self.list.distinct() == self.list", "[self.list].flatten() == self.list", "lists.range(2) == self.list", "self.list.reverse() == self.list",
			"self.list.slice(0, 1) == self.list", "self.list.sort() == self.list", "self.list.sortBy(i, -i) == self.list", "isIP(self.host) && self.list.sort() == [1]"},
		38: {"self.list.includes(1)"},
	}
}

// ruled is the definition of the tests with another rule.
func ruled(t *testing.T, rule string) string {
	t.Helper()
	text := strings.Replace(definition, `rule: "!has(self.max) || self.size <= self.max"`, fmt.Sprintf("rule: %q", rule), 1)
	more := "list: {type: array, items: {type: integer}}\n              tags: {type: object, additionalProperties: {type: string}}\n              namespace: {type: string}\n              max:"
	return strings.Replace(text, "max:", more, 1)
}

// lineWith is the number of the first line of a text that holds a word.
func lineWith(text, word string) int {
	before, _, _ := strings.Cut(text, word)
	return strings.Count(before, "\n") + 1
}

func checked(t *testing.T, text, kubernetes string) *compat.Report {
	t.Helper()
	report, err := compat.Check(context.Background(), fstest.MapFS{"crd.yaml": {Data: []byte(text)}}, compat.Target{Kubernetes: kubernetes, Schemas: Schemas{}})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestRulesAreTakenSince holds each rule to the minor before the first that takes it, where it is told, and to that minor, where nothing
// is. Nothing in the tree uses the definition.
func TestRulesAreTakenSince(t *testing.T) {
	const oldest, newest = 24, 37
	for first, rules := range since() {
		for _, rule := range rules {
			text := ruled(t, rule)
			line := lineWith(text, fmt.Sprintf("rule: %q", rule))
			if in := checked(t, text, "").Interval; first <= newest && (in.Min != first.String() || in.Max != "1.37" || first > oldest && len(in.MinBecause) != 1) {
				t.Errorf("%s: the interval is %s to %s (%v), want it from %s on", rule, in.Min, in.Max, in.MinBecause, first)
			} else if first > newest && (in.Min != "" || len(in.MaxBecause) != 1) {
				t.Errorf("%s: the interval is %s to %s, want none", rule, in.Min, in.Max)
			}
			if first > oldest {
				before := min(first-1, newest)
				got := checked(t, text, before.String()).Findings
				until := before.String()
				if first > newest {
					until = ""
				}
				if len(got) != 1 || got[0].Rule != compat.RuleNotYet || got[0].Severity != finding.Error || got[0].Until != until || got[0].Line != line {
					t.Errorf("%s: %s says %+v", rule, before, got)
				}
			}
			if first <= newest {
				if got := checked(t, text, first.String()).Findings; len(got) > 0 {
					t.Errorf("%s: %s says %+v", rule, first, got)
				}
			}
		}
	}
}

// TestTheLibraryKnowsTheNewestMinor fails when the table of kinds has a minor whose rules the library of the API server does not know.
func TestTheLibraryKnowsTheNewestMinor(t *testing.T) {
	known, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	if before := knowledge.Minor(environment.DefaultCompatibilityVersion().Minor()); before+1 < known.Newest {
		t.Errorf("k8s.io/apiserver in go.mod is of %s, the table knows %s", before+1, known.Newest)
	}
}

// TestEveryGatedFunctionHasARule fails when a newer library brings what no rule of the test above uses. What only rules on requests can
// use is of no concern: a definition's rules have no authorizer.
func TestEveryGatedFunctionHasARule(t *testing.T) {
	authorizer := strings.Fields("allowed check error errored fieldSelector group labelSelector name namespace path reason resource serviceAccount subresource")
	var all []string
	for _, rules := range since() {
		all = append(all, rules...)
	}
	used := strings.Join(all, "\n")
	env := environmentOf(24)
	w := newWords(env.NewExpressionsEnv(), env.StoredExpressionsEnv())
	names := slices.Concat(slices.Sorted(maps.Keys(w.calls)), slices.Sorted(maps.Keys(w.wider)))
	for _, name := range names {
		if !strings.Contains(name, "@") && !strings.Contains(used, name+"(") && !slices.Contains(authorizer, name) {
			t.Errorf("no rule uses %s", name)
		}
	}
	if len(names) < 80 || !w.numbers || len(w.signs) == 0 {
		t.Errorf("%d functions and macros, %+v", len(names), w)
	}
}

func TestRuleIsToldInWords(t *testing.T) {
	text := ruled(t, "isIP(self.host)")
	text = strings.Replace(text, "- rule: self.metadata.name != 'root'", "- rule: isIP(self.metadata.name)", 1)
	got := checked(t, text, "1.30")
	want := "spec.versions.0.schema.openAPIV3Schema.x-kubernetes-validations.0: API servers take this rule in a new definition from Kubernetes 1.31 on, not 1.30: " +
		"undeclared reference to 'isIP' (and 1 more rule)"
	if len(got.Findings) != 1 || got.Findings[0].Message != want || got.Findings[0].Line != lineWith(text, "rule: isIP(self.metadata") {
		t.Errorf("%+v", got.Findings)
	}
	want = "spec.versions.0.schema.openAPIV3Schema.x-kubernetes-validations.0: API servers take this rule in a new definition from Kubernetes 1.31 on: " +
		"undeclared reference to 'isIP' (and 1 more rule)"
	if in := got.Interval; len(in.MinBecause) != 1 || in.MinBecause[0].Message != want {
		t.Errorf("%+v", in.MinBecause)
	}
}

// TestRulesAreFoundInEveryForm writes one definition in the ways that there are.
func TestRulesAreFoundInEveryForm(t *testing.T) {
	plain := ruled(t, "isIP(self.host)")
	list := "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(plain), "\n", "\n  ") + "\n"
	json := `{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "as.example.org"}, "spec": {"group": "example.org",
"scope": "Namespaced", "names": {"kind": "A", "plural": "as"}, "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
{"type": "object", "properties": {"host": {"type": "string", "x-kubernetes-validations": [{"rule": "isIP(self)"}]}}}}}]}}`
	for name, text := range map[string]string{
		"plain":                plain,
		"behind another":       "a: b\n---\n# one\n" + plain,
		"of a version not yet": strings.Replace(plain, "served: true", "served: false", 1),
		"list":                 list,
		"twice in a list":      list + "- " + strings.ReplaceAll(strings.TrimSpace(plain), "\n", "\n  ") + "\n",
		"JSON":                 json,
		"flow":                 strings.Replace(plain, "host: {type: string,", `host: {type: string, x-kubernetes-validations: [{rule: "isIP (self)"}],`, 1),
		"flow, quoted":         strings.Replace(plain, "host: {type: string,", `host: {type: string, "x-kubernetes-validations": [{"rule": "isIP(self)"}],`, 1),
		"quoted keys":          strings.ReplaceAll(plain, "x-kubernetes-validations:", `"x-kubernetes-validations":`),
		"folded":               strings.Replace(plain, `rule: "isIP(self.host)"`, "rule: >-\n                isIP\n                (self.host)", 1),
		"message":              strings.Replace(plain, `rule: "isIP(self.host)"`, "rule: self.size > 0\n              messageExpression: \"isIP(self.host) ? 'a' : 'b'\"", 1),
		"letters as numbers":   strings.Replace(plain, `"isIP(self.host)"`, `"is\u0049P(self.host)"`, 1),
		"with carriage return": strings.ReplaceAll(plain, "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			got := checked(t, text, "1.30").Findings
			got = slices.DeleteFunc(got, func(f finding.Finding) bool { return f.Rule != compat.RuleNotYet })
			if want := 1 + strings.Count(name, "twice"); len(got) != want {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestBrokenRulesAreNoMatterOfMinors holds what no API server takes to the other finding.
func TestBrokenRulesAreNoMatterOfMinors(t *testing.T) {
	report := checked(t, ruled(t, "isIP(self.nothing)"), "1.30")
	if len(report.Findings) > 0 || report.Interval.Min != "1.24" {
		t.Errorf("%+v", report)
	}
}

// TestTooManyRulesAreTold bounds what a definition may cost.
func TestTooManyRulesAreTold(t *testing.T) {
	rule := `rule: "isIP(self.host)"`
	text := strings.Replace(ruled(t, "isIP(self.host)"), "            - "+rule, strings.Repeat("            - "+rule+"\n", mostRules+7)+"            - "+rule, 1)
	got := checked(t, text, "1.30").Findings
	if len(got) != 2 || got[0].Rule != compat.NotValidated || !strings.HasPrefix(got[0].Message, "8 of its rules were not held") || got[1].Rule != compat.RuleNotYet {
		t.Errorf("%.400s", fmt.Sprint(got))
	}
}

// TestWordsAreFoundInTimeThatGrowsWithTheText gives texts that look back or ahead at every character.
func TestWordsAreFoundInTimeThatGrowsWithTheText(t *testing.T) {
	w := wordsSince(knowledge.Between(24, 37))
	for _, text := range []string{strings.Repeat("all(", 1<<20), strings.Repeat("(", 1<<22), strings.Repeat(" (", 1<<21), strings.Repeat("a.", 1<<21) + "(", strings.Repeat("all(a,", 1<<20)} {
		start := time.Now()
		w.in(text, true)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%.20q...: %s", text, took)
		}
	}
}
