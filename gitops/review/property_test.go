package review

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/examples"
	"gkops.dev/gkops/golden"
)

// scalarsOf are all scalar values below a node, with their paths.
func scalarsOf(node *yaml.Node, at string, found map[string]*yaml.Node) {
	switch node.Kind {
	case yaml.ScalarNode:
		found[at] = node
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			scalarsOf(node.Content[i+1], at+"/"+node.Content[i].Value, found)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			scalarsOf(item, fmt.Sprintf("%s/%d", at, i), found)
		}
	}
}

// TestNoChangedFieldIsLost changes every scalar of every object of the example registry, one at a time, and wants to see each.
func TestNoChangedFieldIsLost(t *testing.T) {
	const mark = "changed-by-the-test"
	tried := 0
	for _, file := range registryFiles(t, "v1.2.0+1", "v3.2.1+1", "v16.0.0+2", "v2.1.0+1") {
		data, err := fs.ReadFile(examples.Registry(), file)
		if err != nil {
			t.Fatal(err)
		}
		docs, err := document.Parse(file, data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range docs {
			before, err := docs[i].Encode()
			if err != nil {
				t.Fatal(err)
			}
			leaves := map[string]*yaml.Node{}
			scalarsOf(docs[i].Root(), "", leaves)
			for at, leaf := range leaves {
				tried++
				kept := *leaf
				*leaf = *document.String(mark)
				after, err := docs[i].Encode()
				*leaf = kept
				if err != nil {
					t.Fatal(err)
				}
				checkSeen(t, file+at, before, after, mark)
			}
		}
	}
	if tried < 300 {
		t.Errorf("only %d fields tried", tried)
	}
}

func registryFiles(t *testing.T, versions ...string) []string {
	t.Helper()
	var files []string
	for _, version := range versions {
		found, err := fs.Glob(examples.Registry(), "*/"+version+"/*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			if path.Base(file) != "package.yaml" {
				files = append(files, file)
			}
		}
	}
	return files
}

func checkSeen(t *testing.T, where string, before, after []byte, mark string) {
	t.Helper()
	tree := func(data []byte) fs.FS { return golden.Map(map[string][]byte{"x.yaml": data}) }
	report := compare(t, tree(before), tree(after))
	var out bytes.Buffer
	if err := JSON(&out, report); err != nil {
		t.Fatal(err)
	}
	hidden := fmt.Sprintf(`"newBytes": %d`, len(mark)) // a password
	if report.Empty() || report.Summary.Risk < Low || !strings.Contains(out.String(), mark) && !strings.Contains(out.String(), hidden) {
		t.Errorf("%s: the change does not show: %+v", where, report)
	}
}

// canary is a value that must never come out, in any spelling.
const canary = "kanarienvogel-7f3a"

func spellings() []string {
	raw := []byte(canary)
	sum := sha256.Sum256(raw)
	return []string{canary, base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw), url.QueryEscape(canary), strings.ToUpper(canary), canary[3:],
		hex.EncodeToString(raw), hex.EncodeToString(sum[:])}
}

