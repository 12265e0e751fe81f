package render

import (
	"strings"
	"testing"

	"gkops.dev/gkops/compat/finding"
)

func TestRefusedName(t *testing.T) {
	for _, c := range []struct{ kind, namespace, name, want string }{
		{"ConfigMap", "web", "settings.v1", ""},
		{"ClusterRole", "", "system:aggregate-to-view", ""},
		{"ConfigMap", "", "..", "part of a path"},
		{"ConfigMap", "", "../../.git/config", "part of a path"},
		{"ConfigMap", "", "a%2fb", "part of a path"},
		{"ConfigMap", "", "a\x00b", "a character"},
		{"ConfigMap", "", "a\u202eb", "a character"},
		{"ConfigMap", "", "a b", "a character"},
		{"ConfigMap", "", "a\nb", "a character"},
		{"ConfigMap", "", strings.Repeat("a", 254), "254 bytes"},
		{"ConfigMap", "Upper", "a", "no DNS label"},
		{"ConfigMap", "../../x", "a", "no DNS label"},
		{"Namespace", "", "a.b", "no DNS label"},
		{"Namespace", "", strings.Repeat("a", 64), "no DNS label"},
	} {
		got := refusedName(finding.Object{APIVersion: "v1", Kind: c.kind, Namespace: c.namespace, Name: c.name})
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s %q in %q: %q, want %q", c.kind, c.name, c.namespace, got, c.want)
		}
	}
}
