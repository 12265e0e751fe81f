package bot

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
)

// promotions are the pulls that bring clusters to what the clusters that they follow have run for long enough.
func (v *visit) promotions(ctx context.Context, scene Scene) ([]Wish, error) {
	var wishes []Wish
	for _, c := range v.base.project.Workspace().Clusters {
		leader := v.base.project.Lock(c.Follows)
		if leader == nil {
			continue
		}
		var failed error
		since := map[string]time.Time{}
		if limit, soaks := oldest(scene, leader, c.Name); soaks {
			since, failed = runSince(ctx, v.clone, v.base.commit, leader, limit)
		}
		if failed != nil {
			return nil, failed
		}
		ready := func(p pipeline.Prospect) bool {
			soak := scene.movesOf(p.Package, c.Name).Soaks()
			return soak == 0 || !scene.Now.Before(since[p.Instance].Add(soak)) || !p.From.IsZero() && len(scene.Fixes(p.Package, p.From, p.To)) > 0
		}
		edit := pipeline.Edit{}
		taken, err := v.base.project.Promote(&edit, c.Name, ready)
		if err != nil {
			return nil, err
		}
		if len(taken) > 0 {
			wishes = append(wishes, promotionOf(c, scene, taken, edit))
		}
	}
	return wishes, nil
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
