package pipeline

import (
	"context"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/resolver/catalog"
)

// renderLock fetches and renders what a lock says, and completes the lock with what came out.
func (p *Project) renderLock(ctx context.Context, target render.Cluster, fresh, held *lock.Lock) (*planned, error) {
	got, err := p.fetch(ctx, fresh.Instances)
	if err != nil {
		return nil, err
	}
	target.Locked, target.Now = previous(held), p.world.Now()
	instances := make([]render.Instance, 0, len(got))
	for n, f := range got {
		fresh.Instances[n].Sources = f.sources
		f.instance.Requires = present(f.instance.Requires, fresh)
		instances = append(instances, f.instance)
		if len(f.instance.Charts) > 0 && target.Serves == nil {
			if target.Serves, err = serves(target.Kubernetes); err != nil {
				return nil, err
			}
		}
	}
	out, err := render.Tree(ctx, target, instances)
	if err != nil {
		return nil, err
	}
	record(fresh, out, target.Root)
	done := &planned{lock: fresh, files: out.Files, findings: untold(out.Findings, got, held, fresh), tree: out.AsRead}
	data, err := lock.Write(fresh)
	if err != nil {
		return nil, err
	}
	done.files[path.Join(target.Root, lock.FileName)] = data
	done.obsolete = obsolete(held, done, target.Root)
	return done, nil
}

// obsolete are the generated files of a lock that are no more.
func obsolete(held *lock.Lock, done *planned, root string) []string {
	if held == nil {
		return nil
	}
	var gone []string
	for name := range held.Paths() {
		if full := path.Join(root, name); done.files[full] == nil {
			gone = append(gone, full)
		}
	}
	return gone
}

// untold are the findings but those of packages that are as they were: what was told once is not told by every later command.
func untold(findings []finding.Finding, got []fetched, held, fresh *lock.Lock) []finding.Finding {
	if held == nil {
		return findings
	}
	same := map[string]bool{} // by source file: whether every instance that is made of it is as it was
	for n, f := range got {
		was := held.Instance(f.instance.Name)
		stays := was != nil && sameJSON(withoutReasons(bare(*was)), withoutReasons(bare(fresh.Instances[n])))
		for _, s := range f.sources {
			before, seen := same[s.URL]
			same[s.URL] = stays && (before || !seen)
		}
	}
	return slices.DeleteFunc(slices.Clone(findings), func(f finding.Finding) bool { return f.File != "" && same[f.File] })
}

// bare is an instance without what rendering makes of it.
func bare(i lock.Instance) lock.Instance {
	i.Parts, i.Places = nil, nil
	return i
}

// present are those names that a lock has an instance of.
func present(names []string, l *lock.Lock) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return l.Instance(name) == nil })
}

// previous is what a lock tells the render, so that waves and owners stay.
func previous(held *lock.Lock) render.Previous {
	was := render.Previous{
		Waves: map[string]int{}, Places: map[string]string{}, Owners: map[string]string{}, Parts: map[string][]string{},
	}
	if held == nil {
		return was
	}
	for _, n := range held.Namespaces {
		was.Owners[n.Name] = n.Owner
	}
	for _, i := range held.Instances {
		for file, part := range i.Places {
			was.Places[i.Name+"/"+file] = part
		}
		for _, part := range i.Parts {
			id := i.Name + "/" + part.Name
			was.Waves[id] = part.Wave
			for file := range part.Files {
				was.Parts[id] = append(was.Parts[id], file)
			}
			slices.Sort(was.Parts[id])
		}
	}
	return was
}

// record completes a lock with what was rendered.
func record(l *lock.Lock, out *render.Output, root string) {
	l.Files = map[string]catalog.Digest{}
	for name, data := range out.Files {
		l.Files[strings.TrimPrefix(name, root+"/")] = catalog.DigestOf(data)
	}
	for _, n := range out.Namespaces {
		l.Namespaces = append(l.Namespaces, lock.Namespace{Name: n.Name, Owner: n.Owner, UsedBy: n.Users})
	}
	for _, part := range out.Parts {
		i := l.Instance(part.Instance)
		if i == nil {
			continue // the namespaces part: its files stay in Files
		}
		i.Parts = append(i.Parts, lock.Part{
			Name: part.Name, Wave: part.Wave, Hash: part.Hash, DependsOn: part.DependsOn, Files: part.Files,
		})
		for file := range part.Files {
			delete(l.Files, strings.TrimPrefix(path.Join(part.Folder, file), root+"/"))
		}
	}
	for n, i := range l.Instances {
		l.Instances[n].Made = out.Made[i.Name]
		slices.SortFunc(i.Parts, func(a, b lock.Part) int { return compareStrings(a.Name, b.Name) })
	}
	for place, part := range out.Places {
		name, file, _ := strings.Cut(place, "/")
		if i := l.Instance(name); i != nil {
			if i.Places == nil {
				i.Places = map[string]string{}
			}
			i.Places[file] = part
		}
	}
}
