package render

import (
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// partNames are the parts in the order of their application.
func partNames() []string { return []string{CRDs, Before, Core, Config, After} }

// rank orders the parts of an instance; what is none of them comes first.
func rank(part string) int { return slices.Index(partNames(), part) }

// divide gives every object its part, see the package comment.
func (b *build) divide() {
	own := map[string]bool{}
	for _, crd := range b.provides {
		own[crd.Kind+"."+crd.Group] = true
	}
	workloads, onlyForeign := false, true
	for _, o := range b.objects {
		workloads = workloads || o.isWorkload()
		if !o.isCRD() && !o.isNamespace() && (!o.custom || own[kindKey(o.id)]) {
			onlyForeign = false
		}
	}
	for _, o := range b.objects {
		switch {
		case o.isCRD(), o.isNamespace():
			o.part = CRDs
		case o.hook != "":
			o.part = o.hook
		case o.custom && (onlyForeign || workloads && own[kindKey(o.id)]):
			o.part = Config
		default:
			o.part = Core
		}
	}
}

// stay lets objects keep the part that they had, where Flux would otherwise delete and make them again: when the new part is applied
// later, and when nothing else stays in the old one. It needs file names and natural parts, and gives the deviations. A custom resource
// that a webhook of its own instance admits cannot stay before or beside the server: it moves, and is guarded before it does.
func (b *build) stay(c Cluster, places map[string]string) {
	if c.Engine != Flux {
		return
	}
	previous := b.previousParts(c.Locked)
	natural := make(map[*object]string, len(b.objects))
	staying := map[string]int{}
	for _, o := range b.objects {
		natural[o] = o.part
		if before := previous[o.file]; before != "" && rank(before) < rank(o.part) && !(o.part == Config && b.serves(o.id)) {
			o.part = before
		}
		staying[o.part]++
	}
	for _, o := range b.objects {
		if before := previous[o.file]; before != "" && rank(before) > rank(o.part) && staying[before] == 0 {
			o.part = before
		}
	}
	for _, o := range b.objects {
		if o.part != natural[o] {
			o.natural = natural[o]
			places[b.Name+"/"+o.file] = o.part
		}
	}
}

// release lets the objects that stayed in their place go to their natural part after all.
func (b *build) release() {
	for _, o := range b.objects {
		if o.natural != "" {
			b.say(o, "place-moved", finding.Warning,
				"moves from part %s to %s, because there is no order otherwise: Flux deletes it and makes it again, unless it was guarded one revision before", o.part, o.natural)
			o.part, o.natural = o.natural, ""
		}
	}
}

// sayPlaces tells which objects stayed in their place.
func (b *build) sayPlaces() {
	for _, o := range b.objects {
		if o.natural != "" {
			b.say(o, "kept-place", finding.Info, "stays in part %s and does not move to %s: Flux would delete it and make it again", o.part, o.natural)
		}
	}
}

// previousParts gives the part that each file of the instance was in.
func (b *build) previousParts(locked Previous) map[string]string {
	previous := map[string]string{}
	for _, part := range partNames() {
		for _, file := range locked.Parts[partID(b.Name, part)] {
			previous[file] = part
		}
	}
	for _, o := range b.objects {
		if part := locked.Places[b.Name+"/"+o.file]; part != "" && previous[o.file] == "" && rank(part) >= 0 {
			previous[o.file] = part
		}
	}
	return previous
}

// in gives the objects of one part, in the order of their files.
func (b *build) in(part string) []*object {
	var objects []*object
	for _, o := range b.objects {
		if o.part == part {
			objects = append(objects, o)
		}
	}
	return objects
}

// protects says what becomes of an object of an instance when it leaves Git. A namespace that others use is not theirs to lose.
func (b *build) protects(o *object, builds []*build) protection {
	shared := o.isNamespace() && slices.ContainsFunc(builds, func(other *build) bool { return other != b && other.uses(o.id.Name) })
	switch {
	case b.Announced && o.holdsData() && !shared:
		return announced
	case o.keep, (b.Guarded || b.Announced) && o.holdsData(), slices.Contains(b.Guards, o.file):
		return guarded
	}
	return none
}

// uses reports whether the instance has objects in a namespace.
func (b *build) uses(namespace string) bool {
	return slices.ContainsFunc(b.objects, func(o *object) bool { return o.id.Namespace == namespace })
}

// protects says what becomes of a namespace of the cluster when its last user leaves Git: it stays, unless all that use it are announced to
// be deleted with their data.
func protects(builds []*build, namespace string) protection {
	users := 0
	for _, b := range builds {
		if b.uses(namespace) {
			users++
			if !b.Announced {
				return guarded
			}
		}
	}
	if users == 0 {
		return guarded
	}
	return announced
}

// withdraw takes out the parts that a removal under way has taken out of Git already.
func (b *build) withdraw() {
	b.objects = slices.DeleteFunc(b.objects, func(o *object) bool { return slices.Contains(b.Withdrawn, o.part) })
}
