//go:build real

package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
	"gkops.dev/gkops/compat/schema"
)

// acceptOld lets a workspace take packages whose APIs are gone from its Kubernetes version: what is rendered of them is looked at too.
func acceptOld(dir string) error {
	name := filepath.Join(dir, "gkops.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(data, "policy: {ignore: [{rule: removed, reason: the render of old packages is looked at}]}\n"...), 0o644)
}

// TestRealCompat checks every package version of the mirror for its own, and compares with the list of removed APIs and of
// definitions that was made without gkops: all are found, none is told that is not there.
func TestRealCompat(t *testing.T) {
	mirror := filepath.Join(os.Getenv("GKOPS_SHARED"), "mirror")
	files := tabbed(t, filepath.Join(mirror, "SOURCES.tsv"))
	known, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	packages, removed, definitions := 0, 0, 0
	for _, row := range tabbed(t, filepath.Join(mirror, "INDEX.tsv")) {
		name := row["package"] + " " + row["version"]
		list := mirrored(mirror, files, row["package"], row["version"])
		if len(list) == 0 {
			t.Errorf("%s: no sources", name)
			continue
		}
		packages++
		want := listedRemovals(t, row["removed_apis"])
		removed += len(want)
		report, err := compat.CheckFiles(context.Background(), list, compat.Target{Kubernetes: known.Newest.String(), Knowledge: known, Schemas: schema.Schemas{}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, foundRemovals(report)); diff != "" {
			t.Errorf("%s: removed APIs: -listed +found\n%s", name, diff)
		}
		listed := strings.FieldsFunc(strings.ReplaceAll(row["crds"], " ", ""), func(r rune) bool { return r == ';' })
		for i, one := range listed {
			plural, versions, _ := strings.Cut(one, "=")
			sorted := strings.Split(versions, ",")
			slices.Sort(sorted)
			listed[i] = plural + "=" + strings.Join(sorted, ",")
		}
		slices.Sort(listed)
		definitions += len(listed)
		if diff := cmp.Diff(listed, foundDefinitions(report)); diff != "" && len(listed) > 0 {
			t.Errorf("%s: definitions: -listed +found\n%s", name, diff)
		}
	}
	t.Logf("%d package versions: %d removed APIs, %d definitions", packages, removed, definitions)
	if removed == 0 || definitions == 0 {
		t.Error("the index lists nothing")
	}
}

// mirrored are the files of a version that the mirror lists.
func mirrored(mirror string, sources []map[string]string, pkg, version string) []compat.File {
	var list []compat.File
	for _, source := range sources {
		if source["package"] == pkg && source["version"] == version {
			_, place, _ := strings.Cut(source["url"], "://")
			full := filepath.Join(mirror, place)
			list = append(list, compat.File{Name: place, Read: func() ([]byte, error) { return os.ReadFile(full) }})
		}
	}
	return list
}

// realDefinitions are upgrades that change definitions, and what compat --base has to say of them: "rule definition: words".
var realDefinitions = []struct {
	pkg, from, to string
	want          []string
}{
	{"traefik-crds", "v2.11.36", "v3.0.4", []string{
		"crd-breaking middlewares.traefik.containo.us: every Middleware in the cluster is deleted", "crd-breaking ingressroutes.traefik.containo.us: the definition is dropped"}},
	{"external-secrets-crds", "v0.16.2", "v0.17.0", []string{
		"crd-breaking externalsecrets.external-secrets.io: the version v1beta1 is no longer served", "deprecated secretstores.external-secrets.io: v1beta1"}},
	{"metallb", "v0.13.12", "v0.14.3", []string{"crd-breaking addresspools.metallb.io: the definition is dropped"}},
	{"contour", "v1.5.1", "v1.6.0", []string{
		"crd-breaking ingressroutes.contour.heptio.com: the definition is dropped", "crd-breaking httpproxies.projectcontour.io: services[].port: maximum becomes 65536"}},
	{"contour", "v1.0.0", "v1.5.1", []string{"crd-breaking ingressroutes.contour.heptio.com: retryPolicy.count: format changes"}},
	{"cert-manager", "v1.5.0", "v1.10.1", []string{
		"crd-breaking clusterissuers.cert-manager.io: conversion between versions changes from Webhook to None", "crd-breaking certificates.cert-manager.io: the version v1alpha2 is dropped",
		"stored-version-at-risk clusterissuers.cert-manager.io: the version v1beta1 is dropped"}},
	{"gateway-api", "v1.0.0", "v1.1.0", []string{
		"stored-version-at-risk gateways.gateway.networking.k8s.io: the storage version becomes v1", "crd-breaking gateways.gateway.networking.k8s.io: a new rule must hold"}},
}

// TestRealDefinitionsChange compares the definitions of two real versions as compat --base does.
func TestRealDefinitionsChange(t *testing.T) {
	mirror := filepath.Join(os.Getenv("GKOPS_SHARED"), "mirror")
	sources := tabbed(t, filepath.Join(mirror, "SOURCES.tsv"))
	for _, pair := range realDefinitions {
		base, head := mirrored(mirror, sources, pair.pkg, pair.from), mirrored(mirror, sources, pair.pkg, pair.to)
		if len(base) == 0 || len(head) == 0 {
			t.Fatalf("%s %s or %s: no sources", pair.pkg, pair.from, pair.to)
		}
		findings, err := compat.CompareCRDs(context.Background(), base, head, nil)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, f := range findings {
			told = append(told, f.Rule+" "+f.Object.Name+" "+f.Message)
		}
		for _, want := range pair.want {
			rule, words, _ := strings.Cut(want, ": ")
			if !slices.ContainsFunc(told, func(text string) bool { return strings.HasPrefix(text, rule) && strings.Contains(text, words) }) {
				t.Errorf("%s %s to %s: %s is not told, but\n%s", pair.pkg, pair.from, pair.to, want, strings.Join(told, "\n"))
			}
		}
		again, err := compat.CompareCRDs(context.Background(), head, head, nil)
		if err != nil || len(again) > 0 {
			t.Errorf("%s %s against itself: %v, %v", pair.pkg, pair.to, again, err)
		}
	}
}

var removal = regexp.MustCompile(`^(.+)/([^/]+)\(gone (1\.\d+)\)$`)

// listedRemovals are "apps/v1beta1 Deployment 1.16", sorted.
func listedRemovals(t *testing.T, text string) []string {
	t.Helper()
	out := []string{}
	for part := range strings.SplitSeq(text, "; ") {
		if part == "" {
			continue
		}
		match := removal.FindStringSubmatch(part)
		if match == nil {
			t.Fatalf("%q is no removal", part)
		}
		out = append(out, match[1]+" "+match[2]+" "+match[3])
	}
	slices.Sort(out)
	return out
}

// foundRemovals are the removed kinds of objects; what rules and references name is not in the list.
func foundRemovals(r *compat.Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		if f.Rule == compat.Removed && f.Severity == finding.Error && strings.HasPrefix(f.Message, f.Object.APIVersion+" "+f.Object.Kind+" ") {
			out = append(out, f.Object.APIVersion+" "+f.Object.Kind+" "+f.Since)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// foundDefinitions are "widgets.example.org=v1alpha1,v1*", the stored version marked, as the list has them.
func foundDefinitions(r *compat.Report) []string {
	var out []string
	for _, d := range r.Definitions {
		var versions []string
		for _, v := range d.Versions {
			text := v.Name
			if v.Storage {
				text += "*"
			}
			if !v.Served {
				text += "-"
			}
			versions = append(versions, text)
		}
		slices.Sort(versions)
		out = append(out, d.Name+"="+strings.Join(versions, ","))
	}
	slices.Sort(out)
	return out
}

// tabbed reads a tab-separated file with a head line.
func tabbed(t *testing.T, name string) []map[string]string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = '\t', true, -1
	rows, err := reader.ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("read %s: %d rows, %v", name, len(rows), err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		one := map[string]string{}
		for i, key := range rows[0] {
			if i < len(row) {
				one[key] = row[i]
			}
		}
		out = append(out, one)
	}
	return out
}

// TestRealDefinitionsAreJudged compiles every definition of the mirror as one that is used would be: all are ones that clusters
// have taken.
func TestRealDefinitionsAreJudged(t *testing.T) {
	mirror := filepath.Join(os.Getenv("GKOPS_SHARED"), "mirror")
	seen, broken := 0, []string{}
	err := filepath.WalkDir(mirror, func(full string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(full) != ".yaml" {
			return err
		}
		n, faults := compileAll(t, full)
		seen += n
		broken = append(broken, faults...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d definitions, %d refused:\n%s", seen, len(broken), strings.Join(broken, "\n"))
	if seen == 0 {
		t.Error("no definition was compiled")
	}
}

// compileAll compiles the definitions of a file.
func compileAll(t *testing.T, full string) (int, []string) {
	t.Helper()
	data, err := os.ReadFile(full)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := document.Parse(full, data)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	n := 0
	var broken []string
	for i := range docs {
		if o := docs[i].Object(); o.APIVersion != "apiextensions.k8s.io/v1" || o.Kind != "CustomResourceDefinition" {
			continue
		}
		n++
		value, err := document.Value(docs[i].Root())
		if _, compileErr := (schema.Schemas{}).Compile(value, nil); err != nil || compileErr != nil {
			broken = append(broken, fmt.Sprintf("%s:%d: %v", full, docs[i].Line, errors.Join(err, compileErr)))
		}
	}
	return n, broken
}
