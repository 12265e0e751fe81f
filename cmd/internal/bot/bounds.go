package bot

import (
	"fmt"
	"slices"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// Scene is all that bounds are made of.
type Scene struct {
	Policy   workspace.Policy
	Now      time.Time
	Approved func(pkg string, major catalog.Version) bool  // by a person, for a level that the policy does not allow
	Offered  func(pkg string) []catalog.Version            // all versions that there are
	Seen     func(pkg string, v catalog.Version) time.Time // when a version was first seen
	Fixes    func(pkg string, from, to catalog.Version) []Advisory
}

// Bounds are what a policy lets the packages of a lock do now, for the solver.
func (s Scene) Bounds(held *lock.Lock) pipeline.Bounds {
	var b pipeline.Bounds
	for _, i := range held.Instances {
		from, err := catalog.ParseVersion(i.Version)
		if err != nil || i.Removal != nil {
			continue
		}
		moves := s.moves(i, held.Cluster)
		if hold, binds := s.level(i, from, moves, held); binds {
			b.Holds = append(b.Holds, hold)
		}
		b.Exclude = append(b.Exclude, s.excluded(i, from, moves, held.Cluster)...)
	}
	for _, p := range s.Policy.Pins {
		if p.Binds(p.Package, held.Cluster, s.Now) {
			b.Holds = append(b.Holds, resolver.Hold{Package: p.Package, Range: p.Range(), Reason: p.Reason, Where: p.Where()})
		}
	}
	return b
}

func (s Scene) moves(i lock.Instance, cluster string) workspace.Moves {
	return s.Policy.For(workspace.Subject{Package: i.Package, Cluster: cluster, Group: s.Policy.GroupOf(i.Package)})
}

// level is the hold of a level, of several instances of a package by the one with the highest version.
func (s Scene) level(i lock.Instance, from catalog.Version, moves workspace.Moves, held *lock.Lock) (resolver.Hold, bool) {
	for _, other := range held.Instances {
		v, err := catalog.ParseVersion(other.Version)
		if err == nil && other.Package == i.Package && (v.Compare(from) > 0 || v.Equal(from) && other.Name < i.Name) {
			return resolver.Hold{}, false
		}
	}
	text := capOf(from, moves.Level)
	if text == "" {
		return resolver.Hold{}, false
	}
	r, err := catalog.ParseRange(text)
	if err != nil || s.approved(i.Package, from, r) {
		return resolver.Hold{}, false
	}
	level := moves.Level
	if level == "" {
		level = workspace.Minor
	}
	return resolver.Hold{Package: i.Package, Range: r, Reason: "level " + string(level), Where: "policy of gkops.yaml"}, true
}

// approved reports whether a person has approved a version that a level does not allow.
func (s Scene) approved(pkg string, from catalog.Version, within catalog.Range) bool {
	return slices.ContainsFunc(s.Offered(pkg), func(v catalog.Version) bool {
		return v.Compare(from) > 0 && !within.Allows(v) && s.Approved(pkg, v)
	})
}

// excluded are the versions above the present one that may not be chosen: skipped, or too young.
func (s Scene) excluded(i lock.Instance, from catalog.Version, moves workspace.Moves, cluster string) []resolver.Exclusion {
	var all []resolver.Exclusion
	for _, v := range s.Offered(i.Package) {
		if v.Compare(from) <= 0 {
			continue
		}
		if why, where := s.barred(i.Package, from, v, moves, cluster); why != "" {
			all = append(all, resolver.Exclusion{Package: i.Package, Version: v, Why: why, Where: where})
		}
	}
	return all
}

// barred says why a version may not be chosen now, and who says so; empty when it may.
func (s Scene) barred(pkg string, from, v catalog.Version, moves workspace.Moves, cluster string) (why, where string) {
	for _, skip := range s.Policy.Skips {
		if skip.Binds(pkg, cluster, s.Now) && skip.Range().Allows(v) {
			return "skipped: " + skip.Reason, skip.Where()
		}
	}
	soak := moves.Soaks()
	if soak == 0 || len(s.Fixes(pkg, from, v)) > 0 {
		return "", ""
	}
	if ripe := s.Seen(pkg, v).Add(soak); s.Now.Before(ripe) {
		return fmt.Sprintf("soak %s: until %s", moves.Soak, ripe.UTC().Format(time.RFC3339)), "policy of gkops.yaml"
	}
	return "", ""
}

// Candidates are prospects with how they move.
func (s Scene) Candidates(found []pipeline.Prospect) []Candidate {
	all := make([]Candidate, 0, len(found))
	for _, p := range found {
		group := s.Policy.GroupOf(p.Package)
		all = append(all, Candidate{
			Prospect: p, Group: group, Advisories: s.Fixes(p.Package, p.From, p.To),
			Moves: s.Policy.For(workspace.Subject{Package: p.Package, Cluster: p.Cluster, Group: group}),
		})
	}
	return all
}

// Waiting says why an instance does not go to the newest version, empty when it does or nothing newer is there. approve is the key by which
// a person approves it, empty when that would not help.
func (s Scene) Waiting(c Candidate) (why, approve string) {
	if c.To.Compare(c.Newest) >= 0 {
		return "", ""
	}
	for _, p := range s.Policy.Pins {
		if p.Binds(c.Package, c.Cluster, s.Now) && !p.Range().Allows(c.Newest) {
			return fmt.Sprintf("pinned to %s by %s: %s", p.Version, p.Where(), p.Reason), ""
		}
	}
	for _, h := range s.Policy.Holds {
		if h.Package == c.Package && !h.Range().Allows(c.Newest) {
			return fmt.Sprintf("held at %s by %s: %s", h.Version, h.Where(), h.Reason), ""
		}
	}
	if level := workspace.LevelOf(c.From, c.Newest); !c.Moves.Level.Allows(level) && !s.Approved(c.Package, c.Newest) {
		return fmt.Sprintf("a %s version: it needs your approval", level), ApproveKey(c.Package, c.Newest)
	}
	if why, _ := s.barred(c.Package, c.From, c.Newest, c.Moves, c.Cluster); why != "" {
		return why, ""
	}
	if len(c.Next) > 0 {
		return "it is reached step by step", ""
	}
	return "blocked", ""
}

// ApproveKey names the approval of a major version, for all versions with the same leading number.
func ApproveKey(pkg string, v catalog.Version) string {
	if v.Major() == 0 {
		return fmt.Sprintf("approve %s v0.%d", pkg, v.Minor())
	}
	return fmt.Sprintf("approve %s v%d", pkg, v.Major())
}