// TestNoRendererShowsASecret puts canaries wherever an object can hold a secret, in forms good and bad.
func TestNoRendererShowsASecret(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(canary))
	forms := map[string]string{
		"data":                "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: %s}\n",
		"data with a twin":    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {same: " + encoded + ", password: %s}\n",
		"stringData":          "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: %s}\n",
		"block":               "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: |\n    first\n    %s\n    last\n",
		"nested":              "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: {deep: [%s]}}\n",
		"data is a list":      "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: [%s]\n",
		"data is a text":      "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: %s\n",
		"data is a number":    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {pin: 1, password: %s}\n",
		"last applied":        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {last-applied: '{\"data\":\"%s\"}'}}\n",
		"annotations a text":  "apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: %s}\n",
		"managed fields":      "apiVersion: v1\nkind: Secret\nmetadata: {name: s, managedFields: [{a: %s}]}\n",
		"unknown field":       "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nvalue: %s\n",
		"another group":       "apiVersion: vault.example.dev/v1\nkind: Secret\nmetadata: {name: s}\nspec: {token: %s}\n",
		"another case":        "apiVersion: v1\nkind: secret\nmetadata: {name: s}\ndata: {password: %s}\n",
		"list":                "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {password: %s}}\n",
		"secret list":         "apiVersion: v1\nkind: SecretList\nitems:\n- {metadata: {name: s}, data: {password: %s}}\n",
		"json":                `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"password":"%s"}}` + "\n",
		"anchor":              "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: &x %s, b: *x}\n",
		"other kind":          "apiVersion: example.dev/v1\nkind: Thing\nmetadata: {name: s}\nstringData: {a: b}\ndata: {password: %s}\n",
		"private key":         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata:\n  key: |\n    -----BEGIN EC PRIVATE KEY-----\n    %s\n",
		"private key in args": "apiVersion: v1\nkind: Pod\nmetadata: {name: s}\nspec: {containers: [{name: a, args: [a, \"-----BEGIN PRIVATE KEY-----%s\"]}]}\n",
		"broken":              "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: *%s}\n",
		"broken text":         "kind: Secret\n---\n%s\n",
		"broken tag":          "kind: Secret\ndata: {password: !%s x}\n",
		"no name":             "apiVersion: v1\nkind: Secret\nmetadata: {generateName: s-}\ndata: {password: %s}\n",
		"comment":             "# password: %s\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: c2FtZQ==}\n",
		"last applied list":   "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: s\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"kind\":\"Secret\",\"data\":{\"p\":\"%s\"}}\n",
		"manifest in a text":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata:\n  x.yaml: |\n    apiVersion: v1\n    kind: Secret\n    data: {p: %s}\n",
		"second document":     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {p: %s}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n",
		"commented out":       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n# kind: Secret\n# data: {p: %s}\n",
		"env":                 "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: s}\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        env:\n        - name: DB_PASSWORD\n          value: %s\n        - {name: B, value: b}\n",
		"env without names":   "apiVersion: v1\nkind: Pod\nmetadata: {name: s}\nspec: {containers: [{name: a, env: [{name: TOKEN, value: a}, {name: TOKEN, value: \"%s\"}]}]}\n",
		"flag":                "apiVersion: v1\nkind: Pod\nmetadata: {name: s}\nspec: {containers: [{name: a, args: [a, \"--db-password=%s\", b]}]}\n",
		"flag and argument":   "apiVersion: v1\nkind: Pod\nmetadata: {name: s}\nspec:\n  containers:\n  - name: a\n    command:\n    - run\n    - --token\n    - %s\n    - --verbose\n",
		"shell":               "apiVersion: v1\nkind: Pod\nmetadata: {name: s}\nspec: {containers: [{name: a, command: [sh, -c, \"export PGPASSWORD=x TOKEN=%s; run\"]}]}\n",
		"job template":        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: s}\nspec: {template: {spec: {containers: [{name: a, env: [{name: API_KEY, value: \"%s\"}]}]}}}\n",
		"config key":          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {adminPassword: %s, other: a}\n",
		"config block":        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata:\n  db.password: |\n    first\n\n    %s\n  other: a\n",
		"config file":         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata:\n  app.ini: |\n    [db]\n    user = a\n    password = some %s\n    port = 1\n",
		"config yaml":         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata:\n  app.yaml: |\n    auth:\n      clientSecret: |-\n        %s\n    port: 1\n",
		"config json":         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {app.json: '{\"user\": \"a\", \"token\": \"%s\", \"port\": 1}'}\n",
		"address":             "apiVersion: v1\nkind: Pod\nmetadata: {name: s}\nspec: {containers: [{name: a, env: [{name: DSN, value: \"postgres://app:%s@db/app\"}]}]}\n",
		"values":              "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: s}\nspec: {values: {admin: {password: %s}, replicas: 1}}\n",
		"parameter":           "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: s}\nspec: {source: {helm: {parameters: [{name: admin.password, value: \"%s\"}]}}}\n",
		"json config":         "{\n  \"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n  \"metadata\": {\"name\": \"s\"},\n  \"data\": {\n    \"a\": \"b\",\n    \"password\":\n      \"%s\"\n  }\n}\n",
		"commented password":  "# old password: %s\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {a: b}\n",
		"annotation":          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s, annotations: {last-applied: '{\"data\":{\"password\":\"%s\"}}'}}\ndata: {a: b}\n",
		"broken config":       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {password: *%s}\n",
		"list key":            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.dev}\nspec: {group: example.dev, names: {kind: Thing}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {properties: {spec: {properties: {peers: {x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [token]}}}}}}}]}\n---\napiVersion: example.dev/v1\nkind: Thing\nmetadata: {name: s}\nspec: {peers: [{token: %s, a: 1}, {token: other, a: 2}]}\n",
		"generator":           "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nsecretGenerator: [{name: s, literals: [password=%s]}]\n",
	}
	for name, form := range forms {
		for _, value := range []string{canary, encoded} {
			with := golden.Map(map[string][]byte{"x.yaml": []byte(strings.ReplaceAll(form, "%s", value))})
			other := golden.Map(map[string][]byte{"x.yaml": []byte(strings.ReplaceAll(form, "%s", "bm90aGluZw=="))})
			for _, pair := range [][2]fs.FS{{with, other}, {other, with}, {nil, with}, {with, nil}} {
				report := compare(t, pair[0], pair[1])
				if report.Empty() && name != "comment" && name != "commented out" && name != "commented password" {
					t.Errorf("%s: the change is not seen at all", name)
				}
				checkSilent(t, name, report)
			}
		}
	}
}

