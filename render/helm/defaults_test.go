package helm

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// FuzzValuesAreHelms: values that are read quickly are those that Helm reads, and the texts that charts have are read quickly.
func FuzzValuesAreHelms(f *testing.F) {
	plain := []string{
		"a: 1\n", "a: 0755\nb: 1e3\nc: 1.50\nd: yes\ne: ~\nf:\ng: 1_000\nh: 0x1F\ni: 18446744073709551615\nj: 9223372036854775807\n",
		"---\na: {b: [1, x, null], c: {}}\nd: []\n", "# c\na: |\n  x\n   y\n\nb: >-\n  c\n  d\n# e\n", "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n",
		"1: a\ntrue: b\n\"q\": 'r'\n", "a: 1e400\n", "a: 2001-01-01\nb: 12:30:45\nc: !!str 1\n", "size: 1000000000000\nratio: 123456789012345678901234567890\n",
	}
	for _, text := range plain {
		if _, quick := quickValues([]byte(text)); !quick && text != "a: 1e400\n" {
			f.Errorf("%q is read by Helm", text)
		}
		f.Add([]byte(text))
	}
	for _, doubtful := range []string{
		"", "{}", "{\"a\": 1}", "a: 1\n---\nb: 2\n", "--- {a: 1}", "a: 1\r\n", "%YAML 1.1\n---\na: 1\n", "- a\n", "a: 1\na: 2\n", "a: .inf\n", "a: [", "a\n...\n", "null\n",
	} {
		f.Add([]byte(doubtful))
	}
	samples, err := filepath.Glob("testdata/charts/*.txtar")
	if err != nil || len(samples) == 0 {
		f.Fatalf("no charts: %v", err)
	}
	for _, sample := range samples {
		data, err := os.ReadFile(sample)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(data).Files {
			if filepath.Base(file.Name) == valuesFile {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		quick, ok := quickValues(bytes.Clone(text))
		if !ok {
			return
		}
		want, err := loader.LoadValues(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%q is read as %v, and Helm says %v", text, quick, err)
		}
		if !reflect.DeepEqual(quick, want) {
			t.Fatalf("%q is read as %#v, and by Helm as %#v", text, quick, want)
		}
	})
}
