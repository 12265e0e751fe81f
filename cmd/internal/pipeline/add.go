package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// Want is a package as a person asks for it on the command line.
type Want struct {
	Package, Version, As, Namespace, Registry string
	Cluster                                   string // for this cluster alone; empty for the workspace
	Mode                                      string // empty leaves it
	Given                                     Given
	ValuesFrom                                map[string]SecretReference
}

func (w Want) instance() string {
	if w.As != "" {
		return w.As
	}
	return w.Package
}

// NoRegistryError says that the workspace has no registry to take packages from.
type NoRegistryError struct{}

// Error names the file.
func (e *NoRegistryError) Error() string { return workspace.FileName + " names no registry" }

// Hint says how to add one.
func (e *NoRegistryError) Hint() string {
	return "add one with 'gkops registry add NAME URL'; builtin:examples is one to try things with"
}

// Add asks for a package. One that is asked for already gets what the want says beyond its name. Without any registry it says
// how to add one.
func (p *Project) Add(ctx context.Context, e *Edit, want Want) error {
	w, err := p.parsed(e)
	if err != nil {
		return err
	}
	if err := p.known(w, want); err != nil {
		return err
	}
	if err := p.offered(ctx, want.Package); err != nil {
		return err
	}
	if err := p.free(w, want); err != nil {
		return err
	}
	entry, there := listed(w, want.Cluster, want.instance())
	merge(&entry, want)
	if err := p.give(ctx, &entry, entry, want.Given); err != nil {
		return err
	}
	for name := range want.ValuesFrom {
		delete(entry.Values, name)
	}
	for name := range want.Given.Set {
		delete(entry.ValuesFrom, name)
	}
	if want.Mode != "" {
		entry.Mode = workspace.Mode(want.Mode)
	}
	if there {
		e.Workspace, err = workspace.ReplacePackage(p.bytes(e), want.Cluster, entry)
	} else {
		e.Workspace, err = workspace.AddPackage(p.bytes(e), want.Cluster, entry)
	}
	return err
}

// offered checks that some registry has a package.
func (p *Project) offered(ctx context.Context, pkg string) error {
	candidates, err := p.registries.Candidates(ctx, pkg)
	if err != nil {
		return err
	}
	if len(candidates) == 0 {
		p.leftOut(ctx, pkg)
		return &UnknownError{"package", pkg, "any registry", p.nearest(ctx, pkg)}
	}
	return nil
}

// known checks that the registries and the cluster that a want names are in the workspace.
func (p *Project) known(w *workspace.Workspace, want Want) error {
	if len(registryNames(w)) == 0 {
		return &NoRegistryError{}
	}
	if want.Registry != "" && !slices.Contains(registryNames(w), want.Registry) {
		return &UnknownError{"registry", want.Registry, workspace.FileName, "add it with 'gkops registry add " + want.Registry + " URL'"}
	}
	return knownCluster(w, want.Cluster)
}

func knownCluster(w *workspace.Workspace, name string) error {
	if name == "" || slices.ContainsFunc(w.Clusters, func(c workspace.Cluster) bool { return c.Name == name }) {
		return nil
	}
	return &UnknownError{"cluster", name, workspace.FileName, "clusters are listed under clusters:"}
}

// free checks that an instance that is being removed is not asked for as another package: its folder is not reused.
func (p *Project) free(w *workspace.Workspace, want Want) error {
	for _, c := range w.Clusters {
		held := find(p.locks[c.Name], want.instance())
		if held != nil && held.Package != want.Package {
			return fmt.Errorf("instance %s of cluster %s is package %s: remove it first, or give the new one another name with --as",
				held.Name, c.Name, held.Package)
		}
	}
	return nil
}

func merge(entry *workspace.Package, want Want) {
	entry.Name = want.Package
	if want.As != want.Package {
		entry.As = want.As
	}
	for _, field := range []struct {
		into *string
		from string
	}{{&entry.Version, want.Version}, {&entry.Namespace, want.Namespace}, {&entry.Registry, want.Registry}} {
		if field.from != "" {
			*field.into = field.from
		}
	}
	entry.ValuesFrom = merged(entry.ValuesFrom, want.ValuesFrom)
}

func merged[V any](into, from map[string]V) map[string]V {
	if len(from) == 0 {
		return into
	}
	all := map[string]V{}
	maps.Copy(all, into)
	maps.Copy(all, from)
	return all
}

// unknownValue says that a package has no such value, and which one may have been meant.
func unknownValue(release *catalog.Release, name string) error {
	advice := fmt.Sprintf("'gkops info %s' lists the values", release.Package)
	if near := values.Nearest(name, slices.Sorted(maps.Keys(release.Manifest.ValueDefinitions))); near != "" {
		advice = fmt.Sprintf("did you mean %s? %s", near, advice)
	}
	return &UnknownError{"value", name, fmt.Sprintf("package %s %s", release.Package, release.Version), advice}
}

// newest is the newest release of a package that a range allows, of the first registry that has one. A withdrawn one is taken when
// there is no other.
func (p *Project) newest(ctx context.Context, pkg, registry string, r catalog.Range) (*catalog.Release, error) {
	candidates, err := p.registries.Candidates(ctx, pkg)
	if err != nil {
		return nil, err
	}
	for _, withdrawn := range []bool{false, true} {
		for _, name := range p.registries.Names() {
			for _, c := range slices.Backward(candidates) {
				if c.Registry == name && (registry == "" || registry == name) && (c.Yanked != "") == withdrawn && r.Allows(c.Version) {
					return p.registries.Release(ctx, name, pkg, c.Version)
				}
			}
		}
	}
	where := "any registry"
	if registry != "" {
		where = "registry " + registry
	}
	if err := p.offered(ctx, pkg); err != nil {
		return nil, err
	}
	p.leftOut(ctx, pkg)
	return nil, &UnknownError{"version of package", described(pkg, r), where, p.versionsOf(ctx, pkg, registry)}
}

// versionsOf is advice that names the newest versions that there are.
func (p *Project) versionsOf(ctx context.Context, pkg, registry string) string {
	const most = 8
	candidates, err := p.registries.Candidates(ctx, pkg)
	if err != nil {
		return ""
	}
	var there []string
	for _, c := range slices.Backward(candidates) {
		if (registry == "" || registry == c.Registry) && len(there) < most {
			there = append(there, c.Version.String())
		}
	}
	if len(there) == 0 {
		return "another registry has it: 'gkops info " + pkg + "'"
	}
	return "there is " + strings.Join(there, ", ")
}

func described(pkg string, r catalog.Range) string {
	if r.String() == "" {
		return pkg
	}
	return pkg + "@" + r.String()
}
