package lock

import (
	"github.com/fluxcd/pkg/apis/kustomize"

	"gkops.dev/gkops/resolver/catalog"
)

// The identity of the file. Format is the newest format that this program reads, and the one that it writes.
const (
	FileName   = "gkops.lock"
	APIVersion = "gkops.dev/v1alpha1"
	Kind       = "Lock"
	Format     = 1
)

// ClusterOwner is the Owner of a namespace that belongs to the cluster and not to one instance.
const ClusterOwner = "cluster"

// Lock is the whole of gkops.lock. Renderer changes only when the same inputs would give other bytes. Repository is the address of the repository as the engine was told it, where it needs one. Settings is the digest of
// what the cluster as a whole puts into the render. Files are the generated files outside parts, by path relative to the folder
// of the cluster, slash-separated; the lock itself is not among them.
type Lock struct {
	APIVersion string                    `yaml:"apiVersion" json:"apiVersion"`
	Kind       string                    `yaml:"kind" json:"kind"`
	Format     int                       `yaml:"format" json:"format"`
	Renderer   int                       `yaml:"renderer" json:"renderer"`
	Cluster    string                    `yaml:"cluster" json:"cluster"`
	Kubernetes string                    `yaml:"kubernetes" json:"kubernetes"`
	Engine     string                    `yaml:"engine" json:"engine"`
	Settings   catalog.Digest            `yaml:"settings,omitempty" json:"settings,omitempty"`
	Repository string                    `yaml:"repository,omitempty" json:"repository,omitempty"`
	Namespaces []Namespace               `yaml:"namespaces,omitempty" json:"namespaces,omitempty"`
	Instances  []Instance                `yaml:"instances,omitempty" json:"instances,omitempty"`
	Files      map[string]catalog.Digest `yaml:"files,omitempty" json:"files,omitempty"`
}

// Namespace is a namespace that instances use. Owner is ClusterOwner, or the instance that ships it.
type Namespace struct {
	Name   string   `yaml:"name" json:"name"`
	Owner  string   `yaml:"owner" json:"owner"`
	UsedBy []string `yaml:"usedBy,omitempty" json:"usedBy,omitempty"`
}

// Instance is one chosen instance. Sources are the files that it was made from, the package.yaml first. Overrides are what the
// workspace, or the parent, adds to the package: with them the lock alone reproduces the tree. Made is what charts made
// up in their first render (random texts, keys, the time), and that is given to them in every later one. Moved says that the user put a
// cluster-scoped package into another namespace. Guards are the files whose objects are guarded against deletion, because a change that
// takes them away or moves them is to come. Places are the files that do not lie in their natural part, with the part where
// they lie.
type Instance struct {
	Name       string            `yaml:"name" json:"name"`
	Package    string            `yaml:"package" json:"package"`
	Version    string            `yaml:"version" json:"version"`
	Registry   string            `yaml:"registry" json:"registry"`
	Namespace  string            `yaml:"namespace,omitempty" json:"namespace,omitempty"`
	Namespaced bool              `yaml:"namespaced,omitempty" json:"namespaced,omitempty"`
	Moved      bool              `yaml:"moved,omitempty" json:"moved,omitempty"`
	Parent     string            `yaml:"parent,omitempty" json:"parent,omitempty"`
	Requires   []string          `yaml:"requires,omitempty" json:"requires,omitempty"`
	RequiredBy []Reason          `yaml:"requiredBy,omitempty" json:"requiredBy,omitempty"`
	Sources    []Source          `yaml:"sources,omitempty" json:"sources,omitempty"`
	Facts      Facts             `yaml:"facts,omitempty" json:"facts,omitzero"`
	Made       map[string]string `yaml:"made,omitempty" json:"made,omitempty"`
	Mode       string            `yaml:"mode,omitempty" json:"mode,omitempty"`
	Overrides  Overrides         `yaml:"overrides,omitempty" json:"overrides,omitzero"`
	Guards     []string          `yaml:"guards,omitempty" json:"guards,omitempty"`
	Removal    *Removal          `yaml:"removal,omitempty" json:"removal,omitempty"`
	Parts      []Part            `yaml:"parts,omitempty" json:"parts,omitempty"`
	Places     map[string]string `yaml:"places,omitempty" json:"places,omitempty"`
}

