package render

import (
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// kindKey names a kind whatever its version is: "Kind.group".
func kindKey(o finding.Object) string { return o.Kind + "." + o.Group() }

// builtin reports whether Kubernetes serves an API group itself, in any version that packages still mention. Every kind of another group is
// a custom resource. Source, as for clusterKind: the API reference of Kubernetes 1.7 to 1.35.
func builtin(group string) bool {
	switch group {
	case "", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps", "auditregistration.k8s.io",
		"authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io",
		"discovery.k8s.io", "events.k8s.io", "extensions", "flowcontrol.apiserver.k8s.io", "imagepolicy.k8s.io",
		"internal.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "policy", "rbac.authorization.k8s.io", "resource.k8s.io",
		"scheduling.k8s.io", "settings.k8s.io", "storage.k8s.io", "storagemigration.k8s.io":
		return true
	}
	return false
}

// clusterKind reports whether a kind of a built-in group, named by kindKey, is cluster-scoped.
func clusterKind(kind string) bool {
	switch kind {
	case "ComponentStatus.", "Namespace.", "Node.", "PersistentVolume.",
		"MutatingAdmissionPolicy.admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
		"MutatingWebhookConfiguration.admissionregistration.k8s.io", "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
		"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
		"ValidatingWebhookConfiguration.admissionregistration.k8s.io",
		"CustomResourceDefinition.apiextensions.k8s.io", "APIService.apiregistration.k8s.io", "AuditSink.auditregistration.k8s.io",
		"SelfSubjectReview.authentication.k8s.io", "TokenReview.authentication.k8s.io",
		"SelfSubjectAccessReview.authorization.k8s.io", "SelfSubjectRulesReview.authorization.k8s.io",
		"SubjectAccessReview.authorization.k8s.io",
		"CertificateSigningRequest.certificates.k8s.io", "ClusterTrustBundle.certificates.k8s.io",
		"PodSecurityPolicy.extensions", "PodSecurityPolicy.policy",
		"FlowSchema.flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
		"ImageReview.imagepolicy.k8s.io", "StorageVersion.internal.apiserver.k8s.io",
		"ClusterCIDR.networking.k8s.io", "IPAddress.networking.k8s.io", "IngressClass.networking.k8s.io",
		"ServiceCIDR.networking.k8s.io", "RuntimeClass.node.k8s.io",
		"ClusterRole.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io",
		"DeviceClass.resource.k8s.io", "DeviceTaintRule.resource.k8s.io", "ResourceClass.resource.k8s.io",
		"ResourceSlice.resource.k8s.io", "PriorityClass.scheduling.k8s.io",
		"CSIDriver.storage.k8s.io", "CSINode.storage.k8s.io", "StorageClass.storage.k8s.io", "VolumeAttachment.storage.k8s.io",
		"VolumeAttributesClass.storage.k8s.io", "StorageVersionMigration.storagemigration.k8s.io":
		return true
	}
	return false
}

// scopes knows which kinds are cluster-scoped.
type scopes struct {
	custom map[string]bool // kindKey of a custom kind that is defined to whether it is cluster-scoped

	elsewhere map[string]bool // those that releases define: the tree has the releases, and no definition
}

// newScopes knows the built-in kinds and the given custom ones.
func newScopes(crds []CRD) scopes {
	s := scopes{custom: make(map[string]bool, len(crds)), elsewhere: map[string]bool{}}
	for _, crd := range crds {
		s.custom[crd.Kind+"."+crd.Group] = crd.Scope == "Cluster"
	}
	return s
}

// clusterScoped says whether objects of a kind are in no namespace, and whether that is known and not guessed by its name.
func (s scopes) clusterScoped(o finding.Object) (cluster, known bool) {
	if cluster, defined := s.custom[kindKey(o)]; defined {
		return cluster, true
	}
	if builtin(o.Group()) {
		return clusterKind(kindKey(o)), true
	}
	rest, cut := strings.CutPrefix(o.Kind, "Cluster")
	return cut && rest != "" || strings.HasSuffix(o.Kind, "Class"), false
}
