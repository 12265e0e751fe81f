package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/order/simulate"
)

// removals decide what is left, in the next revision, of the instances that a lock has and a plan has not. Engines delete in no useful order
// when all goes at once, so an instance that Git holds leaves part by part, in reverse order of application. Objects that hold data are guarded
// one revision before they leave Git and stay in the cluster; where they are to be lost, the revision before says so instead.
type removals struct {
	held, committed *lock.Lock // of the work tree, and of HEAD, nil when there is none
	advance         bool       // removals that are under way go on
	purge           []string   // instances whose data is to be lost

	objects   func(instance string, p lock.Part) ([]*simulate.Object, error) // of a part that Git has, by file
	resources func(group, kind string) ([]string, error)                     // files of the repository with a custom resource of a kind
}

// leaving says what is left of those that go, and what a person has to know of each step.
func (r removals) leaving(staying []lock.Instance) (left []lock.Instance, notices []string, err error) {
	if r.held == nil {
		return nil, nil, nil
	}
	var going []lock.Instance
	for _, i := range r.held.Instances {
		stays := slices.ContainsFunc(staying, func(s lock.Instance) bool { return s.Name == i.Name })
		if !stays && inGit(r.committed, i.Name) {
			going = append(going, i)
		}
	}
	for _, i := range going {
		next, notice, err := r.step(i, going)
		if err != nil {
			return nil, nil, fmt.Errorf("removal of %s: %w", i.Name, err)
		}
		if notice != "" {
			notices = append(notices, "removal of "+i.Name+": "+notice)
		}
		if next != nil {
			next.Parts, next.Places = nil, nil // the render says what is left of them
			left = append(left, *next)
		}
	}
	return left, notices, nil
}

func inGit(committed *lock.Lock, instance string) bool {
	return committed != nil && committed.Instance(instance) != nil
}

// step is one step of one removal: the instance as the next revision has it, nil when nothing is left of it.
func (r removals) step(i lock.Instance, going []lock.Instance) (*lock.Instance, string, error) {
	switch {
	case i.Removal != nil && !r.advance:
		return &i, "", nil
	case !sameJSON(i.Removal, r.committed.Instance(i.Name).Removal):
		return &i, "commit the last step before the next", nil
	}
	was := lock.Removal{}
	if i.Removal != nil {
		was = *i.Removal
	}
	next := i
	next.Guards = nil
	next.Removal = &lock.Removal{
		Guarded: !was.Announced, Announced: was.Announced, Purge: was.Purge || slices.Contains(r.purge, i.Name), Withdrawn: slices.Clone(was.Withdrawn),
	}
	if by := neededBy(i.Name, going); by != "" {
		return &next, fmt.Sprintf("waits until %s is gone; %s", by, again()), nil
	}
	rest := remaining(i)
	if len(rest) == 0 {
		return nil, "done", nil
	}
	d, err := r.departure(i, rest)
	if err != nil {
		return nil, "", err
	}
	switch {
	case next.Removal.Purge && !was.Announced && (len(d.data) > 0 || d.namespaces != nil):
		next.Removal.Guarded, next.Removal.Announced = false, true
		return &next, d.announced(), nil
	case !was.Guarded && !was.Announced && len(d.shared) > 0 && len(d.data) == 0:
		return &next, "namespaces that others use are guarded first:\n" + names(d.shared) + "\n" + again(), nil
	case !next.Removal.Purge && !was.Guarded && len(d.data) > 0:
		return &next, "what holds data is guarded first:\n" + d.losses + "\n" + again(), nil
	case i.Removal == nil && d.serves && d.defines != nil:
		return &next, "its custom resources go first, while their controller is there: before the next step is merged,\n" + d.resourcesGone(d.defines) + again(), nil
	}
	next.Removal.Withdrawn = append(next.Removal.Withdrawn, d.last.Name)
	slices.Sort(next.Removal.Withdrawn)
	notice := d.withdrawn(next.Removal.Purge)
	switch gone := d.gone(len(rest) > 1 || len(going) > 1); {
	case len(rest) == 1:
		return nil, strings.TrimRight(notice+"\n"+gone, "\n"), nil
	default:
		return &next, notice + "\n" + gone + again(), nil
	}
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

// remaining are the parts of an instance that Git still has, in the order of application: by wave.
func remaining(i lock.Instance) []lock.Part {
	order := []string{render.CRDs, render.Before, render.Core, render.Config, render.After}
	parts := slices.DeleteFunc(slices.Clone(i.Parts), func(p lock.Part) bool {
		return i.Removal != nil && slices.Contains(i.Removal.Withdrawn, p.Name)
	})
	slices.SortFunc(parts, func(a, b lock.Part) int {
		return cmp.Or(cmp.Compare(a.Wave, b.Wave), cmp.Compare(slices.Index(order, a.Name), slices.Index(order, b.Name)))
	})
	return parts
}

// departure is what has to be known of the part that leaves next.
type departure struct {
	last       lock.Part
	serves     bool               // it has what may be a controller
	nextServes bool               // the part that leaves after it has
	data, rest []*simulate.Object // what holds data, and what does not
	shared     []*simulate.Object // namespaces that others use
	defines    []*simulate.Object // all definitions that the instance still has
	namespaces []string           // of the cluster, which nothing needs any more when the part is gone
	losses     string             // what holds data, a line each, with what would be lost with it
}

func (r removals) departure(i lock.Instance, rest []lock.Part) (*departure, error) {
	d := &departure{last: rest[len(rest)-1]}
	for n, part := range rest {
		objects, err := r.objects(i.Name, part)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if _, kind, _ := o.Defines(); kind != "" {
				d.defines = append(d.defines, o)
			}
			d.serves = d.serves || n == len(rest)-1 && o.Controls()
			d.nextServes = d.nextServes || n == len(rest)-2 && o.Controls()
			switch {
			case n < len(rest)-1:
			case r.shared(i.Name, o):
				d.shared = append(d.shared, o)
			case o.HoldsData():
				d.data = append(d.data, o)
			default:
				d.rest = append(d.rest, o)
			}
		}
	}
	if len(rest) == 1 {
		d.namespaces = r.lastNamespaces(i.Name)
	}
	var err error
	d.losses, err = r.losses(d.data)
	return d, err
}

