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
	fromFact
	fromLockedVersion  // a locked instance does not go down
	fromLockedRegistry // a locked instance does not change its registry
	fromNeed           // a dependency or a component
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

	target    *node // what is needed; the other one of two instances; who asks, for a scope
	component bool
	called    string // the instance that a component would be, for a fault of its name or its cycle
	requested catalog.Range
	cycle     []*node
}
