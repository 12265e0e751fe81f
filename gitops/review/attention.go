package review

import (
	"strings"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// change is one object before and after; one of the two may be nil.
type change struct {
	base, head *document.Document
	found      []Attention
	tables     Tables
}

// doc is the object as it will be, or as it was when it goes.
func (c *change) doc() *document.Document {
	if c.head != nil {
		return c.head
	}
	return c.base
}

func (c *change) object() finding.Object { return c.doc().Object() }

// is reports whether the object is of a group and one of some kinds.
func (c *change) is(group string, kinds ...string) bool {
	object := c.object()
	if object.Group() != group {
		return false
	}
	for _, kind := range kinds {
		if object.Kind == kind {
			return true
		}
	}
	return false
}

// say calls a field of the object to attention.
func (c *change) say(rule string, risk Risk, path fieldPath, message string) {
	doc := c.doc()
	c.found = append(c.found, Attention{Rule: rule, Risk: risk, Message: message, Object: doc.Object(), File: doc.File, Line: doc.Line, Path: path.String()})
}

// attend applies every rule to the object.
func (c *change) attend() {
	c.tables = emptyTables()
	c.dataLoss()
	c.rights()
	c.definition()
	c.webhooks()
	c.pods()
	if c.head == nil {
		return
	}
	c.inClear()
	c.immutable()
	c.privileges()
	c.scale()
	c.exposure()
}

// holders are the kinds that hold data, by group, and what is lost with one.
var holders = map[string]string{
	"/Namespace":             "everything in it is deleted with it",
	"/PersistentVolume":      "the data on it may be deleted with it",
	"/PersistentVolumeClaim": "the volume behind it, and the data on that, may be deleted with it",
	"apps/StatefulSet":       "its pods go, and its volumes are left without an owner or deleted with it",
	"apiextensions.k8s.io/CustomResourceDefinition": "every object of this kind in the cluster is deleted with it",
}

func (c *change) dataLoss() {
	if c.head != nil {
		return
	}
	object := c.object()
	if lost, ok := holders[object.Group()+"/"+object.Kind]; ok {
		c.say(ruleDataLoss, High, nil, object.Kind+" "+object.Name+" leaves Git: when the engine prunes it, "+lost)
	}
}

// listed joins some texts for a sentence, and says how many more there are.
func listed(texts []string) string {
	const most = 6
	if len(texts) <= most {
		return strings.Join(texts, ", ")
	}
	return strings.Join(texts[:most], ", ") + " and " + plural(len(texts)-most, "more", "more")
}

// title is an object in a sentence.
func title(object finding.Object) string {
	if object.Namespace == "" {
		return object.Kind + " " + object.Name
	}
	return object.Kind + " " + object.Namespace + "/" + object.Name
}
