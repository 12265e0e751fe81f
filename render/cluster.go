package render

import (
	"io/fs"
	"time"

	"github.com/fluxcd/pkg/apis/kustomize"

	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// The engines that a tree is written for.
const (
	Flux   = "flux"
	ArgoCD = "argocd"
)

// LayerGranularity makes one Flux Kustomization per layer instead of one per part.
const LayerGranularity = "layer"

// The parts of an instance, in the order of their application.
const (
	CRDs   = "crds"
	Before = "before" // hooks of charts that run before the rest
	Core   = "core"
	Config = "config"
	After  = "after" // hooks of charts that run after the rest
)

// NamespacesPart is the id of the part that holds the namespaces that belong to the cluster and to no instance.
const NamespacesPart = "namespaces"

// ClusterOwner is the owner of a namespace that belongs to the cluster and to no instance.
const ClusterOwner = "cluster"

// Cluster is the target of a tree.
type Cluster struct {
	Name        string
	Kubernetes  string   // its minor, "1.33"
	Engine      string   // Flux or ArgoCD
	Granularity string   // empty (an engine object per part) or LayerGranularity (Flux only)
	Source      Source   // what the engine reads
	Root        string   // "gkops/<cluster>": the folder of the tree, slash-separated, relative to the repository
	Locked      Previous // what the lock says of the tree before

	Serves []string  `json:"-"` // what the cluster serves by itself, for charts that ask: "apps/v1" and "apps/v1/Deployment"
	Now    time.Time `json:"-"` // for charts that ask for the time, and have not been answered before
}

// Source is what the engine reads. Flux uses Name, Argo CD RepoURL, Revision and Project; both use Namespace, the one that the
// engine's own objects are in.
type Source struct {
	Name, Namespace            string
	RepoURL, Revision, Project string
}

// Previous is what the lock knows of the last tree, so that waves and owners stay as they were.
type Previous struct {
	Waves  map[string]int      // part id ("cert-manager/crds", "namespaces") to wave
	Places map[string]string   // "<instance>/<file name>" to part: objects that are not in their natural part
	Owners map[string]string   // namespace to ClusterOwner or the instance that ships it
	Parts  map[string][]string // part id to the names of its files
}

// Instance is one installation of a package, with everything that it is rendered from.
type Instance struct {
	Name, Package, Registry string
	Namespace               string // of a namespaced package, or what the user or the package says
	Version                 catalog.Version
	Namespaced              bool
	Manifest                *catalog.Manifest
	Files                   []catalog.File          // in the order of Manifest.Manifests
	Charts                  []Chart                 // in the order of the package
	Mode                    string                  // empty for plain manifests, or ReleaseMode
	Folder                  fs.FS                   // of a kustomize package, else nil
	Values                  map[string]values.Value // set by the user or the parent, never defaults
	Patches                 []kustomize.Patch       // of the objects as they are in the tree: with prefix and namespace
	Images                  []kustomize.Image
	Labels                  map[string]string // added to metadata.labels of every object, never to selectors
	MoveNamespace           bool              // every namespaced object of a cluster-scoped package moves to Namespace
	Requires                []string          // instances that must be there first
	Withdrawn               []string          // parts that a removal under way has taken out already
	Guarded                 bool              // objects that hold data carry the engine's guard against deletion
	Announced               bool              // objects that hold data carry no guard, and say that the next revision may delete them
	Guards                  []string          // names of files whose objects carry the guard too, because the next revision takes them away or moves them
}
