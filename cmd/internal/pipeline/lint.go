package pipeline

import (
	"context"
	"errors"
	"fmt"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	lifecycle "gkops.dev/gkops/compat/knowledge"
	"gkops.dev/gkops/compat/schema"
	"gkops.dev/gkops/resolver/catalog"
)

// Linted is what is said to the author of one version of a package. Its JSON is a stable schema.
type Linted struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Objects int    `json:"objects"` // of its manifests, or of what its charts and kustomization make with its own values
	// Kubernetes is what the objects fit, nil when there is none to judge.
	Kubernetes     *Fitting        `json:"kubernetes,omitempty"`
	Unjudged       string          `json:"unjudged,omitempty"` // why it could not be judged, when that is no fault
	Unread         string          `json:"unread,omitempty"`   // why it could not be read, which is no fault of the author
	Faults         []string        `json:"faults"`             // what nobody can use, with its place
	Contradictions []Contradiction `json:"contradictions"`     // ranges that the author, or another, states and that the objects do not fit
}

// Fitting is an interval of Kubernetes versions; both ends are empty for none.
type Fitting struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// Fine reports whether there is nothing to mend.
func (l Linted) Fine() bool { return len(l.Faults)+len(l.Contradictions) == 0 }

// Lint judges the versions of packages in a registry of Glasskube's layout, at a folder or a URL as in gkops.yaml: whether it can be read,
// and whether its objects fit what facts.yaml states of it. only names the packages, none is all. Every version is told to tell, when it
// is judged. The error says that the list of them could not be read.
func Lint(ctx context.Context, world World, base, place string, only []string, tell func(Linted)) error {
	opener, err := opener(world, base, nil)
	if err != nil {
		return err
	}
	registry, err := opener.Open(place, place)
	if err != nil {
		return err
	}
	if len(only) == 0 {
		listings, err := registry.Listings(ctx)
		if err != nil {
			return err
		}
		for _, l := range listings {
			only = append(only, l.Name)
		}
	}
	knowledge, err := lifecycle.Load()
	if err != nil {
		return err
	}
	l := linter{registry: registry, project: &Project{world: world, opener: opener, registries: catalog.NewSet(registry)}, knowledge: knowledge}
	for _, pkg := range only {
		versions, err := registry.Versions(ctx, pkg)
		if err == nil && len(versions) == 0 {
			return fmt.Errorf("the index of %s lists no package %s", place, pkg)
		}
		if err != nil {
			tell(newLinted(pkg, "").failed(err))
		}
		for _, v := range versions {
			linted, err := l.version(ctx, pkg, v)
			if err != nil {
				return err
			}
			tell(linted)
		}
	}
	return ctx.Err()
}

func newLinted(pkg, version string) Linted {
	return Linted{Package: pkg, Version: version, Faults: []string{}, Contradictions: []Contradiction{}}
}

// failed notes why something could not be read.
func (l Linted) failed(err error) Linted {
	if unread(err) {
		l.Unread = err.Error()
		return l
	}
	l.Faults = append(l.Faults, err.Error())
	return l
}

// unread reports whether an error says nothing of what should have been read.
func unread(err error) bool {
	return errors.Is(err, catalog.ErrUnreachable) || errors.Is(err, catalog.ErrRefused) || errors.Is(err, catalog.ErrNoCopy) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// linter is a registry with what its packages are held to.
type linter struct {
	registry  *catalog.Registry
	project   *Project // that reads packages; it has no workspace
	knowledge *lifecycle.Knowledge
}

func (l *linter) version(ctx context.Context, pkg string, v catalog.Version) (Linted, error) {
	linted := newLinted(pkg, v.String())
	known, _, err := l.project.registries.Known(ctx, l.registry.Name(), pkg, v)
	if err != nil {
		linted = linted.failed(err)
	}
	release, err := l.registry.Release(ctx, pkg, v)
	var files []catalog.File
	if err == nil {
		files, err = l.registry.Files(ctx, release)
	}
	switch {
	case err != nil:
		return linted.failed(err), nil
	case release.Manifest.Helm != nil, release.Manifest.Kustomize != nil:
		return linted, l.rendered(ctx, &linted, release, known)
	}
	return linted, l.objects(ctx, &linted, files, known)
}

// objects judges the objects of plain manifests.
func (l *linter) objects(ctx context.Context, linted *Linted, files []catalog.File, known catalog.Known) error {
	var list []compat.File
	for _, f := range files {
		list = append(list, compat.File{Name: f.Name, Read: func() ([]byte, error) { return f.Data, nil }})
	}
	report, err := compat.CheckFiles(ctx, list, compat.Target{Knowledge: l.knowledge, Schemas: schema.Schemas{}})
	if err != nil {
		return err
	}
	linted.Faults = append(linted.Faults, faultsOf(report)...)
	if linted.Objects = report.Objects; linted.Objects == 0 {
		return nil
	}
	linted.Kubernetes = &Fitting{report.Interval.Min, report.Interval.Max}
	found, err := contradictions(known, report.Interval, minors(l.knowledge))
	linted.Contradictions = append(linted.Contradictions, found...)
	return err
}

// faultsOf are the findings that hold for every Kubernetes version.
func faultsOf(report *compat.Report) []string {
	var faults []string
	for _, f := range report.Findings {
		if f.Severity == finding.Error && !bound(f.Rule) {
			faults = append(faults, fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message))
		}
	}
	return faults
}
