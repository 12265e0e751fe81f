package lock

import "go.yaml.in/yaml/v3"

// rootNode is a lock as nodes, keys in the order of the struct.
func rootNode(l *Lock) (*yaml.Node, error) {
	m := &mapping{}
	m.text("apiVersion", l.APIVersion)
	m.text("kind", l.Kind)
	m.number("format", l.Format)
	m.number("renderer", l.Renderer)
	m.text("cluster", l.Cluster)
	m.text("kubernetes", l.Kubernetes)
	m.text("engine", l.Engine)
	m.text("settings", string(l.Settings))
	m.text("repository", l.Repository)
	if err := addList(m, "namespaces", l.Namespaces, namespaceNode); err != nil {
		return nil, err
	}
	if err := addList(m, "instances", l.Instances, instanceNode); err != nil {
		return nil, err
	}
	m.digests("files", l.Files)
	return &m.node, nil
}

func namespaceNode(n Namespace) (*yaml.Node, error) {
	m := &mapping{}
	m.text("name", n.Name)
	m.text("owner", n.Owner)
	m.texts("usedBy", n.UsedBy)
	return &m.node, nil
}

func instanceNode(i Instance) (*yaml.Node, error) {
	m := &mapping{}
	m.text("name", i.Name)
	m.text("package", i.Package)
	m.text("version", i.Version)
	m.text("registry", i.Registry)
	m.text("namespace", i.Namespace)
	m.flag("namespaced", i.Namespaced)
	m.flag("moved", i.Moved)
	m.text("parent", i.Parent)
	m.texts("requires", i.Requires)
	if err := addList(m, "requiredBy", i.RequiredBy, reasonNode); err != nil {
		return nil, err
	}
	if err := addList(m, "sources", i.Sources, sourceNode); err != nil {
		return nil, err
	}
	facts, err := factsMapping(i.Facts)
	if err != nil {
		return nil, err
	}
	m.nested("facts", facts)
	m.text("mode", i.Mode)
	if err := m.any("made", i.Made); err != nil {
		return nil, err
	}
	overrides, err := overridesMapping(i.Overrides)
	if err != nil {
		return nil, err
	}
	m.nested("overrides", overrides)
	m.texts("guards", i.Guards)
	if i.Removal != nil {
		m.add("removal", removalNode(*i.Removal))
	}
	if err := addList(m, "parts", i.Parts, partNode); err != nil {
		return nil, err
	}
	return &m.node, m.any("places", i.Places)
}

func reasonNode(r Reason) (*yaml.Node, error) {
	m := &mapping{node: yaml.Node{Kind: yaml.MappingNode}}
	m.text("by", r.By)
	m.text("range", r.Range)
	m.text("where", r.Where)
	return &m.node, nil
}

func sourceNode(s Source) (*yaml.Node, error) {
	m := &mapping{}
	m.text("url", s.URL)
	m.text("digest", string(s.Digest))
	return &m.node, nil
}

func factsMapping(f Facts) (*mapping, error) {
	m := &mapping{}
	if err := addList(m, "kubernetes", f.Kubernetes, demandNode); err != nil {
		return nil, err
	}
	m.text("yanked", f.Yanked)
	m.text("prerelease", f.Prerelease)
	m.text("deprecated", f.Deprecated)
	return m, addList(m, "sources", f.Sources, sourceNode)
}

func demandNode(d Demand) (*yaml.Node, error) {
	m := &mapping{}
	m.text("range", d.Range)
	m.text("source", d.Source)
	return &m.node, nil
}

func overridesMapping(o Overrides) (*mapping, error) {
	m := &mapping{}
	m.text("namespace", o.Namespace)
	for _, field := range []struct {
		key   string
		value any
	}{
		{"values", o.Values}, {"valuesFrom", o.ValuesFrom}, {"patches", o.Patches}, {"images", o.Images}, {"labels", o.Labels},
	} {
		if err := m.any(field.key, field.value); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func removalNode(r Removal) *yaml.Node {
	m := &mapping{node: yaml.Node{Kind: yaml.MappingNode}}
	m.flag("guarded", r.Guarded)
	m.flag("purge", r.Purge)
	m.flag("announced", r.Announced)
	m.texts("withdrawn", r.Withdrawn)
	return &m.node
}

func partNode(p Part) (*yaml.Node, error) {
	m := &mapping{}
	m.text("name", p.Name)
	m.number("wave", p.Wave)
	m.text("hash", string(p.Hash))
	m.texts("dependsOn", p.DependsOn)
	m.digests("files", p.Files)
	return &m.node, nil
}
