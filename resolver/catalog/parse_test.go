package catalog

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

func TestParseManifest(t *testing.T) {
	m, err := ParseManifest("package.yaml", full(t))
	if err != nil {
		t.Fatal(err)
	}
	two, nine, one, twenty := 1, 9, 1, 20
	want := &Manifest{
		Name: "shop", Scope: NamespacedScope, DefaultNamespace: "shop", ShortDescription: "A shop", LongDescription: "Sells things.\n",
		IconURL: "https://example.com/shop.png", References: []Reference{{"Source", "https://example.com/shop"}},
		Helm: &Helm{
			RepositoryURL: "oci://example.com/charts",
			Releases:      []HelmRelease{{"shop", "1.2.3", map[string]any{"replicas": int64(2)}}},
			Values:        map[string]any{"anything": []any{int64(1), "two", map[string]any{"three": nil}}},
		},
		Kustomize: &Kustomize{},
		Manifests: []PlainManifest{{"./shop.yaml", "shop"}, {"https://example.com/v1.0.0+1/crds.yaml", ""}},
		ValueDefinitions: map[string]ValueDefinition{
			"replicas": {
				Type: NumberValue, Metadata: ValueMetadata{"Replicas", "How many", []string{"sizing"}}, DefaultValue: "2",
				Constraints: Constraints{Required: true, Min: &two, Max: &nine},
				Targets: []Target{{
					Resource: &ResourceReference{"apps/v1", "Deployment", "shop", "shop"},
					Patch:    PartialPatch{"replace", "/spec/replicas"}, ValueTemplate: "{{ . }}",
				}},
			},
			"title": {
				Type: TextValue, Constraints: Constraints{MinLength: &one, MaxLength: &twenty, Pattern: "^[a-z]+$"},
				Targets: []Target{{ChartName: "shop", Patch: PartialPatch{"add", "/title"}}},
			},
			"size": {
				Type: OptionsValue, Options: []string{"small", "large", "3"}, DefaultValue: "small",
				Targets: []Target{{ChartName: "shop", Patch: PartialPatch{"add", "/a~1b"}}},
			},
		},
		Transformations: []Transformation{{
			Source: TransformationSource{&ResourceReference{APIGroup: "v1", Kind: "Service", Name: "shop"}, "{ $.spec.clusterIP }"},
			Targets: []Target{{
				Resource: &ResourceReference{APIGroup: "v1", Kind: "ConfigMap", Name: "shop"},
				Patch:    PartialPatch{"add", "/data/ip"}, ValueTemplate: `"{{ . | base64 }}"`,
			}},
		}},
		TransitiveResources: []ResourceReference{{APIGroup: "v1", Kind: "Secret", Name: "shop-db-app"}},
		Entrypoints:         []Entrypoint{{"web", "shop", 80, 8080, "http"}},
		Dependencies:        []Dependency{{"cert-manager", ">=1.17 <2"}},
		Components:          []Component{{"postgresql", "db", "1.x.x", map[string]ComponentValue{"databaseName": {"shop"}}}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	requirements, err := m.Requirements()
	if err != nil || len(requirements) != 1 || requirements[0].Package != "cert-manager" || requirements[0].Range.String() != ">=1.17 <2" {
		t.Errorf("requirements are %v, %v", requirements, err)
	}
	if !m.Namespaced() || m.Components[0].Suffix() != "db" || (Component{Name: "x"}).Suffix() != "x" {
		t.Error("scope or component name")
	}
}

// TestScalarValues: packages write the values themselves, unquoted.
func TestScalarValues(t *testing.T) {
	m, err := ParseManifest("package.yaml", []byte(`{name: a, defaultNamespace: a, components: [{name: c, values: {v: {value: 10}}}], valueDefinitions: {
		b: {type: boolean, defaultValue: yes, targets: [{resource: {apiGroup: v1, kind: Pod, name: a}, patch: {op: add, path: /a}}]},
		o: {type: options, options: [1, true, a], defaultValue: 1, targets: [{resource: {apiGroup: v1, kind: Pod, name: a}, patch: {op: add, path: /a}}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if m.ValueDefinitions["b"].DefaultValue != "true" || m.Components[0].Values["v"].Value != "10" {
		t.Errorf("%+v", m)
	}
	if diff := cmp.Diff([]string{"1", "true", "a"}, m.ValueDefinitions["o"].Options); diff != "" {
		t.Error(diff)
	}
}

// TestManifestFaults gives each fault as a change of the full manifest, the line and what the error says.
func TestManifestFaults(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"name: shop\nscope", "scope", "package.yaml:1: name is missing"},
		{"name: shop\nscope", "name: Shop\nscope", `package.yaml:1: name is "Shop", which is not a DNS label`},
		{"name: shop\nscope", "name: \"\"\nscope", `package.yaml:1: name is empty`},
		{"scope: Namespaced", "scope: namespaced", `package.yaml:2: scope is "namespaced", which is unknown`},
		{"defaultNamespace: shop\nshort", "defaultNamespace: Shop\nshort", `package.yaml:3: defaultNamespace is "Shop", which is not a DNS label`},
		{"defaultNamespace: shop\nshort", "short", `package.yaml:1: defaultNamespace is missing`},
		{"shortDescription:", "shortDescriptoin:", `package.yaml:4: the key "shortDescriptoin" is unknown`},
		{"    url: https://example.com/shop\n", "", `package.yaml:9: references[0].url is missing`},
		{"    url: https://example.com/shop\n", "    url: javascript:alert(1)\n", `package.yaml:10: references[0].url is not a URL with http:// or https://`},
		{"oci://example.com/charts", "ftp://example.com", `package.yaml:12: helm.repositoryUrl is not a URL with http:// or https:// or oci://`},
		{"oci://example.com/charts", "https://u:hunter2@example.com", `package.yaml:12: helm.repositoryUrl holds a user name or password`},
		{"  releases:", "  chartName: shop\n  releases:", `package.yaml:15: helm.releases and helm.chartName exclude each other`},
		{"      chartVersion: 1.2.3\n", "", `package.yaml:14: helm.releases[0].chartVersion is missing`},
		{"chartVersion: 1.2.3", "chartVersion: 1.2", `package.yaml:15: helm.releases[0].chartVersion is the number 1.2, not a string`},
		{"kustomize: {}", "kustomize: {x: 1}", `package.yaml:20: the key "x" is unknown in kustomize`},
		{"./shop.yaml", "../../../etc/passwd", `package.yaml:22: manifests[0].url leaves the registry`},
		{"./shop.yaml", "a/../../../../x", `package.yaml:22: manifests[0].url leaves the registry`},
		{"./shop.yaml", "..%2f..%2f..%2fx", `package.yaml:22: manifests[0].url leaves the registry`},
		{"./shop.yaml", "/etc/passwd", `package.yaml:22: manifests[0].url is neither http`},
		{"./shop.yaml", "file:///etc/passwd", `package.yaml:22: manifests[0].url is neither http`},
		{"./shop.yaml", "//evil.example/x", `package.yaml:22: manifests[0].url is neither http`},
		{"./shop.yaml", `..\x.yaml`, `package.yaml:22: manifests[0].url is not the path of a file`},
		{"./shop.yaml", "https://u:p@example.com/x", `package.yaml:22: manifests[0].url holds a user name or password`},
		{"type: number", "type: integer", `package.yaml:27: valueDefinitions.replicas.type is "integer", which is unknown`},
		{"    type: number\n", "", `valueDefinitions.replicas.type is missing`},
		{"defaultValue: 2", "defaultValue: two", `package.yaml:32: valueDefinitions.replicas.defaultValue is "two", which is no whole number`},
		{"min: 1", "min: 10", `package.yaml:35: valueDefinitions.replicas.constraints.min is 10, more than max 9`},
		{"min: 1", "minLength: 1", `package.yaml:35: valueDefinitions.replicas.constraints.minLength only fits type text`},
		{"apiGroup: apps/v1", "apiGroup: apps/v1/x", `package.yaml:39: valueDefinitions.replicas.targets[0].resource.apiGroup is "apps/v1/x", which is no group and version`},
		{"op: replace", "op: relpace", `package.yaml:44: valueDefinitions.replicas.targets[0].patch.op is "relpace", which is unknown`},
		{"path: /spec/replicas", "path: spec/replicas", `package.yaml:45: valueDefinitions.replicas.targets[0].patch.path is "spec/replicas", which is no JSON pointer`},
		{"path: /spec/replicas", "path: /a~2", `package.yaml:45: valueDefinitions.replicas.targets[0].patch.path is "/a~2", which is no JSON pointer`},
		{`valueTemplate: "{{ . }}"`, `valueTemplate: "{{ . "`, `package.yaml:46: valueDefinitions.replicas.targets[0].valueTemplate is no template`},
		{`valueTemplate: "{{ . }}"`, `chartName: shop`, `package.yaml:46: valueDefinitions.replicas.targets[0].chartName and resource exclude each other`},
		{"minLength: 1", "minLength: -1", `package.yaml:50: valueDefinitions.title.constraints.minLength is negative`},
		{"minLength: 1", "min: 1", `package.yaml:50: valueDefinitions.title.constraints.min only fits type number`},
		{"pattern: ^[a-z]+$", `pattern: "[a-z"`, `package.yaml:52: valueDefinitions.title.constraints.pattern is no regular expression`},
		{"      - chartName: shop\n        patch:\n", "      - patch:\n", `package.yaml:54: valueDefinitions.title.targets[0] has no resource and no chartName`},
		{"      - chartName: shop\n        patch:\n", "      - chartName: other\n        patch:\n", `package.yaml:54: valueDefinitions.title.targets[0].chartName is "other", and the package has no such chart`},
		{"options: [small, large, 3]", "options: []", `package.yaml:60: valueDefinitions.size.options is empty`},
		{"    options: [small, large, 3]\n", "", `valueDefinitions.size.options is missing`},
		{"options: [small, large, 3]", "options: [small, large, large]", `package.yaml:60: valueDefinitions.size.options[2] is "large" a second time`},
		{"defaultValue: small", "defaultValue: tiny", `package.yaml:61: valueDefinitions.size.defaultValue is "tiny", which is none of the options`},
		{`"{ $.spec.clusterIP }"`, `"{ $.spec["`, `package.yaml:71: transformations[0].source.path is no JSONPath`},
		{"      path: \"{ $.spec.clusterIP }\"\n", "", `transformations[0].source.path is missing`},
		{"    name: shop-db-app\n", "", `package.yaml:82: transitiveResources[0].name is missing`},
		{"port: 80\n", "port: 80000\n", `package.yaml:88: entrypoints[0].port is 80000, which is no port`},
		{"    port: 80\n", "", `package.yaml:86: entrypoints[0].port is missing`},
		{"localPort: 8080", "localPort: 0", `package.yaml:89: entrypoints[0].localPort is 0, which is no port`},
		{"scheme: http\n", "scheme: gopher\n", `package.yaml:90: entrypoints[0].scheme is "gopher", which is unknown`},
		{"components:", "  - name: cert-manager\ncomponents:", `package.yaml:94: dependencies[1].name names cert-manager a second time`},
		{`version: ">=1.17 <2"`, `version: "soon"`, `package.yaml:93: dependencies[0].version is no version range`},
		{"name: postgresql", "name: shop", `package.yaml:95: components[0].name is "shop", and a package cannot be its own component`},
		{"installedName: db", "installedName: DB", `package.yaml:96: components[0].installedName is "DB", which is not a DNS label`},
		{"components:", "components:\n  - {name: redis, installedName: db}", `components[1] is a second component named db`},
		{"value: shop", "valu: shop", `package.yaml:100: the key "valu" is unknown in components[0].values.databaseName`},
		{"name: shop\nscope", "name: shop\nname: shop\nscope", `package.yaml:2: `},
		{"name: shop\nscope", "---\nname: x\n---\nname: shop\nscope", `a second document starts here`},
	} {
		data := full(t)
		changed := strings.Replace(string(data), test.old, test.new, 1)
		if changed == string(data) {
			t.Errorf("%q is not in the manifest", test.old)
			continue
		}
		m, err := ParseManifest("package.yaml", []byte(changed))
		if err == nil || m != nil {
			t.Errorf("%q for %q: no error, want %s", test.new, test.old, test.want)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q for %q: %v\n\twant %s", test.new, test.old, err, test.want)
		}
		checkLocated(t, err)
	}
	_, err := ParseManifest("package.yaml", []byte("{name: a, defaultNamespace: a, dependncies: []}"))
	var syntax *document.SyntaxError
	if !errors.As(err, &syntax) || syntax.Hint != "did you mean dependencies?" {
		t.Errorf("no hint at the nearest key: %v", err)
	}
}

// TestEveryField sets every field of the full manifest to null, a list, a mapping, a number and a string, and takes it away.
// Nothing panics, every error has file and line, and only what is listed here is taken.
func TestEveryField(t *testing.T) {
	required := map[string]bool{
		"name": true, "defaultNamespace": true, "references[].label": true, "references[].url": true, "helm.repositoryUrl": true,
		"helm.releases": true, "helm.releases[].chartName": true, "helm.releases[].chartVersion": true, "manifests[].url": true,
		"valueDefinitions.*.type": true, "valueDefinitions.*.targets": true, "valueDefinitions.*.targets[].patch": true,
		"valueDefinitions.*.targets[].patch.op": true, "valueDefinitions.*.targets[].patch.path": true,
		"valueDefinitions.*.targets[].resource": true, "valueDefinitions.*.targets[].chartName": true,
		"valueDefinitions.*.targets[].resource.apiGroup": true, "valueDefinitions.*.targets[].resource.kind": true,
		"valueDefinitions.*.targets[].resource.name": true, "valueDefinitions.*.options": true,
		"transformations[].source": true, "transformations[].source.path": true, "transformations[].source.resource.apiGroup": true,
		"transformations[].source.resource.kind": true, "transformations[].source.resource.name": true, "transformations[].targets": true,
		"transformations[].targets[].resource": true, "transformations[].targets[].resource.apiGroup": true,
		"transformations[].targets[].resource.kind": true, "transformations[].targets[].resource.name": true,
		"transformations[].targets[].patch": true, "transformations[].targets[].patch.op": true, "transformations[].targets[].patch.path": true,
		"transitiveResources[].apiGroup": true, "transitiveResources[].kind": true, "transitiveResources[].name": true,
		"entrypoints[].serviceName": true, "entrypoints[].port": true, "dependencies[].name": true, "components[].name": true,
		"components[].values.*.value": true, "helm": true, // targets name its chart
	}
	// What a field also takes, besides what it has in the full manifest.
	taken := map[string]string{
		"helm.releases[].values": "mapping", "helm.values": "mapping", "kustomize": "mapping", "valueDefinitions": "mapping",
		"valueDefinitions.*.metadata": "mapping", "valueDefinitions.*.constraints": "mapping", "components[].values": "mapping",
		"references": "list", "manifests": "list", "valueDefinitions.*.metadata.hints": "list", "transformations": "list",
		"transitiveResources": "list", "entrypoints": "list", "dependencies": "list", "components": "list",
		"valueDefinitions.*.defaultValue": "number", "components[].values.*.value": "number string",
		"entrypoints[].port": "number", "entrypoints[].localPort": "number", "valueDefinitions.*.constraints.min": "number",
		"valueDefinitions.*.constraints.max": "number", "valueDefinitions.*.constraints.minLength": "number",
		"valueDefinitions.*.constraints.maxLength": "number",
		"shortDescription":                         "string", "longDescription": "string", "iconUrl": "string", "references[].label": "string",
		"helm.releases[].chartVersion": "string", "manifests[].url": "string", "manifests[].defaultNamespace": "string",
		"defaultNamespace": "string", "name": "string", "valueDefinitions.*.metadata.label": "string",
		"valueDefinitions.*.metadata.description": "string", "valueDefinitions.*.targets[].resource.kind": "string",
		"valueDefinitions.*.targets[].resource.name": "string", "valueDefinitions.*.targets[].resource.namespace": "string",
		"valueDefinitions.*.targets[].valueTemplate": "string", "valueDefinitions.*.constraints.pattern": "string",
		"transformations[].source.resource.kind": "string", "transformations[].source.resource.name": "string",
		"transformations[].source.path": "string", "transformations[].targets[].resource.kind": "string",
		"transformations[].targets[].resource.name": "string", "transformations[].targets[].valueTemplate": "string",
		"transitiveResources[].kind": "string", "transitiveResources[].name": "string", "entrypoints[].name": "string",
		"entrypoints[].serviceName": "string", "dependencies[].name": "string", "components[].name": "string",
		"components[].installedName": "string", "valueDefinitions.*.metadata.hints[]": "string",
	}
	var count int
	everyField(t, full(t), func(path, kind string, data []byte) {
		count++
		_, err := ParseManifest("package.yaml", data)
		want := kind == "missing" && !required[path] || strings.Contains(taken[path], kind) ||
			strings.Contains(path, "options[]") && kind != "null" && kind != "list" && kind != "mapping"
		if err != nil && strings.Contains(err.Error(), "none of the options") {
			return // the default no longer fits what was changed
		}
		if want != (err == nil) {
			t.Errorf("%s, %s: %v", path, kind, err)
		}
		checkLocated(t, err)
	})
	if count < 300 {
		t.Errorf("only %d changes", count)
	}
}

// everyField calls do for each change of each node below the root of a document, with the path of the node: items of lists and
// entries of maps with free keys are written [] and *.
func everyField(t *testing.T, data []byte, do func(path, kind string, data []byte)) {
	t.Helper()
	free := map[string]bool{"valueDefinitions": true, "components[].values": true}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	emit := func(path, kind string) {
		changed, err := yaml.Marshal(&root)
		if err != nil {
			t.Fatal(err)
		}
		do(path, kind, changed)
	}
	var walk func(node *yaml.Node, path string)
	walk = func(node *yaml.Node, path string) {
		if strings.HasSuffix(path, "elm.values") || strings.HasSuffix(path, "releases[].values") {
			return // anything goes below
		}
		step, first := 1, 0
		if node.Kind == yaml.MappingNode {
			step, first = 2, 1
		}
		for i := first; i < len(node.Content); i += step {
			below := path + "[]"
			switch {
			case node.Kind == yaml.MappingNode && free[path]:
				below = path + ".*"
			case node.Kind == yaml.MappingNode:
				below = strings.TrimPrefix(path+"."+node.Content[i-1].Value, ".")
			}
			child := node.Content[i]
			walk(child, below)
			for kind, value := range map[string]string{"null": "null", "list": "[]", "mapping": "{}", "number": "5", "string": "other"} {
				var other yaml.Node
				if err := yaml.Unmarshal([]byte(value), &other); err != nil {
					t.Fatal(err)
				}
				node.Content[i] = other.Content[0]
				emit(below, kind)
			}
			node.Content[i] = child
			if node.Kind == yaml.MappingNode && !free[path] {
				all := node.Content
				node.Content = append(append([]*yaml.Node(nil), all[:i-1]...), all[i+1:]...)
				emit(below, "missing")
				node.Content = all
			}
		}
	}
	walk(root.Content[0], "")
}

// checkLocated fails when an error is not a list of faults with file and line.
func checkLocated(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, err := range errs {
		var syntax *document.SyntaxError
		if !errors.As(err, &syntax) || syntax.File == "" || syntax.Line < 1 || syntax.Reason == "" {
			t.Errorf("no file and line: %#v", err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	data, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, s := range []string{
		"", "name: a", "name: a\ndefaultNamespace: a", "[]", "{name: [a]}", "a: &a [*a]", "name: !!binary aaaa",
		"{name: a, defaultNamespace: a, valueDefinitions: {'': {}}}", "{name: a, defaultNamespace: a, components: [{name: b, values: {'': {}}}]}",
		"{name: a, defaultNamespace: a, transformations: [{source: {path: '{['}}]}", "name: a\ndefaultNamespace: a\nhelm: {releases: []}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest("package.yaml", data)
		if (m == nil) == (err == nil) {
			t.Fatalf("manifest %v and error %v", m, err)
		}
		checkLocated(t, err)
		if err != nil {
			return
		}
		if _, err := m.Requirements(); err != nil {
			t.Error(err)
		}
		again, err := yaml.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseManifest("again.yaml", again); err != nil {
			t.Errorf("written and read again: %v\n%s", err, again)
		}
	})
}

func full(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}
