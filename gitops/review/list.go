package review

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// identity is the fields that tell the items of a list apart. The first is there in every item, unless optional is set.
type identity struct {
	fields   []string
	optional bool              // none of the fields must be there, but one is
	defaults map[string]string // of fields that an item may leave out
	loose    bool              // items that have no partner are compared with the one that is most like them, see likeness
}

// identities are the merge keys of Kubernetes' lists by the name of the list (patchMergeKey and listMapKey in k8s.io/api), and
// what serves as one where there is none. The first that fits both sides is used; name fits most lists that are not here.
var identities = map[string][]identity{
	"conditions":                {{fields: []string{"type"}}},
	"hostAliases":               {{fields: []string{"ip"}}},
	"items":                     {{fields: []string{"key"}}},
	"matchExpressions":          {{fields: []string{"key"}}},
	"ownerReferences":           {{fields: []string{"uid"}}},
	"paths":                     {{fields: []string{"path", "pathType"}}},
	"ports":                     {{fields: []string{"containerPort", "protocol"}}, {fields: []string{"port", "protocol"}}},
	"rules":                     {{fields: []string{"host"}}, {fields: []string{"apiGroups", "apiVersions", "resources", "resourceNames", "nonResourceURLs"}, optional: true, loose: true}},
	"subjects":                  {{fields: []string{"name", "kind", "namespace"}}},
	"topologySpreadConstraints": {{fields: []string{"topologyKey", "whenUnsatisfiable"}}},
	"volumeDevices":             {{fields: []string{"devicePath"}}},
	"volumeMounts":              {{fields: []string{"mountPath"}}},
	"x-kubernetes-validations":  {{fields: []string{"rule"}}},
}

// list compares two lists: by the identity of their items, as a whole when they hold scalars, else by place.
func (d *differ) list(path fieldPath, old, new []*yaml.Node) {
	if slices.EqualFunc(old, new, same) {
		return
	}
	if by, ok := d.identify(path, old, new); ok {
		d.keyed(path, by, old, new)
		return
	}
	if scalars(old) && scalars(new) || permuted(old, new) {
		d.whole(path, old, new)
		return
	}
	d.placed(path, old, new)
}

func scalars(items []*yaml.Node) bool {
	return !slices.ContainsFunc(items, func(item *yaml.Node) bool { return item.Kind != yaml.ScalarNode })
}

// permuted reports whether two lists hold the same items in another order.
func permuted(old, new []*yaml.Node) bool {
	return slices.Equal(sorted(old), sorted(new))
}

func sorted(items []*yaml.Node) []string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = canonical(item)
	}
	slices.Sort(texts)
	return texts
}

// whole notes a difference between two lists as one.
func (d *differ) whole(path fieldPath, old, new []*yaml.Node) {
	d.add(path, &yaml.Node{Kind: yaml.SequenceNode, Content: old}, &yaml.Node{Kind: yaml.SequenceNode, Content: new})
	if permuted(old, new) {
		d.hunks[len(d.hunks)-1].Change = Reordered
	}
}

// identify finds the identity that tells all items of both lists apart: that of the schema, else one of the table, else their names.
func (d *differ) identify(path fieldPath, old, new []*yaml.Node) (identity, bool) {
	if len(old) == 0 || len(new) == 0 {
		return identity{}, false
	}
	if by, told := listKeys(schemaAt(d.schema, path)); told && by.fits(old) && by.fits(new) {
		return by, true
	}
	return identify(path, old, new)
}

// identify finds the identity in the table, else the name, that tells all items of some lists apart.
func identify(path fieldPath, lists ...[]*yaml.Node) (identity, bool) {
	for _, by := range append(slices.Clone(identities[path.name()]), identity{fields: []string{"name"}}) {
		if !slices.ContainsFunc(lists, func(items []*yaml.Node) bool { return !by.fits(items) }) {
			return by, true
		}
	}
	return identity{}, false
}

// fits reports whether each item has its own identity.
func (by identity) fits(items []*yaml.Node) bool {
	seen := make(map[string]bool, len(items))
	for _, item := range items {
		match := by.of(item)
		key := joined(match)
		if match == nil || seen[key] {
			return false
		}
		seen[key] = true
	}
	return true
}

// of is the identity of an item: the fields that it has, nil when it has none.
func (by identity) of(item *yaml.Node) []field {
	if item.Kind != yaml.MappingNode {
		return nil
	}
	var match []field
	for i, name := range by.fields {
		value := document.Lookup(item, name)
		if value == nil && i == 0 && !by.optional {
			return nil
		}
		switch {
		case value != nil:
			match = append(match, field{name, brief(value)})
		case by.defaults[name] != "":
			match = append(match, field{name, by.defaults[name]})
		case name == "protocol":
			match = append(match, field{name, "TCP"})
		}
	}
	return match
}

