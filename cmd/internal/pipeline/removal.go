package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render"
)

// leaving says what is left, in the next revision, of the instances that a lock has and a plan has not. Engines delete in no
// useful order when all goes at once, so an instance that Git holds leaves part by part, in reverse order of application, and
// objects that hold data are guarded one revision before they leave Git. committed is the lock of HEAD, nil when there is none.
// Removals that are under way go on only when advance is set.
func leaving(held, committed *lock.Lock, staying []lock.Instance, advance bool) (left []lock.Instance, notices []string) {
	if held == nil {
		return nil, nil
	}
	var going []lock.Instance
	for _, i := range held.Instances {
		stays := slices.ContainsFunc(staying, func(s lock.Instance) bool { return s.Name == i.Name })
		if !stays && inGit(committed, i.Name) {
			going = append(going, i)
		}
	}
	for _, i := range going {
		next, notice := step(i, committed.Instance(i.Name), going, advance)
		if notice != "" {
			notices = append(notices, notice)
		}
		if next != nil {
			left = append(left, *next)
		}
	}
	return left, notices
}

func inGit(committed *lock.Lock, instance string) bool {
	return committed != nil && committed.Instance(instance) != nil
}

// step is one step of one removal: the instance as the next revision has it, nil when nothing is left of it.
func step(i lock.Instance, committed *lock.Instance, going []lock.Instance, advance bool) (*lock.Instance, string) {
	switch {
	case i.Removal != nil && !advance:
		return &i, ""
	case !sameJSON(i.Removal, committed.Removal):
		return &i, fmt.Sprintf("removal of %s: commit the last step before the next", i.Name)
	}
	next := i
	next.Removal = &lock.Removal{Guarded: true}
	if i.Removal != nil {
		next.Removal.Withdrawn = slices.Clone(i.Removal.Withdrawn)
	}
	if by := neededBy(i.Name, going); by != "" {
		return &next, fmt.Sprintf("removal of %s: waits until %s is gone", i.Name, by)
	}
	rest := remaining(i)
	if len(rest) == 0 {
		return nil, fmt.Sprintf("removal of %s: done", i.Name)
	}
	last := rest[len(rest)-1]
	guarded := i.Removal != nil && i.Removal.Guarded
	if !guarded && len(dataFiles(last)) > 0 {
		return &next, fmt.Sprintf("removal of %s: what holds data is guarded first; %s\n%s",
			i.Name, again(i.Name), listFiles(dataFiles(last)))
	}
	next.Removal.Withdrawn = append(next.Removal.Withdrawn, last.Name)
	slices.Sort(next.Removal.Withdrawn)
	notice := fmt.Sprintf("removal of %s: part %s leaves Git", i.Name, last.Name)
	if kept := dataFiles(last); len(kept) > 0 {
		notice += "; these objects stay in the cluster, delete them by hand when their data is not needed:\n" + listFiles(kept)
	}
	if len(rest) == 1 {
		return nil, notice
	}
	return &next, notice + "; " + again(i.Name)
}

// again says how a removal goes on.
func again(instance string) string {
	return fmt.Sprintf("when the engine has applied this, run 'gkops remove %s' again", instance)
}

// neededBy is another instance that leaves and still needs this one, or is its parent.
func neededBy(name string, going []lock.Instance) string {
	for _, other := range going {
		if other.Name != name && slices.Contains(other.Requires, name) {
			return other.Name
		}
	}
	return ""
}

// remaining are the parts of an instance that Git still has, in the order of application.
func remaining(i lock.Instance) []lock.Part {
	order := []string{render.CRDs, render.Core, render.Config}
	parts := slices.DeleteFunc(slices.Clone(i.Parts), func(p lock.Part) bool {
		return i.Removal != nil && slices.Contains(i.Removal.Withdrawn, p.Name)
	})
	slices.SortFunc(parts, func(a, b lock.Part) int {
		return cmp.Compare(slices.Index(order, a.Name), slices.Index(order, b.Name))
	})
	return parts
}

// dataFiles are the files of a part whose objects hold data.
func dataFiles(p lock.Part) []string {
	var files []string
	for name := range p.Files {
		kind, _, _ := strings.Cut(name, "_")
		if slices.Contains([]string{
			"customresourcedefinition.apiextensions.k8s.io", "namespace", "persistentvolume", "persistentvolumeclaim", "statefulset.apps",
		}, kind) {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return files
}

func listFiles(files []string) string {
	lines := make([]string, 0, len(files))
	for _, f := range files {
		lines = append(lines, "  "+strings.TrimSuffix(f, ".yaml"))
	}
	return strings.Join(lines, "\n")
}

func compareStrings(a, b string) int { return cmp.Compare(a, b) }
