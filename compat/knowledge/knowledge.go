// Package knowledge is what is known about the kinds that Kubernetes itself serves: in which minors, with which fields, switched
// on by default or not, and what took their place.
//
// It knows the past from what each minor publishes as served, and the future from the life-cycle tags of k8s.io/api; every row
// has its source. It refuses to know custom resources, files and findings. The table is made by the generator in generate and
// read only when somebody asks.
package knowledge

import (
	"cmp"
	_ "embed"
	"maps"
	"slices"
	"strings"
)

//go:generate go -C generate run . -o ../table.txt -served ../../testdata/served.txt

//go:embed table.txt
var table string

// GVK names a kind of one API version; the core group is empty.
type GVK struct{ Group, Version, Kind string }

// APIVersion is group and version as an object writes them: "apps/v1", "v1".
func (k GVK) APIVersion() string {
	if k.Group == "" {
		return k.Version
	}
	return k.Group + "/" + k.Version
}

// String is "apps/v1 Deployment".
func (k GVK) String() string { return k.APIVersion() + " " + k.Kind }

// ParseGVK takes the apiVersion and kind of an object apart.
func ParseGVK(apiVersion, kind string) GVK {
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		return GVK{Version: apiVersion, Kind: kind}
	}
	return GVK{Group: group, Version: version, Kind: kind}
}

// Kind is what is known about one built-in kind. A minor of zero is not known.
type Kind struct {
	GVK
	Plural     string // as RBAC and webhook rules name it: "deployments"
	Namespaced bool
	Served     Minors // with every API switched on
	Default    Minors // served without flags
	Introduced Minor
	Deprecated Minor
	Removed    Minor // the first minor without it; a promise when it is newer than the newest known minor
	Type       *Type // of its objects; nil when it was gone before the oldest known minor

	successor GVK    // as tagged
	source    string // of the tags
}

// Knowledge is the whole table. It is safe for concurrent use.
type Knowledge struct {
	Oldest, Newest Minor

	served    map[Minor]string
	kinds     map[GVK]*Kind
	families  map[family][]*Kind // from the most stable version to the least
	resources map[resource][]*Kind
	groups    map[string]bool
	types     map[string]*Type
}

type family struct{ group, kind string }

type resource struct{ group, plural string }

// Load reads the table that is built in.
func Load() (*Knowledge, error) { return read(table) }

// Kind is the row of a kind, nil when no Kubernetes ever had it.
func (k *Knowledge) Kind(gvk GVK) *Kind { return k.kinds[gvk] }

// Kinds is every row, by group, kind and version.
func (k *Knowledge) Kinds() []*Kind {
	return slices.SortedFunc(maps.Values(k.kinds), func(a, b *Kind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), CompareVersions(a.Version, b.Version))
	})
}

// Group reports whether Kubernetes itself has the API group.
func (k *Knowledge) Group(name string) bool { return k.groups[name] }

// Versions is the rows of one kind, from the most stable version to the least.
func (k *Knowledge) Versions(group, kind string) []*Kind { return k.families[family{group, kind}] }

// Resource is the rows of a resource, given as RBAC rules name it, from the most stable version to the least.
func (k *Knowledge) Resource(group, plural string) []*Kind {
	return k.resources[resource{group, plural}]
}

// Minors is every minor from the oldest to the newest known one.
func (k *Knowledge) Minors() Minors { return Between(k.Oldest, k.Newest) }

// Clamp is the known minor nearest to the given one.
func (k *Knowledge) Clamp(m Minor) Minor { return min(max(m, k.Oldest), k.Newest) }

// Replacement is what to use in place of a kind at a minor: the tagged successor when that minor serves it, else the most stable
// version that it serves of the successor or of the kind itself. It is false when there is none.
func (k *Knowledge) Replacement(kind *Kind, at Minor) (GVK, bool) {
	at = k.Clamp(at)
	next := kind.successor
	if row := k.kinds[next]; row != nil && row.Default.Has(at) {
		return next, true
	}
	for _, of := range []family{{next.Group, next.Kind}, {kind.Group, kind.Kind}} {
		for _, row := range k.families[of] {
			if row.GVK != kind.GVK && row.Default.Has(at) {
				return row.GVK, true
			}
		}
	}
	return GVK{}, false
}

// Evidence is where a fact about a kind comes from: the module that says what a minor serves, or the tags.
func (k *Knowledge) Evidence(kind *Kind, at Minor) string {
	if source := k.served[at]; source != "" {
		return source
	}
	return kind.source
}

// CompareVersions orders API versions from the most stable to the least, newer before older, as discovery does.
func CompareVersions(a, b string) int {
	return cmp.Or(-cmp.Compare(stability(a), stability(b)), -cmp.Compare(len(a), len(b)), -cmp.Compare(a, b))
}

func stability(version string) int {
	switch {
	case strings.Contains(version, "alpha"):
		return 0
	case strings.Contains(version, "beta"):
		return 1
	}
	return 2
}
