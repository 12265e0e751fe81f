package resolver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// ways lists, for what cannot be reached from the locked version, the first step of the way there: over withdrawn versions only when
// there is no other.
func ways(ctx context.Context, refuted *search) []relaxation {
	found := leaves(refuted.refuted)
	slices.SortStableFunc(found, refuted.question.problem.compareOrigins)
	var nodes []*node
	beyond := map[*node]set{}
	for _, o := range found {
		if o.kind != fromPath {
			continue
		}
		if !slices.Contains(nodes, o.node) {
			nodes, beyond[o.node] = append(nodes, o.node), emptySet(o.node.pack.size)
		}
		beyond[o.node] = beyond[o.node].or(o.set)
	}
	var list []relaxation
	for _, n := range nodes {
		steps := refuted.firstSteps(ctx, n, beyond[n], false)
		if len(steps) == 0 {
			steps = refuted.firstSteps(ctx, n, beyond[n], true)
		}
		list = append(list, steps...)
	}
	return list
}

// firstSteps goes to the first step for a root, and for what others need to the last one before it fits.
func (s *search) firstSteps(ctx context.Context, n *node, out set, withdrawn bool) []relaxation {
	if n.root < 0 {
		return s.stepsBefore(ctx, n, out, withdrawn)
	}
	return s.firstStep(ctx, n, withdrawn)
}

// maxDestinations bounds the versions of one package to which a way is looked for.
const maxDestinations = 5

// stepsBefore goes to the last step before a version that others need, for the newest few of those out of reach that there is a way to.
func (s *search) stepsBefore(ctx context.Context, n *node, out set, withdrawn bool) []relaxation {
	lock := s.question.problem.Locked[n.lock]
	var list []relaxation
	for element := n.pack.size - 1; element > 0 && len(list) < maxDestinations; element-- {
		if !out.has(element) {
			continue
		}
		way := s.way(ctx, n, lock.Version, element, withdrawn)
		if len(way) < 2 {
			continue
		}
		list = append(list, relaxation{"path", "path " + n.instance, entry{fromLockedVersion, n.lock}, n.pkg, "",
			func(p *Problem) {
				p.Locked = slices.Clone(p.Locked)
				p.Locked[n.lock].Version = n.pack.candidate(way[len(way)-2]).Version
			},
			func(solution) string {
				return fmt.Sprintf("upgrade %s to %s first, then %s", lock.Instance, n.step(way[0]), n.then(way[1:]))
			},
		})
	}
	return list
}

// firstStep asks for the first step of the way to the best version that a root allows and that there is a way to.
func (s *search) firstStep(ctx context.Context, n *node, withdrawn bool) []relaxation {
	root, lock := s.question.problem.Roots[n.root], s.question.problem.Locked[n.lock]
	left := s.rootSet(n).without(n.pack.yanked)
	for _, i := range s.question.holds[n.pkg] {
		left = left.and(n.pack.allowed(s.question.problem.Holds[i].Range))
	}
	for !left.empty() {
		to := -1
		for _, b := range n.pack.blocks {
			to = max(to, s.bestOf(n.pack, left, b))
		}
		left = left.without(single(n.pack.size, to))
		way := s.way(ctx, n, lock.Version, to, withdrawn)
		if len(way) < 2 {
			continue
		}
		return []relaxation{{"path", "", entry{fromRoot, n.root}, root.Package, root.Where,
			func(p *Problem) {
				p.Roots[n.root].Range = catalog.Exactly(n.pack.candidate(way[0]).Version)
				if asked := s.question.asked; asked != nil && asked.kind == fromHold {
					p.Holds[asked.index].Package = ""
				}
			},
			func(solution) string {
				return fmt.Sprintf("upgrade %s@%s first, then %s", root.name(), n.step(way[0]), n.then(way[1:]))
			},
		}}
	}
	return nil
}

// then is steps in order.
func (n *node) then(steps []int) string {
	texts := make([]string, len(steps))
	for i, element := range steps {
		texts[i] = n.step(element)
	}
	return strings.Join(texts, ", then ")
}

// step is an element on the way.
func (n *node) step(element int) string {
	text := n.pack.candidate(element).Version.String()
	if n.pack.yanked.has(element) {
		text += " (withdrawn)"
	}
	return text
}

// exactly asks for just one withdrawn version, where a root could have it.
func exactly(p *Problem, refuted *search) []relaxation {
	var list []relaxation
	found := leaves(refuted.refuted)
	slices.SortStableFunc(found, refuted.question.problem.compareOrigins)
	slices.Reverse(found)
	for _, o := range found {
		if o.kind != fromYanked || o.node.root < 0 {
			continue
		}
		e := entry{fromRoot, o.node.root}
		root, c := p.Roots[e.index], o.node.pack.candidate(o.index)
		if !root.Range.Allows(c.Version) {
			continue
		}
		list = append(list, relaxation{"withdrawn", "exactly " + o.node.instance, e, root.Package, root.Where,
			func(p *Problem) { p.Roots[e.index].Range = catalog.Exactly(c.Version) },
			func(solution) string {
				return fmt.Sprintf("ask for exactly %s %s, though it was withdrawn%s", root.name(), c.Version, at(root.Where))
			},
		})
	}
	return list
}

// otherNames asks for what provides a virtual package instead of the virtual package.
func otherNames(p *Problem, e entry, u *universe) []relaxation {
	root := p.Roots[e.index]
	if known := u.packages[root.Package]; known == nil || len(known.candidates) > 0 {
		return nil
	}
	var list []relaxation
	for _, name := range u.virtual[root.Package] {
		list = append(list, relaxation{"provider", name, e, name, root.Where,
			func(p *Problem) { p.Roots[e.index].Package, p.Roots[e.index].Range = name, anyStable },
			func(found solution) string {
				instance := root.Instance
				if instance == "" {
					instance = name
				}
				return fmt.Sprintf("ask for %s %s, which provides %s%s", name, found.version(instance), root.Package, at(root.Where))
			},
		})
	}
	return list
}

// furthest is how many minor versions a cluster might be moved.
const furthest = 20

// moveCluster tries other minor versions of Kubernetes: those where something begins to fit that did not, the nearest first, up
// before down.
func moveCluster(p *Problem, e entry, refuted *incompatibility) []relaxation {
	var unmet []catalog.Range
	for _, o := range leaves(refuted) {
		if o.kind == fromDemand {
			unmet = append(unmet, o.requested)
		}
	}
	var list []relaxation
	for _, direction := range []int{1, -1} {
		fitted := 0
		for steps := 1; steps <= furthest; steps++ {
			minor := int(p.Kubernetes.Minor()) + direction*steps
			if minor < 0 {
				break
			}
			v, err := catalog.ParseKubernetes(fmt.Sprintf("%d.%d", p.Kubernetes.Major(), minor))
			if err != nil {
				break
			}
			if now := countAllowing(unmet, v); now > fitted {
				fitted = now
				list = append(list, moveTo(p, e, v, direction))
			}
		}
	}
	return list
}

func countAllowing(ranges []catalog.Range, v catalog.Version) int {
	n := 0
	for _, r := range ranges {
		if r.Allows(v) {
			n++
		}
	}
	return n
}

func moveTo(p *Problem, e entry, v catalog.Version, direction int) relaxation {
	return relaxation{"kubernetes", fmt.Sprintf("kubernetes %d", direction), e, kubernetes, p.KubernetesWhere,
		func(p *Problem) { p.Kubernetes = v },
		func(solution) string {
			return fmt.Sprintf("move the cluster to kubernetes %s%s", v, at(p.KubernetesWhere))
		},
	}
}
