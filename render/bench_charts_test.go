package render_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"gkops.dev/gkops/render"
	"gkops.dev/gkops/resolver/catalog"
)

// packed is the archive of a chart as large as common ones: 40 templates of 5 objects, with helpers, and 200 kB of values.
func packed(t testing.TB) []byte {
	t.Helper()
	files := map[string]string{
		"Chart.yaml":             "apiVersion: v2\nname: web\nversion: 1.0.0\n",
		"values.yaml":            "replicas: 1\n",
		"templates/_helpers.tpl": `{{- define "labels" }}{app: {{ .Release.Name }}, version: {{ .Chart.Version | quote }}}{{ end }}`,
	}
	for i := range 4000 {
		files["values.yaml"] += fmt.Sprintf("key%d: {name: value-%d, list: [a, b, c]}\n", i, i)
	}
	for i := range 40 {
		var text string
		for j := range 5 {
			text += fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-%d-%d, labels: {{ include \"labels\" . }}}\ndata:\n  {{- range $k, $v := pick .Values \"key%d\" }}\n  {{ $k }}: {{ toJson $v | quote }}\n  {{- end }}\n", i, j, i)
		}
		files[fmt.Sprintf("templates/t%d.yaml", i)] = text
	}
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tape := tar.NewWriter(zipped)
	for name, text := range files {
		header := tar.Header{Name: "web/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}
		if err := tape.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := tape.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tape.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkCharts renders a tree of 20 charts, 4,000 objects, from their archives.
func BenchmarkCharts(b *testing.B) {
	archive := packed(b)
	version, err := catalog.ParseVersion("1.0.0")
	if err != nil {
		b.Fatal(err)
	}
	var instances []render.Instance
	for i := range 20 {
		name := fmt.Sprint("web-", i)
		instances = append(instances, render.Instance{
			Name: name, Package: "web", Namespace: name, Version: version, Namespaced: true, Manifest: &catalog.Manifest{Name: "web"},
			Charts: []render.Chart{{Name: "web", Release: name, Archive: catalog.File{Name: "web-1.0.0.tgz", Data: archive}}},
		})
	}
	cluster := render.Cluster{
		Name: "prod", Kubernetes: "1.33", Engine: render.Flux, Root: "gkops/prod", Source: render.Source{Name: "flux-system", Namespace: "flux-system"},
		Serves: []string{"v1"}, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	for b.Loop() {
		out, err := render.Tree(context.Background(), cluster, instances)
		if err != nil {
			b.Fatal(err)
		}
		if len(out.Parts) == 0 {
			b.Fatal("no parts")
		}
	}
}
