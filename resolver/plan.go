package resolver

import (
	"gkops.dev/gkops/resolver/catalog"
)

// Plan is the answer: every instance of a cluster, sorted by name.
type Plan struct {
	Instances []Chosen
}

// Instance is the chosen instance of that name, nil when the plan has none.
func (p *Plan) Instance(name string) *Chosen {
	for i := range p.Instances {
		if p.Instances[i].Instance == name {
			return &p.Instances[i]
		}
	}
	return nil
}

// Chosen is one instance of a plan.
type Chosen struct {
	Instance, Package, Registry string
	Version                     catalog.Version
	Namespaced                  bool
	Parent                      string   // the instance whose component this is, empty for others
	Requires                    []string // the instances that it depends on and its components, sorted
	RequiredBy                  []Reason // who asked for it: the workspace first, then instances by name
	// Newest is the newest version that the instance's registry has: the newest stable one, or the newest prerelease
	// when there is no stable one. It may be out of every range.
	// A withdrawn version is not the newest; when all are, it is the chosen one.
	Newest catalog.Version
	// Yanked and Deprecated say why the version was withdrawn, or why it is better not used any more; empty when it is not.
	Yanked, Deprecated string
	// Next are the further steps, in order, when an upgrade path holds something back: what the instance would go to if the same were asked
	// again, and again. Empty when nothing is left to go.
	Next []catalog.Version
}

// Reason is one request for an instance.
type Reason struct {
	By    string // the asking instance, empty for the workspace
	Range catalog.Range
	Where string // the place in a file when the workspace asks
	// Virtual is the virtual package that was asked for, which the instance provides; empty when it was asked for by the name of its
	// package.
	Virtual string
}
