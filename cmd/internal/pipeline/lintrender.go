package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	lifecycle "gkops.dev/gkops/compat/knowledge"
	"gkops.dev/gkops/compat/schema"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// unrendered begins what is said of a version that needs more than its own values.
const unrendered = "with its own values it cannot be rendered: "

// attempt is a version as it is rendered with its own values for one Kubernetes minor after the other: what charts make may depend on it.
type attempt struct {
	*linter
	from    fetched
	lock    lock.Instance
	reports map[catalog.Digest]*compat.Report // of what was rendered
	errs    map[lifecycle.Minor]error         // of the minors that it cannot be rendered for
	fits    lifecycle.Minors
	why     map[lifecycle.Minor][]finding.Finding // of the minors that it does not fit
	newest  *compat.Report                        // of what was rendered last
}

// rendered judges the objects that charts and kustomizations make with the values of the package. A version that cannot be rendered
// without a workspace's values is not judged.
func (l *linter) rendered(ctx context.Context, linted *Linted, release *catalog.Release, known catalog.Known) error {
	m := release.Manifest
	a := &attempt{linter: l, reports: map[catalog.Digest]*compat.Report{}, errs: map[lifecycle.Minor]error{}, why: map[lifecycle.Minor][]finding.Finding{}}
	a.lock = lock.Instance{Name: release.Package, Package: release.Package, Version: release.Version.String(), Registry: release.Registry,
		Namespaced: m.Namespaced(), Namespace: m.DefaultNamespace}
	if a.lock.Namespace == "" {
		a.lock.Namespace = "default"
	}
	var err error
	var missing *values.MissingError
	switch a.from, err = l.project.fetchOne(ctx, a.lock); {
	case errors.As(err, &missing):
		linted.Unjudged = unrendered + err.Error()
		return nil
	case err != nil:
		*linted = linted.failed(err)
		return ctx.Err()
	}
	for _, minor := range minors(l.knowledge) {
		if err := a.minor(ctx, minor); err != nil {
			return err
		}
	}
	if a.newest == nil {
		linted.Unjudged = unrendered + a.errs[l.knowledge.Newest].Error()
		return nil
	}
	linted.Objects = a.newest.Objects
	linted.Faults = append(linted.Faults, a.faults()...)
	interval := a.interval()
	linted.Kubernetes = &Fitting{interval.Min, interval.Max}
	found, err := contradictions(known, interval, minors(l.knowledge))
	linted.Contradictions = append(linted.Contradictions, found...)
	return err
}

// minor renders for one minor and judges what comes out. Its error is the end of ctx; that it cannot be rendered is noted.
func (a *attempt) minor(ctx context.Context, minor lifecycle.Minor) error {
	served, err := serves(minor.String())
	if err != nil {
		return err
	}
	out, err := render.Tree(ctx, render.Cluster{
		Name: "lint", Kubernetes: minor.String(), Engine: render.Flux, Root: clusterFolder("lint"), Source: render.Source{Name: "lint", Namespace: "lint"},
		Serves: served, Now: time.Unix(0, 0).UTC(),
	}, []render.Instance{a.from.instance})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		a.errs[minor] = err
		a.why[minor] = []finding.Finding{{Message: err.Error()}}
		return nil
	}
	a.lock.Made = out.Made[a.lock.Name] // what is made up once stays, so that it makes no difference between minors
	for n, chart := range a.from.instance.Charts {
		a.from.instance.Charts[n].Made = madeBy(a.lock, len(a.from.instance.Charts), chart.Name)
	}
	report, err := a.report(ctx, out)
	if err != nil {
		return err
	}
	a.newest = report
	fits, why, err := holds(report.Interval, minor)
	if fits {
		a.fits |= lifecycle.Only(minor)
	}
	a.why[minor] = why
	return err
}

// report judges what was rendered, the same bytes once.
func (a *attempt) report(ctx context.Context, out *render.Output) (*compat.Report, error) {
	folder := path.Join(clusterFolder("lint"), "packages") + "/"
	var files []compat.File
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(out.Files)) {
		short, inside := strings.CutPrefix(name, folder)
		if !inside || path.Base(name) == "kustomization.yaml" {
			continue
		}
		data := out.Files[name]
		files = append(files, compat.File{Name: short, Read: func() ([]byte, error) { return data, nil }})
		fmt.Fprintf(&all, "%s %s\n", short, catalog.DigestOf(data))
	}
	digest := catalog.DigestOf([]byte(all.String()))
	if a.reports[digest] == nil {
		report, err := compat.CheckFiles(ctx, files, compat.Target{Knowledge: a.knowledge, Schemas: schema.Schemas{}})
		if err != nil {
			return nil, err
		}
		a.reports[digest] = report
	}
	return a.reports[digest], nil
}

// holds reports whether an interval has a minor, and why not.
func holds(in compat.Interval, minor lifecycle.Minor) (bool, []finding.Finding, error) {
	if in.Min == "" {
		return false, slices.Concat(in.MaxBecause, in.MinBecause), nil
	}
	low, err := lifecycle.ParseMinor(in.Min)
	if err != nil {
		return false, nil, err
	}
	high, err := lifecycle.ParseMinor(in.Max)
	switch {
	case err != nil:
		return false, nil, err
	case minor < low:
		return false, in.MinBecause, nil
	case minor > high:
		return false, in.MaxBecause, nil
	}
	return true, nil, nil
}

// faults are what nobody can use of all that was rendered.
func (a *attempt) faults() []string {
	var faults []string
	for _, report := range a.reports {
		faults = append(faults, faultsOf(report)...)
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

// interval is the newest run of minors that what is rendered for each fits, with what bounds it.
func (a *attempt) interval() compat.Interval {
	last := a.fits.Last()
	if last == 0 {
		return compat.Interval{MaxBecause: a.why[a.knowledge.Newest], MinBecause: a.why[a.knowledge.Oldest]}
	}
	first := last
	for a.fits.Has(first - 1) {
		first--
	}
	return compat.Interval{Min: first.String(), Max: last.String(), MinBecause: a.why[first-1], MaxBecause: a.why[last+1]}
}
