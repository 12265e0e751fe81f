package catalog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
)

func TestRange(t *testing.T) {
	const universe = `0.0.0 0.0.3 0.1.0 1.0.0 1.1.0 1.2.3 1.3.0-rc.1 1.3.0 1.3.1+1 1.3.1+2 1.3.5 1.4.0 1.16.9 1.17.0 1.17.1 1.99.0 2.0.0-rc.1
		2.0.0 2.1.0 3.0.0`
	for _, test := range []struct{ text, allowed string }{
		{"", "0.0.0 0.0.3 0.1.0 1.0.0 1.1.0 1.2.3 1.3.0 1.3.1+1 1.3.1+2 1.3.5 1.4.0 1.16.9 1.17.0 1.17.1 1.99.0 2.0.0 2.1.0 3.0.0"},
		{">=1.17 <2", "1.17.0 1.17.1 1.99.0"},
		{">=1.17,<2", "1.17.0 1.17.1 1.99.0"},
		{">= 1.17, < 2", "1.17.0 1.17.1 1.99.0"},
		{"~1.3.0", "1.3.0 1.3.1+1 1.3.1+2 1.3.5"},
		{"~1.3", "1.3.0 1.3.1+1 1.3.1+2 1.3.5"},
		{"1.x.x", "1.0.0 1.1.0 1.2.3 1.3.0 1.3.1+1 1.3.1+2 1.3.5 1.4.0 1.16.9 1.17.0 1.17.1 1.99.0"},
		{"1.17", "1.17.0 1.17.1"},
		{"<1.1", "0.0.0 0.0.3 0.1.0 1.0.0"},
		{"<70", "0.0.0 0.0.3 0.1.0 1.0.0 1.1.0 1.2.3 1.3.0 1.3.1+1 1.3.1+2 1.3.5 1.4.0 1.16.9 1.17.0 1.17.1 1.99.0 2.0.0 2.1.0 3.0.0"},
		{"^1.17", "1.17.0 1.17.1 1.99.0"},
		{"1.0.0 || >=2.1 || 1.2.x", "1.0.0 1.2.3 2.1.0 3.0.0"},
		{"1.16 - 2", "1.16.9 1.17.0 1.17.1 1.99.0 2.0.0 2.1.0"},
		{">1.17", "1.99.0 2.0.0 2.1.0 3.0.0"},
		{"<=1.1", "0.0.0 0.0.3 0.1.0 1.0.0 1.1.0"},
		{">=1.17 <2 !=1.17.1", "1.17.0 1.99.0"},
		{">=2.0.0-0 <2.1", "2.0.0-rc.1 2.0.0"},
		{"~1.3.0-rc.0", "1.3.0-rc.1 1.3.0 1.3.1+1 1.3.1+2 1.3.5"},
		{"1.3.1", "1.3.1+1 1.3.1+2"},
		{"=1.3.1", "1.3.1+1 1.3.1+2"},
		{"1.3.1+2", "1.3.1+2"},
		{"= v1.3.1+2", "1.3.1+2"},
		{"1.3.1+3", ""},
		{"2.0.0-rc.1", "2.0.0-rc.1"},
		{">=3.1", ""},
		{">2 <1", ""},
	} {
		r := mustRange(t, test.text)
		var got []string
		for _, v := range mustVersions(t, universe) {
			if r.Allows(v) {
				got = append(got, v.String())
			}
		}
		if got := strings.Join(got, " "); got != test.allowed {
			t.Errorf("%q allows\n\t%s, want\n\t%s", test.text, got, test.allowed)
		}
		if r.String() != test.text {
			t.Errorf("%q is written %q", test.text, r)
		}
	}
	if (Range{}).Allows(Version{}) || mustRange(t, ">=0").Allows(Version{}) {
		t.Error("no version is in no range")
	}
}

func TestParseRangeErrors(t *testing.T) {
	for _, s := range []string{"latest", ">=", ">=1.17 <<2", "1.2.3.4", "\u0661.x", strings.Repeat("1.0.0 || ", 40) + "1.0.0", strings.Repeat("1", 10<<10), "v1.x.y", ">9007199254740993"} {
		if r, err := ParseRange(s); err == nil {
			t.Errorf("ParseRange(%.40q) = %q, want an error", s, r)
		} else if len(err.Error()) > 1000 {
			t.Errorf("ParseRange(%.40q): the error has %d bytes", s, len(err.Error()))
		}
	}
}

