package bot

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/workspace"
)

// Wish is one pull that there should be.
type Wish struct {
	Branch   string
	Kind     Kind
	Targets  []string // see Marker
	Title    string
	Held     string // why it is not opened now; empty when it may be
	Security bool
	Level    workspace.Level
	Closes   []Advisory
	Edit     pipeline.Edit
	Takes    []pipeline.Prospect // of a promotion: what has to be made of the same bytes as before
	proposal *pipeline.Proposal  // what the edit comes to, when it is known already
	author   *Identity           // of the commit; nil is the bot

	Labels, Assignees, Reviewers []string
	Automerge                    *workspace.Automerge // nil: a person merges
}

func (w Wish) marker(base string) Marker {
	return Marker{Kind: w.Kind, Targets: w.Targets, Title: w.Title, Base: base}
}

// WishOf is the pull of a group.
func WishOf(g Group, policy workspace.Policy, bounds map[string]pipeline.Bounds, now time.Time) Wish {
	w := Wish{
		Branch: g.Branch(), Kind: Upgrade, Targets: g.Targets(), Title: g.Title(policy.Commits),
		Held: g.Held(policy.TimeZone, now), Security: g.Security(), Level: g.Level(),
		Edit: pipeline.Edit{Move: g.Instances(), Clusters: g.Clusters(), Bounds: bounds},
	}
	for _, c := range g.Members {
		w.Closes = append(w.Closes, c.Advisories...)
	}
	slices.SortFunc(w.Closes, func(a, b Advisory) int { return cmp.Compare(a.ID, b.ID) })
	w.Closes = slices.CompactFunc(w.Closes, func(a, b Advisory) bool { return a.ID == b.ID })
	for n, c := range g.Members {
		w.Labels, w.Assignees, w.Reviewers = union(w.Labels, c.Moves.Labels), union(w.Assignees, c.Moves.Assignees), union(w.Reviewers, c.Moves.Reviewers)
		if n == 0 {
			w.Automerge = c.Moves.Automerge
		}
		w.Automerge = stricter(w.Automerge, c.Moves.Automerge)
	}
	return w
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// stricter is the lower of two risks that are merged without a person; nil for none at all.
func stricter(a, b *workspace.Automerge) *workspace.Automerge {
	order := []string{"none", "low", "medium"}
	switch {
	case a == nil || b == nil || a.Risk == workspace.AutomergeOff || b.Risk == workspace.AutomergeOff:
		return nil
	case slices.Index(order, b.Risk) < slices.Index(order, a.Risk):
		return b
	}
	return a
}

// merges reports whether a risk may be merged without a person.
func (w Wish) merges(risk string) bool {
	order := []string{"none", "low", "medium"}
	n := slices.Index(order, risk)
	return w.Automerge != nil && n >= 0 && n <= slices.Index(order, w.Automerge.Risk)
}

// Rank orders wishes: those that close known holes first, then small moves before large ones, then by branch.
func Rank(wishes []Wish) {
	levels := []workspace.Level{workspace.Patch, workspace.Minor, workspace.Major}
	slices.SortStableFunc(wishes, func(a, b Wish) int {
		if a.Security != b.Security {
			return order(b.Security) - order(a.Security)
		}
		return cmp.Or(cmp.Compare(slices.Index(levels, a.Level), slices.Index(levels, b.Level)), cmp.Compare(a.Branch, b.Branch))
	})
}

// Budget is how many pulls may still be opened.
type Budget struct {
	limits         workspace.Limits
	opened, hourly int
}

// NewBudget counts the open pulls of the bot, and those that were opened in the last hour.
func NewBudget(limits workspace.Limits, open []forge.Pull, now time.Time) *Budget {
	b := &Budget{limits: limits}
	if b.limits.Open == 0 {
		b.limits.Open = 10
	}
	for _, p := range open {
		if m, ours := FindMarker(p.Body); !ours || m.Kind == Manual {
			continue
		}
		b.opened++
		if now.Sub(p.Created) < time.Hour {
			b.hourly++
		}
	}
	return b
}

// Take counts a pull that is to be opened, or says which limit is reached. One that closes a known hole, or that a person's command opens, is not counted.
func (b *Budget) Take(w Wish) string {
	switch {
	case w.Security, w.Kind == Manual:
		return ""
	case b.opened >= b.limits.Open:
		return fmt.Sprintf("limit: %d pulls are open", b.opened)
	case b.limits.Hourly > 0 && b.hourly >= b.limits.Hourly:
		return fmt.Sprintf("limit: %d pulls were opened in the last hour", b.hourly)
	}
	b.opened++
	b.hourly++
	return ""
}
