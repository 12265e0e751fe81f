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
			next.Parts, next.Places = nil, nil // the render says what is left of them
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
		return &next, fmt.Sprintf("removal of %s: waits until %s is gone; %s", i.Name, by, again())
	}
	rest := remaining(i)
	if len(rest) == 0 {
		return nil, fmt.Sprintf("removal of %s: done", i.Name)
	}
	last := rest[len(rest)-1]
	guarded := i.Removal != nil && i.Removal.Guarded
	if !guarded && len(dataFiles(last)) > 0 {
		return &next, fmt.Sprintf("removal of %s: what holds data is guarded first:\n%s\n%s",
			i.Name, listFiles(dataFiles(last)), again())
	}
	next.Removal.Withdrawn = append(next.Removal.Withdrawn, last.Name)
	slices.Sort(next.Removal.Withdrawn)
	notice := fmt.Sprintf("removal of %s: part %s leaves Git", i.Name, last.Name)
	if kept := dataFiles(last); len(kept) > 0 {
		notice += "; what holds data stays in the cluster, and is deleted, when nobody needs it, with\n" + commands("delete", kept)
	}
	switch {
	case len(rest) == 1 && len(going) > 1:
		return nil, notice + "\n" + strings.TrimRight(goneBefore(last), "\n") // others leave after it
	case len(rest) == 1:
		return nil, notice
	}
	return &next, notice + "\n" + goneBefore(last) + again()
}

// again says how a removal goes on.
func again() string {
	return "when the engine has applied this, run 'gkops remove' again for the next step"
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

// goneBefore names what must be gone from the cluster before the next step is merged, and the commands that show it.
func goneBefore(p lock.Part) string {
	const most = 5
	kept := dataFiles(p)
	var going []string
	for name := range p.Files {
		if name != "kustomization.yaml" && !slices.Contains(kept, name) {
			going = append(going, name)
		}
	}
	if len(going) == 0 {
		return ""
	}
	slices.Sort(going)
	more := ""
	if len(going) > most {
		more = fmt.Sprintf("\n  and %d more objects of the part", len(going)-most)
		going = going[:most]
	}
	return "gone must be, before the next step is merged (each command answers NotFound):\n" + commands("get", going) + more + "\n"
}

// commands are kubectl commands for the objects of files, one per line.
func commands(verb string, files []string) string {
	lines := make([]string, 0, len(files))
	for _, file := range files {
		fields := strings.SplitN(strings.TrimSuffix(file, ".yaml"), "_", 3)
		line := "  kubectl " + verb + " " + fields[0] + " " + fields[len(fields)-1]
		if len(fields) == 3 {
			line += " -n " + fields[1]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// orphaned are notices of namespaces that belong to the cluster and that nothing uses any more: they leave Git and stay in the cluster.
func orphaned(held, fresh *lock.Lock) []string {
	if held == nil {
		return nil
	}
	var notices []string
	for _, n := range held.Namespaces {
		still := slices.ContainsFunc(fresh.Namespaces, func(other lock.Namespace) bool { return other.Name == n.Name })
		if n.Owner == lock.ClusterOwner && !still {
			notices = append(notices, fmt.Sprintf("namespace %s leaves Git with its last user and stays in the cluster; it is deleted, with all that is in it, with\n  kubectl delete namespace %s", n.Name, n.Name))
		}
	}
	return notices
}

func listFiles(files []string) string {
	lines := make([]string, 0, len(files))
	for _, f := range files {
		lines = append(lines, "  "+strings.TrimSuffix(f, ".yaml"))
	}
	return strings.Join(lines, "\n")
}

func compareStrings(a, b string) int { return cmp.Compare(a, b) }
