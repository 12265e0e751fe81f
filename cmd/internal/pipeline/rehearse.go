package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render/order/simulate"
)

// rehearse predicts what the engine does when it comes from what HEAD holds to what was rendered. It is nil when HEAD holds nothing of the
// cluster, or nothing that an engine could read: then this may be what mends it.
func (p *Project) rehearse(ctx context.Context, committed *lock.Lock, done *planned, root string) (*simulate.Timeline, error) {
	if committed == nil {
		return nil, nil
	}
	head, err := p.grounds.FS(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	fresh := done.lock.Paths()
	files := make(map[string][]byte, len(fresh))
	for name, digest := range committed.Paths() {
		full := path.Join(root, name)
		if fresh[name] == digest {
			files[full] = done.files[full]
			continue
		}
		if files[full], err = fs.ReadFile(head, full); errors.Is(err, fs.ErrNotExist) {
			delete(files, full)
		} else if err != nil {
			return nil, fmt.Errorf("read what HEAD holds: %w", err)
		}
	}
	before, err := simulate.Read(files, root, done.tree)
	if err != nil {
		p.world.Warn(fmt.Sprintf("the change is not rehearsed from what HEAD holds, which no engine could read: %v", err))
		return nil, nil
	}
	return simulate.Predict(before, done.tree), nil
}

// guardable are the files, by instance, whose objects an engine would delete with a revision and would not when they had been guarded in the
// one before. It is nil when there is none, or when something else would go wrong too.
func guardable(timeline *simulate.Timeline, committed *lock.Lock, root string) map[string][]string {
	guards := map[string][]string{}
	for _, f := range timeline.Faults {
		if f.Severity != simulate.Error {
			continue
		}
		if f.Rule != simulate.DataPruned && f.Rule != simulate.Recreated {
			return nil
		}
		instance, file := placeOf(timeline.Was(f.Object), root)
		held := committed.Instance(instance)
		if held == nil || slices.Contains(held.Guards, file) {
			return nil
		}
		guards[instance] = append(guards[instance], file)
	}
	if len(guards) == 0 {
		return nil
	}
	return guards
}

// placeOf takes the path of an object's file apart: <root>/packages/<instance>/<part>/<file>.
func placeOf(file, root string) (instance, name string) {
	within, found := strings.CutPrefix(file, root+"/packages/")
	fields := strings.Split(within, "/")
	if !found || len(fields) != 3 {
		return "", ""
	}
	return fields[0], fields[2]
}

// guardFirst is the step before a change that takes away, or moves, what may only go with a guard: what HEAD holds, with that guard.
func (p *Project) guardFirst(ctx context.Context, c workspace.Cluster, held, committed *lock.Lock, guards map[string][]string) (*planned, error) {
	target := p.target(p.workspace, c, committed)
	again := *committed
	again.Instances, again.Files, again.Namespaces = inputs(committed), nil, nil
	again.Settings, again.Renderer = settings(target), Renderer
	var listed []string
	for n := range again.Instances {
		i := &again.Instances[n]
		if more := guards[i.Name]; more != nil {
			i.Guards = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(i.Guards), more...))))
			listed = append(listed, more...)
		}
	}
	done, err := p.renderLock(ctx, target, &again, committed)
	if err != nil {
		return nil, err
	}
	done.obsolete = obsolete(held, done, target.Root)
	slices.Sort(listed)
	done.deferred = true
	done.change = ClusterChange{
		Name: c.Name, Kubernetes: c.Kubernetes, Steps: steps(held, done.lock), sinceHead: steps(committed, done.lock),
		Notices: []string{fmt.Sprintf("the change waits for a guard: the engine would delete these, with what hangs on them, and does not when they are guarded one revision before:\n%s\n"+
			"this revision guards them; when the engine has applied it, run the same command again", listFiles(listed))},
	}
	return done, nil
}

// leftBehind tells what instances that stay leave in the cluster when it leaves Git; of others their removal tells.
func leftBehind(timeline *simulate.Timeline, fresh *lock.Lock, root string) []string {
	if timeline == nil {
		return nil
	}
	var left []simulate.Event
	for _, e := range timeline.Events {
		instance, _ := placeOf(e.Object.File, root)
		if i := fresh.Instance(instance); e.Action == simulate.Orphan && i != nil && i.Removal == nil {
			left = append(left, e)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return []string{"these leave Git and stay in the cluster; each is deleted, when nobody needs it, with\n" + kubectl("delete", objectsOf(left))}
}
