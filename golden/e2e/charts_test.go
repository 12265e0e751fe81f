//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// chartsURL is where the charts of the tests are served, as a chart repository.
const chartsURL = "http://127.0.0.1:3001"

// serveCharts serves two charts, each in two versions: forms, with Jobs before and after its objects; and tool, with a definition,
// for releases.
func serveCharts(t *testing.T) {
	t.Helper()
	mux := http.NewServeMux()
	index := "apiVersion: v1\nentries:\n"
	for _, name := range []string{"forms", "tool"} {
		index += "  " + name + ":\n"
		for _, version := range []string{"1.1.0", "1.0.0"} {
			archive := name + "-" + version + ".tgz"
			data := packed(t, name, version)
			mux.HandleFunc("/"+archive, func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write(data) })
			index += fmt.Sprintf("  - {apiVersion: v2, name: %s, version: %s, urls: [%s]}\n", name, version, archive)
		}
	}
	mux.HandleFunc("/index.yaml", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprint(out, index) })
	listener, err := net.Listen("tcp", strings.TrimPrefix(chartsURL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}

// packed is the archive of a chart.
func packed(t *testing.T, name, version string) []byte {
	t.Helper()
	files := map[string]string{
		"Chart.yaml":              fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", name, version),
		"templates/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-settings}\ndata: {text: {{ .Chart.Version | quote }}}\n",
	}
	switch name {
	case "forms":
		files["templates/jobs.yaml"] = job("migrate", "pre-install,pre-upgrade", version) + job("announce", "post-install,post-upgrade", version)
	case "tool":
		size := map[string]string{"1.0.0": "", "1.1.0": ", size: {type: integer}"}[version]
		files["crds/tools.yaml"] = strings.NewReplacer("keypairs", "tools", "keypair", "tool", "KeyPair", "Tool", "keys.test", "tools.test").
			Replace(definition("name: {type: string}" + size))
	}
	var data bytes.Buffer
	zip := gzip.NewWriter(&data)
	archive := tar.NewWriter(zip)
	for file, text := range files {
		header := &tar.Header{Name: name + "/" + file, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, closing := range []interface{ Close() error }{archive, zip} {
		if err := closing.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return data.Bytes()
}

func job(name, hook, version string) string {
	return fmt.Sprintf(`---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-%s
  annotations: {helm.sh/hook: "%s"}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: %s, image: "registry.test/forms:%s"}]
`, name, hook, name, version)
}
