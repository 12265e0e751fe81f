package review

import (
	"slices"
	"strings"
	"testing"
)

// TestRestartsHaveTheirReason changes one or two fields of a pod template and wants to read which.
func TestRestartsHaveTheirReason(t *testing.T) {
	workload := func(kind, template string) string {
		return "apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: x}\nspec: {template: {" + template + "}}\n"
	}
	pod := func(rest string) string {
		return "metadata: {annotations: {checksum/config: a}}, spec: {" + rest + "}"
	}
	one := func(rest string) string { return pod(`containers: [{name: a, image: "i.example/a:1"` + rest + "}]") }
	for _, c := range []struct{ name, kind, base, head, want string }{
		{"image", "Deployment", one(""), strings.Replace(one(""), "a:1", "a:2", 1), "image"},
		{"env", "DaemonSet", one(", env: [{name: A, value: b}]"), one(", env: [{name: A, value: c}]"), "env"},
		{"order of env", "Deployment", one(", env: [{name: A, value: b}, {name: B, value: c}]"), one(", env: [{name: B, value: c}, {name: A, value: b}]"), "env"},
		{"args", "StatefulSet", one(", args: [a]"), one(", args: [b]"), "args"},
		{"checksum", "Deployment", one(""), strings.Replace(one(""), "config: a", "config: b", 1), "checksum only"},
		{"checksum and args", "Deployment", one(", args: [a]"), strings.Replace(one(", args: [b]"), "config: a", "config: b", 1), "args, checksum"},
		{"several", "Deployment", one(", args: [a]"), pod(`volumes: [], containers: [{name: a, image: "i.example/a:2", args: [b], env: [{name: A}]}]`), "image, args, env, volumes"},
		{"a container", "Deployment", one(""), pod(`containers: [{name: a, image: "i.example/a:1"}, {name: b, image: "i.example/a:1"}]`), "containers"},
		{"nothing but spelling", "Deployment", one(", args: [a]"), one(`, args: ["a"]`), ""},
		{"its next run has it", "Job", one(", args: [a]"), one(", args: [b]"), ""},
	} {
		rollouts := compare(t, yamlTree(workload(c.kind, c.base)), yamlTree(workload(c.kind, c.head))).Tables.Rollouts
		var reasons []string
		for _, r := range rollouts {
			reasons = slices.Concat(reasons, r.Reasons)
		}
		if got := strings.Join(reasons, ", "); got != c.want {
			t.Errorf("%s: restarts because of %q, want %q", c.name, got, c.want)
		}
	}
}
