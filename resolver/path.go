package resolver

import (
	"context"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// askPath adds that a locked instance does not go to a version that cannot be reached from the locked one.
func (s *search) askPath(n *node, element int, from *Demand) {
	if n.lock < 0 || from == nil {
		return
	}
	locked := s.question.problem.Locked[n.lock].Version
	if reaches(from, locked, n.pack.candidate(element).Version) || !s.question.counts(edge{fromPath, n.pkg, ""}) {
		return
	}
	s.pathed = true
	s.claim(n, single(n.pack.size, element), nil, origin{kind: fromPath, requested: from.Range, source: from.Source}, "")
}

// reaches reports whether a version with such a demand can follow another one. A prerelease counts as its release, and another
// packaging revision of the same version can always follow.
func reaches(from *Demand, v, to catalog.Version) bool {
	if from == nil || from.Range.Allows(v) || plainVersion(v) == plainVersion(to) {
		return true
	}
	release, _, prerelease := strings.Cut(plainVersion(v), "-")
	if !prerelease {
		return false
	}
	released, err := catalog.ParseVersion(release)
	return err == nil && from.Range.Allows(released)
}

// plainVersion is a version without its packaging revision.
func plainVersion(v catalog.Version) string {
	text, _, _ := strings.Cut(v.Key(), "+")
	return text
}

// way is the shortest way from a version of a node's package to one of its elements, both ends left out but the last; of equally short
// ways the one with the newest first step. It is nil when there is none. A version that is excluded, held back or does not fit the
// cluster is no step, nor one that the catalog cannot read, and one that is withdrawn only when that is allowed.
func (s *search) way(ctx context.Context, n *node, from catalog.Version, to int, withdrawn bool) []int {
	steps := s.between(ctx, n, from, to, withdrawn)
	distance := map[int]int{to: 0}
	for queue := []int{to}; len(queue) > 0; queue = queue[1:] {
		for _, before := range steps {
			_, seen := distance[before]
			if !seen && s.follows(n, n.pack.candidate(before).Version, queue[0]) {
				distance[before] = distance[queue[0]] + 1
				queue = append(queue, before)
			}
		}
	}
	var way []int
	for left := len(steps) + 1; left > 0; {
		next := s.nearest(n, from, steps, distance, left)
		if next < 0 {
			return nil
		}
		from, left = n.pack.candidate(next).Version, distance[next]
		way = append(way, next)
	}
	return way
}

// nearest is the step that can follow a version and is nearest to the end, nearer than a bound; the newest of equals.
func (s *search) nearest(n *node, from catalog.Version, steps []int, distance map[int]int, bound int) int {
	best := -1
	for _, step := range steps {
		d, known := distance[step]
		if known && d < bound && s.follows(n, from, step) {
			if best < 0 || d <= distance[best] {
				best = step
			}
		}
	}
	return best
}

// follows reports whether an element can follow a version. Its needs are known.
func (s *search) follows(n *node, v catalog.Version, element int) bool {
	c := n.pack.candidate(element)
	return c.Version.Compare(v) > 0 && reaches(n.pack.needs[element-1].From, v, c.Version)
}

// between is the elements that can be steps after a version, up to and with the last one, versions ascending.
func (s *search) between(ctx context.Context, n *node, from catalog.Version, to int, withdrawn bool) []int {
	last := n.pack.candidate(to)
	barred := emptySet(n.pack.size)
	if !withdrawn {
		barred = n.pack.yanked
	}
	for _, i := range s.question.holds[n.pkg] {
		if asked := s.question.asked; asked != nil && *asked == (entry{fromHold, i}) {
			continue
		}
		barred = barred.or(n.pack.present.without(n.pack.allowed(s.question.problem.Holds[i].Range)))
	}
	for _, i := range s.question.facts[n.pkg] {
		barred = barred.or(n.pack.where(s.question.problem.Facts[i].excludes))
	}
	var steps []int
	for i, c := range n.pack.candidates {
		element := i + 1
		if c.Registry != last.Registry || c.Version.Compare(from) <= 0 || c.Version.Compare(last.Version) > 0 {
			continue
		}
		if element != to && (barred.has(element) || c.Version.Prerelease()) {
			continue
		}
		needs, err := s.universe.needsOf(ctx, n.pack, element)
		if err == nil && (element == to || fitsCluster(needs, s.question.problem.Kubernetes)) {
			steps = append(steps, element)
		}
	}
	return steps
}

// maxForecast bounds how many steps a forecast goes.
const maxForecast = 20

// forecast writes into a plan what is left to go when a path holds something back: what the same question brings when it is asked
// again and again, each time of what it brought before, until nothing goes up any more.
func (s *search) forecast(ctx context.Context, plan *Plan) error {
	problem := *s.question.problem
	problem.Move = append(slices.Clone(problem.Move), plan.departed(problem.Locked)...)
	at := plan
	for range maxForecast {
		if !s.pathed {
			return nil
		}
		problem.Locked = at.locked()
		q, err := newQuestion(&problem)
		if err != nil {
			return err
		}
		var found solution
		if s, found, err = reply(ctx, s.universe, q); err != nil || found == nil {
			return err
		}
		if at = s.plan(found); !plan.goOn(at) {
			return nil
		}
	}
	return nil
}

// departed is the instances that are not what a lock holds.
func (p *Plan) departed(from []Locked) []string {
	var names []string
	for _, l := range from {
		if now := p.Instance(l.Instance); now != nil && now.Version.Compare(l.Version) != 0 {
			names = append(names, l.Instance)
		}
	}
	return names
}

// locked is a lock that holds a plan.
func (p *Plan) locked() []Locked {
	all := make([]Locked, len(p.Instances))
	for i, c := range p.Instances {
		all[i] = Locked{c.Instance, c.Package, c.Registry, c.Version}
	}
	return all
}

// goOn adds a step to each instance that goes up in another plan, and reports whether there is any.
func (p *Plan) goOn(to *Plan) bool {
	moved := false
	for i := range p.Instances {
		now := &p.Instances[i]
		last := append([]catalog.Version{now.Version}, now.Next...)
		next := to.Instance(now.Instance)
		if next != nil && next.Package == now.Package && next.Registry == now.Registry && next.Version.Compare(last[len(last)-1]) > 0 {
			now.Next = append(now.Next, next.Version)
			moved = true
		}
	}
	return moved
}
