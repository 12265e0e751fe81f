package render

import (
	"io/fs"
	"testing/fstest"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/order/simulate"
	"gkops.dev/gkops/resolver/catalog"
)

// Output is a rendered tree and what is known of it.
type Output struct {
	Files      map[string][]byte // path relative to the repository, slash-separated, to content
	Parts      []Part            // by instance and order of application; the namespaces part first
	Namespaces []Namespace       // that are generated or shipped, by name
	Places     map[string]string // "<instance>/<file name>" to part: objects that are not in their natural part
	Facts      []Facts           // by instance

	// Made is what the charts of an instance made up (random texts, keys, the time), by instance and by a key that stays: given back
	// with Chart.Made, it makes the same tree again.
	Made     map[string]map[string]string
	Findings []finding.Finding // sorted
	AsRead   *simulate.Tree    // Files as the engine reads them
}

// Part is a folder of objects that are applied together.
type Part struct {
	Instance  string // empty for the namespaces part
	Name      string // CRDs, Core, Config or NamespacesPart
	Folder    string // relative to the repository
	Wave      int
	Files     map[string]catalog.Digest // path below Folder to digest
	Hash      catalog.Digest            // of Files
	DependsOn []string                  // part ids, sorted, without those that follow from others
	Objects   int
	Bytes     int
}

// ID is how other parts name this one: "<instance>/<part>", or "namespaces".
func (p Part) ID() string { return partID(p.Instance, p.Name) }

// Namespace is a namespace of the tree.
type Namespace struct {
	Name  string
	Owner string   // ClusterOwner, or the instance that ships it
	Users []string // instances with objects in it, sorted
}

// Facts are what an instance gives to the cluster and what it needs from it, read from its objects.
type Facts struct {
	Instance string
	Provides []CRD              // by group and kind
	Requires []GroupVersionKind // kinds of custom resources that the instance has and does not define itself
}

// CRD is a custom kind that an instance defines.
type CRD struct {
	Group, Kind, Plural, Scope string // Scope is "Cluster" or "Namespaced"
	Versions                   []CRDVersion
}

// CRDVersion is one version of a custom kind.
type CRDVersion struct {
	Name            string
	Served, Storage bool
}

// GroupVersionKind names a kind in one version of its API.
type GroupVersionKind struct{ Group, Version, Kind string }

// FS is the tree as a file system.
func (o *Output) FS() fs.FS {
	tree := fstest.MapFS{}
	for name, data := range o.Files {
		tree[name] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return tree
}

// partID names a part: "<instance>/<part>", or "namespaces".
func partID(instance, part string) string {
	if instance == "" {
		return part
	}
	return instance + "/" + part
}
