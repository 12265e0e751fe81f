package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
)

// Step is what happens to one instance.
type Step struct {
	Instance, Package string
	From, To          string // versions, empty when the instance was not there, or is no more
	Registry          string
	Waves             []int  // the layers of its parts
	Why               string // who asks for it
	Going             bool   // a removal is under way
}

// Sign is one character for a list: + added, - removed, ^ up, v down, ~ otherwise changed.
func (s Step) Sign() string {
	switch {
	case s.From == "":
		return "+"
	case s.To == "" || s.Going:
		return "-"
	case s.From == s.To:
		return "~"
	case newer(s.From, s.To):
		return "^"
	}
	return "v"
}

// Versions is the change of version, "v1.0.0 -> v1.1.0".
func (s Step) Versions() string {
	switch {
	case s.From == "" || s.From == s.To:
		return s.To
	case s.To == "":
		return s.From
	}
	return s.From + " -> " + s.To
}

// Layers names the layers of the parts, "layers 10, 20".
func (s Step) Layers() string {
	if len(s.Waves) == 0 {
		return ""
	}
	numbers := make([]string, 0, len(s.Waves))
	for _, w := range s.Waves {
		numbers = append(numbers, fmt.Sprint(w))
	}
	if len(numbers) == 1 {
		return "layer " + numbers[0]
	}
	return "layers " + strings.Join(numbers, ", ")
}

// steps compares two locks, instance by instance, by name.
func steps(held, fresh *lock.Lock) []Step {
	var all []Step
	for _, i := range fresh.Instances {
		s := Step{
			Instance: i.Name, Package: i.Package, To: i.Version, Registry: i.Registry, Waves: waves(i), Why: why(i), Going: i.Removal != nil,
		}
		if was := find(held, i.Name); was != nil {
			if sameJSON(withoutReasons(*was), withoutReasons(i)) {
				continue
			}
			s.From = was.Version
		}
		all = append(all, s)
	}
	if held != nil {
		for _, i := range held.Instances {
			if fresh.Instance(i.Name) == nil {
				all = append(all, Step{Instance: i.Name, Package: i.Package, From: i.Version, Registry: i.Registry, Why: "nothing asks for it any more"})
			}
		}
	}
	slices.SortFunc(all, func(a, b Step) int { return compareStrings(a.Instance, b.Instance) })
	return all
}

// withoutReasons is an instance without who asks for it and what is known of it: that changes nothing of what is there.
func withoutReasons(i lock.Instance) lock.Instance {
	i.RequiredBy, i.Facts = nil, lock.Facts{}
	return i
}

func find(l *lock.Lock, name string) *lock.Instance {
	if l == nil {
		return nil
	}
	return l.Instance(name)
}

func waves(i lock.Instance) []int {
	var numbers []int
	for _, p := range i.Parts {
		numbers = append(numbers, p.Wave)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// why says who asks for an instance: "asked for in gkops.yaml, needed by keptn".
func why(i lock.Instance) string {
	if i.Removal != nil && i.Removal.Purge {
		return "is being removed with its data"
	}
	if i.Removal != nil {
		return "is being removed"
	}
	var asked string
	var by []string
	for _, r := range i.RequiredBy {
		if r.By == "" {
			asked = "asked for in " + r.Where
			continue
		}
		by = append(by, strings.TrimSpace(r.By+" "+r.Range))
	}
	if len(by) == 0 {
		return asked
	}
	needed := "needed by " + strings.Join(by, ", ")
	if asked == "" {
		return needed
	}
	return asked + ", " + needed
}

// count adds up, per cluster, what the staged change does to its files.
func (p *Proposal) count() {
	for n := range p.Clusters {
		c := &p.Clusters[n]
		within := func(name string) bool { return strings.HasPrefix(name, clusterFolder(c.Name)+"/") }
		c.Files.Added = countIf(p.change.Added(), within)
		c.Files.Changed = countIf(p.change.Changed(), within)
		c.Files.Removed = countIf(p.change.Deleted(), within)
	}
}

func countIf(names []string, keep func(string) bool) int {
	n := 0
	for _, name := range names {
		if keep(name) {
			n++
		}
	}
	return n
}
