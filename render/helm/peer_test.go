package helm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/render/helm"
)

// sample is a chart of testdata/charts: its files, and below test/ the values of the release, the APIs that the cluster serves besides
// those that Helm takes for served, and, when the chart is to be refused, a part of the reason.
type sample struct {
	archive []byte
	values  map[string]any
	apis    []string
	refused string
}

// samples are the charts of testdata/charts, and one that is too large to write down.
func samples(t testing.TB) map[string]sample {
	t.Helper()
	found, err := filepath.Glob("testdata/charts/*.txtar")
	if err != nil || len(found) == 0 {
		t.Fatalf("no charts: %v", err)
	}
	all := map[string]sample{"large": large(t)}
	for _, file := range found {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, files := sample{apis: apiVersions()}, map[string]string{}
		for _, f := range archive.Files {
			switch name, mine := strings.CutPrefix(f.Name, "test/"); {
			case !mine:
				files[f.Name] = string(f.Data)
			case name == "values.yaml":
				if s.values, err = helm.ParseValues(f.Name, f.Data); err != nil {
					t.Fatal(err)
				}
			case name == "apis":
				s.apis = append(s.apis, strings.Fields(string(f.Data))...)
			case name == "refused":
				s.refused = strings.TrimSpace(string(f.Data))
			default:
				t.Fatalf("%s: %s", file, f.Name)
			}
		}
		s.archive = packNested(t, files)
		all[strings.TrimSuffix(filepath.Base(file), ".txtar")] = s
	}
	return all
}

// packNested packs a chart; what lies in charts/x.tgz/ is packed first.
func packNested(t testing.TB, files map[string]string) []byte {
	t.Helper()
	plain, inner := map[string]string{}, map[string]map[string]string{}
	for name, text := range files {
		before, after, nested := strings.Cut(name, ".tgz/")
		if !nested {
			plain[name] = text
			continue
		}
		if inner[before] == nil {
			inner[before] = map[string]string{}
		}
		inner[before][after] = text
	}
	for name, files := range inner {
		plain[name+".tgz"] = string(packNested(t, files))
	}
	return pack(t, plain)
}

// large has 1 MB of default values and 1 MB of given ones, some of which replace those.
func large(t testing.TB) sample {
	t.Helper()
	var defaults strings.Builder
	given := map[string]any{}
	for i := range 4000 {
		fmt.Fprintf(&defaults, "key%d: {name: value-%d, list: [a, b, %d], text: %s}\n", i, i, i, strings.Repeat("y", 200))
		given[fmt.Sprint("key", i*2)] = map[string]any{"name": fmt.Sprint("given-", i), "more": strings.Repeat("x", 500)}
	}
	return sample{apis: apiVersions(), values: given, archive: pack(t, map[string]string{
		"Chart.yaml": chartYAML, "values.yaml": defaults.String(),
		"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  all: {{ .Values | toJson | quote }}\n" +
			"  {{- range $k, $v := .Values }}\n  {{ $k }}: {{ $v.name }}{{ $v.list | join \"\" }}\n  {{- end }}\n",
	})}
}

// TestLikeSDK compares what every chart of testdata gives, object by object and field by field, with what the same steps of Helm's SDK give
// that 'helm template --include-crds' takes. Fields that the chart makes up may differ, and no others. What is refused, both refuse.
func TestLikeSDK(t *testing.T) {
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) {
			want, fails := template(s)
			loaded, err := helm.Load(name+".tgz", s.archive)
			if err != nil {
				t.Fatal(err)
			}
			r := release(s.values)
			r.APIs = s.apis
			out, err := loaded.Render(context.Background(), r)
			if s.refused != "" {
				if fails == nil || err == nil || !strings.Contains(err.Error(), s.refused) {
					t.Errorf("helm: %v\nhere: %v\nwant %q", fails, err, s.refused)
				}
				return
			}
			if fails != nil || err != nil {
				t.Fatalf("helm: %v\nhere: %v", fails, err)
			}
			if len(want) == 0 {
				t.Fatal("no objects")
			}
			for _, difference := range compare(want, out.Documents, out.Unsteady) {
				t.Error(difference)
			}
			r.Made = out.Made
			if again, err := loaded.Render(context.Background(), r); err != nil || text(t, out) != text(t, again) {
				t.Errorf("a second render differs: %v", err) // what templates set, they set in values of their own
			}
			if made := name == "madeup"; made != (len(out.Unsteady) > 0) {
				t.Errorf("made up are %v", out.Unsteady)
			}
		})
	}
}

// template is 'helm template --include-crds' without the command: Helm reads the archive, puts values together, runs the templates and parts
// their output, with the functions that it has.
func template(s sample) ([]document.Document, error) {
	loaded, err := loader.LoadArchive(bytes.NewReader(s.archive))
	if err != nil {
		return nil, err
	}
	if loaded.Metadata.Type == "library" {
		return nil, errors.New("library charts are not installable")
	}
	given, err := helm.ParseValues("values", []byte("{}"))
	if err != nil {
		return nil, err
	}
	maps.Copy(given, s.values)
	capabilities := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion("v1.33.0")
	if err != nil {
		return nil, err
	}
	capabilities.KubeVersion, capabilities.APIVersions = *version, s.apis
	if want := loaded.Metadata.KubeVersion; want != "" && !chartutil.IsCompatibleRange(want, "v1.33.0") {
		return nil, fmt.Errorf("it requires %s", want)
	}
	if err := chartutil.ProcessDependencies(loaded, given); err != nil {
		return nil, err
	}
	options := common.ReleaseOptions{Name: "web", Namespace: "shop", Revision: 1, IsInstall: true}
	values, err := util.ToRenderValues(loaded, given, options, capabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Engine{}.RenderWithContext(context.Background(), loaded, values)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasSuffix(name, "NOTES.txt") })
	return parted(loaded, files)
}

// parted are the documents of crds/ and of the templates, with hooks.
func parted(loaded *chart.Chart, files map[string]string) ([]document.Document, error) {
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, crd := range loaded.CRDObjects() {
		texts = append(texts, string(crd.File.Data))
	}
	for _, m := range manifests {
		texts = append(texts, m.Content)
	}
	for _, h := range hooks {
		texts = append(texts, h.Manifest)
	}
	var all []document.Document
	for _, text := range texts {
		documents, err := document.Parse("helm", []byte(text))
		if err != nil {
			if documents, err = lastKey(text); err != nil {
				return nil, err
			}
		}
		all = append(all, documents...)
	}
	return all, nil
}

// lastKey reads a document as Kubernetes does: of a key that is there twice the last one counts.
func lastKey(text string) ([]document.Document, error) {
	object, err := common.ReadValues([]byte(text))
	if err != nil {
		return nil, err
	}
	plain, err := object.YAML()
	if err != nil {
		return nil, err
	}
	return document.Parse("helm", []byte(plain))
}

// apiVersions are what helm takes for served when nobody says: all kinds of its client. Both are given the same.
func apiVersions() []string {
	all := slices.Clone([]string(common.DefaultVersionSet))
	slices.Sort(all)
	return slices.Compact(all)
}
