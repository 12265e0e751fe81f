package compat

import (
	"cmp"
	"fmt"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// Measure is what the objects of one package say about what they can be with, in plain words for whoever resolves.
type Measure struct {
	Min, Max               string // the oldest and newest Kubernetes minor that fits, "1.25"; empty where nothing bounds it
	MinBecause, MaxBecause string // what bounds it, with its place
	Nowhere                bool   // no known minor fits: MinBecause and MaxBecause contradict each other
	Serves, Uses           []API
}

// API is versions of one kind of custom resource, sorted, and the place of the first of them.
type API struct {
	Group, Kind string
	Versions    []string
	Where       string // "crds.yaml:12"
}

// Measured takes the measure of a report, of the objects of one package alone.
func Measured(r *Report) Measure {
	m := Measure{Nowhere: r.Interval.Min == "", MinBecause: because(r.Interval.MinBecause), MaxBecause: because(r.Interval.MaxBecause)}
	if m.MinBecause != "" {
		m.Min = r.Interval.Min
	}
	if m.MaxBecause != "" {
		m.Max = r.Interval.Max
	}
	serves, uses := apis{}, apis{}
	for _, d := range r.Definitions {
		for _, v := range d.Versions {
			if v.Served {
				serves.add(groupKind{d.Group, d.Kind}, v.Name, d.File, v.Line)
			}
		}
	}
	for _, u := range r.Uses {
		if u.Within == "" && u.Path == "" {
			uses.add(groupKind{u.GVK.Group, u.GVK.Kind}, u.GVK.Version, u.File, u.Line)
		}
	}
	m.Serves, m.Uses = serves.sorted(), uses.sorted()
	return m
}

// because is the first reason, with its place.
func because(findings []finding.Finding) string {
	if len(findings) == 0 {
		return ""
	}
	f := findings[0]
	return fmt.Sprintf("%s (%s:%d)", f.Message, f.File, f.Line)
}

type apis map[groupKind]*API

func (a apis) add(of groupKind, version, file string, line int) {
	if a[of] == nil {
		a[of] = &API{Group: of.group, Kind: of.kind, Where: fmt.Sprintf("%s:%d", file, line)}
	}
	if !slices.Contains(a[of].Versions, version) {
		a[of].Versions = append(a[of].Versions, version)
	}
}

func (a apis) sorted() []API {
	var out []API
	for _, api := range a {
		slices.Sort(api.Versions)
		out = append(out, *api)
	}
	slices.SortFunc(out, func(x, y API) int { return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Kind, y.Kind)) })
	return out
}
