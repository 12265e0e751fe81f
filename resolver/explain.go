package resolver

import (
	"context"

	"gkops.dev/gkops/resolver/catalog"
)

// anyStable is the range that allows every stable version.
var anyStable catalog.Range

// explain turns the refutation of a problem into its explanation: what cannot be spared, told in order, and the changes that
// would help. When the question itself is an entry of the problem, asked names it.
func explain(ctx context.Context, p *Problem, refuted *search, asked *entry) (*NoSolutionError, error) {
	u := refuted.universe
	t := &trial{universe: u, left: maxTrials, conflicts: maxConflicts}
	least, err := t.minimise(ctx, p, refuted)
	if err != nil {
		return nil, err
	}
	var names []string
	if namer, ok := u.catalog.(Namer); ok {
		names = namer.Names(ctx)
	}
	st := newStory(p, least.refuted, names, asked)
	helpful, err := fixes(ctx, u, p, least, asked)
	if err != nil {
		return nil, err
	}
	return &NoSolutionError{Conflict: st.conflict(), Steps: st.steps(), Fixes: helpful, Cycle: st.cycle(), cited: premisesOf(least.refuted)}, nil
}