func checkSilent(t *testing.T, name string, report *Report) {
	t.Helper()
	outputs := everyForm(t, report)
	outputs["model"] = fmt.Appendf(nil, "%+v", report)
	for output, data := range outputs {
		for _, spelling := range spellings() {
			if bytes.Contains(data, []byte(spelling)) {
				t.Errorf("%s: %s shows %s:\n%s", name, output, spelling, data)
			}
		}
	}
}

func TestJSONHasTheDocumentedShape(t *testing.T) {
	base, head := trees(t, "testdata/cases/danger.txtar")
	var out bytes.Buffer
	if err := JSON(&out, compare(t, base, head)); err != nil {
		t.Fatal(err)
	}
	var shape struct {
		Summary   map[string]any
		Attention []map[string]any
		Objects   []map[string]any
	}
	if err := json.Unmarshal(out.Bytes(), &shape); err != nil {
		t.Fatal(err)
	}
	want := func(what string, object map[string]any, keys ...string) {
		for _, key := range keys {
			if _, ok := object[key]; !ok {
				t.Errorf("%s has no %s", what, key)
			}
		}
	}
	want("summary", shape.Summary, "added", "removed", "changed", "metadataOnly", "risk")
	want("attention", shape.Attention[0], "rule", "risk", "message", "object", "file")
	want("object", shape.Objects[0], "change", "object", "hunks")
	var back Report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Summary.Risk != High {
		t.Errorf("read back: risk %s, %v", back.Summary.Risk, err)
	}
	var empty bytes.Buffer
	if err := JSON(&empty, compare(t, nil, nil)); err != nil || bytes.Contains(empty.Bytes(), []byte("null")) {
		t.Errorf("an empty report is %s, %v", empty.Bytes(), err)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add([]byte("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"), []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: b}\n"))
	f.Add([]byte("resources: [a, b]\n"), []byte("resources: [b, {c: d}]\nimages: 3\n"))
	f.Add([]byte("apiVersion: v1\nkind: X\nmetadata: {name: x}\na: [{name: 1}, {name: [2]}]\n"), []byte("apiVersion: v1\nkind: X\nmetadata: {name: x}\na: [{name: [2]}, 3]\n"))
	f.Add([]byte("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\nrules: 3\n"), []byte("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\nrules: [1, [2], {verbs: {}}]\n"))
	f.Add([]byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec: {versions: [1, {name: [], served: true}]}\n"), []byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec: []\n"))
	f.Fuzz(func(t *testing.T, base, head []byte) {
		tree := func(data []byte) fs.FS {
			return golden.Map(map[string][]byte{"x.yaml": data, "kustomization.yaml": data})
		}
		report := compare(t, tree(base), tree(head))
		again := compare(t, tree(base), tree(head))
		first, second := rendered(t, report), rendered(t, again)
		for name := range first {
			if !bytes.Equal(first[name], second[name]) {
				t.Fatalf("%s is not the same twice", name)
			}
		}
		if bytes.ContainsAny(first["report.txt"], "\x1b\x00\r") {
			t.Fatalf("a control character: %q", first["report.txt"])
		}
	})
}
