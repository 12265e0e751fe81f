package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gkops.dev/gkops/resolver"
)

// blockers completes the reasons why a way ends at a waypoint: every instance of which no version fits some later minor and the one
// before, and why there is no set of versions of all the others for the next.
func (e *expedition) blockers(ctx context.Context, last *waypoint, all []Blocked) ([]Blocked, error) {
	for _, c := range last.stand.plan.Instances {
		b, err := e.blocker(ctx, c, last.minor)
		if err != nil {
			return nil, err
		}
		if b != nil && !slices.ContainsFunc(all, func(told Blocked) bool { return told.Instance == b.Instance && told.Kubernetes == b.Kubernetes }) {
			all = append(all, *b)
		}
	}
	joint, err := e.together(ctx, last, all)
	if err != nil || joint == nil {
		return all, err
	}
	return append([]Blocked{*joint}, all...), nil
}

// measureAhead judges what a way ends with at all later minors, so that what objects say is told of these too.
func (e *expedition) measureAhead(ctx context.Context, way []*waypoint) error {
	last := way[len(way)-1]
	held := e.project.locks[e.cluster.Name]
	if len(way) > 1 {
		got, err := e.render(ctx, last, way[len(way)-2], nil) // verify has rendered it
		if err != nil {
			return err
		}
		held = got.done.lock
	}
	for minor := last.minor + 1; minor < len(e.minors); minor++ {
		got, err := e.render(ctx, &waypoint{minor: minor, stand: last.stand}, last, held)
		if err != nil {
			return err
		}
		for _, f := range got.facts {
			if f.With == "" {
				e.learn(minor, f, got)
			}
		}
	}
	return nil
}

// blocker is why an instance, for itself, cannot follow from a minor to the top; nil when it can.
func (e *expedition) blocker(ctx context.Context, c resolver.Chosen, from int) (*Blocked, error) {
	steps, err := e.newRungs(ctx, c, false)
	if err != nil || !steps.root {
		return nil, err
	}
	for minor := from; minor+1 < len(e.minors); minor++ {
		if slices.ContainsFunc(steps.fits, func(fits []bool) bool { return fits[minor] && fits[minor+1] }) {
			continue
		}
		b := &Blocked{Instance: c.Instance, Package: c.Package, Version: c.Version.String(), Kubernetes: e.names[minor+1]}
		newest := steps.versions[len(steps.versions)-1]
		why, err := e.against(ctx, minor+1, c.Package, c.Registry, newest)
		if err != nil {
			return nil, err
		}
		if why == "" {
			if why, err = e.against(ctx, minor, c.Package, c.Registry, newest); err != nil {
				return nil, err
			}
		}
		b.Why = fmt.Sprintf("no version of %s fits both %s and %s: %s", c.Package, e.names[minor], e.names[minor+1], why)
		b.Hint, err = e.outOfRange(ctx, c, minor)
		return b, err
	}
	return nil, nil
}

// outOfRange names a version that would fit two minors and that gkops.yaml does not allow; empty when there is none.
func (e *expedition) outOfRange(ctx context.Context, c resolver.Chosen, minor int) (string, error) {
	candidates, err := e.at(minor).Candidates(ctx, c.Package)
	if err != nil {
		return "", err
	}
	for _, o := range slices.Backward(candidates) {
		if o.Registry != c.Registry || o.Yanked != "" || o.Version.Prerelease() || o.Version.Compare(c.Version) < 0 || e.allowed(c, o.Version) {
			continue
		}
		for _, at := range []int{minor, minor + 1} {
			fits, err := e.fits(ctx, at, c.Package, o)
			if err != nil {
				return "", err
			}
			if !fits {
				break
			}
			if at > minor {
				return fmt.Sprintf("%s fits both, and gkops.yaml keeps %s from it", o.Version, c.Instance), nil
			}
		}
	}
	return "", nil
}

// together is why no set of versions fits the minor of a waypoint and the next, without the instances that are told already.
func (e *expedition) together(ctx context.Context, last *waypoint, told []Blocked) (*Blocked, error) {
	next := last.minor + 1
	alone := func(instance string) bool {
		return slices.ContainsFunc(told, func(b Blocked) bool { return b.Instance == instance && b.Kubernetes == e.names[next] })
	}
	problem := e.problem
	problem.Roots = slices.DeleteFunc(slices.Clone(problem.Roots), func(root resolver.Root) bool { return alone(rootName(root)) })
	problem.Locked = slices.DeleteFunc(last.stand.locked(), func(l resolver.Locked) bool { return alone(l.Instance) })
	_, err := e.solve(ctx, problem, next, next)
	var no *resolver.NoSolutionError
	if errors.As(err, &no) {
		b := &Blocked{Kubernetes: e.names[next], Why: no.Conflict}
		for _, step := range no.Steps {
			b.Steps = append(b.Steps, step.Text)
		}
		for _, fix := range no.Fixes {
			if fix.Kind != "kubernetes" && b.Hint == "" {
				b.Hint = fix.Text
			}
		}
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err = e.solve(ctx, problem, last.minor, next); errors.As(err, &no) {
		return &Blocked{Kubernetes: e.names[next],
			Why: fmt.Sprintf("there is a set of versions for %s, and none that fits %s too", e.names[next], e.names[last.minor])}, nil
	}
	return nil, err
}
