package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// Advisory is a known hole in some versions of packages, as the OSV format has it: https://ossf.github.io/osv-schema/. Only what decides about
// versions is read.
type Advisory struct {
	ID        string     `json:"id"`
	Summary   string     `json:"summary"`
	Withdrawn string     `json:"withdrawn"`
	Affected  []Affected `json:"affected"`
}

// Affected is what an advisory says of one package: single versions, and ranges by events.
type Affected struct {
	Package struct {
		Name string `json:"name"`
	} `json:"package"`
	Versions []string `json:"versions"`
	Ranges   []struct {
		Type   string  `json:"type"`
		Events []Event `json:"events"`
	} `json:"ranges"`
}

// Event is where a hole begins or ends. One field is set; Introduced may be "0", before every version.
type Event struct {
	Introduced   string `json:"introduced,omitempty"`
	Fixed        string `json:"fixed,omitempty"`
	LastAffected string `json:"last_affected,omitempty"`
	Limit        string `json:"limit,omitempty"`
}

// ParseAdvisory reads an advisory. Versions that cannot be read are errors: a hole must not be overlooked.
func ParseAdvisory(file string, data []byte) (Advisory, error) {
	var a Advisory
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("read advisory %s: %w", file, err)
	}
	if a.ID == "" || strings.ContainsFunc(a.ID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return a, fmt.Errorf("read advisory %s: it has no id", file)
	}
	for _, affected := range a.Affected {
		for _, r := range affected.Ranges {
			for _, e := range r.Events {
				for _, text := range []string{e.Introduced, e.Fixed, e.LastAffected, e.Limit} {
					if _, err := eventVersion(text); err != nil && r.Type != "GIT" {
						return a, fmt.Errorf("read advisory %s: %w", file, err)
					}
				}
			}
		}
	}
	return a, nil
}

// eventVersion is the version of an event; "0" and none are before every version.
func eventVersion(text string) (catalog.Version, error) {
	if text == "" || text == "0" || text == "*" {
		return catalog.Version{}, nil
	}
	if !strings.HasPrefix(text, "v") {
		text = "v" + text
	}
	return catalog.ParseVersion(text)
}

// Affects reports whether a version of a package has the hole.
func (a Advisory) Affects(pkg string, v catalog.Version) bool {
	return a.Withdrawn == "" && slices.ContainsFunc(a.Affected, func(f Affected) bool { return f.Package.Name == pkg && f.has(v) })
}

func (f Affected) has(v catalog.Version) bool {
	if slices.ContainsFunc(f.Versions, func(text string) bool {
		named, err := eventVersion(text)
		return err == nil && named.Equal(v)
	}) {
		return true
	}
	for _, r := range f.Ranges {
		if r.Type != "GIT" && within(r.Events, v) {
			return true
		}
	}
	return false
}

// within walks the events up to a version, in their order: the last one decides.
func within(events []Event, v catalog.Version) bool {
	type step struct {
		at   catalog.Version
		open bool
	}
	var steps []step
	for _, e := range events {
		switch {
		case e.Introduced != "":
			at, _ := eventVersion(e.Introduced) // ParseAdvisory has read it
			steps = append(steps, step{at, true})
		case e.Fixed != "":
			at, _ := eventVersion(e.Fixed)
			steps = append(steps, step{at, false})
		case e.LastAffected != "":
			if at, _ := eventVersion(e.LastAffected); v.Compare(at) > 0 {
				steps = append(steps, step{v, false})
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		return cmp.Or(compare(a.at, b.at), cmp.Compare(order(b.open), order(a.open)))
	})
	open := false
	for _, s := range steps {
		if compare(s.at, v) <= 0 {
			open = s.open
		}
	}
	return open
}

func order(open bool) int {
	if open {
		return 1
	}
	return 0
}

// compare orders versions; none is before all.
func compare(a, b catalog.Version) int {
	if a.IsZero() || b.IsZero() {
		return order(!a.IsZero()) - order(!b.IsZero())
	}
	return a.Compare(b)
}

// Fixes are the advisories that a move leaves behind, by id.
func Fixes(known []Advisory, pkg string, from, to catalog.Version) []Advisory {
	var fixed []Advisory
	for _, a := range known {
		if a.Affects(pkg, from) && !a.Affects(pkg, to) {
			fixed = append(fixed, a)
		}
	}
	slices.SortFunc(fixed, func(a, b Advisory) int { return cmp.Compare(a.ID, b.ID) })
	return fixed
}
