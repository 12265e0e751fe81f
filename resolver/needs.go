package resolver

import (
	"cmp"
	"slices"
)

// sort makes what a candidate says of the cluster and of others independent of the order in which it says so.
func (needs *Needs) sort() {
	needs.Kubernetes = slices.SortedStableFunc(slices.Values(needs.Kubernetes), compareDemands)
	needs.Conflicts = slices.SortedStableFunc(slices.Values(needs.Conflicts), func(a, b Conflict) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Range.String(), b.Range.String()),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Source, b.Source))
	})
	needs.Uses = slices.SortedStableFunc(slices.Values(needs.Uses), compareAPIs)
	needs.Serves = slices.SortedStableFunc(slices.Values(needs.Serves), compareAPIs)
}

func compareDemands(a, b Demand) int {
	return cmp.Or(cmp.Compare(a.Range.String(), b.Range.String()), cmp.Compare(a.Source, b.Source))
}

func compareAPIs(a, b API) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Versions, b.Versions),
		cmp.Compare(a.Source, b.Source))
}
