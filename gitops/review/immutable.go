package review

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// fixed are fields that the API server does not let change, by group and kind (validation in kubernetes 1.35, pkg/apis/*/validation).
var fixed = map[string][]string{
	"apps/Deployment":                              {"spec.selector"},
	"apps/DaemonSet":                               {"spec.selector"},
	"apps/ReplicaSet":                              {"spec.selector"},
	"batch/Job":                                    {"spec.template", "spec.selector", "spec.completionMode", "spec.podFailurePolicy", "spec.backoffLimitPerIndex", "spec.managedBy"},
	"/PersistentVolume":                            {"spec.nodeAffinity", "spec.volumeMode"},
	"networking.k8s.io/IngressClass":               {"spec.controller"},
	"scheduling.k8s.io/PriorityClass":              {"value", "preemptionPolicy"},
	"node.k8s.io/RuntimeClass":                     {"handler"},
	"storage.k8s.io/StorageClass":                  {"parameters", "provisioner", "reclaimPolicy", "volumeBindingMode", "allowedTopologies"},
	"storage.k8s.io/VolumeAttributesClass":         {"driverName", "parameters"},
	"storage.k8s.io/CSIDriver":                     {"spec.attachRequired", "spec.fsGroupPolicy", "spec.volumeLifecycleModes"},
	"rbac.authorization.k8s.io/RoleBinding":        {"roleRef"},
	"rbac.authorization.k8s.io/ClusterRoleBinding": {"roleRef"},
	"/Secret":                        {"type"},
	"/ResourceQuota":                 {"spec.scopes", "spec.scopeSelector"},
	"discovery.k8s.io/EndpointSlice": {"addressType"},
	"apiextensions.k8s.io/CustomResourceDefinition": {"spec.group", "spec.scope", "spec.names.kind", "spec.names.plural"},
}

// loose are the only fields below spec that may change, by group and kind.
var loose = map[string][]string{
	"apps/StatefulSet":       {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"},
	"/PersistentVolumeClaim": {"resources", "volumeAttributesClassName"},
	"/Pod":                   {"containers", "initContainers", "activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"},
}

// immutable calls fields to attention that differ and cannot be changed.
func (c *change) immutable() {
	if c.base == nil {
		return
	}
	key := c.object().Group() + "/" + c.object().Kind
	for _, path := range fixed[key] {
		c.keep(strings.Split(path, ".")...)
	}
	if free := loose[key]; free != nil {
		for _, name := range keysOf(document.Lookup(c.base.Root(), "spec"), document.Lookup(c.head.Root(), "spec")) {
			if !slices.Contains(free, name) {
				c.keep("spec", name)
			}
		}
	}
	c.keepAddress()
	c.keepSealed()
	if key == "/PersistentVolumeClaim" {
		c.keepSize()
	}
}

// keep calls a field to attention when it differs. One that the API server would fill in with a default is a difference only when
// both sides set it.
func (c *change) keep(names ...string) {
	old, new := document.Lookup(c.base.Root(), names...), document.Lookup(c.head.Root(), names...)
	if canonical(old) == canonical(new) || (old == nil || new == nil) && slices.Contains(defaulted, names[len(names)-1]) {
		return
	}
	path := pathOf(names...)
	c.say(ruleImmutable, High, path, title(c.object())+" changes "+path.String()+", which cannot be changed"+fromTo(old, new))
}

// defaulted are fields that the API server sets when they are absent.
var defaulted = []string{"volumeMode", "preemptionPolicy", "reclaimPolicy", "volumeBindingMode", "type", "completionMode", "podManagementPolicy", "attachRequired", "fsGroupPolicy", "volumeLifecycleModes", "storageClassName", "volumeName"}

// fromTo says two short values.
func fromTo(old, new *yaml.Node) string {
	if old == nil || new == nil || old.Kind != yaml.ScalarNode || new.Kind != yaml.ScalarNode {
		return ""
	}
	return ": " + old.Value + " -> " + new.Value
}

// keepAddress knows that a Service keeps its address, unless it has none of its own.
func (c *change) keepAddress() {
	if !c.is("", "Service") {
		return
	}
	old, new := scalarOf(c.base.Root(), "spec", "clusterIP"), scalarOf(c.head.Root(), "spec", "clusterIP")
	external := scalarOf(c.base.Root(), "spec", "type") == "ExternalName" || scalarOf(c.head.Root(), "spec", "type") == "ExternalName"
	if old == new || external || old != "None" && new == "" || old == "" && new != "None" {
		return
	}
	c.say(ruleImmutable, High, pathOf("spec", "clusterIP"), title(c.object())+" changes spec.clusterIP, which cannot be changed: "+orNone(old)+" -> "+orNone(new))
}

func orNone(text string) string {
	if text == "" {
		return "one of the cluster's"
	}
	return text
}

// keepSealed knows that a ConfigMap or Secret that was made immutable stays as it is.
func (c *change) keepSealed() {
	if !c.is("", "ConfigMap", "Secret") || !isTrue(c.base.Root(), "immutable") {
		return
	}
	for _, name := range []string{"data", "stringData", "binaryData", "immutable"} {
		if canonical(document.Lookup(c.base.Root(), name)) != canonical(document.Lookup(c.head.Root(), name)) {
			c.say(ruleImmutable, High, pathOf(name), title(c.object())+" is immutable and changes "+name)
		}
	}
}

// keepSize knows that a claim may grow and never shrink.
func (c *change) keepSize() {
	path := []string{"spec", "resources", "requests", "storage"}
	old, okOld := number(scalarOf(c.base.Root(), path...))
	new, okNew := number(scalarOf(c.head.Root(), path...))
	if okOld && okNew && new < old {
		c.say(ruleImmutable, High, pathOf(path...), title(c.object())+" shrinks, which cannot be done: "+
			scalarOf(c.base.Root(), path...)+" -> "+scalarOf(c.head.Root(), path...))
	}
}

// keysOf are the keys of two mappings, each once, those of the first one first.
func keysOf(nodes ...*yaml.Node) []string {
	var keys []string
	for _, node := range nodes {
		if node == nil || node.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if !slices.Contains(keys, node.Content[i].Value) {
				keys = append(keys, node.Content[i].Value)
			}
		}
	}
	return keys
}

func pathOf(names ...string) fieldPath {
	path := fieldPath{}
	for _, name := range names {
		path = path.child(name)
	}
	return path
}
