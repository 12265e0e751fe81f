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
	t := &trial{universe: u, asked: asked, left: maxTrials, conflicts: maxConflicts}
	least, err := t.minimise(ctx, p, refuted)
	if err != nil {
		return nil, err
	}
	var names []string
	if namer, ok := u.catalog.(Namer); ok {
		names = namer.Names(ctx)
	}
	if err := least.nameProviders(ctx, p); err != nil {
		return nil, err
	}
	st := newStory(p, least, names, asked)
	helpful, err := fixes(ctx, u, p, least, asked)
	if err != nil {
		return nil, err
	}
	return &NoSolutionError{Conflict: st.conflict(), Steps: st.steps(), Fixes: helpful, Cycle: st.cycle(), cited: premisesOf(least.refuted)}, nil
}

// nameProviders finds out what provides the roots that nobody has: they may be virtual packages.
func (s *search) nameProviders(ctx context.Context, p *Problem) error {
	for e := range premisesOf(s.refuted).entries {
		if e.kind != fromRoot {
			continue
		}
		pack, err := s.universe.pack(ctx, p.Roots[e.index].Package)
		if err != nil {
			return err
		}
		if len(pack.candidates) > 0 {
			continue
		}
		if _, err := s.universe.providers(ctx, pack.name); err != nil {
			return err
		}
	}
	return nil
}
