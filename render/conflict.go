package render

import (
	"maps"
	"slices"
)

// claim is where an instance has an object.
func (b *build) claim(o *object) Claim {
	return Claim{Instance: b.Name, Package: b.Package, Place: o.place}
}

// conflicts finds the objects that more than one instance ships. Namespaces are not among them: they are shared.
func conflicts(builds []*build) []Conflict {
	claims := map[string][]Claim{}
	first := map[string]*object{}
	for _, b := range builds {
		for _, o := range b.objects {
			if o.isNamespace() {
				continue
			}
			key := o.id.Key()
			if first[key] == nil {
				first[key] = o
			}
			claims[key] = append(claims[key], b.claim(o))
		}
	}
	var found []Conflict
	for _, key := range slices.Sorted(maps.Keys(claims)) {
		if len(claims[key]) > 1 {
			found = append(found, Conflict{Object: first[key].id, Claims: claims[key]})
		}
	}
	return found
}
