package render

import (
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// builtinGroups are the API groups that Kubernetes serves itself, in any version that packages still mention. Every kind of one of
// them is namespaced unless clusterKinds says otherwise. Source: the API reference of Kubernetes 1.7 to 1.35.
var builtinGroups = [...]string{
	"", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps", "auditregistration.k8s.io",
	"authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io",
	"discovery.k8s.io", "events.k8s.io", "extensions", "flowcontrol.apiserver.k8s.io", "imagepolicy.k8s.io",
	"internal.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "policy", "rbac.authorization.k8s.io", "resource.k8s.io",
	"scheduling.k8s.io", "settings.k8s.io", "storage.k8s.io", "storagemigration.k8s.io",
}

// clusterKinds are the cluster-scoped kinds of builtinGroups, as "Kind.group".
var clusterKinds = [...]string{
	"ComponentStatus.", "Namespace.", "Node.", "PersistentVolume.",
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
	"VolumeAttributesClass.storage.k8s.io", "StorageVersionMigration.storagemigration.k8s.io",
}

// kindKey names a kind whatever its version is: "Kind.group".
func kindKey(o finding.Object) string { return o.Kind + "." + o.Group() }

// builtin reports whether Kubernetes serves the group itself. Every other kind is a custom resource.
func builtin(group string) bool {
	for _, g := range builtinGroups {
		if g == group {
			return true
		}
	}
	return false
}

// scopes knows which kinds are cluster-scoped.
type scopes struct {
	cluster map[string]bool // kindKey to whether it is cluster-scoped: every kind that is known
}

// newScopes knows the built-in kinds and the given custom ones.
func newScopes(crds []CRD) scopes {
	s := scopes{cluster: make(map[string]bool, len(clusterKinds)+len(crds))}
	for _, kind := range clusterKinds {
		s.cluster[kind] = true
	}
	for _, crd := range crds {
		s.cluster[crd.Kind+"."+crd.Group] = crd.Scope == "Cluster"
	}
	return s
}

// clusterScoped says whether objects of a kind are in no namespace, and whether that is known and not guessed by its name.
func (s scopes) clusterScoped(o finding.Object) (cluster, known bool) {
	if cluster, known := s.cluster[kindKey(o)]; known {
		return cluster, true
	}
	if builtin(o.Group()) {
		return false, true
	}
	rest, cut := strings.CutPrefix(o.Kind, "Cluster")
	return cut && rest != "" || strings.HasSuffix(o.Kind, "Class"), false
}
