package resolver

import (
	"gkops.dev/gkops/resolver/catalog"
)

// term says of a node that its state is one of a set. A set without absent says "in the plan, with one of these"; a set with
// absent says "not in the plan, or with one of these". So one kind of term is enough.
type term struct {
	node *node
	set  set
}

// incompatibility is a set of terms that must not all hold. It is a requirement of somebody (origin), or follows from others
// (from). Its terms never change, only their order: the first two are watched.
type incompatibility struct {
	terms  []term
	origin *origin
	from   []*incompatibility
	dead   bool // another one says the same and more
}

// originKind says where a requirement comes from.
type originKind int

const (
	fromRoot originKind = iota
	fromHold
	fromCluster // the cluster's version of Kubernetes
	fromFact
	fromYanked         // a withdrawn version
	fromPath           // a version that the locked one cannot reach
	fromLockedVersion  // a locked instance does not go down
	fromLockedRegistry // a locked instance does not change its registry
	fromNeed           // a dependency or a component
	fromDemand         // what a version demands of the cluster's version
	fromConflict       // what a version cannot be with
	fromAPI            // a custom resource API that is used and not served
	fromScope          // the wrong scope for how the instance was asked for
	fromName           // two instances of one name
	fromCycle
)

// origin is a requirement as somebody stated it: the leaf of a derivation.
type origin struct {
	kind  originKind
	index int // of the root, hold, fact or lock entry in the problem
	node  *node
	set   set // of node: who needs, or what is excluded

	target    *node   // what is needed; the other one of two instances; who asks, for a scope
	named     string  // what is needed or ruled out, as it was asked for: a package, or a virtual one
	option    *option // of a need that several packages can meet
	against   set     // of the target, for a conflict or an API
	api       API     // what is used
	source    string  // who says so, when it is not the package itself
	reason    string
	component bool
	called    string // the instance that a component would be, for a fault of its name or its cycle
	requested catalog.Range
	cycle     []*node
	cites     []edge // what makes the cycle
}
