package review

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

const rbacGroup = "rbac.authorization.k8s.io"

// rights says when an object of RBAC allows more than before, and what differs. A role that is new says so only when it is
// dangerous.
func (c *change) rights() {
	switch {
	case c.is(rbacGroup, "Role", "ClusterRole"):
		c.role()
	case c.is(rbacGroup, "RoleBinding", "ClusterRoleBinding"):
		c.binding()
	}
}

// row notes what an object of RBAC allows otherwise than before.
func (c *change) row(added, removed []string, risk Risk) {
	row := Rights{Change: Changed, Object: c.object(), File: c.doc().File, Added: append([]string{}, added...), Removed: append([]string{}, removed...), Risk: risk}
	switch {
	case c.base == nil:
		row.Change = Added
	case c.head == nil:
		row.Change = Removed
	}
	if len(added)+len(removed) > 0 {
		c.tables.Rights = append(c.tables.Rights, row)
	}
}

func (c *change) role() {
	name := title(c.object())
	rules := fieldPath{}.child("rules")
	before, ok := grants(c.base)
	after, ok2 := grants(c.head)
	if !ok || !ok2 {
		c.say(ruleRBAC, High, rules, fmt.Sprintf("%s has more than %d grants: too many to compare", name, maxGrants))
		c.row([]string{"too many grants to compare"}, nil, High)
		return
	}
	dangerous, more := parted(beyond(before, after), grant.dangerous)
	risk := Low
	if len(more) > 0 && c.base != nil {
		risk = Medium
		c.say(ruleRBAC, Medium, c.placeOf(rules, more), name+" has new rights: "+told(more))
	}
	if len(dangerous) > 0 {
		risk = High
		c.say(ruleRBAC, High, c.placeOf(rules, dangerous), name+" has new rights: "+told(dangerous))
	}
	c.row(gathered(slices.Concat(dangerous, more)), gathered(beyond(after, before)), risk)
	if c.base == nil || c.head == nil {
		return
	}
	aggregation := canonical(document.Lookup(c.head.Root(), "aggregationRule"))
	if aggregation != "" && aggregation != canonical(document.Lookup(c.base.Root(), "aggregationRule")) {
		c.say(ruleRBAC, Medium, fieldPath{}.child("aggregationRule"), name+" collects its rights from other roles than before")
	}
}

// placeOf is the rule of head that gives all of some grants, else all rules.
func (c *change) placeOf(rules fieldPath, given []grant) fieldPath {
	list := document.Lookup(c.head.Root(), "rules")
	for i, at := range itemPaths(rules, list) {
		if len(missingIn(rightsIn(list.Content[i]), given)) == 0 {
			return at
		}
	}
	return rules
}

func (c *change) binding() {
	role := roleOf(c.doc())
	before, after := subjects(c.base), subjects(c.head)
	if c.base != nil && c.head != nil && roleOf(c.base) != role {
		before = nil
	}
	came, went := missingIn(before, after), missingIn(after, subjects(c.base))
	risk := Low
	if c.base != nil && len(came) > 0 {
		risk = Medium
	}
	message := listed(came) + " may now do what " + role + " allows"
	everyone := slices.ContainsFunc(came, func(subject string) bool {
		return slices.Contains([]string{"User system:anonymous", "Group system:unauthenticated", "Group system:authenticated", "Group system:serviceaccounts"}, subject)
	})
	switch {
	case len(came) == 0:
	case role == "ClusterRole cluster-admin":
		risk = High
		message += ": everything"
		if c.object().Kind == "RoleBinding" {
			message += " in namespace " + c.object().Namespace
		}
	case c.object().Kind == "ClusterRoleBinding" && slices.Contains([]string{"ClusterRole admin", "ClusterRole edit"}, role):
		risk = High
		message += ": nearly everything in every namespace, with the Secrets"
	case everyone:
		risk = High
		message += ": that is everyone"
	}
	if len(came) > 0 && risk > Low {
		c.say(ruleRBAC, risk, fieldPath{}.child("subjects"), message)
	}
	c.row(suffixed(came, role), suffixed(went, role), risk)
}

// bindings calls new bindings to attention that give what was there before: a role that comes with its binding says itself what it allows,
// and of cluster-admin and of everyone the binding has said it.
func (r *Report) bindings(pairs []parsedPair, scope func(file string) string) {
	changes := make(map[string]Change, len(r.Objects))
	roles := map[string]bool{}
	for _, o := range r.Objects {
		changes[o.Key()] = o.Change
		if o.Change == Added && o.Object.Group() == rbacGroup {
			roles[scope(o.File)+"\x00"+sameAs(o.Object)] = true
		}
	}
	told := map[string]bool{}
	for _, a := range r.Attention {
		told[a.File+"\x00"+a.Object.Key()] = told[a.File+"\x00"+a.Object.Key()] || a.Rule == ruleRBAC
	}
	for _, pair := range pairs {
		for i := range pair.head {
			doc := &pair.head[i]
			object, who := doc.Object(), subjects(doc)
			key := Object{File: doc.File, Object: object}.Key()
			if object.Group() != rbacGroup || !strings.HasSuffix(object.Kind, "Binding") || changes[key] != Added || told[key] || len(who) == 0 {
				continue
			}
			role := finding.Object{APIVersion: rbacGroup + "/v1", Kind: scalarOf(doc.Root(), "roleRef", "kind"), Name: scalarOf(doc.Root(), "roleRef", "name")}
			if role.Kind == "Role" {
				role.Namespace = object.Namespace
			}
			if roles[scope(doc.File)+"\x00"+sameAs(role)] {
				continue
			}
			r.Attention = append(r.Attention, Attention{Rule: ruleRBAC, Risk: Medium, Object: object, File: doc.File, Line: doc.Line, Path: "subjects",
				Message: listed(who) + " may now do what " + title(role) + " allows, which is no part of this change"})
		}
	}
}

// missingIn are what one list has and another, that of what is known, has not.
func missingIn[T comparable](known, all []T) []T {
	have := setOf(known)
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return have[one] })
}

func suffixed(subjects []string, role string) []string {
	for i := range subjects {
		subjects[i] += " as " + role
	}
	return subjects
}

func roleOf(doc *document.Document) string {
	reference := document.Lookup(doc.Root(), "roleRef")
	return scalarOf(reference, "kind") + " " + scalarOf(reference, "name")
}

func subjects(doc *document.Document) []string {
	if doc == nil {
		return nil
	}
	list := document.Lookup(doc.Root(), "subjects")
	if list == nil {
		return nil
	}
	var found []string
	for _, subject := range list.Content {
		name := scalarOf(subject, "name")
		if namespace := scalarOf(subject, "namespace"); namespace != "" {
			name = namespace + "/" + name
		}
		found = append(found, scalarOf(subject, "kind")+" "+name)
	}
	return found
}

func scalarOf(node *yaml.Node, path ...string) string {
	if value := document.Lookup(node, path...); value != nil {
		return value.Value
	}
	return ""
}
