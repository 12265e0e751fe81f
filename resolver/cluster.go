package resolver

import (
	"slices"

	"gkops.dev/gkops/resolver/catalog"
)

// kubernetes is the name of the package that every cluster runs and that nobody installs.
const kubernetes = "kubernetes"

// runKubernetes makes the node of the cluster's version. It is no instance: being absent means that the cluster runs another
// version, which is what the requirement of the cluster excludes.
func (s *search) runKubernetes() {
	v := s.question.problem.Kubernetes
	if v.IsZero() {
		return
	}
	p := newPack(kubernetes, []Candidate{{Version: v}}, nil)
	s.cluster = &node{identity: identity{instance: kubernetes, pkg: kubernetes}, pack: p, root: -1, lock: -1, state: p.full}
	if s.question.asks(fromCluster, 0) {
		s.forbid(s.cluster, single(p.size, absent), origin{kind: fromCluster})
	}
}

// demand adds what elements of a node demand of the cluster's version. A dependency on kubernetes is such a demand.
func (s *search) demand(n *node, these set, needs *Needs) {
	if s.cluster == nil || !s.question.counts(edge{fromDemand, n.pkg, kubernetes}) {
		return
	}
	for _, d := range demands(needs) {
		if d.Range.Allows(s.question.problem.Kubernetes) {
			continue
		}
		s.claim(n, these, []term{{s.cluster, s.cluster.pack.present}},
			origin{kind: fromDemand, target: s.cluster, named: kubernetes, requested: d.Range, source: d.Source}, "")
	}
}

func demands(needs *Needs) []Demand {
	all := slices.Clone(needs.Kubernetes)
	for _, d := range needs.Dependencies {
		if d.Package == kubernetes {
			all = append(all, Demand{d.Range, d.Source})
		}
	}
	return all
}

// fitsCluster reports whether what a version demands of Kubernetes holds.
func fitsCluster(needs *Needs, cluster catalog.Version) bool {
	return cluster.IsZero() || !slices.ContainsFunc(demands(needs), func(d Demand) bool { return !d.Range.Allows(cluster) })
}
