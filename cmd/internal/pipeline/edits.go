package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gkops.dev/gkops/gitops/workspace"
)

// SecretReference names one key of a Secret in the cluster.
type SecretReference = workspace.SecretReference

// Setting is a change of one instance.
type Setting struct {
	Version    *string // nil leaves it
	Mode       string  // empty leaves it
	Given      Given
	ValuesFrom map[string]SecretReference
}

// UnknownError says that something is not there that a command names.
type UnknownError struct{ What, Name, Where, Advice string }

// Error names the thing and where it was looked for.
func (e *UnknownError) Error() string { return fmt.Sprintf("no %s %s in %s", e.What, e.Name, e.Where) }

// Hint says what to do.
func (e *UnknownError) Hint() string { return e.Advice }

// bytes are gkops.yaml as the edit has it so far.
func (p *Project) bytes(e *Edit) []byte {
	if e.Workspace != nil {
		return e.Workspace
	}
	return p.data
}

func (p *Project) parsed(e *Edit) (*workspace.Workspace, error) {
	if e.Workspace == nil {
		return p.workspace, nil
	}
	return workspace.Parse(workspace.FileName, e.Workspace)
}

// listed is the entry of an instance in the workspace's list, or in one cluster's.
func listed(w *workspace.Workspace, cluster, instance string) (workspace.Package, bool) {
	list := w.Packages
	for _, c := range w.Clusters {
		if c.Name == cluster {
			list = c.Packages
		}
	}
	for _, entry := range list {
		if entry.Instance() == instance {
			return entry, true
		}
	}
	return workspace.Package{}, false
}

// Remove takes instances out of gkops.yaml, and lets removals that are under way go on. Without instances it does the latter alone. With purge
// the data of the instances, or of all that are leaving, is to be lost.
func (p *Project) Remove(e *Edit, cluster string, instances []string, purge bool) error {
	if len(instances) == 0 && !p.leavingAlready("") {
		return &UnknownError{"removal", "under way", "any lock", "name what to remove; 'gkops list' shows what is there"}
	}
	w, err := p.parsed(e)
	if err != nil {
		return err
	}
	if err := knownCluster(w, cluster); err != nil {
		return err
	}
	e.Advance = true
	if purge {
		e.Purge = instances
		if len(instances) == 0 {
			e.Purge = p.removing()
		}
	}
	for _, name := range instances {
		if _, there := listed(w, cluster, name); there {
			if _, wider := listed(w, "", name); wider && cluster != "" {
				e.Notices = append(e.Notices, fmt.Sprintf("%s stays in cluster %s: only what the cluster changes of it is gone, the workspace's packages still ask for it", name, cluster))
			}
			if e.Workspace, err = workspace.RemovePackage(p.bytes(e), cluster, name); err != nil {
				return err
			}
			continue
		}
		if !p.leavingAlready(name) {
			return p.notListed(w, cluster, name)
		}
	}
	return nil
}

// leavingAlready reports whether a removal of the instance is under way in some cluster; of any, when the name is empty.
func (p *Project) leavingAlready(instance string) bool {
	for _, l := range p.locks {
		for _, i := range l.Instances {
			if i.Removal != nil && (instance == "" || instance == i.Name) {
				return true
			}
		}
	}
	return false
}

// removing are the instances of all clusters whose removal is under way.
func (p *Project) removing() []string {
	var names []string
	for _, l := range p.locks {
		for _, i := range l.Instances {
			if i.Removal != nil {
				names = append(names, i.Name)
			}
		}
	}
	return names
}

// notListed explains why an instance is not in the list where it was looked for.
func (p *Project) notListed(w *workspace.Workspace, cluster, instance string) error {
	for _, c := range w.Clusters {
		if _, there := listed(w, c.Name, instance); there && cluster != c.Name {
			return &UnknownError{"instance", instance, "the workspace's packages", "it is one of cluster " + c.Name + ": use --cluster " + c.Name}
		}
		if held := find(p.locks[c.Name], instance); held != nil && len(askers(*held)) > 0 {
			return &UnknownError{"instance", instance, workspace.FileName,
				fmt.Sprintf("it is there because %s needs it: 'gkops why %s'", askers(*held)[0], instance)}
		}
	}
	return &UnknownError{"instance", instance, workspace.FileName, "'gkops list' shows what is there"}
}

