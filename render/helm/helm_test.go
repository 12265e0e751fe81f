package helm_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/render/helm"
)

// pack makes the archive of a chart named web. Files are by their path in the chart.
func pack(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var entries []tar.Header
	bodies := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, tar.Header{Name: "web/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name]))})
		bodies["web/"+name] = files[name]
	}
	return packEntries(t, entries, bodies)
}

func packEntries(t testing.TB, entries []tar.Header, bodies map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tape := tar.NewWriter(zipped)
	for _, entry := range entries {
		if err := tape.WriteHeader(&entry); err != nil {
			t.Fatal(err)
		}
		if _, err := tape.Write([]byte(bodies[entry.Name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tape.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const chartYAML = "apiVersion: v2\nname: web\nversion: 1.0.0\n"

func load(t testing.TB, files map[string]string) *helm.Chart {
	t.Helper()
	all := map[string]string{"Chart.yaml": chartYAML}
	maps.Copy(all, files)
	c, err := helm.Load("web-1.0.0.tgz", pack(t, all))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func release(values map[string]any) helm.Release {
	return helm.Release{
		Name: "web", Namespace: "shop", Kubernetes: "1.33", APIs: []string{"v1"}, Values: values,
		Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

// text is what a chart gives, as JSON lines.
func text(t testing.TB, out *helm.Output) string {
	t.Helper()
	var all strings.Builder
	for i := range out.Documents {
		data, err := out.Documents[i].Encode()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "---\n%s", data)
	}
	return all.String()
}

func configMap(data string) map[string]string {
	return map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n" + data}
}

// TestHostileArchives is A10 and A11: each is refused, for its own reason, and quickly.
func TestHostileArchives(t *testing.T) {
	good := tar.Header{Name: "web/Chart.yaml", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(chartYAML))}
	file := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644} }
	many := make([]tar.Header, 30_000)
	for i := range many {
		many[i] = file(fmt.Sprint("web/files/", i))
	}
	for name, c := range map[string]struct {
		entries []tar.Header
		want    error
	}{
		"parent":           {[]tar.Header{file("web/../../etc/passwd")}, helm.ErrOutside},
		"windows parent":   {[]tar.Header{file(`web\..\..\etc\passwd`)}, helm.ErrOutside},
		"absolute":         {[]tar.Header{file("/etc/passwd")}, helm.ErrOutside},
		"drive":            {[]tar.Header{file("web/c:/x")}, helm.ErrOutside},
		"beside":           {[]tar.Header{file("Chart.yaml")}, helm.ErrOutside},
		"symbolic link":    {[]tar.Header{{Name: "web/x", Typeflag: tar.TypeSymlink, Linkname: "/etc"}}, helm.ErrIrregular},
		"hard link":        {[]tar.Header{{Name: "web/x", Typeflag: tar.TypeLink, Linkname: "web/Chart.yaml"}}, helm.ErrIrregular},
		"device":           {[]tar.Header{{Name: "web/x", Typeflag: tar.TypeBlock}}, helm.ErrIrregular},
		"pipe":             {[]tar.Header{{Name: "web/x", Typeflag: tar.TypeFifo}}, helm.ErrIrregular},
		"twice":            {[]tar.Header{file("web/x"), file("web/./x")}, helm.ErrTwice},
		"too many entries": {many, helm.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			archive := packEntries(t, append([]tar.Header{good}, c.entries...), map[string]string{good.Name: chartYAML})
			_, err := helm.Load("x.tgz", archive)
			var refused *helm.ArchiveError
			if !errors.As(err, &refused) || !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 15<<20)
	bomb := map[string]string{"Chart.yaml": chartYAML}
	for i := range 8 {
		bomb[fmt.Sprint("files/", i)] = zeros
	}
	nested := map[string]string{"Chart.yaml": chartYAML}
	for i := range 8 {
		nested[fmt.Sprintf("charts/sub%d.tgz", i)] = string(pack(t, map[string]string{"Chart.yaml": chartYAML, "files/zeros": zeros}))
	}
	for name, archive := range map[string][]byte{
		"much of little": pack(t, bomb),
		"in subcharts":   pack(t, nested),
		"one file":       pack(t, map[string]string{"Chart.yaml": chartYAML, "x": zeros + zeros}),
	} {
		if _, err := helm.Load("x.tgz", archive); !errors.Is(err, helm.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, archive := range map[string][]byte{"nothing": nil, "text": []byte("<html>"), "half": pack(t, bomb)[:2000]} {
		var refused *helm.ArchiveError
		if _, err := helm.Load("x.tgz", archive); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchema is A14, and what a schema is for.
func TestSchema(t *testing.T) {
	for name, schema := range map[string]string{
		"file":     `{"$ref": "file:///etc/passwd"}`,
		"http":     `{"properties": {"a": {"$ref": "http://127.0.0.1:1/schema.json"}}}`,
		"relative": `{"$ref": "other.json"}`,
	} {
		c := load(t, map[string]string{"values.schema.json": schema, "values.yaml": "a: 1"})
		var refused *helm.SchemaError
		if _, err := c.Render(context.Background(), release(nil)); !errors.As(err, &refused) || !errors.Is(err, helm.ErrReference) {
			t.Errorf("%s: %v", name, err)
		}
	}
	itself := load(t, map[string]string{"values.schema.json": `{"$ref": "#"}`})
	var endless *helm.ValuesError
	if _, err := itself.Render(context.Background(), release(nil)); !errors.As(err, &endless) {
		t.Errorf("a schema that refers to itself: %v", err)
	}
	c := load(t, map[string]string{
		"values.yaml":        "replicas: 1\nport: {number: 80}",
		"values.schema.json": `{"properties": {"replicas": {"type": "integer", "minimum": 1}, "port": {"properties": {"number": {"type": "integer"}}}}}`,
	})
	if _, err := c.Render(context.Background(), release(map[string]any{"replicas": 2.0})); err != nil {
		t.Error(err)
	}
	_, err := c.Render(context.Background(), release(map[string]any{"replicas": 0.0, "port": map[string]any{"number": "http"}}))
	var invalid *helm.ValuesError
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	want := []string{"port.number: got string, want integer", "replicas: minimum: got 0, want 1"}
	if !slices.Equal(invalid.Faults, want) {
		t.Errorf("%q, want %q", invalid.Faults, want)
	}
}

// TestNothingReachesOut is A15: what asks the world gets nothing, or is no function at all.
func TestNothingReachesOut(t *testing.T) {
	c := load(t, configMap(`  found: {{ len (lookup "v1" "Secret" "" "") | quote }}
  host: {{ getHostByName "localhost" | quote }}
`))
	out, err := c.Render(context.Background(), release(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, out); !strings.Contains(got, `found: "0"`) || !strings.Contains(got, `host: ""`) || out.Made != nil {
		t.Errorf("%s, %v", got, out.Made)
	}
	for _, function := range []string{`env "HOME"`, `expandenv "$HOME"`} {
		_, err := load(t, configMap("  a: {{ "+function+" }}\n")).Render(context.Background(), release(nil))
		if err == nil || !strings.Contains(err.Error(), "not defined") {
			t.Errorf("%s: %v", function, err)
		}
	}
	for _, much := range []string{`repeat 900000000 "x"`, `until 900000000 | len`, `untilStep 0 900000000 1 | len`, `randAlphaNum 900000000`} {
		if _, err := load(t, configMap("  a: {{ "+much+" }}\n")).Render(context.Background(), release(nil)); err == nil {
			t.Errorf("%s: no error", much)
		}
	}
}

const madeUp = `  random: {{ randAlphaNum 12 | quote }}
  again: {{ randAlphaNum 12 | quote }}
  id: {{ uuidv4 | quote }}
  bytes: {{ randBytes 8 | quote }}
  number: {{ randInt 1 1000000000 | quote }}
  time: {{ now | quote }}
  day: {{ now | date "2006-01-02" | quote }}
  old: {{ now | ago | quote }}
  users: {{ htpasswd "ada" .Values.password | quote }}
  hash: {{ bcrypt .Values.password | quote }}
  sealed: {{ encryptAES "key" .Values.password | quote }}
  key: {{ genPrivateKey "ecdsa" | quote }}
  {{- $ca := genCA "ca" 10 }}
  {{- $cert := genSignedCert "web" nil (list "web.shop.svc") 10 $ca }}
  ca: {{ $ca.Cert | quote }}
  cert: {{ $cert.Cert | quote }}
  checksum: {{ $cert.Key | sha256sum | quote }}
  shuffled: {{ shuffle "abcdefgh" | quote }}
  keys: {{ dict "b" 1 "a" 2 "c" 3 | keys | join "," | quote }}
  steady: {{ .Release.Name | quote }}
`

// TestMadeUp: what a chart makes up is found, named, kept, and the same ever after.
func TestMadeUp(t *testing.T) {
	c := load(t, configMap(madeUp))
	first, err := c.Render(context.Background(), release(map[string]any{"password": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, u := range first.Unsteady {
		fields = append(fields, strings.TrimPrefix(u.Field, "data."))
	}
	want := []string{"random", "again", "id", "bytes", "number", "time", "day", "users", "hash", "sealed", "key", "ca", "cert", "checksum"}
	if !slices.Equal(fields, want) {
		t.Errorf("unsteady are %q, want %q", fields, want)
	}
	later := release(map[string]any{"password": "x"})
	later.Made, later.Now = first.Made, later.Now.AddDate(3, 0, 0)
	second, err := c.Render(context.Background(), later)
	if err != nil {
		t.Fatal(err)
	}
	if text(t, first) != text(t, second) || !maps.Equal(first.Made, second.Made) || second.Unsteady != nil {
		t.Errorf("it differs:\n%s\n%s", text(t, first), text(t, second))
	}
	for key := range first.Made {
		if strings.Contains(key, "password") || key != "now" && !strings.HasPrefix(key, "templates/a.yaml ") {
			t.Errorf("key %q", key)
		}
	}
	// Another password has another hash, and leaves the rest.
	later.Values = map[string]any{"password": "y"}
	third, err := c.Render(context.Background(), later)
	if err != nil {
		t.Fatal(err)
	}
	var changed []string
	for _, key := range helm.Keys(third.Made) {
		if third.Made[key] != first.Made[key] {
			changed = append(changed, strings.Fields(key)[1])
		}
	}
	if !slices.Equal(changed, []string{"bcrypt()", "encryptAES()", "htpasswd()"}) {
		t.Errorf("changed are %q", changed)
	}
}

// TestNothingMadeUp: what is made up and goes nowhere is not kept.
func TestNothingMadeUp(t *testing.T) {
	c := load(t, configMap(`  a: {{ if false }}{{ randAlpha 3 }}{{ end }}{{ $x := uuidv4 }}{{ len $x | quote }}`+"\n"))
	out, err := c.Render(context.Background(), release(nil))
	if err != nil || out.Made != nil || out.Unsteady != nil {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestUnknownKeys(t *testing.T) {
	c := load(t, map[string]string{
		"values.yaml":      "controller: {replicaCount: 1, nodeSelector: {os: linux}, extra: {}}\nname: x",
		"templates/a.yaml": "{{ .Values.controller.hidden }}",
	})
	got, err := c.UnknownKeys(map[string]any{
		"names": "y", "global": map[string]any{"x": 1},
		"controller": map[string]any{"replicaCuont": 2, "hidden": 1, "extra": map[string]any{"any": 1}, "nodeSelector": map[string]any{"disk": "ssd"}},
	})
	want := []helm.Unknown{{Path: "controller.replicaCuont", Nearest: "replicaCount"}, {Path: "names", Nearest: "name"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}
