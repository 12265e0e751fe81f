package bot

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver/catalog"
)

// survey is what a workspace should have pulls for, and what waits.
type survey struct {
	wishes     []Wish
	candidates []Candidate
	scene      Scene
	unreadable []pipeline.Unreadable
	notes      []error         // advisories that could not be read
	faults     []error         // clusters that could not be judged
	held       []Entry         // promotions that wait
	waiting    map[string]bool // versions whose first sight has to be remembered
}

// look surveys a workspace.
func look(ctx context.Context, p *pipeline.Project, board Board, scene Scene) (survey, error) {
	s := survey{waiting: map[string]bool{}}
	w := p.Workspace()
	offered, err := offers(ctx, p)
	if err != nil {
		return s, err
	}
	files, unread := p.Advisories(ctx)
	s.notes = unread
	var known []Advisory
	for _, f := range files {
		a, err := ParseAdvisory(f.Name, f.Data)
		if err != nil {
			s.notes = append(s.notes, err)
			continue
		}
		known = append(known, a)
	}
	scene.Policy, scene.Approved = w.Policy, board.Approved
	scene.Offered = func(pkg string) []catalog.Version { return offered[pkg] }
	scene.Fixes = func(pkg string, from, to catalog.Version) []Advisory { return Fixes(known, pkg, from, to) }
	now := scene.Now
	scene.Seen = func(pkg string, v catalog.Version) time.Time {
		s.waiting[pkg+" "+v.String()] = true
		return board.See(pkg, v, now)
	}
	s.scene = scene
	bounds := map[string]pipeline.Bounds{}
	for _, c := range w.Clusters {
		held := p.Lock(c.Name)
		if c.Follows != "" || held == nil {
			continue
		}
		found, wider, missing, err := p.Prospects(ctx, c.Name, scene.Bounds(held))
		s.unreadable = append(s.unreadable, missing...)
		if err != nil {
			s.faults = append(s.faults, err)
			continue
		}
		bounds[c.Name] = wider
		s.candidates = append(s.candidates, scene.Candidates(found)...)
	}
	for _, g := range Groups(s.candidates) {
		s.wishes = append(s.wishes, WishOf(g, w.Policy, bounds, now))
	}
	s.wishes = append(s.wishes, removalWish(p)...)
	return s, nil
}

// offers are the versions of every locked package, ascending. A package that cannot be read has none here; the solver tells of it.
func offers(ctx context.Context, p *pipeline.Project) (map[string][]catalog.Version, error) {
	offered := map[string][]catalog.Version{}
	for _, c := range p.Workspace().Clusters {
		held := p.Lock(c.Name)
		if held == nil {
			continue
		}
		for _, i := range held.Instances {
			if _, asked := offered[i.Package]; asked {
				continue
			}
			offered[i.Package] = nil
			candidates, err := p.Registries().Candidates(ctx, i.Package)
			if err != nil {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				continue
			}
			for _, candidate := range candidates {
				offered[i.Package] = append(offered[i.Package], candidate.Version)
			}
		}
	}
	return offered, nil
}

// removalWish is the next step of the removals that are under way. It is never merged without a person, who has to see that what went
// before is gone from the cluster.
func removalWish(p *pipeline.Project) []Wish {
	var targets []string
	for _, c := range p.Workspace().Clusters {
		held := p.Lock(c.Name)
		if held == nil || c.Follows != "" {
			continue
		}
		for _, i := range held.Instances {
			if i.Removal != nil {
				targets = append(targets, fmt.Sprintf("%s/%s step %d", c.Name, i.Name, steps(i.Removal.Guarded, i.Removal.Announced)+len(i.Removal.Withdrawn)))
			}
		}
	}
	if targets == nil {
		return nil
	}
	slices.Sort(targets)
	title := "Go on with the removals that are under way"
	if p.Workspace().Policy.Commits == workspace.Conventional {
		title = "chore(deps): go on with the removals that are under way"
	}
	return []Wish{{Branch: Prefix + "remove", Kind: Removal, Targets: targets, Title: title, Level: workspace.Major, Edit: pipeline.Edit{Advance: true}}}
}

func steps(done ...bool) int {
	n := 0
	for _, d := range done {
		if d {
			n++
		}
	}
	return n
}