// brief is a value in a path: a text as it is, a list of texts with commas.
func brief(node *yaml.Node) string {
	switch node.Kind {
	case yaml.ScalarNode:
		return node.Value
	case yaml.SequenceNode:
		if scalars(node.Content) {
			texts := make([]string, len(node.Content))
			for i, item := range node.Content {
				texts[i] = item.Value
			}
			return strings.Join(texts, ",")
		}
	}
	return canonical(node)
}

func joined(match []field) string {
	var key strings.Builder
	for _, f := range match {
		key.WriteString(f.name + "\x00" + f.value + "\x00")
	}
	return key.String()
}

// keyed compares the items of one identity with each other and says when their order changed.
func (d *differ) keyed(path fieldPath, by identity, old, new []*yaml.Node) {
	partner := partners(by, old, new)
	met := make(map[int]bool, len(new))
	var order []int
	for i, item := range old {
		j, found := partner[i]
		if !found {
			d.add(path.matching(by.of(item)), item, nil)
			continue
		}
		met[j] = true
		order = append(order, j)
		d.node(path.to(segment{item: true, match: by.of(new[j])}), item, new[j])
	}
	for j, item := range new {
		if !met[j] {
			d.add(path.matching(by.of(item)), nil, item)
		}
	}
	if !slices.IsSorted(order) {
		d.reordered(path, by, old, new)
	}
}

// partners maps the index of an old item to that of the new one.
func partners(by identity, old, new []*yaml.Node) map[int]int {
	places := make(map[string]int, len(new))
	for j, item := range new {
		places[joined(by.of(item))] = j
	}
	partner, taken := map[int]int{}, map[int]bool{}
	for i, item := range old {
		if j, found := places[joined(by.of(item))]; found {
			partner[i], taken[j] = j, true
		}
	}
	for i := range old {
		if _, found := partner[i]; !found && by.loose {
			if j := mostAlike(old[i], new, taken); j >= 0 {
				partner[i], taken[j] = j, true
			}
		}
	}
	return partner
}

// mostAlike is the index of the rule that is most like an old one, among those that are not taken; -1 when none is like it.
func mostAlike(old *yaml.Node, new []*yaml.Node, taken map[int]bool) int {
	best, most := -1, 0
	for j, item := range new {
		if alike := likeness(old, item); !taken[j] && alike > most {
			best, most = j, alike
		}
	}
	return best
}

// likeness says how much two rules of a role or a webhook are about the same: zero when their API groups differ, else one more than
// the resources that they share.
func likeness(a, b *yaml.Node) int {
	groups := document.Lookup(a, "apiGroups")
	if groups == nil || canonical(groups) != canonical(document.Lookup(b, "apiGroups")) {
		return 0
	}
	alike := 1
	theirs := texts(b, "resources")
	for _, resource := range texts(a, "resources") {
		if slices.Contains(theirs, resource) {
			alike++
		}
	}
	return alike
}

// reordered notes that the items of a list changed places; the identities alone tell the order.
func (d *differ) reordered(path fieldPath, by identity, old, new []*yaml.Node) {
	d.whole(path, by.names(old), by.names(new))
	d.hunks[len(d.hunks)-1].Change = Reordered
}

func (by identity) names(items []*yaml.Node) []*yaml.Node {
	nodes := make([]*yaml.Node, len(items))
	for i, item := range items {
		nodes[i] = &yaml.Node{Kind: yaml.MappingNode}
		for _, f := range by.of(item) {
			nodes[i].Content = append(nodes[i].Content, document.String(f.name), document.String(f.value))
		}
	}
	return nodes
}

// placed compares lists whose items have no identity: what is the same on both sides is an anchor, and between two anchors items
// are compared in order.
func (d *differ) placed(path fieldPath, old, new []*yaml.Node) {
	oldTexts, newTexts := make([]string, len(old)), make([]string, len(new))
	for i, item := range old {
		oldTexts[i] = canonical(item)
	}
	for j, item := range new {
		newTexts[j] = canonical(item)
	}
	i, j := 0, 0
	for _, anchor := range append(common(oldTexts, newTexts), [2]int{len(old), len(new)}) {
		for ; i < anchor[0] && j < anchor[1]; i, j = i+1, j+1 {
			d.node(path.to(segment{item: true, index: j}), old[i], new[j])
		}
		for ; i < anchor[0]; i++ {
			d.add(path.at(i), old[i], nil)
		}
		for ; j < anchor[1]; j++ {
			d.add(path.at(j), nil, new[j])
		}
		i, j = anchor[0]+1, anchor[1]+1
	}
}