// Set changes values, or the version range, of an instance.
func (p *Project) Set(ctx context.Context, e *Edit, cluster, instance string, s Setting) error {
	w, err := p.parsed(e)
	if err != nil {
		return err
	}
	entry, there := listed(w, cluster, instance)
	write := workspace.ReplacePackage
	if base, wider := listed(w, "", instance); !there && wider && cluster != "" {
		// The cluster changes the workspace's instance for itself from now on.
		entry, there, write = workspace.Package{Name: base.Name, As: base.As}, true, workspace.AddPackage
	}
	if !there {
		return p.notListed(w, cluster, instance)
	}
	if s.Version != nil {
		entry.Version = *s.Version
		e.Move = append(e.Move, instance)
	}
	full := entry
	if base, ok := listed(w, "", instance); ok && cluster != "" && full.Registry == "" {
		full.Registry = base.Registry
	}
	if err := p.give(ctx, &entry, full, s.Given); err != nil {
		return err
	}
	if s.Mode != "" {
		entry.Mode = workspace.Mode(s.Mode)
	}
	entry.ValuesFrom = merged(entry.ValuesFrom, s.ValuesFrom)
	for name := range s.ValuesFrom {
		delete(entry.Values, name)
	}
	for name := range s.Given.Set {
		delete(entry.ValuesFrom, name)
	}
	e.Workspace, err = write(p.bytes(e), cluster, entry)
	return err
}

// Unset takes values of an instance away.
func (p *Project) Unset(e *Edit, cluster, instance string, names []string) error {
	w, err := p.parsed(e)
	if err != nil {
		return err
	}
	entry, there := listed(w, cluster, instance)
	if !there {
		return p.notListed(w, cluster, instance)
	}
	for _, name := range names {
		_, reference := entry.ValuesFrom[name]
		if !unset(entry.Values, name) && !reference {
			return &UnknownError{"value", name, "instance " + instance, "'gkops info " + entry.Name + "' lists the values"}
		}
		delete(entry.ValuesFrom, name)
	}
	if _, wider := listed(w, "", instance); cluster != "" && wider && sameJSON(entry, workspace.Package{Name: entry.Name, As: entry.As}) {
		e.Workspace, err = workspace.RemovePackage(p.bytes(e), cluster, instance)
		return err
	}
	e.Workspace, err = workspace.ReplacePackage(p.bytes(e), cluster, entry)
	return err
}

// Hold keeps a package within a range, or at its locked version when the range is empty.
func (p *Project) Hold(ctx context.Context, e *Edit, pkg, versions, reason string) error {
	if err := p.offered(ctx, pkg); err != nil {
		return err
	}
	if versions == "" {
		var err error
		if versions, err = p.lockedVersion(pkg); err != nil {
			return err
		}
	}
	var err error
	e.Workspace, err = workspace.AddHold(p.bytes(e), workspace.Hold{Package: pkg, Version: versions, Reason: reason})
	return err
}

// lockedVersion is the one version of a package that the locks have.
func (p *Project) lockedVersion(pkg string) (string, error) {
	found := map[string]bool{}
	for _, l := range p.locks {
		for _, i := range l.Instances {
			if i.Package == pkg {
				found[i.Version] = true
			}
		}
	}
	versions := slices.Sorted(maps.Keys(found))
	switch len(versions) {
	case 0:
		return "", &UnknownError{"package", pkg, "any lock", fmt.Sprintf("name the range to hold it at: 'gkops hold %s@RANGE'", pkg)}
	case 1:
		return versions[0], nil
	}
	return "", fmt.Errorf("package %s is locked at several versions (%v): name one, 'gkops hold %s@VERSION'", pkg, versions, pkg)
}

// Unhold ends the holds of a package.
func (p *Project) Unhold(e *Edit, pkg string) error {
	var err error
	e.Workspace, err = workspace.RemoveHold(p.bytes(e), pkg)
	return err
}

// Upgrade moves an instance, or every instance of a package; with a range it is written as the version of its entry first.
func (p *Project) Upgrade(e *Edit, cluster, name, versions string) error {
	w, err := p.parsed(e)
	if err != nil {
		return err
	}
	if !p.locked(name) {
		if _, there := listed(w, cluster, name); !there {
			return p.notListed(w, cluster, name)
		}
	}
	e.Move = append(e.Move, name)
	if versions == "" {
		return nil
	}
	entry, there := listed(w, cluster, name)
	if !there {
		return p.notListed(w, cluster, name)
	}
	entry.Version = versions
	e.Workspace, err = workspace.ReplacePackage(p.bytes(e), cluster, entry)
	return err
}

func (p *Project) locked(name string) bool {
	for _, l := range p.locks {
		for _, i := range l.Instances {
			if i.Name == name || i.Package == name {
				return true
			}
		}
	}
	return false
}
