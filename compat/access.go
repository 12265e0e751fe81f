package compat

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// resourceRule is what a rule of RBAC or of a webhook matches. RBAC has no versions.
type resourceRule struct {
	groups, versions, resources []string
}

// rbac judges the rules of a Role or ClusterRole.
func (n *nestedCheck) rbac(root *yaml.Node) {
	n.rules(document.Lookup(root, "rules"), "rules")
}

// admission judges what webhooks and admission policies match.
func (n *nestedCheck) admission(root *yaml.Node) {
	if webhooks := document.Lookup(root, "webhooks"); webhooks != nil && webhooks.Kind == yaml.SequenceNode {
		for i, webhook := range webhooks.Content {
			n.rules(document.Lookup(webhook, "rules"), fmt.Sprintf("webhooks[%d].rules", i))
		}
	}
	for _, list := range []string{"resourceRules", "excludeResourceRules"} {
		n.rules(document.Lookup(root, "spec", "matchConstraints", list), "spec.matchConstraints."+list)
	}
}

func (n *nestedCheck) rules(list *yaml.Node, path string) {
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	for i, rule := range list.Content {
		r := resourceRule{groups: texts(rule, "apiGroups"), versions: texts(rule, "apiVersions"), resources: texts(rule, "resources")}
		n.rule(n.p.at(rule, fmt.Sprintf("%s[%d]", path, i)), r)
	}
}

// rule judges one rule: a resource that it names and that the minor serves in none of the versions that it names. Such a rule
// breaks nothing, it only matches nothing; when it also names a place where the resource is still served, that is on purpose.
func (n *nestedCheck) rule(p place, r resourceRule) {
	for _, plural := range r.resources {
		plural, _, _ = strings.Cut(plural, "/")
		if plural == "*" || plural == "" {
			continue
		}
		gone, served := n.match(r, plural)
		p.most = finding.Warning
		if served {
			p.most = finding.Info
		}
		for _, row := range gone {
			n.out.findings = append(n.out.findings, n.goneRule(p, row, len(r.versions) > 0))
		}
	}
}

// match is the rows of a resource that a rule names and that were removed, newest group version first, and whether it also names
// one that is served.
func (n *nestedCheck) match(r resourceRule, plural string) (gone []*knowledge.Kind, served bool) {
	for _, group := range r.groups {
		rows := n.c.known.Resource(group, plural)
		if len(r.versions) > 0 && !slices.Contains(r.versions, "*") {
			rows = slices.DeleteFunc(slices.Clone(rows), func(row *knowledge.Kind) bool { return !slices.Contains(r.versions, row.Version) })
		}
		if len(rows) == 0 {
			continue
		}
		if slices.ContainsFunc(rows, func(row *knowledge.Kind) bool { return n.c.servedAt(row, n.c.at) }) {
			served = true
			continue
		}
		row := rows[0]
		if row.Removed != 0 && row.Removed <= n.c.at {
			gone = append(gone, row)
		}
	}
	return gone, served
}

func (n *nestedCheck) goneRule(p place, row *knowledge.Kind, versioned bool) finding.Finding {
	what := row.Plural + " of the group " + row.Group
	if versioned {
		what = row.Plural + " of " + row.APIVersion()
	}
	f := p.find(Removed, fmt.Sprintf("the rule names %s, gone since Kubernetes %s%s", what, row.Removed, n.c.instead(row, n.c.at)))
	f.Since, f.Replacement = row.Removed.String(), n.c.replacement(row, n.c.at)
	return f
}
