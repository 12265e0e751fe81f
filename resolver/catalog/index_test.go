package catalog

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseIndex(t *testing.T) {
	listings, err := ParseIndex("index.yaml", []byte(`packages:
  - {name: b, shortDescription: B, iconUrl: "https://example.com/b", latestVersion: v1.0.0+1, scope: Cluster}
  - name: a
`))
	if err != nil || len(listings) != 2 || listings[0].Name != "a" || listings[1].LatestVersion != "v1.0.0+1" || listings[1].Scope != ClusterScope {
		t.Errorf("%+v, %v", listings, err)
	}
	if listings, err := ParseIndex("index.yaml", []byte("packages: []")); err != nil || len(listings) != 0 {
		t.Errorf("an empty registry: %v, %v", listings, err)
	}
	for data, want := range map[string]string{
		"":                                   "index.yaml:1: the file is empty",
		"entries: {}":                        `index.yaml:1: the key "entries" is unknown`,
		"packages:":                          "index.yaml:1: packages is null",
		"{}":                                 "index.yaml:1: packages is missing",
		"packages:\n- nam: a":                `index.yaml:2: the key "nam" is unknown`,
		"packages:\n- scope: Cluster":        "index.yaml:2: packages[0].name is missing",
		"packages:\n- name: a\n- name: a":    `index.yaml:3: packages[1].name is "a", which line 2 lists already`,
		"packages:\n- name: ../a":            `index.yaml:2: packages[0].name is "../a", which is not a DNS label`,
		"packages:\n- {name: a, scope: all}": `index.yaml:2: packages[0].scope is "all", which is unknown`,
		"packages:\n- {name: a, latestVersion: v1}": "index.yaml:2: packages[0].latestVersion is no version",
	} {
		listings, err := ParseIndex("index.yaml", []byte(data))
		if err == nil || listings != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", data, err, want)
		}
		checkLocated(t, err)
	}
}

func TestParseVersions(t *testing.T) {
	versions, err := ParseVersions("versions.yaml", []byte(`latestVersion: v1.0.0+2
versions:
  - version: v1.0.0+10
  - version: v1.0.0+2
  - version: v1.0.0-rc.1+1
`))
	if err != nil || fmt.Sprint(versions) != "[v1.0.0-rc.1+1 v1.0.0+2 v1.0.0+10]" {
		t.Errorf("%v, %v", versions, err)
	}
	for data, want := range map[string]string{
		"latestVersion: v1.0.0": "versions.yaml:1: versions is missing",
		"versions:\n- version: v1.0.0+1\n- version: v1.0.1\n- version: v1.0.0+1": "versions.yaml:4: versions[2].version is v1.0.0+1, which line 2 lists already",
		"versions:\n- version: v1.0.0\n- version: 1.0.0":                         "versions.yaml:3: versions[1].version is 1.0.0, which line 2 lists already",
		"versions:\n- version: v1":                                               "versions.yaml:2: versions[0].version is no version",
		"versions:\n- version: 1.10":                                             "versions.yaml:2: versions[0].version is the number 1.10, not a string",
		"versions:\n- version:":                                                  "versions.yaml:2: versions[0].version is null",
		"versions:\n- {}":                                                        "versions.yaml:2: versions[0].version is missing",
		"versions:\n- v1.0.0":                                                    `versions.yaml:2: versions[0] is the string "v1.0.0", not a mapping`,
		"versions:\n- {version: v1.0.0, digest: x}":                              `versions.yaml:2: the key "digest" is unknown`,
		"<html>":                          "versions.yaml:1: ",
		"latestVersion: vX\nversions: []": "versions.yaml:1: latestVersion is no version",
	} {
		versions, err := ParseVersions("versions.yaml", []byte(data))
		if err == nil || versions != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", data, err, want)
		}
		checkLocated(t, err)
	}
}

func FuzzParseIndex(f *testing.F) {
	for _, s := range []string{"packages:\n- {name: a, latestVersion: v1.0.0}", "packages: [null]", "packages: {a: b}", "{}", "packages: [{name: 1}]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		listings, err := ParseIndex("index.yaml", data)
		checkLocated(t, err)
		for i, listing := range listings {
			if CheckPackageName(listing.Name) != nil || i > 0 && listings[i-1].Name >= listing.Name {
				t.Errorf("listing %d is %q", i, listing.Name)
			}
		}
	})
}

func FuzzParseVersions(f *testing.F) {
	for _, s := range []string{"versions:\n- version: v1.0.0+1\n- version: v1.0.0", "versions: [null]", "versions: [{version: 1}]", "versions: [{version: v1.0.0}, {version: 1.0.0}]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		versions, err := ParseVersions("versions.yaml", data)
		checkLocated(t, err)
		for i, v := range versions {
			if v.IsZero() || i > 0 && versions[i-1].Compare(v) >= 0 {
				t.Errorf("version %d is %s", i, v)
			}
		}
	})
}
