package render

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// Tree renders instances for a cluster. It reads nothing from the world, and the same input gives the same bytes.
//
// The answer no is one of *ConflictError (instances ship the same object), *order.CycleError (parts wait for each other) and *simulate.OrderError (the engine could not
// apply what was rendered to an empty cluster). Packages
// and overrides that cannot be rendered are *document.SyntaxError, *values.Error, *values.MissingError, *ObjectError,
// *TargetError, *SecretError, *OverrideError, *FolderError and *SizeError.
func Tree(ctx context.Context, c Cluster, instances []Instance) (*Output, error) {
	if c.Engine != Flux && c.Engine != ArgoCD {
		return nil, fmt.Errorf("engine %q is neither %s nor %s", c.Engine, Flux, ArgoCD)
	}
	builds, err := objects(ctx, c, instances)
	if err != nil {
		return nil, err
	}
	out := &Output{Places: map[string]string{}, Made: map[string]map[string]string{}}
	for _, b := range builds {
		b.divide()
		b.nameFiles()
		b.stay(c, out.Places)
		b.withdraw()
	}
	owned, err := ownNamespaces(c, builds)
	if err != nil {
		return nil, err
	}
	if found := slices.Concat(owned.conflicts, conflicts(builds)); len(found) > 0 {
		return nil, &ConflictError{Conflicts: found}
	}
	p, waves, err := out.order(builds, owned.owners, c.Locked.Waves)
	if err != nil {
		return nil, err
	}
	t, err := write(ctx, c, builds, owned.owned, waves)
	if err != nil {
		return nil, err
	}
	if err := out.finish(t, p, owned); err != nil {
		return nil, err
	}
	return out, out.rehearse(c.Root)
}

// objects gives the instances' objects, named, placed and patched, by instance name.
func objects(ctx context.Context, c Cluster, instances []Instance) ([]*build, error) {
	builds := make([]*build, 0, len(instances))
	for _, instance := range instances {
		builds = append(builds, &build{Instance: instance, engine: c.Engine})
	}
	slices.SortFunc(builds, func(a, b *build) int { return cmp.Compare(a.Name, b.Name) })
	r := &builder{}
	if err := each(ctx, builds, r.load); err != nil {
		return nil, err
	}
	if err := r.renderCharts(ctx, c, builds); err != nil {
		return nil, err
	}
	if err := each(ctx, builds, r.complete); err != nil {
		return nil, err
	}
	var crds []CRD
	for _, b := range builds {
		crds = append(crds, b.provides...)
	}
	if slices.ContainsFunc(builds, func(b *build) bool { return b.Mode == ReleaseMode }) {
		crds = append(crds, engineKinds()...)
	}
	r.scopes = newScopes(crds)
	for _, b := range builds {
		for _, crd := range b.released {
			r.scopes.elsewhere[crd.Kind+"."+crd.Group] = true
		}
	}
	return builds, each(ctx, builds, r.settle)
}

// order finds the waves of the parts. Soft edges give way when they are part of a cycle, and if that is not enough, objects that stayed in
// the part that they had.
func (o *Output) order(builds []*build, owners map[string]string, locked map[string]int) (*planner, map[string]int, error) {
	p := plan(builds, owners)
	soft := p.relax()
	waves, err := p.graph.Waves(locked)
	if err != nil && len(o.Places) > 0 {
		for _, b := range builds {
			b.release()
		}
		clear(o.Places)
		p = plan(builds, owners)
		soft = p.relax()
		waves, err = p.graph.Waves(locked)
	}
	for _, b := range builds {
		b.sayPlaces()
	}
	o.Findings = append(o.Findings, relaxed(soft)...)
	return p, waves, err
}

// write makes the files of all parts.
func write(ctx context.Context, c Cluster, builds []*build, owned map[string]*object, waves map[string]int) (*tree, error) {
	t := &tree{cluster: c, files: map[string][]byte{}}
	err := each(ctx, builds, func(b *build) error {
		b.sayUnordered(waves)
		for _, o := range b.objects {
			if err := c.prepare(o, b.wave(o, waves), b.protects(o, builds)); err != nil {
				return b.objectError(o, err)
			}
			if err := o.write(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name, o := range owned {
		if err := c.prepare(o, waves[NamespacesPart], protects(builds, name)); err != nil {
			return nil, err
		}
		if err := o.write(); err != nil {
			return nil, err
		}
	}
	if len(owned) > 0 {
		folder := path.Join(c.Root, NamespacesPart)
		t.addNamespaces(Part{Name: NamespacesPart, Folder: folder, Wave: waves[NamespacesPart]}, owned)
	}
	for _, b := range builds {
		for _, name := range b.parts() {
			files := map[string][]byte{}
			for _, o := range b.in(name) {
				files[o.file] = o.data
			}
			folder := path.Join(c.Root, "packages", b.Name, name)
			t.add(Part{Instance: b.Name, Name: name, Folder: folder, Wave: waves[partID(b.Name, name)]}, files)
		}
	}
	t.sortParts()
	return t, nil
}

// finish adds layers and the engine's objects, and what is known of the tree.
func (o *Output) finish(t *tree, p *planner, n *namespaces) error {
	needed := p.graph.Needed()
	for i := range t.parts {
		t.parts[i].DependsOn = needed[t.parts[i].ID()]
	}
	findings, err := t.addEngine(t.addLayers())
	if err != nil {
		return err
	}
	o.Files, o.Parts, o.Namespaces = t.files, t.parts, n.list()
	o.Findings = append(o.Findings, findings...)
	for _, b := range p.builds {
		o.Findings = append(o.Findings, b.findings...)
		if made := b.made(); made != nil {
			o.Made[b.Name] = made
		}
		o.Facts = append(o.Facts, Facts{Instance: b.Name, Provides: b.provides, Requires: b.requires()})
	}
	finding.Sort(o.Findings)
	return nil
}
