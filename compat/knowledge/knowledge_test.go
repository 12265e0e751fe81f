package knowledge

import (
	"strings"
	"testing"
)

func load(t testing.TB) *Knowledge {
	t.Helper()
	k, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b)
	}
}

func TestTableIsSmallAndWhole(t *testing.T) {
	if len(table) > 200<<10 {
		t.Errorf("the table has %d bytes, more than 200 KiB", len(table))
	}
	k := load(t)
	if k.Oldest != 24 || k.Newest < 37 {
		t.Errorf("the table covers %s to %s", k.Oldest, k.Newest)
	}
	if n := len(k.Kinds()); n < 200 {
		t.Errorf("the table has %d kinds", n)
	}
	for _, kind := range k.Kinds() {
		if kind.Served != 0 && kind.Type == nil {
			t.Errorf("%s is served and has no type", kind)
		}
		if kind.Plural == "-" {
			t.Errorf("%s has no plural", kind)
		}
		if kind.Default&^kind.Served != 0 {
			t.Errorf("%s is on where it is not served", kind)
		}
	}
	for name, typ := range k.types {
		for _, f := range typ.fields {
			for s := f.Shape; s != nil; s = s.Elem {
				if s.Form == Object && s.Type == nil {
					t.Errorf("%s.%s is of a type that is missing", name, f.Name)
				}
			}
		}
	}
}

func TestServedSetsDecideThePast(t *testing.T) {
	k := load(t)
	for _, c := range []struct {
		gvk                             GVK
		introduced, deprecated, removed Minor
		served                          string
		on                              string
	}{
		{GVK{"policy", "v1beta1", "PodSecurityPolicy"}, 10, 21, 25, "1.24", "1.24"},
		{GVK{"autoscaling", "v2beta2", "HorizontalPodAutoscaler"}, 12, 23, 26, "1.24 to 1.25", "1.24 to 1.25"},
		{GVK{"flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema"}, 26, 29, 32, "1.26 to 1.31", "1.26 to 1.31"},
		{GVK{"extensions", "v1beta1", "Ingress"}, 1, 14, 22, "", ""},
		// the promise was 1.40, it went early
		{GVK{"certificates.k8s.io", "v1alpha1", "PodCertificateRequest"}, 34, 37, 35, "1.34", ""},
		// never tagged
		{GVK{"resource.k8s.io", "v1alpha2", "ResourceClass"}, 27, 0, 31, "1.27 to 1.30", ""},
		{GVK{"admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicy"}, 28, 31, 34, "1.28 to 1.33", ""},
		{GVK{"apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition"}, 7, 16, 22, "", ""},
	} {
		kind := k.Kind(c.gvk)
		if kind == nil {
			t.Errorf("%s is missing", c.gvk)
			continue
		}
		if kind.Introduced != c.introduced || kind.Deprecated != c.deprecated || kind.Removed != c.removed ||
			kind.Served.String() != c.served || kind.Default.String() != c.on {
			t.Errorf("%s: %+v", c.gvk, kind)
		}
	}
}

func TestReplacementIsServedAtTheTarget(t *testing.T) {
	k := load(t)
	for _, c := range []struct {
		gvk  GVK
		at   Minor
		want string
	}{
		{GVK{"extensions", "v1beta1", "Ingress"}, 34, "networking.k8s.io/v1 Ingress"},
		{GVK{"flowcontrol.apiserver.k8s.io", "v1beta1", "FlowSchema"}, 27, "flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema"},
		{GVK{"flowcontrol.apiserver.k8s.io", "v1beta1", "FlowSchema"}, 34, "flowcontrol.apiserver.k8s.io/v1 FlowSchema"},
		{GVK{"networking.k8s.io", "v1beta1", "IngressClass"}, 34, "networking.k8s.io/v1 IngressClass"},
		{GVK{"policy", "v1beta1", "PodSecurityPolicy"}, 34, ""},
		{GVK{"", "v1", "Endpoints"}, 34, "discovery.k8s.io/v1 EndpointSlice"},
		{GVK{"node.k8s.io", "v1beta1", "RuntimeClass"}, 99, "node.k8s.io/v1 RuntimeClass"},
	} {
		got, found := k.Replacement(k.Kind(c.gvk), c.at)
		if found != (c.want != "") || found && got.String() != c.want {
			t.Errorf("%s at %s: %v, want %q", c.gvk, c.at, got, c.want)
		}
	}
}

func TestFieldsHaveTheirMinors(t *testing.T) {
	k := load(t)
	container := k.types["core.v1.Container"]
	for name, want := range map[string]string{"image": "1.24 to 1.37", "resizePolicy": "1.27 to 1.37", "restartPolicyRules": "1.34 to 1.37"} {
		rows := container.Field(name)
		if len(rows) != 1 || rows[0].Minors.String() != want {
			t.Errorf("%s: %+v, want %s", name, rows, want)
		}
	}
	if rows := container.Field("imagee"); rows != nil {
		t.Errorf("imagee: %+v", rows)
	}
}

func TestEvidenceNamesAModule(t *testing.T) {
	k := load(t)
	psp := k.Kind(GVK{"policy", "v1beta1", "PodSecurityPolicy"})
	if got := k.Evidence(psp, psp.Removed); !strings.HasPrefix(got, "sigs.k8s.io/kubectl-validate@") {
		t.Errorf("removal of PodSecurityPolicy: %q", got)
	}
	if got := k.Evidence(psp, psp.Deprecated); got != "k8s.io/api@v0.28.15" {
		t.Errorf("deprecation of PodSecurityPolicy: %q", got)
	}
	for _, kind := range k.Kinds() {
		if kind.Removed != 0 && k.Evidence(kind, kind.Removed) == "" {
			t.Errorf("the removal of %s has no source", kind)
		}
	}
}

func TestParseMinor(t *testing.T) {
	for text, want := range map[string]Minor{"1.34": 34, "v1.34.2": 34, "1.31.10-eks-1234": 31, "1.31+": 31, "v1.25.4-gke.1200": 25, "1.30.x": 30} {
		if got, err := ParseMinor(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "34", "2.1", "1.", "1.x", "1.34abc", "1.-3", "one.two", "1.34.", "1.99999999999999999999"} {
		if got, err := ParseMinor(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func TestReadRefusesBrokenTables(t *testing.T) {
	for _, text := range []string{"", "gkops-knowledge 2\n", header + "\nkind v1 Pod\n", header + "\n\tfield s\n", header + "\nfoo\n",
		header + "\nminors a b\n", header + "\ntype x 1-z\n", header + "\ntype x 24\n\tname\n"} {
		if _, err := read(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
