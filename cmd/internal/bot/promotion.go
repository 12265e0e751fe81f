package bot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
)

// promotions are the pulls that bring clusters to what the clusters that they follow have run for long enough, and what waits.
func (v *visit) promotions(ctx context.Context, scene Scene) (wishes []Wish, waiting []Entry, err error) {
	checked := sync.OnceValues(func() (string, error) { return v.unchecked(ctx) })
	for _, c := range v.base.project.Workspace().Clusters {
		leader := v.base.project.Lock(c.Follows)
		if leader == nil {
			continue
		}
		since := map[string]time.Time{}
		if limit, soaks := oldest(scene, leader, c.Name); soaks {
			if since, err = runSince(ctx, v.clone, v.base.commit, leader, limit); err != nil {
				return nil, nil, err
			}
		}
		var failed error
		ready := func(p pipeline.Prospect) bool {
			why, err := scene.holdsBack(p, since, checked)
			if err != nil {
				failed = err
			}
			if why != "" {
				waiting = append(waiting, Entry{Section: "Held", Text: moveLine(p), Why: why})
			}
			return why == "" && err == nil
		}
		edit := pipeline.Edit{}
		taken, err := v.base.project.Promote(&edit, c.Name, ready)
		if err = errors.Join(err, failed); err != nil {
			return nil, nil, err
		}
		if len(taken) > 0 {
			wishes = append(wishes, promotionOf(c, scene, taken, edit))
		}
	}
	return wishes, waiting, nil
}

// holdsBack says why a cluster does not take a version yet; empty when it may. checked says which checks have not passed.
func (s Scene) holdsBack(p pipeline.Prospect, since map[string]time.Time, checked func() (string, error)) (string, error) {
	if !p.From.IsZero() && len(s.Fixes(p.Package, p.From, p.To)) > 0 {
		return "", nil
	}
	moves := s.movesOf(p.Package, p.Cluster)
	if ripe := since[p.Instance].Add(moves.Soaks()); moves.Soaks() > 0 && s.Now.Before(ripe) {
		return fmt.Sprintf("soak %s: until %s", moves.Soak, ripe.UTC().Format(time.RFC3339)), nil
	}
	if moves.Checks != nil && *moves.Checks {
		return checked()
	}
	return "", nil
}

// unchecked says which check of the base's last commit has not passed; empty when all have.
func (v *visit) unchecked(ctx context.Context) (string, error) {
	checks, err := v.forge.Checks(ctx, v.info.Path, v.base.commit)
	if err != nil {
		return "", err
	}
	for _, c := range checks {
		if c.State != forge.Success {
			return fmt.Sprintf("checks: %s of %.10s is %s", c.Name, v.base.commit, c.State), nil
		}
	}
	if len(checks) == 0 {
		return fmt.Sprintf("checks: %.10s has none", v.base.commit), nil
	}
	return "", nil
}

func promotionOf(c workspace.Cluster, scene Scene, taken []pipeline.Prospect, edit pipeline.Edit) Wish {
	g := Group{Name: c.Name, Members: scene.Candidates(taken)}
	w := WishOf(g, scene.Policy, nil, scene.Now)
	w.Branch, w.Kind, w.Edit, w.Takes = Prefix+"promote/"+c.Name, Promotion, edit, taken
	w.Title = fmt.Sprintf("Promote %d packages from %s to %s", len(taken), c.Follows, c.Name)
	if len(taken) == 1 {
		w.Title = fmt.Sprintf("Promote %s %s from %s to %s", taken[0].Instance, taken[0].To, c.Follows, c.Name)
	}
	if scene.Policy.Commits == workspace.Conventional {
		w.Title = "chore(deps): p" + w.Title[1:]
	}
	return w
}

func (s Scene) movesOf(pkg, cluster string) workspace.Moves {
	return s.Policy.For(workspace.Subject{Package: pkg, Cluster: cluster, Group: s.Policy.GroupOf(pkg)})
}

// oldest is the time before which a version has soaked in every case, and whether anything soaks at all.
func oldest(scene Scene, leader *lock.Lock, cluster string) (time.Time, bool) {
	longest := time.Duration(0)
	for _, i := range leader.Instances {
		longest = max(longest, scene.movesOf(i.Package, cluster).Soaks())
	}
	return scene.Now.Add(-longest), longest > 0
}

// runSince says since when a branch holds each instance of a lock at its version: the time of the commit that brought it. Commits before a
// limit are not looked at; an instance that is there at the limit has the time of a commit before it.
func runSince(ctx context.Context, c Clone, tip string, now *lock.Lock, limit time.Time) (map[string]time.Time, error) {
	since, alive := map[string]time.Time{}, map[string]string{}
	for _, i := range now.Instances {
		alive[i.Name] = i.Version
	}
	err := walk(ctx, c, tip, func(commit gitops.CommitFacts) (bool, error) {
		held, err := lockOf(ctx, c.Store(), commit.ID, now.Cluster)
		if err != nil {
			return false, err
		}
		for name, version := range alive {
			if i := held.Instance(name); i == nil || i.Version != version {
				delete(alive, name)
				continue
			}
			since[name] = commit.Committer.When
		}
		return len(alive) > 0 && !commit.Committer.When.Before(limit), nil
	})
	return since, err
}

// lockOf is the lock of a cluster at a commit; an empty one when there is none that can be read.
func lockOf(ctx context.Context, store *gitops.Store, commit, cluster string) (*lock.Lock, error) {
	tree, err := store.FS(ctx, commit)
	if err != nil {
		return nil, err
	}
	name := path.Join(pipeline.Folder, cluster, lock.FileName)
	data, err := fs.ReadFile(tree, name)
	if err != nil {
		return &lock.Lock{}, nil
	}
	held, err := lock.Parse(name, data)
	if err != nil {
		return &lock.Lock{}, nil
	}
	return held, nil
}
