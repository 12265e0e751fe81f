package review

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"gkops.dev/gkops/golden"
)

func yamlTree(text string) fs.FS {
	if text == "" {
		return nil
	}
	return golden.Map(map[string][]byte{"x.yaml": []byte(text)})
}

// TestRiskTable holds the table of docs/review.md.
func TestRiskTable(t *testing.T) {
	object := func(apiVersion, kind, rest string) string {
		return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x, namespace: shop}\n" + rest
	}
	labelled := func(label string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {helm.sh/chart: " + label + "}}\n"
	}
	cases := []struct {
		name, base, head string
		want             Risk
	}{
		{"nothing", object("v1", "ConfigMap", "data: {a: b}"), object("v1", "ConfigMap", "data: {a: b}"), None},
		{"a comment", object("v1", "ConfigMap", "data: {a: b}"), object("v1", "ConfigMap", "# new\ndata: {a: b}"), None},
		{"noise", labelled("a-1"), labelled("a-2"), Low},
		{"a config map", object("v1", "ConfigMap", "data: {a: b}"), object("v1", "ConfigMap", "data: {a: c}"), Low},
		{"a new deployment", "", object("apps/v1", "Deployment", ""), Low},
		{"a deployment", object("apps/v1", "Deployment", "spec: {replicas: 1}"), object("apps/v1", "Deployment", "spec: {replicas: 2}"), Low},
		{"values of a chart", "a: 1", "a: 2", Low},
		{"a stateful set", object("apps/v1", "StatefulSet", "spec: {replicas: 1}"), object("apps/v1", "StatefulSet", "spec: {replicas: 2}"), Medium},
		{"a removed config map", object("v1", "ConfigMap", ""), "", Medium},
		{"a custom resource", object("example.dev/v1", "Thing", "spec: {a: 1}"), object("example.dev/v1", "Thing", "spec: {a: 2}"), Medium},
		{"a kind that borrows a name", "", object("gateway.networking.k8s.io/v1", "Gateway", ""), Medium},
		{"a CRD", object("apiextensions.k8s.io/v1", "CustomResourceDefinition", ""), object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "spec: {}"), Medium},
		{"a webhook", "", object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", ""), Medium},
		{"a kustomization with patches", "", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamePrefix: a-\n", Medium},
		{"a Secret without values", "", object("v1", "Secret", "data: {token: ''}"), Low},
		{"a Secret that is filled", object("v1", "Secret", "data: {token: ''}"), object("v1", "Secret", "data: {token: YQ==}"), Medium},
		{"a Secret in plain text", "", object("v1", "Secret", "stringData: {token: a}"), Medium},
		{"a Secret that was there", object("v1", "Secret", "data: {token: YQ==}"), object("v1", "Secret", "data: {token: YQ==}\nimmutable: true"), Low},
		{"a private key in a Secret", "", object("v1", "Secret", "data: {key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg==}"), High},
		{"a private key in a config map", "", object("v1", "ConfigMap", "data: {key: '-----BEGIN EC PRIVATE KEY-----'}"), High},
		{"a removed claim", object("v1", "PersistentVolumeClaim", ""), "", High},
		{"a claim of another group", object("example.dev/v1", "PersistentVolumeClaim", ""), "", Medium},
		{"a base that cannot be read", "a: [", object("v1", "ConfigMap", ""), High},
		{"a head that cannot be read", object("v1", "ConfigMap", ""), "a: [", Blocked},
	}
	for _, c := range cases {
		if got := compare(t, yamlTree(c.base), yamlTree(c.head)).Summary.Risk; got != c.want {
			t.Errorf("%s: risk %s, want %s", c.name, got, c.want)
		}
	}
}

