//go:build real

package helm_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/render/helm"
)

// TestLikeHelm compares every chart of a folder, GKOPS_CHARTS (*.tgz, and beside one NAME.values.yaml for values), object by object with what
// the helm program of GKOPS_HELM gives. Fields that a chart makes up may differ, and no others.
func TestLikeHelm(t *testing.T) {
	program, folder := os.Getenv("GKOPS_HELM"), os.Getenv("GKOPS_CHARTS")
	if program == "" || folder == "" {
		t.Fatal("set GKOPS_HELM to the helm program and GKOPS_CHARTS to a folder of charts")
	}
	charts, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(charts) == 0 {
		t.Fatalf("no charts in %s: %v", folder, err)
	}
	var total, refused, objects, madeUp int
	for _, chart := range charts {
		t.Run(strings.TrimSuffix(filepath.Base(chart), ".tgz"), func(t *testing.T) {
			want, fails := theirs(t, program, chart)
			got, unsteady, err := ours(chart)
			switch {
			case fails != "" && err != nil:
				refused++
				t.Logf("both refuse it: %v", err)
				return
			case fails != "" || err != nil:
				t.Fatalf("helm: %s\nhere: %v", fails, err)
			}
			total++
			objects += len(got)
			madeUp += len(unsteady)
			for _, difference := range compare(want, got, unsteady) {
				t.Error(difference)
			}
		})
	}
	t.Logf("%d charts with %d objects are the same, but for %d made-up fields; %d charts are refused by both", total, objects, madeUp, refused)
}

// served are the APIs that both programs are given.
func served() []string {
	return append(apiVersions(), "monitoring.coreos.com/v1", "monitoring.coreos.com/v1/ServiceMonitor")
}

func valuesOf(t *testing.T, chart string) (string, map[string]any) {
	file := strings.TrimSuffix(chart, ".tgz") + ".values.yaml"
	data, err := os.ReadFile(file)
	if err != nil {
		return "", nil
	}
	var values map[string]any
	if err := yaml.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	return file, values
}

func theirs(t *testing.T, program, chart string) ([]document.Document, string) {
	t.Helper()
	args := []string{"template", "web", chart, "-n", "shop", "--kube-version", "1.33.0", "--include-crds"}
	for _, api := range served() {
		args = append(args, "--api-versions", api)
	}
	if file, _ := valuesOf(t, chart); file != "" {
		args = append(args, "-f", file)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, stderr.String()
	}
	var all []document.Document
	for _, part := range strings.Split("\n"+stdout.String(), "\n---\n") {
		documents, err := document.Parse("helm", []byte(part))
		if err != nil {
			documents = lenient(t, part)
		}
		all = append(all, documents...)
	}
	return all, ""
}

// lenient reads a document that says a key twice.
func lenient(t *testing.T, text string) []document.Document {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command("python3", "-c", "import sys,yaml,json; json.dump(yaml.safe_load(sys.stdin), sys.stdout, default=str)")
	cmd.Stdin, cmd.Stdout = strings.NewReader(text), &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	documents, err := document.Parse("helm", out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return documents
}

func ours(chart string) ([]document.Document, []helm.Unsteady, error) {
	data, err := os.ReadFile(chart)
	if err != nil {
		return nil, nil, err
	}
	loaded, err := helm.Load(chart, data)
	if err != nil {
		return nil, nil, err
	}
	if missing := loaded.Missing(); len(missing) > 0 { // as the render of a package does
		return nil, nil, fmt.Errorf("its archive lacks %q", missing)
	}
	r := release(nil)
	if file, err := os.ReadFile(strings.TrimSuffix(chart, ".tgz") + ".values.yaml"); err == nil {
		if err := yaml.Unmarshal(file, &r.Values); err != nil {
			return nil, nil, err
		}
	}
	r.APIs = served()
	out, err := loaded.Render(context.Background(), r)
	if err != nil {
		return nil, nil, err
	}
	return out.Documents, out.Unsteady, nil
}
