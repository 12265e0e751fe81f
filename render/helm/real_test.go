//go:build real

package helm_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v4/pkg/chart/common"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
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

// apiVersions are what helm takes for served when nobody says: all kinds of its client. Both programs are given the same.
func apiVersions() []string {
	all := append(slices.Clone(common.DefaultVersionSet), "monitoring.coreos.com/v1", "monitoring.coreos.com/v1/ServiceMonitor")
	slices.Sort(all)
	return slices.Compact(all)
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
	args := []string{"template", "web", chart, "-n", "shop", "--kube-version", "1.33", "--include-crds"}
	for _, api := range apiVersions() {
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
	r := release(nil)
	if file, err := os.ReadFile(strings.TrimSuffix(chart, ".tgz") + ".values.yaml"); err == nil {
		if err := yaml.Unmarshal(file, &r.Values); err != nil {
			return nil, nil, err
		}
	}
	r.APIs = apiVersions()
	out, err := loaded.Render(context.Background(), r)
	if err != nil {
		return nil, nil, err
	}
	return out.Documents, out.Unsteady, nil
}

// compare pairs the objects by what they are called, in their order among those of the same name.
func compare(want, got []document.Document, unsteady []helm.Unsteady) []string {
	var all []string
	byID := func(documents []document.Document) map[finding.Object][]*yaml.Node {
		found := map[finding.Object][]*yaml.Node{}
		for i := range documents {
			found[documents[i].Object()] = append(found[documents[i].Object()], documents[i].Root())
		}
		return found
	}
	theirs, mine := byID(want), byID(got)
	for id, nodes := range theirs {
		if len(mine[id]) != len(nodes) {
			all = append(all, fmt.Sprintf("%s: helm has %d of them, here are %d", id, len(nodes), len(mine[id])))
			continue
		}
		for i := range nodes {
			a, b := flat(nodes[i], "", map[string]string{}), flat(mine[id][i], "", map[string]string{})
			for path, value := range a {
				if b[path] != value && !allowed(id, path, unsteady) {
					all = append(all, fmt.Sprintf("%s %s: helm has %.200q, here is %.200q", id, path, value, b[path]))
				}
			}
			for path, value := range b {
				if _, there := a[path]; !there && !allowed(id, path, unsteady) {
					all = append(all, fmt.Sprintf("%s %s: here is %.200q", id, path, value))
				}
			}
		}
	}
	for id := range mine {
		if theirs[id] == nil {
			all = append(all, fmt.Sprintf("%s: helm has none", id))
		}
	}
	return all
}

func allowed(id finding.Object, path string, unsteady []helm.Unsteady) bool {
	return slices.ContainsFunc(unsteady, func(u helm.Unsteady) bool { return u.Object == id && strings.HasPrefix(path, u.Field) })
}

// flat is every scalar of a node by its path, as kubectl reads it.
func flat(node *yaml.Node, path string, into map[string]string) map[string]string {
	switch node.Kind {
	case yaml.MappingNode:
		if len(node.Content) == 0 {
			into[path] = "{}"
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			next := node.Content[i].Value
			if path != "" {
				next = path + "." + next
			}
			flat(node.Content[i+1], next, into)
		}
	case yaml.SequenceNode:
		if len(node.Content) == 0 {
			into[path] = "[]"
		}
		for i := range node.Content {
			flat(node.Content[i], fmt.Sprintf("%s[%d]", path, i), into)
		}
	default:
		value, err := document.Value(node)
		into[path] = fmt.Sprintf("%T %v %v", value, value, err)
	}
	return into
}