func TestGrantsCoverEachOther(t *testing.T) {
	pods := grant{resource: "pods", verb: "get"}
	cases := []struct {
		old, new grant
		want     bool
	}{
		{pods, pods, true},
		{grant{group: "*", resource: "*", verb: "*"}, pods, true},
		{pods, grant{group: "*", resource: "*", verb: "*"}, false},
		{pods, grant{resource: "pods", verb: "list"}, false},
		{pods, grant{group: "metrics.k8s.io", resource: "pods", verb: "get"}, false},
		{pods, grant{resource: "pods", name: "one", verb: "get"}, true},
		{grant{resource: "pods", name: "one", verb: "get"}, pods, false},
		{grant{resource: "pods", name: "one", verb: "get"}, grant{resource: "pods", name: "two", verb: "get"}, false},
		{pods, grant{resource: "pods/exec", verb: "get"}, false},
		{grant{resource: "pods/*", verb: "get"}, grant{resource: "pods/exec", verb: "get"}, true},
		{grant{resource: "*/scale", verb: "get"}, grant{resource: "things/scale", verb: "get"}, true},
		{grant{url: "/debug/*", verb: "get"}, grant{url: "/debug/pprof", verb: "get"}, true},
		{grant{url: "/debug", verb: "get"}, grant{url: "/debug/pprof", verb: "get"}, false},
		{grant{group: "*", resource: "*", verb: "*"}, grant{url: "/metrics", verb: "get"}, false},
	}
	for _, c := range cases {
		if got := c.old.covers(c.new); got != c.want {
			t.Errorf("%+v covers %+v: %t, want %t", c.old, c.new, got, c.want)
		}
	}
}

func TestRiskReadsWhatItWrites(t *testing.T) {
	for risk := None; risk <= Blocked; risk++ {
		text, err := risk.MarshalText()
		var back Risk
		if err != nil || back.UnmarshalText(text) != nil || back != risk {
			t.Errorf("%d is %q and back %d", risk, text, back)
		}
	}
	var risk Risk
	if risk.UnmarshalText([]byte("severe")) == nil {
		t.Error("an unknown risk is read")
	}
}

func TestPathsAreWrittenForPeople(t *testing.T) {
	root := fieldPath{}
	cases := map[string]fieldPath{
		"":                                       root,
		"spec.replicas":                          root.child("spec").child("replicas"),
		`metadata.labels["helm.sh/chart"]`:       root.child("metadata").child("labels").child("helm.sh/chart"),
		"args[2]":                                root.child("args").at(2),
		`ports[port=80,protocol=TCP].name`:       root.child("ports").matching([]field{{"port", "80"}, {"protocol", "TCP"}}).child("name"),
		`rules[apiGroups="",resources="a b"]`:    root.child("rules").matching([]field{{"apiGroups", ""}, {"resources", "a b"}}),
		`["a.b"]["\u202e"]`:                      root.child("a.b").child("\u202e"),
		`volumes[name=kubernetes.io/tls].a["]"]`: root.child("volumes").matching([]field{{"name", "kubernetes.io/tls"}}).child("a").child("]"),
	}
	for want, path := range cases {
		if got := path.String(); got != want {
			t.Errorf("path %s, want %s", got, want)
		}
	}
	shared := root.child("a")
	one, two := shared.child("b"), shared.child("c")
	if one.String() != "a.b" || two.String() != "a.c" {
		t.Errorf("paths with one parent: %s and %s", one, two)
	}
}

func TestGrantsAreToldOnce(t *testing.T) {
	get, list := grant{resource: "secrets", verb: "get"}, grant{group: "apps", resource: "deployments/scale", name: "one", verb: "*"}
	if got, want := told([]grant{get, list, get}), "secrets (get), deployments.apps/scale named one (any verb)"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestDocsListEveryRule(t *testing.T) {
	page, err := os.ReadFile("../../docs/review.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range Rules() {
		if row := fmt.Sprintf("| `%s` | %s |", rule.Name, rule.Risk); !strings.Contains(string(page), row) {
			t.Errorf("docs/review.md has no row %s", row)
		}
	}
	if got := strings.Count(string(page), "\n| `"); got != len(Rules())+1 {
		t.Errorf("docs/review.md has %d rules, want those of Rules and compat", got)
	}
}
