package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// maxFetches bounds how many packages are read at a time.
const maxFetches = 8

// describe turns a plan into lock instances without sources and parts: what was chosen, why, and with which overrides. Values
// are typed by the definitions of the chosen version.
func (p *Project) describe(ctx context.Context, w *workspace.Workspace, cluster string, plan *resolver.Plan) ([]lock.Instance, error) {
	wanted := map[string]workspace.Package{}
	for _, want := range w.Effective(cluster) {
		wanted[want.Instance()] = want
	}
	described := map[string]lock.Instance{}
	for _, c := range plan.Instances {
		i := lock.Instance{
			Name: c.Instance, Package: c.Package, Version: c.Version.String(), Registry: c.Registry, Namespaced: c.Namespaced,
			Parent: c.Parent, Requires: c.Requires, RequiredBy: reasons(c.RequiredBy),
		}
		if want, ok := wanted[c.Instance]; ok && c.Parent == "" {
			i.Namespace, i.Mode = want.Namespace, modeOf(want)
			i.Overrides = overrides(want)
		}
		described[i.Name] = i
	}
	instances := make([]lock.Instance, 0, len(described))
	for _, c := range plan.Instances {
		i, err := p.complete(ctx, described, c.Instance)
		if err != nil {
			return nil, err
		}
		described[i.Name] = i
		instances = append(instances, i)
	}
	slices.SortFunc(instances, func(a, b lock.Instance) int { return compareStrings(a.Name, b.Name) })
	return instances, nil
}

// complete fills in what the manifests say: the default namespace, and what a parent gives to its component.
func (p *Project) complete(ctx context.Context, described map[string]lock.Instance, name string) (lock.Instance, error) {
	i := described[name]
	if i.Parent != "" {
		parent, err := p.complete(ctx, described, i.Parent)
		if err != nil {
			return i, err
		}
		i.Namespace = parent.Namespace
		release, err := p.release(ctx, parent)
		if err != nil {
			return i, err
		}
		for _, c := range release.Manifest.Components {
			if parent.Name+"-"+componentName(c) == i.Name {
				i.Overrides.Values = componentValues(c)
			}
		}
		return i, nil
	}
	if i.Namespace != "" {
		i.Moved = !i.Namespaced
		return i, nil
	}
	release, err := p.release(ctx, i)
	if err != nil {
		return i, err
	}
	i.Namespace = release.Manifest.DefaultNamespace
	if i.Namespaced && i.Namespace == "" {
		return i, &NamespaceError{Instance: i.Name, Package: i.Package}
	}
	return i, nil
}

// NamespaceError says that a namespaced package has no default namespace and the user gave none.
type NamespaceError struct{ Instance, Package string }

// Error names the instance.
func (e *NamespaceError) Error() string {
	return fmt.Sprintf("instance %s: package %s has no default namespace", e.Instance, e.Package)
}

// Hint says how to give one.
func (e *NamespaceError) Hint() string {
	return "give one with -n NAMESPACE, or namespace: in gkops.yaml"
}

func (p *Project) release(ctx context.Context, i lock.Instance) (*catalog.Release, error) {
	v, err := parseLocked(i.Name, i.Version)
	if err != nil {
		return nil, err
	}
	return p.read(ctx, i.Registry, i.Package, v)
}

// parseLocked reads the version of an instance in a lock.
func parseLocked(instance, version string) (catalog.Version, error) {
	v, err := catalog.ParseVersion(version)
	if err != nil {
		return v, fmt.Errorf("instance %s in the lock: %w", instance, err)
	}
	return v, nil
}

func componentValues(c catalog.Component) map[string]any {
	given := make(map[string]any, len(c.Values))
	for name, value := range c.Values {
		given[name] = value.Value
	}
	return given
}

// overrides are what a workspace entry adds to a package.
func overrides(want workspace.Package) lock.Overrides {
	o := lock.Overrides{Values: want.AllValues(), Patches: want.Patches, Images: want.Images, Labels: want.Labels}
	for name, r := range want.ValuesFrom {
		if o.ValuesFrom == nil {
			o.ValuesFrom = map[string]string{}
		}
		o.ValuesFrom[name] = values.Reference{Namespace: r.Namespace, Name: r.Name, Key: r.Key}.String()
	}
	return o
}

// reasons are the reasons of the solver as the lock keeps them: the workspace first, files without lines.
func reasons(rs []resolver.Reason) []lock.Reason {
	kept := make([]lock.Reason, 0, len(rs))
	for _, r := range rs {
		where := ""
		if r.By == "" {
			where = workspace.FileName
		}
		kept = append(kept, lock.Reason{By: r.By, Range: r.Range.String(), Where: where})
	}
	return kept
}

// fetched is one instance with every byte that it is rendered from.
type fetched struct {
	instance render.Instance
	sources  []lock.Source
}

// fetch reads the bytes of every instance, several at a time, and checks them against the digests that the lock knows.
func (p *Project) fetch(ctx context.Context, instances []lock.Instance) ([]fetched, error) {
	got := make([]fetched, len(instances))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxFetches)
	counter := p.counter("reading packages", len(instances))
	for n, i := range instances {
		group.Go(func() error {
			f, err := p.fetchOne(ctx, i)
			if err != nil {
				return err
			}
			got[n] = f
			counter()
			return nil
		})
	}
	return got, group.Wait()
}

