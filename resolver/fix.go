package resolver

import (
	"context"
	"fmt"
	"slices"
)

// Bounds on the search for changes that help, alone and in pairs.
const (
	maxFixTrials    = 60
	maxFixConflicts = 2500
)

// relaxation is a change to a problem that may make it solvable. Of several with one group only the first that helps is told.
type relaxation struct {
	kind  string
	group string
	entry entry
	pkg   string
	where string
	apply func(p *Problem)
	say   func(found solution) string
}

// fixes tries the changes to the entries of a refutation, one at a time, then in pairs. Leaving out what the workspace asks
// for is the last resort.
func fixes(ctx context.Context, u *universe, p *Problem, refuted *search, asked *entry) ([]Fix, error) {
	t := &trial{universe: u, asked: asked, left: maxFixTrials, conflicts: maxFixConflicts}
	candidates := relaxations(ctx, p, refuted, asked)
	gentle := slices.DeleteFunc(slices.Clone(candidates), func(r relaxation) bool { return r.kind == "remove" })
	for _, attempt := range []func() ([]Fix, error){
		func() ([]Fix, error) { return t.singles(ctx, p, gentle) },
		func() ([]Fix, error) { return t.pairs(ctx, p, gentle, asked) },
		func() ([]Fix, error) { return t.singles(ctx, p, candidates) },
		func() ([]Fix, error) { return t.pairs(ctx, p, candidates, asked) },
	} {
		found, err := attempt()
		if err != nil || len(found) > 0 {
			return distinct(found), err
		}
	}
	return nil, nil
}

// distinct drops fixes that read like one before.
func distinct(found []Fix) []Fix {
	seen := map[string]bool{}
	return slices.DeleteFunc(found, func(f Fix) bool {
		twice := seen[f.Text]
		seen[f.Text] = true
		return twice
	})
}

func (t *trial) singles(ctx context.Context, p *Problem, candidates []relaxation) ([]Fix, error) {
	var found []Fix
	helped := map[string]bool{}
	for _, r := range candidates {
		if helped[r.group] {
			continue
		}
		_, solution, err := t.relaxed(ctx, p, r)
		if err != nil {
			return nil, err
		}
		if solution != nil {
			found = append(found, Fix{Kind: r.kind, Package: r.pkg, Text: r.say(solution), Where: r.where})
			helped[r.group] = r.group != ""
		}
	}
	return found, nil
}

// pairs tries a second change to what stands against the first.
func (t *trial) pairs(ctx context.Context, p *Problem, candidates []relaxation, asked *entry) ([]Fix, error) {
	var found []Fix
	tried := map[[2]string]bool{}
	for _, first := range candidates {
		s, solution, err := t.relaxed(ctx, p, first)
		if err != nil || s == nil || s.refuted == nil || solution != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		for _, second := range relaxations(ctx, p, s, asked) {
			pair := [2]string{min(first.key(), second.key()), max(first.key(), second.key())}
			if second.kind == "remove" || second.entry == first.entry || tried[pair] {
				continue
			}
			tried[pair] = true
			_, solution, err := t.relaxed(ctx, p, first, second)
			if err != nil {
				return nil, err
			}
			if solution != nil {
				text := fmt.Sprintf("%s, and %s", first.say(solution), second.say(solution))
				found = append(found, Fix{Kind: "both", Package: first.pkg, Text: text, Where: first.where})
			}
		}
	}
	return found, nil
}

func (r relaxation) key() string {
	return fmt.Sprintf("%s %s %d %d", r.kind, r.group, r.entry.kind, r.entry.index)
}

// relaxed asks a problem again with changes. A root or hold of no package stays in its place, so that indexes
// keep their meaning. A
// change that needs what the catalog cannot read counts as no help.
func (t *trial) relaxed(ctx context.Context, p *Problem, changes ...relaxation) (*search, solution, error) {
	changed := *p
	changed.Roots, changed.Holds = slices.Clone(p.Roots), slices.Clone(p.Holds)
	for _, r := range changes {
		r.apply(&changed)
	}
	s, found, err := t.ask(ctx, &changed, nil)
	if err != nil {
		return nil, nil, ctx.Err()
	}
	return s, found, nil
}

// packageOf is the package of a root or a hold.
func (p *Problem) packageOf(e entry) string {
	if e.kind == fromRoot {
		return p.Roots[e.index].Package
	}
	return p.Holds[e.index].Package
}