// Facts are what was known of the version, besides its package.yaml, when it was chosen. Kubernetes is what decided that it fits the
// cluster. Sources are the files about the package that say something of the version; they may change later, so unlike the sources
// of the instance they are a record and no pin.
type Facts struct {
	Kubernetes []Demand `yaml:"kubernetes,omitempty" json:"kubernetes,omitempty"`
	Yanked     string   `yaml:"yanked,omitempty" json:"yanked,omitempty"`
	Prerelease string   `yaml:"prerelease,omitempty" json:"prerelease,omitempty"`
	Deprecated string   `yaml:"deprecated,omitempty" json:"deprecated,omitempty"`
	Sources    []Source `yaml:"sources,omitempty" json:"sources,omitempty"`
}

// IsZero reports whether nothing was known.
func (f Facts) IsZero() bool {
	return len(f.Kubernetes) == 0 && f.Yanked == "" && f.Prerelease == "" && f.Deprecated == "" && len(f.Sources) == 0
}

// Demand is a range of Kubernetes versions, and who says so.
type Demand struct {
	Range  string `yaml:"range" json:"range"`
	Source string `yaml:"source,omitempty" json:"source,omitempty"`
}

// Overrides are what is added to a package. ValuesFrom are references to Secrets as text; a secret itself is never here.
type Overrides struct {
	Namespace  string            `yaml:"namespace,omitempty" json:"namespace,omitempty"`
	Values     map[string]any    `yaml:"values,omitempty" json:"values,omitempty"`
	ValuesFrom map[string]string `yaml:"valuesFrom,omitempty" json:"valuesFrom,omitempty"`
	Patches    []kustomize.Patch `yaml:"patches,omitempty" json:"patches,omitempty"`
	Images     []kustomize.Image `yaml:"images,omitempty" json:"images,omitempty"`
	Labels     map[string]string `yaml:"labels,omitempty" json:"labels,omitempty"`
}

// Removal is a removal under way: whether what holds data is guarded, the parts that have left, whether data is to be lost (Purge), and whether
// the tree says so, without a guard, so that the next step may delete it (Announced).
type Removal struct {
	Guarded   bool     `yaml:"guarded,omitempty" json:"guarded,omitempty"`
	Purge     bool     `yaml:"purge,omitempty" json:"purge,omitempty"`
	Announced bool     `yaml:"announced,omitempty" json:"announced,omitempty"`
	Withdrawn []string `yaml:"withdrawn,omitempty" json:"withdrawn,omitempty"`
}

// Reason says who asks for an instance: another instance, or the workspace when By is empty. Where is a file without a line, so
// that an edit elsewhere in that file changes no lock.
type Reason struct {
	By    string `yaml:"by,omitempty" json:"by,omitempty"`
	Range string `yaml:"range,omitempty" json:"range,omitempty"`
	Where string `yaml:"where,omitempty" json:"where,omitempty"`
}

// Source is one file that went in.
type Source struct {
	URL    string         `yaml:"url" json:"url"`
	Digest catalog.Digest `yaml:"digest" json:"digest"`
}

// Part is one folder of an instance, packages/<instance>/<name>. Files are the digests of its files by file name, Hash is their
// FolderHash. DependsOn are the parts that it waits for, "<instance>/<part>".
type Part struct {
	Name      string                    `yaml:"name" json:"name"`
	Wave      int                       `yaml:"wave" json:"wave"`
	Hash      catalog.Digest            `yaml:"hash" json:"hash"`
	DependsOn []string                  `yaml:"dependsOn,omitempty" json:"dependsOn,omitempty"`
	Files     map[string]catalog.Digest `yaml:"files,omitempty" json:"files,omitempty"`
}

// Instance is the instance with that name, nil when there is none.
func (l *Lock) Instance(name string) *Instance {
	for i := range l.Instances {
		if l.Instances[i].Name == name {
			return &l.Instances[i]
		}
	}
	return nil
}

// Paths are the digests of all generated files by path relative to the folder of the cluster, slash-separated, without the lock.
func (l *Lock) Paths() map[string]catalog.Digest {
	paths := make(map[string]catalog.Digest, len(l.Files))
	for path, digest := range l.Files {
		paths[path] = digest
	}
	for _, instance := range l.Instances {
		for _, part := range instance.Parts {
			for file, digest := range part.Files {
				paths["packages/"+instance.Name+"/"+part.Name+"/"+file] = digest
			}
		}
	}
	return paths
}
