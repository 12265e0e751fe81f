package resolver

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// maxAttempts bounds the search for the smallest number of locked instances that move. Beyond it, each stays if those
// before it allow it, which leaves none that could stay alone but may move more than needed.
const maxAttempts = 128

// best finds the best solution by the order of preference that Solve documents, or none when s.refuted.
func (s *search) best(ctx context.Context) (solution, error) {
	if err := s.reachNewest(ctx); err != nil || s.refuted != nil {
		return nil, err
	}
	return s.fewestMoves(ctx)
}

// reachNewest finds out how far the instances go that were asked to move, whatever is locked otherwise.
func (s *search) reachNewest(ctx context.Context) error {
	s.pursuit = ignored
	if len(s.goals) == 0 || s.goals[0].kind != goNewest {
		return nil
	}
	out, err := s.run(ctx)
	if err != nil || s.refuted != nil {
		return err
	}
	for _, g := range s.goals {
		for _, c := range out.solution {
			if g.kind == goNewest && c.node == g.node {
				g.fixed = c.element
			}
		}
	}
	return nil
}

// fewestMoves finds the solution in which the fewest locked instances leave their version, the best of those. Goals that
// contradict each other come as a set of which at least one has to be given up; the smallest choice that hits all such sets
// is found by trying all of one size before those of the next.
func (s *search) fewestMoves(ctx context.Context) (solution, error) {
	s.pursuit = insisted
	h := &hitting{tried: map[string]bool{}, sizes: [][]*goal{nil}}
	for len(h.sizes) > 0 && h.attempts < maxAttempts {
		found, err := h.sweep(ctx, s)
		if found != nil || err != nil || s.refuted != nil {
			return found, err
		}
	}
	s.pursuit, s.relaxed = wished, nil
	out, err := s.run(ctx)
	return out.solution, err
}

// hitting is the state of the search for the fewest goals to give up.
type hitting struct {
	attempts int
	tried    map[string]bool
	sizes    [][]*goal // what to give up next: all of one size
	cores    [][]*goal // known sets of goals that contradict each other
}

// sweep tries all choices of one size and prepares those of the next.
func (h *hitting) sweep(ctx context.Context, s *search) (best solution, err error) {
	var larger [][]*goal
	for _, given := range h.sizes {
		core := h.missed(given)
		if core == nil {
			out, err := h.attempt(ctx, s, given)
			if err != nil || s.refuted != nil {
				return nil, err
			}
			if out.solution != nil {
				best = s.better(best, out.solution)
				continue
			}
			core = stays(out.blamed)
			h.cores = append(h.cores, core)
		}
		if best == nil {
			larger = append(larger, h.grow(given, core)...)
		}
	}
	h.sizes = larger
	return best, nil
}

func (h *hitting) attempt(ctx context.Context, s *search, given []*goal) (outcome, error) {
	if h.attempts++; h.attempts > maxAttempts {
		return outcome{}, nil
	}
	s.relaxed = make(map[*goal]bool, len(given))
	for _, g := range given {
		s.relaxed[g] = true
	}
	return s.run(ctx)
}

// missed is a known core of which nothing is given up.
func (h *hitting) missed(given []*goal) []*goal {
	for _, core := range h.cores {
		if !slices.ContainsFunc(core, func(g *goal) bool { return slices.Contains(given, g) }) {
			return core
		}
	}
	return nil
}

// grow gives up one more goal of a core, in each way that was not seen yet.
func (h *hitting) grow(given, core []*goal) [][]*goal {
	var grown [][]*goal
	for _, g := range core {
		more := append(slices.Clone(given), g)
		if key := keyOfGoals(more); !h.tried[key] {
			h.tried[key] = true
			grown = append(grown, more)
		}
	}
	return grown
}

func keyOfGoals(goals []*goal) string {
	names := make([]string, len(goals))
	for i, g := range goals {
		names[i] = fmt.Sprintf("%q %q %q", g.node.instance, g.node.pkg, g.node.parentName)
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

// stays drops the goals that cannot be given up.
func stays(goals []*goal) []*goal {
	kept := slices.DeleteFunc(goals, func(g *goal) bool { return g.kind != stay })
	slices.SortFunc(kept, func(g, h *goal) int { return strings.Compare(keyOfGoals([]*goal{g}), keyOfGoals([]*goal{h})) })
	return kept
}

// better is the better of two solutions: the first place in order of discovery on which they differ decides. Up to there both
// agree, so that the node there is the same in both, or was chosen for the same need that several can meet.
func (s *search) better(a, b solution) solution {
	if a == nil {
		return b
	}
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		if x.node == y.node && x.element == y.element {
			continue
		}
		if x.node != y.node {
			if x.rank < y.rank {
				return a
			}
			return b
		}
		if s.prefers(a, x, y.element) {
			return a
		}
		return b
	}
	return a
}

// prefers reports whether a node's choice in a solution is better than another element.
func (s *search) prefers(a solution, x choice, other int) bool {
	n := x.node
	if n.locked != absent && !n.moved && (x.element == n.locked || other == n.locked) {
		return x.element == n.locked
	}
	one, two := n.pack.candidate(x.element), n.pack.candidate(other)
	if one.Registry == two.Registry {
		if a, b := n.pack.tier(x.element), n.pack.tier(other); a != b {
			return a < b
		}
		return (x.element > other) != s.question.problem.Minimal
	}
	if asked := a.registryOfAsker(x); asked == one.Registry || asked == two.Registry {
		return asked == one.Registry
	}
	return x.element < other
}

// registryOfAsker is the registry of the instance in a solution through which another was discovered, empty when the workspace
// asks.
func (a solution) registryOfAsker(x choice) string {
	for _, c := range a {
		if c.node == x.asker {
			return c.node.pack.candidate(c.element).Registry
		}
	}
	return ""
}
