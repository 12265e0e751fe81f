package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// minors is a set of minors, one bit each, the lowest for base.
type minors uint64

const base = 24

func minor(n int) minors { return 1 << (n - base) }

func (m minors) has(n int) bool { return n >= base && m&minor(n) != 0 }

// gvk names a kind of one API version.
type gvk struct{ group, version, kind string }

func (k gvk) apiVersion() string {
	if k.group == "" {
		return k.version
	}
	return k.group + "/" + k.version
}

func (k gvk) String() string { return k.apiVersion() + " " + k.kind }

func compareGVK(a, b gvk) int {
	return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.kind, b.kind), cmp.Compare(a.version, b.version))
}

// row is what is known about a kind.
type row struct {
	plural     string
	scope      string // N or C, empty when unknown
	served, on minors
	typ        string // name of the type of its objects, empty when no schema was published

	introduced, deprecated, removed int // minors, 0 when unknown; removed -1 when it is only known to be gone
	replacement                     gvk
	source                          string // of introduced, deprecated, removed and replacement
}

// history is everything that the sources say, merged.
type history struct {
	kinds  map[gvk]*row
	listed map[gvk]string // types that are API resources by their tags, with the newest module that has them
	types  map[string]map[field]minors
	last   int
}

// field is a field of a type, with the form of its values.
type field struct{ name, form string }

func newHistory() *history {
	return &history{kinds: map[gvk]*row{}, listed: map[gvk]string{}, types: map[string]map[field]minors{}}
}

func (h *history) row(k gvk) *row {
	if h.kinds[k] == nil {
		h.kinds[k] = &row{}
	}
	return h.kinds[k]
}

// decide lets the served sets overrule the promises for every minor that they cover, and drops what is no API resource. Its error
// names every kind that nothing decides.
func (h *history) decide() error {
	var faults []error
	for _, k := range slices.SortedFunc(maps.Keys(h.kinds), compareGVK) {
		r := h.kinds[k]
		if r.served == 0 && h.listed[k] == "" && !strings.HasPrefix(r.source, override) {
			delete(h.kinds, k)
			continue
		}
		h.decideRemoval(r)
		h.decideIntroduction(r)
		r.replacement.kind = strings.TrimSuffix(r.replacement.kind, "List") // k8s.io/api has IngressClassList for IngressClass
		h.decideResource(k, r)
		if r.served == 0 && (r.removed == 0 || r.removed > base) {
			faults = append(faults, fmt.Errorf("%s is served in no minor, and nothing says when it was removed: add it to overrides.txt", k))
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(h.listed), compareGVK) {
		if h.kinds[k] == nil {
			faults = append(faults, fmt.Errorf("%s of %s has no tags and is served nowhere: add it to overrides.txt", k, h.listed[k]))
		}
	}
	return errors.Join(faults...)
}

// decideRemoval: what was served and is no more was removed then, whatever was promised. A promise that the newest minor broke
// says nothing any more.
func (h *history) decideRemoval(r *row) {
	if r.served == 0 {
		return
	}
	if r.served.has(h.last) {
		if r.removed <= h.last {
			r.removed = 0
		}
		return
	}
	n := h.last
	for !r.served.has(n) {
		n--
	}
	r.removed = n + 1
}

// decideIntroduction: a first minor that the served sets saw is a fact; the oldest one may have had the kind for long.
func (h *history) decideIntroduction(r *row) {
	if r.served == 0 {
		return
	}
	n := base
	for !r.served.has(n) {
		n++
	}
	if n > base || r.introduced > base {
		r.introduced = n
	}
}

// decideResource takes the plural and the scope of a kind that was gone before the served sets begin from its successor.
func (h *history) decideResource(k gvk, r *row) {
	if r.plural != "" {
		return
	}
	for _, other := range slices.SortedFunc(maps.Keys(h.kinds), compareGVK) {
		if next := h.kinds[other]; other.kind == k.kind && next.plural != "" {
			r.plural, r.scope = next.plural, next.scope
			return
		}
	}
}