// relaxations lists the changes that could undo the entries of a refutation. Whoever asks about a package would not do without
// it.
func relaxations(ctx context.Context, p *Problem, refuted *search, asked *entry) []relaxation {
	list := ways(ctx, refuted)
	list = append(list, exactly(p, refuted)...)
	entries := p.sortedEntries(premisesOf(refuted.refuted).entries)
	slices.Reverse(entries)
	for _, e := range entries {
		if asked == nil || e != *asked {
			list = append(list, relaxationsOf(p, e, refuted)...)
		}
	}
	if asked != nil {
		pkg := p.packageOf(*asked)
		list = slices.DeleteFunc(list, func(r relaxation) bool { return r.kind == "remove" && r.pkg == pkg })
	}
	rank := []string{"path", "provider", "hold", "range", "kubernetes", "downgrade", "registry", "withdrawn", "remove"}
	slices.SortStableFunc(list, func(a, b relaxation) int { return slices.Index(rank, a.kind) - slices.Index(rank, b.kind) })
	return list
}

func relaxationsOf(p *Problem, e entry, refuted *search) []relaxation {
	u := refuted.universe
	switch e.kind {
	case fromRoot:
		return append(otherNames(p, e, u), relaxRoot(p, e, u)...)
	case fromCluster:
		return moveCluster(p, e, refuted.refuted)
	case fromHold:
		return []relaxation{relaxHold(p, e)}
	case fromLockedVersion:
		return []relaxation{allowDowngrade(p, e)}
	case fromLockedRegistry:
		lock := p.Locked[e.index]
		for i, root := range p.Roots {
			if root.name() == lock.Instance && root.Package == lock.Package {
				return otherRegistries(p, entry{fromRoot, i}, lock.Registry, u)
			}
		}
	}
	return nil
}

func relaxHold(p *Problem, e entry) relaxation {
	hold := p.Holds[e.index]
	return relaxation{"hold", "", e, hold.Package, hold.Where,
		func(p *Problem) { p.Holds[e.index].Package = "" },
		func(solution) string { return fmt.Sprintf("drop the hold on %s%s", hold.Package, at(hold.Where)) },
	}
}

func allowDowngrade(p *Problem, e entry) relaxation {
	lock := p.Locked[e.index]
	return relaxation{"downgrade", "", e, lock.Package, "",
		func(p *Problem) { p.AllowDowngrade = append(slices.Clone(p.AllowDowngrade), lock.Instance) },
		func(found solution) string {
			text := "let " + lock.Instance + " go down"
			if to := found.version(lock.Instance); to != "" {
				text += " to " + to
			}
			return fmt.Sprintf("%s: --allow-downgrade %s", text, lock.Instance)
		},
	}
}

func relaxRoot(p *Problem, e entry, u *universe) []relaxation {
	root := p.Roots[e.index]
	var list []relaxation
	if !root.Range.IsAny() {
		list = append(list, relaxation{"range", "", e, root.Package, root.Where,
			func(p *Problem) { p.Roots[e.index].Range = anyStable },
			func(found solution) string {
				return fmt.Sprintf("allow %s %s%s", root.name(), found.version(root.name()), at(root.Where))
			},
		})
	}
	list = append(list, otherRegistries(p, e, root.Registry, u)...)
	return append(list, relaxation{"remove", "", e, root.Package, root.Where,
		func(p *Problem) { p.Roots[e.index].Package = "" },
		func(solution) string { return fmt.Sprintf("do without %s%s", root.name(), at(root.Where)) },
	})
}

// otherRegistries binds a root to each registry that has the package but the one it is bound to.
func otherRegistries(p *Problem, e entry, bound string, u *universe) []relaxation {
	root := p.Roots[e.index]
	known := u.packages[root.Package]
	if known == nil || bound == "" && len(known.blocks) < 2 {
		return nil
	}
	var list []relaxation
	for _, b := range known.blocks {
		if b.registry == bound {
			continue
		}
		list = append(list, relaxation{"registry", b.registry, e, root.Package, root.Where,
			func(p *Problem) { p.Roots[e.index].Registry = b.registry },
			func(found solution) string {
				return fmt.Sprintf("take %s %s from registry %s: --registry %s", root.name(), found.version(root.name()), b.registry, b.registry)
			},
		})
	}
	return list
}

// version is the chosen version of an instance, empty when it is not in the solution.
func (a solution) version(instance string) string {
	for _, c := range a {
		if c.node.instance == instance {
			return c.node.pack.candidate(c.element).Version.String()
		}
	}
	return ""
}
