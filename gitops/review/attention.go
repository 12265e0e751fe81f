package review

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// The rules that call something to attention.
const (
	ruleUnparsable  = "unparsable"       // a file that cannot be read
	ruleNotReviewed = "not-reviewed"     // something that acts on a cluster and is not compared
	ruleDataLoss    = "data-loss"        // what holds data leaves Git
	ruleCRDVersion  = "crd-version-gone" // a version of a CRD is served no more
	ruleRBAC        = "rbac-growth"      // somebody may do more than before
)

// attend applies every rule to one object of which one side may be nil.
func attend(base, head *document.Document) []Attention {
	doc := head
	if doc == nil {
		doc = base
	}
	var found []Attention
	say := func(rule string, risk Risk, message string) {
		found = append(found, Attention{Rule: rule, Risk: risk, Message: message, Object: doc.Object(), File: doc.File, Line: doc.Line})
	}
	if head == nil {
		dataLoss(base.Object(), say)
		return found
	}
	crdVersions(base, head, say)
	rbacGrowth(base, head, say)
	return found
}

type sayer func(rule string, risk Risk, message string)

// holders are the kinds that hold data, by group, and what is lost with one.
var holders = map[string]string{
	"/Namespace":             "everything in it is deleted with it",
	"/PersistentVolume":      "the data on it may be deleted with it",
	"/PersistentVolumeClaim": "the volume behind it, and the data on that, may be deleted with it",
	"apps/StatefulSet":       "its pods go, and its volumes are left without an owner or deleted with it",
	"apiextensions.k8s.io/CustomResourceDefinition": "every object of this kind in the cluster is deleted with it",
}

func dataLoss(object finding.Object, say sayer) {
	if lost, ok := holders[object.Group()+"/"+object.Kind]; ok {
		say(ruleDataLoss, High, object.Kind+" "+object.Name+" leaves Git: when the engine prunes it, "+lost)
	}
}

func crdVersions(base, head *document.Document, say sayer) {
	object := head.Object()
	if base == nil || object.Group() != "apiextensions.k8s.io" || object.Kind != "CustomResourceDefinition" {
		return
	}
	after := servedVersions(head.Root())
	for _, version := range servedVersions(base.Root()) {
		if !slices.Contains(after, version) {
			say(ruleCRDVersion, High, object.Name+" serves "+version+" no more: objects written in it cannot be applied, and stored ones may become unreadable")
		}
	}
}

// servedVersions are the versions that a CRD serves, also one of apiextensions.k8s.io/v1beta1 with a single spec.version.
func servedVersions(root *yaml.Node) []string {
	versions := document.Lookup(root, "spec", "versions")
	if versions == nil || versions.Kind != yaml.SequenceNode {
		if version := document.Lookup(root, "spec", "version"); version != nil {
			return []string{version.Value}
		}
		return nil
	}
	var served []string
	for _, version := range versions.Content {
		name := document.Lookup(version, "name")
		if name != nil && canonical(document.Lookup(version, "served")) == "true" {
			served = append(served, name.Value)
		}
	}
	return served
}

// listed joins some texts for a sentence, and says how many more there are.
func listed(texts []string) string {
	const most = 6
	if len(texts) <= most {
		return strings.Join(texts, ", ")
	}
	return strings.Join(texts[:most], ", ") + " and " + plural(len(texts)-most, "more", "more")
}