func TestRangeProperties(t *testing.T) {
	for text, want := range map[string]bool{"": false, ">=1": false, "~1.3.0-rc.1": true, "1.0.0 || 2.0.0-rc.1": true, "2.0.0-rc.1+1": true, "2.0.0+1": false} {
		if got := mustRange(t, text).Prerelease(); got != want {
			t.Errorf("%q names a prerelease: %t", text, got)
		}
	}
	if v, exact := mustRange(t, "=v1.3.1+2").Exact(); !exact || v.String() != "v1.3.1+2" {
		t.Errorf("=v1.3.1+2 is exactly %q, %t", v, exact)
	}
	if !mustRange(t, " ").IsAny() || mustRange(t, "*").IsAny() || mustRange(t, "1.0.0+1").IsAny() {
		t.Error("only an empty range asks for nothing")
	}
	exactly := Exactly(mustVersion(t, "v1.3.1"))
	if !exactly.Allows(mustVersion(t, "1.3.1")) || exactly.Allows(mustVersion(t, "1.3.1+1")) {
		t.Error("exactly v1.3.1 is not v1.3.1+1")
	}
	if parsed := mustRange(t, Exactly(mustVersion(t, "v1.3.1+2")).String()); !parsed.Allows(mustVersion(t, "v1.3.1+2")) || parsed.Allows(mustVersion(t, "v1.3.1+1")) {
		t.Error("an exact range must mean the same when it is read again")
	}
}

func TestAllowsDoesNotAllocate(t *testing.T) {
	r := mustRange(t, "~1.2 || >=1.17 <2 || ^3.1")
	inside, outside := mustVersion(t, "v3.4.5+2"), mustVersion(t, "2.5.0")
	if n := testing.AllocsPerRun(100, func() {
		if !r.Allows(inside) || r.Allows(outside) {
			t.Error("wrong answer")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestRangeIsMasterminds compares the compiled intervals with the Check of the library that defines the syntax, for every
// operator with every form of version, alone and combined.
func TestRangeIsMasterminds(t *testing.T) {
	var comparisons []string
	for _, operator := range []string{"", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"} {
		for _, version := range []string{
			"*", "x", "0", "1", "1.x", "1.x.x", "1.X.3", "0.0", "0.2", "0.2.x", "1.2", "1.2.*", "0.0.0", "0.0.3", "0.2.3", "1.2.3", "v1.2.3",
			"1.2.3-rc.1", "0.0.0-0", "1.2-rc.1", "1.2.x-rc.1", "1-rc.1", "*-rc.1", "1.2.3+4", "1.2.3-rc.1+4",
		} {
			comparisons = append(comparisons, operator+version)
		}
	}
	ranges := append([]string{"", "1.0 - 1.2", "0.2.3 - 1.2.x || 2"}, comparisons...)
	random := rand.New(rand.NewPCG(1, 2))
	for range 600 {
		joint := []string{" ", ", ", " || "}[random.IntN(3)]
		ranges = append(ranges, comparisons[random.IntN(len(comparisons))]+joint+comparisons[random.IntN(len(comparisons))])
	}
	var versions []Version
	for _, major := range []int{0, 1, 2} {
		for _, minor := range []int{0, 1, 2, 3} {
			for _, patch := range []int{0, 1, 2, 3, 4} {
				for _, suffix := range []string{"", "-0", "-rc.1", "-rc.2"} {
					versions = append(versions, mustVersion(t, fmt.Sprintf("%d.%d.%d%s", major, minor, patch, suffix)))
				}
			}
		}
	}
	for _, text := range ranges {
		r := mustRange(t, text)
		if _, exact := r.Exact(); exact || text == "" {
			continue
		}
		constraints, err := semver.NewConstraint(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range versions {
			if got, want := r.Allows(v), constraints.Check(semver.MustParse(v.String())); got != want {
				t.Errorf("%q allows %s: %t, Masterminds/semver says %t", text, v, got, want)
			}
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{">=1.17 <2", "~1.3.0", "1.x.x", "1.0 - 2", "^0.2 || !=1.2.x", "v1.17.0+2", "2.0.0-rc.1", "<=*", "x", "=01.2.3", "~>1.2,<3"} {
		f.Add(s, "1.17.0")
		f.Add(s, "v2.0.0-rc.1+1")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		r, err := ParseRange(text)
		if err != nil {
			return
		}
		v, err := ParseVersion(version)
		if err != nil {
			return
		}
		allowed := r.Allows(v)
		if allowed && v.Prerelease() && !r.Prerelease() {
			t.Errorf("%q allows %s without naming a prerelease", text, v)
		}
		if again := mustRange(t, r.String()); again.Allows(v) != allowed {
			t.Errorf("%q means something else when it is read again", text)
		}
		if _, exact := r.Exact(); exact || r.IsAny() {
			return
		}
		constraints, err := semver.NewConstraint(text)
		if err != nil {
			t.Fatalf("%q: Masterminds/semver does not take it: %v", text, err)
		}
		if want := constraints.Check(v.semver()); allowed != want {
			t.Errorf("%q allows %s: %t, Masterminds/semver says %t", text, v, allowed, want)
		}
	})
}

func BenchmarkParseRange(b *testing.B) {
	for b.Loop() {
		if _, err := ParseRange(">=1.17 <2"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAllows(b *testing.B) {
	r, v := mustRange(b, ">=1.17 <2"), mustVersion(b, "v1.19.0+2")
	for b.Loop() {
		r.Allows(v)
	}
}

func mustRange(t testing.TB, s string) Range {
	t.Helper()
	r, err := ParseRange(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
