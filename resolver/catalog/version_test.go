package catalog

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

func TestParseVersion(t *testing.T) {
	for _, s := range []string{"v1.17.0+2", "1.17.0", "v2.0.0-rc.1+1", "v0.0.0", "1.2.3-alpha.1", "v20240101120000.0.0"} {
		v, err := ParseVersion(s)
		if err != nil || v.String() != s || v.IsZero() {
			t.Errorf("ParseVersion(%q) = %q, %v", s, v, err)
		}
	}
	bad := []string{
		"", "v", "v1", "1.2", "01.2.3", "1.02.3", "1.2.3-01", "1.2.3+", "1.2.3+01", "1.2.3+a", "1.2.3+1.2", "1.2.3+-1", "vv1.2.3",
		"V1.2.3", " 1.2.3", "1.2.3 ", "1.2.3\n", "1.2.3-", "1.2.3-a..b", "1.2.x", "1.2.3.4", "\u0661.2.3", "1.2.3-\u0661",
		"99999999999999999999.0.0", "9007199254740992.0.0", "1.2.3+9223372036854775808", "../1.2.3", "1.2.3/../..",
		strings.Repeat("1", 10<<10), "1.2.3-" + strings.Repeat("a", 10<<10),
	}
	for _, s := range bad {
		if v, err := ParseVersion(s); err == nil || !v.IsZero() {
			t.Errorf("ParseVersion(%.40q) = %q, want an error and no version", s, v)
		} else if len(err.Error()) > 400 {
			t.Errorf("ParseVersion(%.40q): the error has %d bytes", s, len(err.Error()))
		}
	}
}

func TestVersionOrder(t *testing.T) {
	ascending := []string{
		"0.0.1", "v0.9.0", "v1.0.0-alpha", "v1.0.0-alpha.1", "v1.0.0-alpha.beta", "v1.0.0-beta", "v1.0.0-beta.2", "v1.0.0-beta.11",
		"v1.0.0-rc.1+1", "v1.0.0-rc.1+2", "v1.0.0", "v1.0.0+0", "v1.0.0+1", "v1.0.0+2", "v1.0.0+10", "v1.0.1", "v1.2.0", "v1.10.0", "v2.0.0",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			v, w := mustVersion(t, a), mustVersion(t, b)
			if got := v.Compare(w); got != cmp.Compare(i, j) {
				t.Errorf("%s compared with %s is %d", a, b, got)
			}
			if (v.Key() == w.Key()) != (i == j) {
				t.Errorf("keys of %s and %s", a, b)
			}
		}
	}
	if v, w := mustVersion(t, "v1.0.0+1"), mustVersion(t, "1.0.0+1"); v.Compare(w) != 0 || !v.Equal(w) || v.Key() != w.Key() || v == w {
		t.Error("two spellings of one version must be equal, and differ for ==")
	}
	if (Version{}).Compare(mustVersion(t, "0.0.0-0")) != -1 {
		t.Error("no version must order first")
	}
}

func TestParseKubernetes(t *testing.T) {
	for in, want := range map[string]string{
		"1.33": "1.33", "v1.33": "1.33", "1.29+": "1.29", "v1.31.4-gke.1200": "1.31.4", "v1.30.1+k3s1": "1.30.1",
		"v1.31.4-eks-5d632ec": "1.31.4", "1.35.0-rc.1": "1.35.0", "v1.28.9": "1.28.9", "v1.31.4+": "1.31.4",
	} {
		v, err := ParseKubernetes(in)
		if err != nil || v.String() != want || v.Prerelease() {
			t.Errorf("ParseKubernetes(%q) = %q, %v, want %s", in, v, err, want)
		}
	}
	for _, in := range []string{"", "1", "v1", "01.33", "1.033", "1.33.", "1.33.x", "latest", "1.33 ", "1.33.4.5", strings.Repeat("1", 1000) + ".1"} {
		if v, err := ParseKubernetes(in); err == nil {
			t.Errorf("ParseKubernetes(%.20q) = %q, want an error", in, v)
		}
	}
	gke, _ := ParseKubernetes("v1.31.4-gke.1200")
	if !mustRange(t, ">=1.25.0").Allows(gke) {
		t.Error(">=1.25.0 must allow v1.31.4-gke.1200")
	}
	if minor, _ := ParseKubernetes("1.33"); !mustRange(t, ">=1.33.0").Allows(minor) {
		t.Error(">=1.33.0 must allow 1.33")
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"v1.17.0+2", "1.2", "01.2.3", "v2.0.0-rc.1+1", "1.0.0+0", "\u0661.0.0", "v1.31.4-gke.1200"} {
		f.Add(s, "v1.0.0")
		f.Add("1.0.0-rc.1", s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		v, err := ParseVersion(a)
		if err != nil {
			return
		}
		if again := mustVersion(t, v.Key()); again.Compare(v) != 0 || v.String() != a {
			t.Errorf("%q: its key %q is another version", a, v.Key())
		}
		w, err := ParseVersion(b)
		if err != nil {
			return
		}
		if v.Compare(w) != -w.Compare(v) || (v.Compare(w) == 0) != (v.Key() == w.Key()) {
			t.Errorf("%q and %q: no order", a, b)
		}
	})
}

func mustVersion(t testing.TB, s string) Version {
	t.Helper()
	v, err := ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustVersions(t testing.TB, s string) []Version {
	t.Helper()
	var versions []Version
	for text := range strings.FieldsSeq(s) {
		versions = append(versions, mustVersion(t, text))
	}
	slices.SortFunc(versions, Version.Compare)
	return versions
}
