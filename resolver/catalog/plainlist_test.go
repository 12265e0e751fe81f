package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// plainForms are indexes that the fast reader takes, and odd ones that it must leave alone, by the line that is odd.
func plainForms() (taken, left []string) {
	taken = []string{
		"packages:\n- name: a\n- name: b",
		"# made\npackages:\n  - name: b\n    latestVersion: v1.0.0+1\n    scope: Cluster\n  - iconUrl: https://example.com/a.svg\n    name: a\n    shortDescription: Größe, [x] {y} & a#b 'z'\n",
		"packages:\n- name: a\n  shortDescription: Akri lets you (such\n    as cameras)\n      and more\n  scope: Namespaced\n",
		"packages:\n- name: 'a'\n  shortDescription: \"All: of # it\"\n  latestVersion: \"1.0.0\"\n",
		"packages:\n- name: a\n  shortDescription: truely\n- name: b\n  shortDescription: nullable\n",
	}
	for _, line := range []string{
		"", "  - name: a", "- name: a", "  name: b", "  nam: b", "  shortDescription:", "  shortDescription: ", "  shortDescription: 1.20", "  shortDescription: Yes",
		"  shortDescription: null", "  shortDescription: ~", "  shortDescription: a: b", "  shortDescription: a #b", "  shortDescription: a:", "  shortDescription: a ",
		"  shortDescription: &a b", "  shortDescription: *a", "  shortDescription: !!str a", "  shortDescription: |\n    a", "  shortDescription: a\n    b: c",
		"  shortDescription: a\n    # b", "  shortDescription: a\n\n    b", "  shortDescription: a\n    - b", "  shortDescription: 'a''b'", "  shortDescription: \"a\\nb\"",
		"  shortDescription: \"a", "  shortDescription: \"a\" b", "  shortDescription: \"\"", "  shortDescription: a\tb", "  shortDescription: a\u2028b", "  shortDescription: a\u00a0b",
		"  shortDescription: a\r", "  scope: all", "  latestVersion: v1", "  latestVersion: 1.0", "packages: []", "other: a", "---", "...", "# b", "  # b", "   scope: Cluster",
		" scope: Cluster", "\tscope: Cluster", "  \"scope\": Cluster", "  ? scope", "  <<: a", "  shortDescription: \xff", "  shortDescription: \x00",
		"  iconUrl: a\n  iconUrl: b", "  scope: Cluster\n  scope: Cluster", "- - name: b", "-\n  name: b", "-   name: b", "- name: B", "- name: -b",
	} {
		left = append(left, "packages:\n- name: a\n"+line+"\n")
	}
	return taken, left
}

func TestPlainIndexTakesThePlainFormOnly(t *testing.T) {
	taken, left := plainForms()
	for _, text := range taken {
		if _, ok := plainIndex([]byte(text)); !ok {
			t.Errorf("left to the slow reader: %q", text)
		}
		plainAlike(t, []byte(text))
	}
	for _, text := range left {
		if _, ok := plainIndex([]byte(text)); ok {
			t.Errorf("taken: %q", text)
		}
	}
	if _, ok := plainIndex([]byte("packages:\n" + strings.Repeat("- name: a\n", maxPlainLines))); ok {
		t.Error("more lines than the slow reader takes are taken")
	}
}

func TestPlainVersions(t *testing.T) {
	for text, want := range map[string]bool{
		"latestVersion: v1.0.0\nversions:\n- version: v1.0.0+2\n- version: v1.0.0+1\n": true,
		"versions:\n  - version: \"1.0.0\"":                                            true,
		"versions:\n- version: 1.0.0\n":                                                false, // starts as a number
		"versions:\n- version: v1.0.0\n- version: 'v1.0.0'\n":                          false,
		"versions:\n- version: v1.0.0\n- version: '1.0.0'\n":                           false,
		"versions:\n- version: v1.0.0\n  version: v1.0.1\n":                            false,
		"latestVersion: v1.0.0\nlatestVersion: v1.0.0\nversions:\n- version: v1.0.0":   false,
		"other: v1.0.0\nversions:\n- version: v1.0.0":                                  false,
		"versions: v1.0.0\nversions:\n- version: v1.0.0":                               false,
		"versions:\n- version: v1.0.0\nlatestVersion: v1.0.0":                          false,
		"versions:\n": false,
	} {
		if _, ok := plainVersions([]byte(text)); ok != want {
			t.Errorf("%q: taken is %v", text, ok)
		}
		plainAlike(t, []byte(text))
	}
}

// plainAlike checks that what the fast readers take the slow ones read alike.
func plainAlike(t *testing.T, data []byte) {
	t.Helper()
	if have, ok := plainIndex(data); ok {
		want, err := readIndex("index.yaml", data)
		if diff := cmp.Diff(want, have); err != nil || diff != "" {
			t.Errorf("%v %s\nof %q", err, diff, data)
		}
	}
	if have, ok := plainVersions(data); ok {
		want, err := readVersions("versions.yaml", data)
		if diff := cmp.Diff(want, have, cmpopts.EquateComparable(Version{})); err != nil || diff != "" {
			t.Errorf("%v %s\nof %q", err, diff, data)
		}
	}
}

func FuzzPlainListsAreReadAlike(f *testing.F) {
	taken, left := plainForms()
	for _, text := range append(taken, left...) {
		f.Add([]byte(text))
		f.Add([]byte(strings.ReplaceAll(strings.ReplaceAll(text, "packages", "versions"), "name: a", "version: v1.0.0")))
	}
	f.Fuzz(func(t *testing.T, data []byte) { plainAlike(t, data) })
}
