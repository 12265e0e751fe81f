package pipeline

import (
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render/order"
)

// Node is one part of an instance in the graph of a cluster; ID is "<instance>/<part>".
type Node struct {
	ID        string   `json:"id"`
	Instance  string   `json:"instance"`
	Version   string   `json:"version"`
	Part      string   `json:"part"`
	Layer     int      `json:"layer"`
	DependsOn []string `json:"dependsOn"`
}

// Graph is the parts of a cluster with what they wait for, by layer and name.
func (p *Project) Graph(cluster string) (map[string][]Node, error) {
	if err := knownCluster(p.workspace, cluster); err != nil {
		return nil, err
	}
	graphs := map[string][]Node{}
	for _, c := range p.workspace.Clusters {
		held := p.locks[c.Name]
		if held == nil || cluster != "" && c.Name != cluster {
			continue
		}
		graphs[c.Name] = graph(held)
	}
	return graphs, nil
}

func graph(held *lock.Lock) []Node {
	nodes := []Node{}
	for _, i := range held.Instances {
		for _, part := range i.Parts {
			nodes = append(nodes, Node{
				ID: i.Name + "/" + part.Name, Instance: i.Name, Version: i.Version, Part: part.Name, Layer: part.Wave,
				DependsOn: append([]string{}, part.DependsOn...),
			})
		}
	}
	if names := ownedByCluster(held); len(names) > 0 {
		nodes = append(nodes, Node{ID: "namespaces", Instance: strings.Join(names, ", "), Part: "namespaces", Layer: order.Step, DependsOn: []string{}})
	}
	slices.SortFunc(nodes, func(a, b Node) int {
		if a.Layer != b.Layer {
			return a.Layer - b.Layer
		}
		return compareStrings(a.ID, b.ID)
	})
	return nodes
}

func ownedByCluster(held *lock.Lock) []string {
	var names []string
	for _, n := range held.Namespaces {
		if n.Owner == lock.ClusterOwner {
			names = append(names, n.Name)
		}
	}
	return names
}
