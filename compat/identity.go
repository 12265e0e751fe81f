package compat

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// incomplete reports whether a document does not say what it is.
func incomplete(object finding.Object) bool { return object.APIVersion == "" || object.Kind == "" }

// lacking tells of a document that is an object by all but its API version or its kind, which a values file is not.
func lacking(p *piece, object finding.Object, out *result) bool {
	if (object.APIVersion == "") == (object.Kind == "") || p.within != "" {
		return false
	}
	metadata := document.Lookup(p.doc.Root(), "metadata")
	if metadata == nil || metadata.Kind != yaml.MappingNode {
		return false
	}
	what := "kind"
	if object.APIVersion == "" {
		what = "apiVersion"
	}
	at := place{piece: p, object: object, line: p.doc.Line + p.shift}
	out.objects++
	out.findings = append(out.findings, at.find(Incomplete, "the object has no "+what+": nothing can be said about it, and the API server refuses it"))
	return true
}

// unnamed reports whether an object without a name needs one: those that are only asked, such as reviews, have none.
func unnamed(p *piece, row *knowledge.Kind) bool {
	if strings.HasSuffix(row.Kind, "Review") || strings.HasSuffix(row.Kind, "List") || slices.Contains([]string{"Binding", "Eviction", "Status", "TokenRequest"}, row.Kind) {
		return false
	}
	return document.Lookup(p.doc.Root(), "metadata", "generateName") == nil
}

// configuration reports whether a document is read by a program and never sent to an API server.
func configuration(object finding.Object) bool {
	group := object.Group()
	return strings.HasSuffix(group, ".config.k8s.io") || slices.Contains([]string{"kubeadm.k8s.io", "audit.k8s.io", "kind.x-k8s.io",
		"client.authentication.k8s.io", "apiserver.k8s.io", "gkops.dev"}, group) || group == "" && object.APIVersion == "v1" && object.Kind == "Config"
}
