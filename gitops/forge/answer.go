package forge

import (
	"cmp"
	"slices"
	"strings"
)

// Of are the pulls of the repository at a path that a query selects, as NewestFirst has them.
func (q PullQuery) Of(path string, pulls []Pull) []Pull {
	var found []Pull
	for _, p := range pulls {
		if (q.State == "" || p.State == q.State) && (q.Head == "" || p.Head == q.Head && p.HeadRepository == path) {
			found = append(found, p)
		}
	}
	return NewestFirst(found)
}

// NewestFirst sorts pulls by their number, the highest first, each once: one that is opened while pages are read pushes another to the
// next page, which then lists it a second time.
func NewestFirst(pulls []Pull) []Pull {
	slices.SortFunc(pulls, func(a, b Pull) int { return cmp.Compare(b.Number, a.Number) })
	return slices.CompactFunc(pulls, func(a, b Pull) bool { return a.Number == b.Number })
}

// WithTopic are the repositories that carry a topic, sorted by path; an empty topic selects all.
func WithTopic(topic string, repositories []Repository) []Repository {
	var found []Repository
	for _, r := range repositories {
		if topic == "" || slices.Contains(r.Topics, topic) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b Repository) int { return strings.Compare(a.Path, b.Path) })
	return found
}

// ByName sorts checks by their name; those of one name stay as they came.
func ByName(checks []Check) []Check {
	slices.SortStableFunc(checks, func(a, b Check) int { return strings.Compare(a.Name, b.Name) })
	return checks
}
