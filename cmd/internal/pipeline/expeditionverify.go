package pipeline

import (
	"context"
	"fmt"
	"slices"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/schema"
	"gkops.dev/gkops/gitops/lock"
)

// verified is what came of a step that was rendered.
type verified struct {
	done  *planned
	facts []compat.Fact
	unfit []finding.Finding
	parts map[string]*compat.Report
}

// unfit is a step whose tree does not fit, whatever versions there are.
type unfit struct {
	minor   int // that can be reached
	blocked Blocked
}

// verify renders every step of a way, each from the one before, and judges what it changes as the change itself would be judged. It
// stops at the first that does not fit: news says that the reason rules out a version.
func (e *expedition) verify(ctx context.Context, way []*waypoint) (*unfit, bool, error) {
	held := e.project.locks[e.cluster.Name]
	counter := e.project.counter("rendering steps", len(way)-1)
	for n, w := range way[1:] {
		got, err := e.render(ctx, w, way[n], held)
		if err != nil {
			return nil, false, fmt.Errorf("step %d of the plan: %w", n+1, err)
		}
		counter()
		news := false
		for _, f := range got.facts {
			news = e.learn(w.minor, f, got) || news
		}
		if news {
			return nil, true, nil
		}
		if len(got.unfit) > 0 {
			f := got.unfit[0]
			why := fmt.Sprintf("%s:%d: %s [%s]", f.File, f.Line, f.Message, f.Rule)
			if more := len(got.unfit) - 1; more > 0 {
				why += fmt.Sprintf(", and %d more", more)
			}
			blocked := Blocked{Instance: e.owner(f.File), Kubernetes: e.names[way[n].minor+1], Why: why, Hint: (&UnfitError{}).Hint()}
			if c := w.stand.plan.Instance(blocked.Instance); c != nil {
				blocked.Package, blocked.Version = c.Package, c.Version.String()
			}
			return &unfit{way[n].minor, blocked}, false, nil
		}
		held = got.done.lock
	}
	return nil, false, nil
}

// render renders a waypoint as the change from the one before would, and judges it.
func (e *expedition) render(ctx context.Context, w, before *waypoint, held *lock.Lock) (*verified, error) {
	key := fmt.Sprint(before.minor, before.stand.key, w.minor, w.stand.key)
	if got := e.seen[key]; got != nil {
		return got, nil
	}
	p := e.project
	space, cluster := e.workspace(w.minor)
	instances, err := p.describe(ctx, space, cluster.Name, w.stand.plan)
	if err != nil {
		return nil, err
	}
	for n := range instances {
		keepLocked(held, &instances[n])
	}
	fresh := &lock.Lock{Cluster: cluster.Name, Kubernetes: cluster.Kubernetes, Engine: string(space.Engine), Instances: instances}
	done, err := p.renderLock(ctx, p.target(space, cluster, held), fresh, held)
	if err != nil {
		return nil, err
	}
	j, err := p.judge(ctx, space, done, held)
	if err != nil {
		return nil, err
	}
	got := &verified{done: done, facts: j.facts, parts: j.parts}
	for _, f := range j.findings {
		if f.Severity == finding.Error {
			got.unfit = append(got.unfit, f)
		}
	}
	e.seen[key] = got
	return got, nil
}

// learn notes a fact about a minor; what a release has removed no later one has, and what it has not yet no earlier one.
func (e *expedition) learn(minor int, f compat.Fact, got *verified) bool {
	low, high := minor, minor
	switch f.Finding.Rule {
	case compat.Removed, compat.FieldRemoved:
		high = len(e.known) - 1
	case compat.NotYet, compat.FieldNotYet, compat.RuleNotYet:
		low = 0
	}
	j := &judged{facts: got.facts, parts: got.parts}
	news := false
	for at := low; at <= high; at++ {
		news = e.known[at].learn(f, j, got.done.lock) || news
	}
	return news
}

// owner is the instance that a file belongs to.
func (e *expedition) owner(file string) string {
	name, _ := placeOf(file, clusterFolder(e.cluster.Name))
	return name
}

// measured is the minors that the objects of an instance fit, "1.24 to 1.31", as they were rendered last.
func (e *expedition) measured(ctx context.Context, instance string, done *planned) (string, error) {
	var files []compat.File
	for name, data := range done.files {
		if e.owner(name) == instance {
			files = append(files, compat.File{Name: name, Read: func() ([]byte, error) { return data, nil }})
		}
	}
	slices.SortFunc(files, func(a, b compat.File) int { return compareStrings(a.Name, b.Name) })
	report, err := compat.CheckFiles(ctx, files, compat.Target{Schemas: schema.Schemas{}})
	if err != nil {
		return "", err
	}
	if report.Interval.Min == "" {
		return "none", nil
	}
	return report.Interval.Min + " to " + report.Interval.Max, nil
}