func (p *Project) fetchOne(ctx context.Context, i lock.Instance) (fetched, error) {
	release, err := p.release(ctx, i)
	if err != nil {
		return fetched{}, err
	}
	m := release.Manifest
	f := fetched{instance: render.Instance{
		Name: i.Name, Package: i.Package, Registry: i.Registry, Namespace: i.Namespace, Version: release.Version,
		Namespaced: i.Namespaced, Manifest: m, Patches: i.Overrides.Patches, Images: i.Overrides.Images, Labels: i.Overrides.Labels,
		MoveNamespace: i.Moved, Mode: i.Mode, Requires: i.Requires, Guards: i.Guards,
	}}
	if i.Removal != nil {
		f.instance.Withdrawn, f.instance.Guarded, f.instance.Announced = i.Removal.Withdrawn, i.Removal.Guarded, i.Removal.Announced
	}
	defined, free := split(m, i.Overrides.Values)
	if f.instance.Values, err = typed(m, i, defined); err != nil {
		return fetched{}, err
	}
	f.sources = []lock.Source{{URL: release.File.Name, Digest: release.File.Digest}}
	beside, err := p.besides(ctx, i, release)
	if err != nil {
		return fetched{}, err
	}
	f.sources = append(f.sources, beside...)
	if m.Kustomize != nil {
		folder, files, err := p.registries.Registry(i.Registry).Folder(ctx, release)
		if err != nil {
			return fetched{}, err
		}
		f.instance.Folder = folder
		f.sources = append(f.sources, sources(files)...)
	}
	if m.Helm != nil {
		made, read, err := p.charts(ctx, i, m, free)
		if err != nil {
			return fetched{}, err
		}
		f.instance.Charts = made
		f.sources = append(f.sources, read...)
	}
	files, err := p.registries.Registry(i.Registry).Files(ctx, release)
	if err != nil {
		return fetched{}, err
	}
	f.instance.Files = files
	f.sources = append(f.sources, sources(files)...)
	return f, checkDigests(i, f.sources)
}

// besides is the file of facts beside a package.yaml, when there is one. For a locked version it is there when the lock has it: one
// that was added later is no part of what was locked.
func (p *Project) besides(ctx context.Context, i lock.Instance, release *catalog.Release) ([]lock.Source, error) {
	name := path.Join(release.Package, release.Version.String(), catalog.FactsFile)
	locked := slices.ContainsFunc(i.Sources, func(s lock.Source) bool { return s.URL == name })
	if len(i.Sources) > 0 && !locked {
		return nil, nil
	}
	sheet, err := p.registries.Registry(i.Registry).VersionFacts(ctx, release.Package, release.Version)
	switch {
	case err != nil:
		return nil, err
	case sheet != nil:
		return sources([]catalog.File{sheet.File}), nil
	case locked:
		return nil, &catalog.ReadError{Registry: i.Registry, Package: i.Package, Version: release.Version, Err: fmt.Errorf("%s: %w", name, catalog.ErrNotFound)}
	}
	return nil, nil
}

func sources(files []catalog.File) []lock.Source {
	listed := make([]lock.Source, 0, len(files))
	for _, file := range files {
		listed = append(listed, lock.Source{URL: file.Name, Digest: file.Digest})
	}
	return listed
}

// checkDigests compares what was read with what the lock says of the same version: other bytes are never taken.
func checkDigests(i lock.Instance, read []lock.Source) error {
	want := map[string]catalog.Digest{}
	for _, s := range i.Sources {
		want[s.URL] = s.Digest
	}
	for _, s := range read {
		if digest, known := want[s.URL]; known && digest != s.Digest {
			return &catalog.TamperedError{URL: s.URL, Want: digest, Got: s.Digest}
		}
	}
	return nil
}

func askers(i lock.Instance) []string {
	var by []string
	for _, r := range i.RequiredBy {
		if r.By != "" {
			by = append(by, r.By)
		}
	}
	return by
}

// typed gives the values of an instance the types of their definitions.
func typed(m *catalog.Manifest, i lock.Instance, defined map[string]any) (map[string]values.Value, error) {
	set := map[string]any{}
	maps.Copy(set, defined)
	for name, reference := range i.Overrides.ValuesFrom {
		r, err := values.ParseReference(reference)
		if err != nil {
			return nil, fmt.Errorf("instance %s: value %s: %w", i.Name, name, err)
		}
		set[name] = r
	}
	made, err := values.Set(m.ValueDefinitions, set)
	if err != nil {
		return nil, fmt.Errorf("instance %s of package %s: %w", i.Name, i.Package, err)
	}
	return made, nil
}

// counter counts towards a total and tells the world.
func (p *Project) counter(task string, total int) func() {
	done := make(chan int, 1)
	done <- 0
	return func() {
		n := <-done + 1
		p.world.Progress(task, n, total)
		done <- n
	}
}

// sameJSON reports whether two values are the same once written as JSON.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