// shared reports whether an object is a namespace that other instances use: the cluster takes it over, and it stays in Git.
func (r removals) shared(instance string, o *simulate.Object) bool {
	return o.ID.Kind == "Namespace" && o.ID.Group() == "" && slices.ContainsFunc(r.held.Namespaces, func(n lock.Namespace) bool {
		return n.Name == o.ID.Name && slices.ContainsFunc(n.UsedBy, func(user string) bool { return user != instance })
	})
}

// lastNamespaces are the namespaces of the cluster that only this instance uses.
func (r removals) lastNamespaces(instance string) []string {
	var names []string
	for _, n := range r.held.Namespaces {
		if n.Owner == lock.ClusterOwner && len(n.UsedBy) == 1 && n.UsedBy[0] == instance {
			names = append(names, n.Name)
		}
	}
	return names
}

// names are objects, a line each.
func names(objects []*simulate.Object) string {
	lines := make([]string, 0, len(objects))
	for _, o := range objects {
		lines = append(lines, "  "+o.ID.String())
	}
	return strings.Join(lines, "\n")
}

// announced is said when the next step deletes data.
func (d *departure) announced() string {
	lines := []string{"the next step deletes these, with all their data:"}
	if d.losses != "" {
		lines = append(lines, d.losses)
	}
	for _, name := range d.namespaces {
		lines = append(lines, "  Namespace "+name+", with everything in it")
	}
	return strings.Join(lines, "\n") + "\nthis step only says so in Git, and lifts their guard; 'gkops add' takes the removal back\n" + again()
}

// withdrawn is said when a part leaves Git.
func (d *departure) withdrawn(purge bool) string {
	text := "part " + d.last.Name + " leaves Git"
	if len(d.shared) > 0 {
		text += "; the cluster takes over, for those who use it,\n" + names(d.shared) + "\n"
	}
	switch {
	case len(d.data) == 0:
		return text
	case purge:
		return text + ", and the engine deletes, with all data:\n" + d.losses
	}
	text += "; what holds data stays in the cluster, and is deleted, when nobody needs it, with\n" + kubectl("delete", d.data)
	if strings.Contains(d.losses, ": ") {
		text += "\nwhich would lose\n" + d.losses
	}
	return text
}

// gone names what must be gone from the cluster before the next step is merged, and the commands that show it.
func (d *departure) gone(more bool) string {
	if !more {
		return ""
	}
	text := ""
	if len(d.rest) > 0 {
		text = "must be gone before the next step is merged (each command answers NotFound):\n" + kubectl("get", d.rest) + "\n"
	}
	if d.nextServes && d.defines != nil {
		text += d.resourcesGone(d.defines)
	}
	return text
}

// resourcesGone names the kinds of which no custom resource may be left in the cluster, also of those that are not in Git.
func (d *departure) resourcesGone(defines []*simulate.Object) string {
	var lines strings.Builder
	for _, o := range defines {
		group, _, plural := o.Defines()
		lines.WriteString("  kubectl get " + plural + "." + group + " -A\n")
	}
	return "no custom resource of its kinds may be left then, in Git or not (each command answers 'No resources found'):\n" + lines.String()
}
