package resolver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// maxListed bounds the lists within one line of an explanation.
const maxListed = 4

// and joins the parts of a sentence; a long list is cut.
func and(parts []string) string {
	if len(parts) > maxListed+1 {
		parts = append(slices.Clone(parts[:maxListed]), fmt.Sprintf("%d more", len(parts)-maxListed))
	}
	return join(parts, " and ")
}

func or(parts []string) string {
	if len(parts) > maxListed+1 {
		return fmt.Sprintf("%s or one of %d others", strings.Join(parts[:maxListed], ", "), len(parts)-maxListed)
	}
	return join(parts, " or ")
}

func join(parts []string, last string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + last + parts[len(parts)-1]
}

// versions names the candidates of a set: "v1.3.0, v1.6.2 to v2.1.4 and v2.4.2". A run may skip what is not among the others.
func (p *pack) versions(s, others set) string {
	var parts []string
	for _, b := range p.blocks {
		for _, run := range runs(s, others, b) {
			parts = append(parts, p.run(run, b))
		}
	}
	return and(parts)
}

func (p *pack) run(elements []int, b block) string {
	first, last := p.candidate(elements[0]).Version.String(), p.candidate(elements[len(elements)-1]).Version.String()
	text := first
	switch len(elements) {
	case 1:
	case 2:
		text += " and " + last
	default:
		text += " to " + last
	}
	if len(p.blocks) > 1 {
		text += " of " + b.registry
	}
	return text
}

// runs splits the elements of a registry where another one lies between.
func runs(s, others set, b block) [][]int {
	var all [][]int
	open := false
	for e := b.first; e < b.end; e++ {
		switch {
		case s.has(e) && open:
			all[len(all)-1] = append(all[len(all)-1], e)
		case s.has(e):
			all = append(all, []int{e})
			open = true
		case others.has(e):
			open = false
		}
	}
	return all
}

// extent says which versions of a package there are.
func (p *pack) extent() string {
	stable := p.where(func(c Candidate) bool { return !c.Version.Prerelease() })
	if stable.empty() {
		return "only prereleases: " + p.versions(p.present, p.present)
	}
	text := p.versions(stable, stable)
	newest := p.candidates[0]
	for _, c := range p.candidates {
		if c.Version.Compare(newest.Version) > 0 {
			newest = c
		}
	}
	if newest.Version.Prerelease() {
		text += ", and the prerelease " + newest.Version.String()
	}
	return text
}

// named is a package in a range, "gateway-api ~1.4.1".
func named(pkg string, r catalog.Range) string {
	return strings.TrimSpace(pkg + " " + rangeText(r))
}

// rangeText is a range as a person wrote it; several conditions stay together.
func rangeText(r catalog.Range) string { return strings.TrimSpace(r.String()) }

// label is an instance in words, with its package where that is another name.
func (n *node) label() string {
	if n.instance == n.pkg {
		return n.instance
	}
	return fmt.Sprintf("%s (%s)", n.instance, n.pkg)
}

// near is the names most like one that nobody has, at most two.
func near(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	if len(name) < 3 {
		return nil
	}
	for _, other := range names {
		if d := distance(name, other); d <= max(1, len(name)/4) {
			found = append(found, candidate{other, d})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var nearest []string
	for _, c := range found[:min(len(found), 2)] {
		nearest = append(nearest, c.name)
	}
	return nearest
}

// distance is the number of bytes to insert, delete or replace to make one name from the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
