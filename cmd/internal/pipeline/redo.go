package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
)

// RedoError says that what a commit did cannot be done again somewhere else.
type RedoError struct{ Why string }

// Error says why.
func (e *RedoError) Error() string { return e.Why }

// Hint says what to do.
func (e *RedoError) Hint() string {
	return "run its command again, which brings the pull up to date, or close it"
}

// Redo is the edit that a commit was, for the workspace as this project has it: its gkops.yaml, the versions that instances went to, and
// the steps of removals. before is the tree of the commit's parent, after its own. It returns a *RedoError when gkops.yaml has changed on
// both sides, or when the commit did what files alone do not tell, as a guard that comes first.
func (p *Project) Redo(before, after fs.FS) (Edit, error) {
	e := Edit{}
	was, err := fs.ReadFile(before, workspace.FileName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return e, fmt.Errorf("read %s: %w", workspace.FileName, err)
	}
	wanted, err := fs.ReadFile(after, workspace.FileName)
	if err != nil {
		return e, fmt.Errorf("read %s: %w", workspace.FileName, err)
	}
	w := p.workspace
	switch {
	case bytes.Equal(was, wanted), bytes.Equal(p.data, wanted):
	default:
		if e.Workspace, err = p.rewritten(was, wanted); err != nil {
			return e, err
		}
		if w, err = workspace.Parse(workspace.FileName, e.Workspace); err != nil {
			return e, err
		}
	}
	told := e.Workspace != nil || !bytes.Equal(was, wanted)
	for _, c := range w.Clusters {
		old, had, err := readLock(before, c.Name)
		if err != nil {
			return e, err
		}
		made, has, err := readLock(after, c.Name)
		if err != nil {
			return e, err
		}
		if made == nil || bytes.Equal(had, has) {
			continue
		}
		e.Clusters = append(e.Clusters, c.Name)
		moved, err := p.redone(&e, c.Name, old, made)
		if err != nil {
			return e, err
		}
		told = told || moved
	}
	if !told {
		return e, &RedoError{"its branch has moved, and what it does depends on what was there"}
	}
	return e, nil
}

// rewritten is gkops.yaml as it is here with what a commit did to it. Where it has changed here too, only another version of Kubernetes is
// told apart.
func (p *Project) rewritten(was, wanted []byte) ([]byte, error) {
	if bytes.Equal(was, p.data) {
		return wanted, nil
	}
	before, err := workspace.Parse(workspace.FileName, was)
	if err != nil {
		return nil, err
	}
	after, err := workspace.Parse(workspace.FileName, wanted)
	if err != nil {
		return nil, err
	}
	there, here := was, p.data
	for _, c := range after.Clusters {
		n := slices.IndexFunc(before.Clusters, func(o workspace.Cluster) bool { return o.Name == c.Name })
		if n < 0 || before.Clusters[n].Kubernetes == c.Kubernetes {
			continue
		}
		if there, err = workspace.SetKubernetes(there, c.Name, c.Kubernetes); err == nil {
			here, err = workspace.SetKubernetes(here, c.Name, c.Kubernetes)
		}
		if err != nil {
			return nil, err
		}
	}
	if !bytes.Equal(there, wanted) {
		return nil, &RedoError{workspace.FileName + " has changed on both sides"}
	}
	return here, nil
}

// redone adds to an edit what happened to the instances of a cluster, and reports whether anything did.
func (p *Project) redone(e *Edit, cluster string, old, made *lock.Lock) (moved bool, err error) {
	for _, i := range made.Instances {
		was, now := find(old, i.Name), find(p.locks[cluster], i.Name)
		moved = moved || was == nil || was.Version != i.Version || !sameJSON(was.Removal, i.Removal)
		switch {
		case i.Removal != nil:
			e.Advance = e.Advance || was != nil && was.Removal != nil && !sameJSON(was.Removal, i.Removal)
			if i.Removal.Purge && (was == nil || was.Removal == nil || !was.Removal.Purge) {
				e.Purge = append(e.Purge, i.Name)
			}
			continue
		case !moves(was, now, i.Version):
			continue
		}
		v, err := parseLocked(i.Name, i.Version)
		if err != nil {
			return false, err
		}
		e.pins = append(e.pins, pin{i.Name, i.Package, v})
		e.Move = append(e.Move, i.Name)
		if now != nil && newer(i.Version, now.Version) {
			e.AllowDowngrade = append(e.AllowDowngrade, i.Name)
		}
	}
	if old == nil {
		return moved, nil
	}
	for _, i := range old.Instances {
		if made.Instance(i.Name) == nil {
			moved, e.Advance = true, e.Advance || i.Removal != nil
		}
	}
	return moved, nil
}

// moves reports whether an instance that went to a version has still to go there. It has not when it is gone since, or has got as far.
func moves(was, now *lock.Instance, to string) bool {
	switch {
	case was == nil:
		return now == nil || newer(now.Version, to)
	case now == nil || was.Version == to || now.Version == to:
		return false
	case newer(to, was.Version):
		return true // a way back
	}
	return newer(now.Version, to)
}
