package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// tell fills in a plan from a way.
func (e *expedition) tell(ctx context.Context, plan *KubernetesPlan, way []*waypoint, shortest bool) error {
	last := way[len(way)-1]
	plan.Reaches, plan.Changes, plan.Shortest, plan.Steps = e.names[last.minor], last.length, shortest, []KubernetesStep{}
	for n, w := range way[1:] {
		step := KubernetesStep{Number: n + 1, At: e.names[way[n].minor]}
		if w.minor > way[n].minor {
			step.To = e.names[w.minor]
		} else {
			var err error
			if step.Moves, err = e.moves(ctx, way, n+1); err != nil {
				return err
			}
		}
		plan.Steps = append(plan.Steps, step)
	}
	if last.minor < len(e.minors)-1 {
		err := e.measureAhead(ctx, way)
		if err != nil {
			return err
		}
		if plan.Blocked, err = e.blockers(ctx, last, plan.Blocked); err != nil {
			return err
		}
	}
	var err error
	plan.Unknown, err = e.unknown(ctx, way)
	return err
}

// moves are the instances that are not the same at a waypoint as at the one before.
func (e *expedition) moves(ctx context.Context, way []*waypoint, n int) ([]VersionMove, error) {
	before, after := way[n-1].stand.plan, way[n].stand.plan
	var all []VersionMove
	for _, c := range after.Instances {
		was := before.Instance(c.Instance)
		if was != nil && was.Version.Equal(c.Version) && was.Registry == c.Registry {
			continue
		}
		m := VersionMove{Instance: c.Instance, Package: c.Package, Registry: c.Registry, To: c.Version.String()}
		var err error
		if was != nil {
			m.From = was.Version.String()
			m.Why, err = e.mover(ctx, *was, way[n].minor)
		}
		if m.Why == "" {
			m.Why = along(c)
		}
		if err == nil {
			m.Evidence, err = e.evidence(ctx, c, way, n)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	for _, was := range before.Instances {
		if after.Instance(was.Instance) == nil {
			all = append(all, VersionMove{Instance: was.Instance, Package: was.Package, Registry: was.Registry, From: was.Version.String(),
				Why: "nothing asks for it any more", Evidence: []FitEvidence{}})
		}
	}
	return all, nil
}

// along says why an instance moves that would fit as it is.
func along(c resolver.Chosen) string {
	var by []string
	for _, r := range c.RequiredBy {
		if r.By != "" {
			by = append(by, strings.TrimSpace(r.By+" "+r.Range.String()))
		}
	}
	if len(by) == 0 {
		return "on the way to a version that fits"
	}
	return "needed by " + strings.Join(by, ", ")
}

// mover says what makes a version leave: the first minor from here on that it does not fit; empty when it fits all.
func (e *expedition) mover(ctx context.Context, c resolver.Chosen, from int) (string, error) {
	for minor := from; minor < len(e.minors); minor++ {
		why, err := e.against(ctx, minor, c.Package, c.Registry, c.Version)
		if err != nil || why != "" {
			return why, err
		}
	}
	return "", nil
}

// against says why a version does not fit a minor; empty when it does.
func (e *expedition) against(ctx context.Context, minor int, pkg, registry string, v catalog.Version) (string, error) {
	for _, x := range e.barred(minor) {
		if x.Package == pkg && x.Registry == registry && x.Version.Equal(v) {
			return fmt.Sprintf("%s does not fit Kubernetes %s: %s (measured at %s)", v, e.names[minor], x.Why, x.Where), nil
		}
	}
	needs, err := e.at(minor).Needs(ctx, pkg, resolver.Candidate{Registry: registry, Version: v})
	if err != nil {
		return "", err
	}
	no := unmet(needs, e.minors[minor])
	if len(no) == 0 {
		return "", nil
	}
	said := make([]string, 0, len(no))
	for _, d := range no {
		said = append(said, FitEvidence{d.Range.String(), cmp.Or(d.Source, "its package.yaml")}.String())
	}
	return fmt.Sprintf("%s does not fit Kubernetes %s: it fits %s", v, e.names[minor], strings.Join(said, ", ")), nil
}

// evidence is what says that a version fits the minors that it is there for, as far up as the way keeps it.
func (e *expedition) evidence(ctx context.Context, c resolver.Chosen, way []*waypoint, n int) ([]FitEvidence, error) {
	all := []FitEvidence{}
	for at := n; at < len(way); at++ {
		here := way[at].stand.plan.Instance(c.Instance)
		if here == nil || !here.Version.Equal(c.Version) {
			break
		}
		known, err := e.statements(ctx, c, way[at].minor)
		if err != nil {
			return nil, err
		}
		for _, one := range known {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	m, err := e.rendered(ctx, c, way)
	if err != nil {
		return nil, err
	}
	return append(all, FitEvidence{m, "measured on its objects"}), nil
}

// statements are what decides that a version fits a minor.
func (e *expedition) statements(ctx context.Context, c resolver.Chosen, minor int) ([]FitEvidence, error) {
	known, _, err := e.project.factsOf(ctx, c.Registry, c.Package, c.Version)
	if err != nil {
		return nil, err
	}
	var all []FitEvidence
	for _, s := range known.Kubernetes(e.minors[minor]) {
		all = append(all, FitEvidence{s.Range.String(), s.Source})
	}
	return all, nil
}

// rendered is the minors that the objects of a version fit.
func (e *expedition) rendered(ctx context.Context, c resolver.Chosen, way []*waypoint) (string, error) {
	for n, w := range way[1:] {
		here := w.stand.plan.Instance(c.Instance)
		if here == nil || !here.Version.Equal(c.Version) {
			continue
		}
		got, err := e.render(ctx, w, way[n], nil) // verify has rendered it
		if err != nil {
			return "", err
		}
		return e.measured(ctx, c.Instance, got.done)
	}
	return "", errors.New("nothing was rendered of " + c.Instance)
}

// unknown are the instances of which nothing is said for versions of Kubernetes that they come to.
func (e *expedition) unknown(ctx context.Context, way []*waypoint) ([]Unknown, error) {
	all := []Unknown{}
	for n, w := range way[1:] {
		if w.minor == way[n].minor {
			continue
		}
		for _, c := range w.stand.plan.Instances {
			said, err := e.statements(ctx, c, w.minor)
			if err != nil {
				return nil, err
			}
			if len(said) > 0 {
				continue
			}
			same := slices.IndexFunc(all, func(u Unknown) bool { return u.Instance == c.Instance && u.Version == c.Version.String() })
			if same < 0 {
				m, err := e.rendered(ctx, c, way)
				if err != nil {
					return nil, err
				}
				same = len(all)
				all = append(all, Unknown{Instance: c.Instance, Package: c.Package, Version: c.Version.String(), Measured: m})
			}
			all[same].Kubernetes = append(all[same].Kubernetes, e.names[w.minor])
		}
	}
	return all, nil
}
