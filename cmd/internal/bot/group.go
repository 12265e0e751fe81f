package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver/catalog"
)

// Candidate is one instance of a cluster, with how its package may move. Its To is the newest version that the policy allows.
type Candidate struct {
	pipeline.Prospect
	Moves      workspace.Moves
	Group      string     // of the policy, empty for none
	Advisories []Advisory // known holes that From has and To has not, by id
}

// Group is a set of instances that move in one pull.
type Group struct {
	Name    string
	Cluster string      // empty: the clusters share how it moves, and the pull
	Members []Candidate // by cluster and instance; each of them moves
}

// Groups parts candidates into sets that move together: what the policy names as a group, and else what depends on one another,
// so that an operator, its definitions and what needs them move at once. A candidate that does not move joins nothing. Clusters in which a set moves
// by other rules get a pull of their own. The order is that of the names.
func Groups(candidates []Candidate) []Group {
	sets := joined(candidates)
	var groups []Group
	for _, members := range sets {
		name := nameOf(members)
		for n, cluster := range apart(members) {
			g := Group{Name: name, Members: cluster}
			if n > 0 {
				g.Cluster = cluster[0].Cluster
			}
			groups = append(groups, g)
		}
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Cluster, b.Cluster))
	})
	return groups
}

// joined are the sets of candidates that move together, over all clusters.
func joined(candidates []Candidate) [][]Candidate {
	parent := map[string]string{}
	var find func(string) string
	find = func(node string) string {
		if up, known := parent[node]; known && up != node {
			parent[node] = find(up)
			return parent[node]
		}
		return node
	}
	node := func(c Candidate) string {
		if c.Group != "" {
			return "group " + c.Group
		}
		return c.Instance
	}
	moving := map[string]Candidate{} // by cluster and instance
	for _, c := range candidates {
		if c.Prospect.Moves() {
			moving[c.Cluster+"/"+c.Instance] = c
		}
	}
	for _, c := range moving {
		for _, other := range append(slices.Clone(c.Requires), c.Parent) {
			if o, moves := moving[c.Cluster+"/"+other]; moves && c.Group == "" && o.Group == "" {
				parent[find(node(c))] = find(node(o))
			}
		}
	}
	sets := map[string][]Candidate{}
	for _, c := range moving {
		sets[find(node(c))] = append(sets[find(node(c))], c)
	}
	var all [][]Candidate
	for _, set := range sets {
		slices.SortFunc(set, func(a, b Candidate) int {
			return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Instance, b.Instance))
		})
		all = append(all, set)
	}
	return all
}

// nameOf is what a set is called: as the policy does, else as the instance that the others are there for or depend on: the first by name
// that requires no other of the set.
func nameOf(set []Candidate) string {
	names := map[string]bool{}
	for _, c := range set {
		names[c.Instance] = true
	}
	best := ""
	for _, c := range set {
		if c.Group != "" {
			return c.Group
		}
		needs := slices.ContainsFunc(c.Requires, func(name string) bool { return names[name] })
		if !needs && (best == "" || c.Instance < best) {
			best = c.Instance
		}
	}
	if best == "" { // they require each other
		best = set[0].Instance
	}
	return best
}

// apart parts a set by the rules of its clusters: first those of the first cluster's, then each other way by itself.
func apart(set []Candidate) [][]Candidate {
	byCluster := map[string][]Candidate{}
	var clusters []string
	for _, c := range set {
		if byCluster[c.Cluster] == nil {
			clusters = append(clusters, c.Cluster)
		}
		byCluster[c.Cluster] = append(byCluster[c.Cluster], c)
	}
	var ways []string
	parts := map[string][]Candidate{}
	for _, name := range clusters {
		way := rules(byCluster[name])
		if parts[way] == nil {
			ways = append(ways, way)
		}
		parts[way] = append(parts[way], byCluster[name]...)
	}
	var all [][]Candidate
	for _, way := range ways {
		all = append(all, parts[way])
	}
	return all
}

// rules are the ways in which the members of a cluster move, as a text.
func rules(members []Candidate) string {
	var ways []string
	for _, c := range members {
		data, err := json.Marshal(c.Moves)
		if err != nil {
			panic("workspace.Moves is plain data: " + err.Error())
		}
		ways = append(ways, string(data))
	}
	slices.Sort(ways)
	return strings.Join(slices.Compact(ways), "\n")
}

// Branch is the branch of the group's pull, the same for every version.
func (g Group) Branch() string {
	if g.Cluster != "" {
		return Prefix + "cluster/" + g.Cluster + "/" + g.Name
	}
	return Prefix + "upgrade/" + g.Name
}

// Prefix is what every branch of the bot starts with.
const Prefix = "gkops/"

// Targets are the versions that the group goes to, as "prod/web@v1.1.0", sorted.
func (g Group) Targets() []string {
	targets := make([]string, 0, len(g.Members))
	for _, c := range g.Members {
		targets = append(targets, c.Cluster+"/"+c.Instance+"@"+c.To.String())
	}
	slices.Sort(targets)
	return targets
}

// Level is the widest level of its moves.
func (g Group) Level() workspace.Level {
	widest := workspace.Patch
	for _, c := range g.Members {
		if level := workspace.LevelOf(c.From, c.To); !widest.Allows(level) {
			widest = level
		}
	}
	return widest
}

// Security reports whether a move closes a known hole.
func (g Group) Security() bool {
	return slices.ContainsFunc(g.Members, func(c Candidate) bool { return len(c.Advisories) > 0 })
}

// Clusters are those that it moves in.
func (g Group) Clusters() []string {
	var names []string
	for _, c := range g.Members {
		if !slices.Contains(names, c.Cluster) {
			names = append(names, c.Cluster)
		}
	}
	return names
}

// Instances are those that move, without repeats.
func (g Group) Instances() []string {
	var names []string
	for _, c := range g.Members {
		names = append(names, c.Instance)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Title is the first line of the pull and of its commit.
func (g Group) Title(style workspace.CommitStyle) string {
	title := fmt.Sprintf("upgrade %s to %s", g.Members[0].Instance, g.Members[0].To)
	same := !slices.ContainsFunc(g.Members, func(c Candidate) bool {
		return c.Instance != g.Members[0].Instance || !c.To.Equal(g.Members[0].To)
	})
	if !same {
		title = fmt.Sprintf("upgrade %s: %d packages", g.Name, len(g.Instances()))
	}
	if g.Cluster != "" {
		title += " in " + g.Cluster
	}
	if g.Security() {
		title += " (security)"
	}
	if style == workspace.Conventional {
		kind := "chore"
		if g.Security() {
			kind = "fix"
		}
		return kind + "(deps): " + title
	}
	return strings.ToUpper(title[:1]) + title[1:]
}

// Held says why a group may not be opened now, and from when on it may; empty when it may.
func (g Group) Held(zone string, now time.Time) string {
	if g.Security() {
		return ""
	}
	for _, c := range g.Members {
		window := c.Moves.Window(zone)
		if window.Open(now) {
			continue
		}
		if next := window.Next(now); !next.IsZero() {
			return fmt.Sprintf("schedule: opens %s", next.UTC().Format(time.RFC3339))
		}
		return "schedule: it never opens"
	}
	return ""
}

// capOf is the range that keeps a version within a level: "<2.0.0".
func capOf(from catalog.Version, level workspace.Level) string {
	switch {
	case level == workspace.Major:
		return ""
	case level == workspace.Patch, from.Major() == 0:
		return fmt.Sprintf("<%d.%d.0", from.Major(), from.Minor()+1)
	}
	return fmt.Sprintf("<%d.0.0", from.Major()+1)
}
