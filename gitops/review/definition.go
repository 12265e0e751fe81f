package review

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// definition compares what a custom resource definition serves.
func (c *change) definition() {
	if !c.is("apiextensions.k8s.io", "CustomResourceDefinition") {
		return
	}
	row := CRDChange{Object: c.object(), File: c.doc().File, Served: []string{}, Dropped: []string{}, Change: Changed}
	before, after := versionsOf(c.base), versionsOf(c.head)
	for _, v := range after {
		if was := named(before, v.name); v.served && (was == nil || !was.served) {
			row.Served = append(row.Served, v.name)
		}
	}
	for _, v := range before {
		if now := named(after, v.name); v.served && (now == nil || !now.served) {
			row.Dropped = append(row.Dropped, v.name)
		}
	}
	row.OldStorage, row.Storage = stored(before), stored(after)
	switch {
	case c.base == nil:
		row.Change, row.OldStorage = Added, ""
	case c.head == nil:
		row.Change, row.Storage = Removed, ""
	default:
		c.versionsGone(before, after)
		c.schemas(before, after, &row)
		if row.Storage == row.OldStorage {
			row.Storage, row.OldStorage = "", ""
		}
	}
	if row.Change == Changed && len(row.Served)+len(row.Dropped)+row.FieldsAdded+len(row.FieldsDropped) == 0 && row.Storage == "" {
		return
	}
	c.tables.CRDs = append(c.tables.CRDs, row)
}

// versionsGone calls versions to attention that are dropped or served no more.
func (c *change) versionsGone(before, after []version) {
	for _, v := range before {
		now := named(after, v.name)
		path := versionPath(v.name)
		switch {
		case v.served && (now == nil || !now.served):
			message := c.object().Name + " serves " + v.name + " no more: objects written in it cannot be applied, and stored ones may become unreadable"
			if v.storage && now == nil {
				message = c.object().Name + " drops its storage version " + v.name + ": objects are stored in it, and the API server refuses the definition until they are migrated"
			}
			c.say(ruleCRDVersion, High, path, message)
		case now == nil:
			c.say(ruleCRDVersion, High, path, c.object().Name+" drops version "+v.name+", which it did not serve: objects that are still stored in it become unreadable")
		}
	}
}

// version is one version of a definition.
type version struct {
	name            string
	served, storage bool
	schema          *yaml.Node
	at              fieldPath // of the schema
}

// versionsOf are the versions of a definition, also of one of apiextensions.k8s.io/v1beta1 with a single spec.version and one schema
// for all of them.
func versionsOf(doc *document.Document) []version {
	if doc == nil {
		return nil
	}
	root := doc.Root()
	common := document.Lookup(root, "spec", "validation", "openAPIV3Schema")
	atCommon := fieldPath{}.child("spec").child("validation").child("openAPIV3Schema")
	versions := document.Lookup(root, "spec", "versions")
	if versions == nil || versions.Kind != yaml.SequenceNode {
		if name := document.Lookup(root, "spec", "version"); name != nil {
			return []version{{name.Value, true, true, common, atCommon}}
		}
		return nil
	}
	var all []version
	for _, node := range versions.Content {
		name := document.Lookup(node, "name")
		if name == nil {
			continue
		}
		v := version{name.Value, isTrue(node, "served"), isTrue(node, "storage"), document.Lookup(node, "schema", "openAPIV3Schema"),
			versionPath(name.Value).child("schema").child("openAPIV3Schema")}
		if v.schema == nil {
			v.schema, v.at = common, atCommon
		}
		all = append(all, v)
	}
	return all
}

// versionPath leads to a version.
func versionPath(version string) fieldPath {
	return fieldPath{}.child("spec").child("versions").matching([]field{{"name", version}})
}

func isTrue(node *yaml.Node, path ...string) bool {
	return canonical(document.Lookup(node, path...)) == "true"
}

func named(versions []version, name string) *version {
	if i := slices.IndexFunc(versions, func(v version) bool { return v.name == name }); i >= 0 {
		return &versions[i]
	}
	return nil
}

func stored(versions []version) string {
	if i := slices.IndexFunc(versions, func(v version) bool { return v.storage }); i >= 0 {
		return versions[i].name
	}
	return ""
}

// schemas compares the schemas of the versions that both sides serve.
func (c *change) schemas(before, after []version, row *CRDChange) {
	for _, v := range before {
		now := named(after, v.name)
		if now == nil || !v.served || !now.served {
			continue
		}
		s := schemaChange{}
		switch {
		case v.schema != nil && now.schema != nil:
			if !same(v.schema, now.schema) {
				s.compare("", now.at, v.schema, now.schema)
			}
		case v.schema == nil && now.schema != nil:
			s.tighten("", now.at, "drops every field that the new schema does not list")
		}
		row.FieldsAdded += s.added
		for _, gone := range s.gone {
			row.FieldsDropped = append(row.FieldsDropped, v.name+" "+gone)
		}
		if len(s.gone) > 0 {
			c.say(ruleCRDField, High, s.goneAt, c.object().Name+" "+v.name+" has fields no more: "+listed(s.gone))
		}
		if limited := s.limited(); len(limited) > 0 {
			c.say(ruleCRDTighter, Medium, s.tighterAt, c.object().Name+" "+v.name+" takes less than before: "+listed(limited))
		}
	}
}
