package resolver

import "context"

func explain(ctx context.Context, u *universe, p *Problem, s *search) error {
	return &NoSolutionError{Conflict: "no set of versions satisfies every requirement"}
}
