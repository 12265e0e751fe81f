package resolver

// node is one instance that may come into the plan. Two nodes can have the same instance name, when the instance could come
// from different packages or parents; then at most one of them is in the plan.
type node struct {
	identity
	pack   *pack
	parent *node
	root   int  // index in Problem.Roots, -1 when the workspace does not ask for it
	lock   int  // index in Problem.Locked, -1 when the lock does not hold it
	locked int  // element of the locked candidate, absent when there is none or it is gone
	moved  bool // asked to leave its locked version

	state   set    // what is still possible
	history []step // how the state became what it is; ground steps first
	grounds int    // how many ground steps
	watches []watch
	queued  bool // in search.changed
	opened  *openTerm

	expanded   set                           // elements whose needs are known to the search
	namespaced set                           // of these, the namespaced ones
	claims     map[claimKey]*incompatibility // what the elements say of others and of themselves, one for all that say the same
	edges      map[*node]set                 // who is needed by which elements
	children   map[int][]*node               // what each element needs, in order
	options    map[int][]*option             // what each element needs that several packages can meet
	askers     []*node                       // the other ends of edges, in order of discovery

	activity   float64 // how often and how recently it took part in a conflict
	discovered bool
	asker      *node     // through whom it was discovered, nil for a root
	rank       int       // among the offers for a need, when it was discovered for one that several could meet
	offered    []*option // in which it is one of the offers
}

// identity tells nodes apart.
type identity struct {
	instance, pkg string
	parentName    string // of a component
}

// claimKey tells apart what the elements of one node say.
type claimKey struct {
	kind   originKind
	target *node
	named  string
	rangeKey
	note string // whatever else makes a difference
}

// watch is an incompatibility whose term on the node is one of the two that are watched. The first word of the term's set
// tells most terms that do not hold without a look at the incompatibility.
type watch struct {
	low uint64
	inc *incompatibility
}

// step is one reduction of a node's state.
type step struct {
	at    int // position in the order of all steps
	level int // the number of decisions before and with it
	own   set // what the step says by itself
	after set // the state with it
	cause *incompatibility
}

// free reports whether the node must be a namespaced instance: it has a name of its own, or a parent.
func (n *node) free() bool { return n.instance != n.pkg || n.parent != nil }

// satisfier is the index in the history of the earliest step after which the state lies within a set, for a set that holds
// the present state. It is -1 when that was so from the start.
func (n *node) satisfier(s set) int {
	if n.pack.full.within(s) {
		return -1
	}
	low, high := 0, len(n.history)-1
	for low < high {
		if middle := (low + high) / 2; n.history[middle].after.within(s) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// supporter is the index of the earliest step that satisfies s together with step i alone, -1 when step i needs no other.
func (n *node) supporter(i int, s set) int {
	own := n.history[i].own
	if own.within(s) {
		return -1
	}
	return n.satisfier(s.or(n.pack.full.without(own)))
}

// pop undoes the last step.
func (n *node) pop() {
	n.history = n.history[:len(n.history)-1]
	n.state = n.pack.full
	if len(n.history) > 0 {
		n.state = n.history[len(n.history)-1].after
	}
}

// insert puts a ground step below all others.
func (n *node) insert(s step) {
	n.history = append(n.history, step{})
	copy(n.history[n.grounds+1:], n.history[n.grounds:])
	n.history[n.grounds] = s
	n.grounds++
	state := n.pack.full
	for i := range n.history {
		state = state.and(n.history[i].own)
		n.history[i].after = state
	}
	n.state = state
}
