package review

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestCostGrowsWithTheSize compares objects that hold many of one thing, and four times as many: what has to be kept in between, which
// no other load on the machine changes, may not grow with the square.
func TestCostGrowsWithTheSize(t *testing.T) {
	const few = 300
	for name, item := range map[string]string{
		"containers": `{name: "c%d", image: "i.example/c:%s"}`,
		"volumes":    `{name: "v%d", hostPath: {path: "/%s"}}`,
		"items":      `{containers: [{name: "c%d", image: "i.example/c:%s", securityContext: {privileged: true}}]}`,
		"webhooks":   `{name: "h%d", failurePolicy: %s, rules: [{apiGroups: [a], apiVersions: [b], resources: [c], operations: [d]}]}`,
		"args":       `"--flag-%d=%s"`,
	} {
		object := func(n int, value string) string {
			items := make([]string, n)
			for i := range items {
				items[i] = fmt.Sprintf(item, i, value)
			}
			list := name + ": [" + strings.Join(items, ", ") + "]"
			if name == "webhooks" {
				return "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: x}\n" + list + "\n"
			}
			if name != "containers" {
				list += ", containers: [{name: a}]"
			}
			return deployment("{" + list + "}")
		}
		cost := func(n int) uint64 {
			base, head := yamlTree(object(n, "Ignore")), yamlTree(object(n, "Fail"))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var out bytes.Buffer
			if err := Markdown(&out, compare(t, base, head)); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		if small, big := cost(few), cost(4*few); big > 8*small {
			t.Errorf("%s: %d bytes for %d of them, %d for four times as many", name, small, few, big)
		}
	}
}
