package lock

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/resolver/catalog"
)

const header = "# Made by gkops. Do not edit it: change gkops.yaml and run 'gkops render'. In a merge conflict take either side whole, then run it.\n"

// Write is the canonical form of a lock: sorted, one block per instance. The same lock always gives the same bytes. APIVersion,
// Kind, Format and the Hash of a part may be left out. What Parse would refuse is an error.
func Write(l *Lock) ([]byte, error) {
	sorted := canonical(l)
	c := checker{file: FileName, lock: sorted}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("write lock of cluster %s: %w", l.Cluster, err)
	}
	root, err := rootNode(sorted)
	if err != nil {
		return nil, fmt.Errorf("write lock of cluster %s: %w", l.Cluster, err)
	}
	data, err := document.Encode(root)
	if err != nil {
		return nil, fmt.Errorf("write lock of cluster %s: %w", l.Cluster, err)
	}
	return append([]byte(header), data...), nil
}

// canonical is a sorted copy; what was given stays as it is.
func canonical(l *Lock) *Lock {
	c := *l
	c.APIVersion, c.Kind, c.Format = APIVersion, Kind, Format
	c.Namespaces = sortedBy(l.Namespaces, func(n Namespace) string { return n.Name })
	for n := range c.Namespaces {
		c.Namespaces[n].UsedBy = slices.Sorted(slices.Values(c.Namespaces[n].UsedBy))
	}
	c.Instances = sortedBy(l.Instances, func(i Instance) string { return i.Name })
	for n := range c.Instances {
		c.Instances[n] = c.Instances[n].canonical()
	}
	return &c
}

func (i Instance) canonical() Instance {
	i.Requires = slices.Sorted(slices.Values(i.Requires))
	i.RequiredBy = slices.Clone(i.RequiredBy)
	slices.SortFunc(i.RequiredBy, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.Range, b.Range), cmp.Compare(a.Where, b.Where))
	})
	if i.Removal != nil {
		removal := *i.Removal
		removal.Withdrawn = slices.Sorted(slices.Values(removal.Withdrawn))
		i.Removal = &removal
	}
	i.Guards = slices.Sorted(slices.Values(i.Guards))
	i.Parts = sortedBy(i.Parts, func(p Part) string { return p.Name })
	for n := range i.Parts {
		i.Parts[n].Hash = FolderHash(i.Parts[n].Files)
		i.Parts[n].DependsOn = slices.Sorted(slices.Values(i.Parts[n].DependsOn))
	}
	return i
}

func sortedBy[T any](list []T, name func(T) string) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	return list
}

// mapping builds a mapping node; what is empty is left out.
type mapping struct{ node yaml.Node }

func (m *mapping) add(key string, value *yaml.Node) {
	m.node.Kind = yaml.MappingNode
	m.node.Content = append(m.node.Content, document.String(key), value)
}

func (m *mapping) text(key, value string) {
	if value != "" {
		m.add(key, document.String(value))
	}
}

func (m *mapping) number(key string, value int) {
	m.add(key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(value)})
}

func (m *mapping) flag(key string, value bool) {
	if value {
		m.add(key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
}

func (m *mapping) texts(key string, values []string) {
	addList(m, key, values, func(s string) (*yaml.Node, error) { return document.String(s), nil })
}

func (m *mapping) digests(key string, values map[string]catalog.Digest) {
	inner := &mapping{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		inner.add(name, document.String(string(values[name])))
	}
	m.nested(key, inner)
}

func (m *mapping) nested(key string, inner *mapping) {
	if len(inner.node.Content) > 0 {
		m.add(key, &inner.node)
	}
}

// any adds plain values, which have a JSON form.
func (m *mapping) any(key string, value any) error {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	var plain any
	decoder := json.NewDecoder(&data)
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return err
	}
	if n := plainNode(plain); n != nil && len(n.Content) > 0 {
		m.add(key, n)
	}
	return nil
}

// plainNode is the node of what encoding/json decodes.
func plainNode(value any) *yaml.Node {
	switch value := value.(type) {
	case string:
		return document.String(value)
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(value)}
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: value.String()}
	case []any:
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range value {
			list.Content = append(list.Content, plainNode(item))
		}
		return list
	case map[string]any:
		m := &mapping{node: yaml.Node{Kind: yaml.MappingNode}}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			m.add(key, plainNode(value[key]))
		}
		return &m.node
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
}

func addList[T any](m *mapping, key string, values []T, node func(T) (*yaml.Node, error)) error {
	if len(values) == 0 {
		return nil
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, value := range values {
		n, err := node(value)
		if err != nil {
			return err
		}
		list.Content = append(list.Content, n)
	}
	m.add(key, list)
	return nil
}
