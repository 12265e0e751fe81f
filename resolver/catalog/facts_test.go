package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/compat/document"
)

const factsHead = "apiVersion: gkops.dev/v1alpha1\nkind: PackageFacts\npackage: shop\nfacts:\n"

func TestParseFacts(t *testing.T) {
	data := factsHead + `  - versions: ">=1.2 <2"
    kubernetes: "1.35 || 1.34"
    requires: [{name: cert-manager, version: ">=1.17"}, {name: gateway-api-standard}]
    conflicts: [{name: old-shop, version: "<3", reason: they own one webhook}]
    provides: [{name: shop-api, version: 1.2.0}]
    apis:
      serves: [{group: shop.example, kind: Shop, versions: [v1, v1beta1]}]
      uses: [{group: cert-manager.io, kind: Certificate, versions: [v1]}]
    upgradeFrom: ">=1.1"
    deprecated: nobody keeps it
    replacement: market
    evidence: {kind: declared, source: "shop/shop@v1.2.0:README.md", date: 2026-01-31}
  - versions: v1.2.3+2
    yanked: it lost data
`
	got, err := ParseFacts("facts.yaml", []byte(data), "shop", false)
	if err != nil {
		t.Fatal(err)
	}
	want := &PackageFacts{APIVersion, FactsKind, "shop", []Fact{
		{
			Versions: ">=1.2 <2", Kubernetes: "1.35 || 1.34",
			Requires:  []Dependency{{"cert-manager", ">=1.17"}, {"gateway-api-standard", ""}},
			Conflicts: []FactConflict{{"old-shop", "<3", "they own one webhook"}},
			Provides:  []FactProvided{{"shop-api", "1.2.0"}},
			APIs: FactAPIs{
				Serves: []FactAPI{{"shop.example", "Shop", []string{"v1", "v1beta1"}}},
				Uses:   []FactAPI{{"cert-manager.io", "Certificate", []string{"v1"}}},
			},
			UpgradeFrom: ">=1.1", Deprecated: "nobody keeps it", Replacement: "market",
			Evidence: Evidence{Declared, "shop/shop@v1.2.0:README.md", "2026-01-31", ""},
		},
		{Versions: "v1.2.3+2", Yanked: "it lost data"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestParseFactsRefuses names, for each bad file, the line and words of the error.
func TestParseFactsRefuses(t *testing.T) {
	for entry, want := range map[string]string{
		"kubernets: '1.30'": `5: the key "kubernets" is unknown in facts[0]`,
		"kubernetes: 1.30":  `5: facts[0].kubernetes is the number 1.30, not a string`,
		"kubernetes: ''":    "5: facts[0].kubernetes is no range",
		"kubernetes: 1.20-1.25, evidence: {kind: declared}": `could mean a prerelease: write "1.20 - 1.25"`,
		"kubernetes: 1.29+":                                                                "5: facts[0].kubernetes is no range",
		"versions: '>>1', yanked: x":                                                       "5: facts[0].versions is no version range",
		"versions: '', yanked: x":                                                          "5: facts[0].versions is empty",
		"upgradeFrom: ''":                                                                  "5: facts[0].upgradeFrom is empty",
		"versions: '1.x'":                                                                  "5: facts[0] says nothing of the versions",
		"yanked: ' '":                                                                      "5: facts[0].yanked is empty",
		"replacement: market, yanked: x":                                                   "5: facts[0].replacement stands alone",
		"requires: [{name: shop}]":                                                         "5: facts[0].requires[0].name is shop itself",
		"requires: [{name: a}, {name: a}]":                                                 "5: facts[0].requires[1].name names a a second time",
		"requires: [{name: A}]":                                                            "is not a DNS label",
		"conflicts: [{version: '1'}]":                                                      "5: facts[0].conflicts[0].name is missing",
		"provides: [{name: a, version: '1'}]":                                              "5: facts[0].provides[0].version is no version",
		"apis: {serves: [{group: apps, kind: A, versions: [v1]}]}":                         "which is no group of custom resources",
		"apis: {uses: [{group: a.io, kind: a, versions: [v1]}]}":                           "which is no kind",
		"apis: {uses: [{group: a.io, kind: A, versions: ['1']}]}":                          "5: facts[0].apis.uses[0].versions[0] is \"1\"",
		"apis: {uses: [{group: a.io, kind: A, versions: []}]}":                             "5: facts[0].apis.uses[0].versions is missing or empty",
		"kubernetes: '1.30', evidence: {}":                                                 "facts[0].evidence.kind is missing",
		"kubernetes: '1.30', evidence: {kind: guessed}":                                    `is "guessed", which is unknown`,
		"kubernetes: '1.30', evidence: {kind: tested}":                                     "facts[0].evidence.result is missing",
		"kubernetes: '1.30', evidence: {kind: declared, result: works}":                    "only fits the kinds tested and reported",
		"kubernetes: '1.30', evidence: {kind: tested, result: maybe}":                      `is "maybe", which is unknown`,
		"kubernetes: '1.30', evidence: {kind: declared, date: 2026-13-31}":                 "which is no day",
		"conflicts: [{name: a}], evidence: {kind: tested, result: works}":                  "contradicts the result works",
		"requires: [{name: a}], evidence: {kind: tested, result: fails}":                   "contradicts the result fails",
		"kubernetes: '1.30', evidence: {kind: tested, result: works, from: \"somewhere\"}": `the key "from" is unknown in facts[0].evidence`,
	} {
		_, err := ParseFacts("facts.yaml", []byte(factsHead+"  - {"+entry+"}\n"), "shop", false)
		var syntax *document.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) || syntax.Line != 5 {
			t.Errorf("%s: %v, want %s", entry, err, want)
		}
	}
	for data, want := range map[string]string{
		"name: shop\n": "apiVersion is missing",
		"apiVersion: gkops.dev/v1alpha1\nkind: Overlay\n":                                 `2: kind is "Overlay", not PackageFacts`,
		"apiVersion: gkops.dev/v1alpha1\nkind: PackageFacts\nfacts: []\n":                 "package is missing",
		"apiVersion: gkops.dev/v1alpha1\nkind: PackageFacts\npackage: other\nfacts: []\n": `3: package is "other", and the file lies in the folder of shop`,
		"apiVersion: gkops.dev/v1alpha1\nkind: PackageFacts\npackage: shop\n":             "facts is missing",
		"apiVersion: gkops.dev/v1alpha1\nkind: PackageFacts\npackage: shop\nfact: [{}]\n": `4: the key "fact" is unknown`,
	} {
		if _, err := ParseFacts("facts.yaml", []byte(data), "shop", false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", data, err, want)
		}
	}
}

// TestParseFactsOfOneVersion refuses what must be known without reading the version, and says where it goes.
func TestParseFactsOfOneVersion(t *testing.T) {
	if _, err := ParseFacts("f", []byte(factsHead+"  - {kubernetes: '>=1.30', requires: [{name: a}]}\n"), "shop", true); err != nil {
		t.Error(err)
	}
	for _, entry := range []string{"versions: '1.x', kubernetes: '1.30'", "yanked: x", "deprecated: x", "provides: [{name: a}]"} {
		_, err := ParseFacts("f", []byte(factsHead+"  - {"+entry+"}\n"), "shop", true)
		var syntax *document.SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != 5 || syntax.Hint == "" {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

func FuzzParseFacts(f *testing.F) {
	f.Add([]byte(factsHead+"  - {versions: '1.x', kubernetes: '1.30 || 1.31', evidence: {kind: tested, result: works}}\n"), true)
	f.Add([]byte(factsHead+"  - {versions: '>=1', requires: [{name: a, version: ~1.2}], provides: [{name: b}]}\n"), false)
	f.Add([]byte(factsHead+"  - {conflicts: [{name: a}], upgradeFrom: '>=1 || 0.9.x', apis: {uses: [{group: a.b, kind: C, versions: [v1]}]}}\n"), false)
	f.Fuzz(func(t *testing.T, data []byte, one bool) {
		facts, err := ParseFacts("facts.yaml", data, "shop", one)
		if err != nil {
			return
		}
		sheet := newSheet(File{}, facts.Facts)
		v, cluster := mustVersion(t, "v1.2.3"), mustVersion(t, "1.30.0")
		known := Known(sheet.about(v, "main", false))
		known.Kubernetes(cluster)
		known.Requirements()
		known.Conflicts()
		known.From()
		if len(known) > len(facts.Facts) {
			t.Errorf("%d statements of %d facts", len(known), len(facts.Facts))
		}
	})
}

func TestKubernetesRange(t *testing.T) {
	for text, want := range map[string]string{
		"1.35 || 1.34":            "34 35",
		">= 1.19.0-0 <1.22":       "19 20 21",
		">=1.29.3, <1.31.4":       "29 30 31",
		"<1.20.0-0, >=1.18":       "18 19",
		"v1.30.1-gke.1200":        "30",
		">=v1.38.0-eks-a1b2c3":    "38 39",
		"1.20.x - 1.22.x":         "20 21 22",
		"1.21 - 1.23":             "21 22 23",
		"!=1.20.3 <1.22 >1.18":    "19 20 21",
		"~1.30":                   "30",
		"^1.38":                   "38 39",
		">1.37.4 <=1.39":          "37 38 39",
		"1.25.0+k3s1 || 1.26+rke": "25 26",
	} {
		r, err := ParseKubernetesRange(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var held, excluded []string
		for minor := range 40 {
			v, err := ParseKubernetes(fmt.Sprintf("1.%d", minor))
			if err != nil {
				t.Fatal(err)
			}
			if r.Allows(v) {
				held = append(held, fmt.Sprint(minor))
			}
			if r.without().Allows(v) {
				excluded = append(excluded, fmt.Sprint(minor))
			}
		}
		if got := strings.Join(held, " "); got != want {
			t.Errorf("%s holds %s, want %s", text, got, want)
		}
		if len(held)+len(excluded) != 40 {
			t.Errorf("%s: its complement %s holds %v", text, r.without(), excluded)
		}
		if r.String() != text {
			t.Errorf("%s is shown as %s", text, r)
		}
	}
	if got := mustKubernetesRange(t, "1.31 || 1.32").without().String(); got != "<1.31 || >=1.33" {
		t.Error(got)
	}
}

func mustKubernetesRange(t testing.TB, s string) Range {
	t.Helper()
	r, err := ParseKubernetesRange(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEvidence is the ranking: the weightiest statement about the minor decides, silence decides nothing.
func TestEvidence(t *testing.T) {
	kinds := map[byte]Evidence{
		'D': {Kind: Declared}, 'M': {Kind: Measured}, 'T': {Kind: Tested, Result: Works}, 'F': {Kind: Tested, Result: Fails},
		'R': {Kind: Reported, Result: Works}, 'X': {Kind: Reported, Result: Fails}, ' ': {},
	}
	for _, test := range []struct{ facts, want string }{
		{"", "unknown"},
		{"D >=1.29", "fits"},
		{"  >=1.31", "excluded"},
		{"D <1.30", "excluded"},
		{"D <1.30; T 1.30", "fits"},
		{"D <1.30; T 1.31", "excluded"}, // the test is silent about 1.30
		{"T 1.31", "unknown"},
		{"F 1.31", "unknown"},
		{"F 1.30", "excluded"},
		{"D >=1.20; F 1.30", "excluded"},
		{"D >=1.20; F 1.29", "fits"},
		{"M >=1.25 <1.30; D >=1.20", "excluded"},
		{"M >=1.25; D <1.30", "fits"},
		{"M <1.30; T 1.30", "fits"},
		{"X 1.30", "excluded"},
		{"X 1.30; D 1.30", "fits"},
		{"R 1.30; D <1.30", "excluded"},
		{"R 1.30", "fits"},
		{"T 1.30; F 1.30", "excluded"},
		{"T 1.30 @2026-02-01; F 1.30 @2026-01-01", "fits"},
		{"T 1.30 @2026-02-01; F 1.30 @2026-03-01", "excluded"},
		{"D >=1.20; D <1.30", "excluded"},
	} {
		var known Known
		for fact := range strings.SplitSeq(test.facts, "; ") {
			if fact == "" {
				continue
			}
			text, date, _ := strings.Cut(fact[2:], " @")
			evidence := kinds[fact[0]]
			evidence.Date = date
			known = append(known, Statement{Fact: Fact{Kubernetes: text, Evidence: evidence}, Registry: "main"})
		}
		cluster := mustVersion(t, "1.30.0")
		deciding := known.Kubernetes(cluster)
		got := "unknown"
		for _, d := range deciding {
			got = "fits"
			if !d.Range.Allows(cluster) {
				got = "excluded"
				break
			}
		}
		if got != test.want {
			t.Errorf("%s: %s by %v, want %s", test.facts, got, deciding, test.want)
		}
		if known.Kubernetes(Version{}) != nil {
			t.Errorf("%s: something decides without a cluster", test.facts)
		}
	}
}

func TestKnown(t *testing.T) {
	declared := func(overlay bool, f Fact) Statement { return Statement{Fact: f, Registry: "main", Overlay: overlay} }
	known := Known{
		declared(false, Fact{Requires: []Dependency{{"a", "~1.2"}}, UpgradeFrom: ">=1.1 || 0.9.x", Deprecated: "old", Replacement: "new"}),
		declared(true, Fact{Requires: []Dependency{{"a", "~1.2"}, {"b", ""}}, UpgradeFrom: "<1.3", Yanked: "it lost\ndata\x1b[31m"}),
		declared(false, Fact{Requires: []Dependency{{"c", "=1.0.0"}}, Evidence: Evidence{Kind: Tested, Result: Works, Source: "log", Date: "2026-01-31"}}),
	}
	var requires []string
	for _, r := range known.Requirements() {
		requires = append(requires, strings.TrimSpace(r.Package+" "+r.Range.String())+" ("+r.Source+")")
	}
	want := []string{
		"a ~1.2 (declared, facts of main)", "b (declared, facts of overlay main)",
		"c (tested to work in log on 2026-01-31, facts of main)",
	}
	if diff := cmp.Diff(want, requires); diff != "" {
		t.Error(diff)
	}
	if got := known.Yanked(); got != `it lost data\x1b[31m (facts of overlay main)` {
		t.Error(got)
	}
	if got := known.Deprecated(); got != "old; use new" {
		t.Error(got)
	}
	from, said := known.From()
	for v, want := range map[string]bool{"1.1.0": true, "1.2.9": true, "0.9.4": true, "1.3.0": false, "1.0.0": false} {
		if from.Range.Allows(mustVersion(t, v)) != want || !said {
			t.Errorf("from %s: %s allows %v", v, from.Range, !want)
		}
	}
	if _, said := known[2:].From(); said {
		t.Error("nobody says where the last one can be reached from")
	}
}

func market() *files {
	head := func(pkg string) string {
		return "{apiVersion: gkops.dev/v1alpha1, kind: PackageFacts, package: " + pkg + ", facts: ["
	}
	return &files{data: map[string]string{
		"https://r.example/index.yaml":             "packages: [{name: shop}, {name: plain}]",
		"https://r.example/shop/versions.yaml":     "versions: [{version: v1.0.0}, {version: v1.1.0}, {version: v2.0.0-rc.1}]",
		"https://r.example/plain/versions.yaml":    "versions: [{version: v1.0.0}]",
		"https://r.example/shop/facts.yaml":        head("shop") + "{versions: '1.0.x', yanked: bad}, {kubernetes: '>=1.20', provides: [{name: sales, version: 1.0.0}]}]}",
		"https://r.example/shop/v1.1.0/facts.yaml": head("shop") + "{kubernetes: '>=1.28'}]}",
		"https://o.example/index.yaml":             "{apiVersion: gkops.dev/v1alpha1, kind: Overlay, packages: [{name: shop}]}",
		"https://o.example/shop/facts.yaml":        head("shop") + "{versions: '>=1.1', deprecated: old}]}",
		"https://o.example/provides.yaml":          "{apiVersion: gkops.dev/v1alpha1, kind: ProvidesIndex, provides: {sales: [plain]}}",
	}}
}

func TestSetFacts(t *testing.T) {
	ctx, source := t.Context(), market()
	overlay := NewOverlay("extra", "https://o.example", source)
	s := NewSet(NewRegistry("main", "https://r.example", source)).With(Overlay{Registry: overlay})
	candidates, err := s.Candidates(ctx, "shop")
	if err != nil {
		t.Fatal(err)
	}
	provides := []Provided{{"sales", mustVersion(t, "1.0.0")}}
	want := []Candidate{
		{Registry: "main", Version: mustVersion(t, "v1.0.0"), Yanked: "bad", Provides: provides},
		{Registry: "main", Version: mustVersion(t, "v1.1.0"), Deprecated: "old (facts of overlay extra)", Provides: provides},
		{Registry: "main", Version: mustVersion(t, "v2.0.0-rc.1"), Provides: provides},
	}
	if diff := cmp.Diff(want, candidates); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Candidates(ctx, "plain"); err != nil {
		t.Error(err)
	}
	known, sources, err := s.Known(ctx, "main", "shop", mustVersion(t, "v1.1.0"))
	if err != nil || len(known) != 3 || known[0].Fact.Kubernetes != ">=1.28" {
		t.Errorf("%+v, %v", known, err)
	}
	var names []string
	for _, f := range sources {
		names = append(names, f.File.URL)
	}
	if got := strings.Join(names, " "); got != "https://r.example/shop/v1.1.0/facts.yaml https://r.example/shop/facts.yaml https://o.example/shop/facts.yaml" {
		t.Error(got)
	}
	for name, n := range source.reads {
		if n > 1 {
			t.Errorf("%s was read %d times", name, n)
		}
	}
	if source.reads["https://o.example/plain/facts.yaml"] > 0 {
		t.Error("an overlay is asked for a package that it does not list")
	}
	if source.reads["https://r.example/shop/v1.0.0/facts.yaml"] > 0 {
		t.Error("facts of a version were read that nobody asked for")
	}
	other := s.With(Overlay{Registry: overlay, Of: []string{"elsewhere"}})
	if candidates, err := other.Candidates(ctx, "shop"); err != nil || candidates[1].Deprecated != "" {
		t.Errorf("an overlay of another registry speaks of this one: %v, %v", candidates, err)
	}
}

// TestAbsentFacts holds that what is not there is asked for once.
func TestAbsentFacts(t *testing.T) {
	source := market()
	r := NewRegistry("main", "https://r.example", source)
	for range 3 {
		sheet, err := r.Facts(t.Context(), "plain")
		version, err2 := r.VersionFacts(t.Context(), "plain", mustVersion(t, "v1.0.0"))
		if sheet != nil || version != nil || err != nil || err2 != nil {
			t.Fatal(sheet, version, err, err2)
		}
	}
	for _, name := range []string{"plain/facts.yaml", "plain/v1.0.0/facts.yaml"} {
		if n := source.reads["https://r.example/"+name]; n != 1 {
			t.Errorf("%s was asked for %d times", name, n)
		}
	}
	for _, absent := range []error{ErrNoCopy, ErrRefused} {
		source.fail = map[string]error{"https://r.example/shop/facts.yaml": absent}
		if sheet, err := NewRegistry("main", "https://r.example", source).Facts(t.Context(), "shop"); sheet != nil || err != nil {
			t.Errorf("%v: %v, %v", absent, sheet, err)
		}
	}
	source.fail = map[string]error{"https://r.example/shop/facts.yaml": ErrUnreachable}
	if _, err := r.Facts(t.Context(), "shop"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("facts that cannot be read are taken for none: %v", err)
	}
}

func TestProviders(t *testing.T) {
	source := market()
	overlay := Overlay{Registry: NewOverlay("extra", "https://o.example", source)}
	for base, want := range map[string]string{"https://r.example": "[plain]", "file:///registry": "[plain shop]"} {
		for name, data := range market().data {
			if rest, ours := strings.CutPrefix(name, "https://r.example"); ours {
				source.data["file:///registry"+rest] = data
			}
		}
		s := NewSet(NewRegistry("main", base, source)).With(overlay)
		if names, err := s.Providers(t.Context(), "sales"); err != nil || fmt.Sprint(names) != want {
			t.Errorf("%s: %v, %v", base, names, err)
		}
		if names, err := s.Providers(t.Context(), "nothing"); err != nil || len(names) != 0 {
			t.Errorf("%s: %v, %v", base, names, err)
		}
	}
	// The name of a package that is listed lets no folder be read whole.
	fresh := &files{data: source.data}
	s := NewSet(NewRegistry("main", "file:///registry", fresh)).With(overlay)
	if _, err := s.Providers(t.Context(), "plain"); err != nil || fresh.reads["file:///registry/shop/facts.yaml"] > 0 {
		t.Errorf("%v, %v", err, fresh.reads)
	}
}

func TestParseOverlay(t *testing.T) {
	for data, want := range map[string]string{
		"packages: [{name: a}]":                                                               "apiVersion is missing",
		"{apiVersion: gkops.dev/v1alpha1, kind: Overlay}":                                     "packages is missing",
		"{apiVersion: gkops.dev/v1alpha1, kind: Overlay, packages: [{name: A}]}":              "not a DNS label",
		"{apiVersion: gkops.dev/v1alpha1, kind: Overlay, packages: [{name: a}, {name: a}]}":   "a second time",
		"{apiVersion: gkops.dev/v1alpha1, kind: Overlay, packages: [{name: a}], package: []}": `the key "package" is unknown`,
	} {
		if _, err := ParseOverlay("index.yaml", []byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", data, err, want)
		}
	}
	if _, err := ParseProvides("p", []byte("{apiVersion: gkops.dev/v1alpha1, kind: ProvidesIndex, provides: {A: [b]}}")); err == nil {
		t.Error("a virtual package with a bad name")
	}
}
