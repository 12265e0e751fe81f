package workspace

import (
	"github.com/fluxcd/pkg/apis/kustomize"

	"gkops.dev/gkops/resolver/catalog"
)

// The identity of the file.
const (
	FileName   = "gkops.yaml"
	APIVersion = "gkops.dev/v1alpha1"
	Kind       = "Workspace"
)

// Engine is the program that applies what Git holds.
type Engine string

// The engines.
const (
	Flux   Engine = "flux"
	ArgoCD Engine = "argocd"
)

// Granularity says what one object of the engine applies. An absent granularity is PerPart.
type Granularity string

// The granularities. PerLayer is for Flux only.
const (
	PerPart  Granularity = "part"
	PerLayer Granularity = "layer"
)

// RegistryType is the layout of a registry.
type RegistryType string

// The layouts of registries. An absent type is Glasskube.
const (
	Glasskube RegistryType = "glasskube"
	Helm      RegistryType = "helm"
	Overlay   RegistryType = "overlay" // facts about the packages of other registries, no packages of its own
)

// Workspace is the whole of gkops.yaml.
type Workspace struct {
	APIVersion  string      `yaml:"apiVersion" json:"apiVersion"`
	Kind        string      `yaml:"kind" json:"kind"`
	Engine      Engine      `yaml:"engine" json:"engine"`
	Granularity Granularity `yaml:"granularity,omitempty" json:"granularity,omitempty"`
	Source      Source      `yaml:"source,omitempty" json:"source,omitzero"`
	Registries  []Registry  `yaml:"registries,omitempty" json:"registries,omitempty"`
	Mirrors     []string    `yaml:"mirrors,omitempty" json:"mirrors,omitempty"`
	Clusters    []Cluster   `yaml:"clusters" json:"clusters"`
	Packages    []Package   `yaml:"packages,omitempty" json:"packages,omitempty"`
	Policy      Policy      `yaml:"policy,omitempty" json:"policy,omitzero"`
}

// Source is what the engine reads: for Flux the name and namespace of the GitRepository, for Argo CD the address of the repository,
// its revision and the project.
type Source struct {
	Name      string `yaml:"name,omitempty" json:"name,omitempty"`
	Namespace string `yaml:"namespace,omitempty" json:"namespace,omitempty"`
	RepoURL   string `yaml:"repoURL,omitempty" json:"repoURL,omitempty"`
	Revision  string `yaml:"revision,omitempty" json:"revision,omitempty"`
	Project   string `yaml:"project,omitempty" json:"project,omitempty"`
}

// Registry is a place that lists packages. URL is http(s), or a folder, absolute or relative to gkops.yaml. Of is for overlays: the
// registries whose packages it has facts about; absent is all of them.
type Registry struct {
	Name string       `yaml:"name" json:"name"`
	URL  string       `yaml:"url" json:"url"`
	Type RegistryType `yaml:"type,omitempty" json:"type,omitempty"`
	Of   []string     `yaml:"of,omitempty" json:"of,omitempty"`

	where string
}

// Where is the place of the entry, "gkops.yaml:12"; empty for one that was not parsed.
func (r Registry) Where() string { return r.where }

// Cluster is one target. Kubernetes is its minor version, "1.34". A cluster that follows another changes by promotion only.
type Cluster struct {
	Name       string    `yaml:"name" json:"name"`
	Kubernetes string    `yaml:"kubernetes" json:"kubernetes"`
	Follows    string    `yaml:"follows,omitempty" json:"follows,omitempty"`
	Packages   []Package `yaml:"packages,omitempty" json:"packages,omitempty"`

	where string
}

// Where is the place of the entry, "gkops.yaml:12"; empty for one that was not parsed.
func (c Cluster) Where() string { return c.where }

// Mode says what is written of an instance. An absent mode is Manifests.
type Mode string

// The modes. Release is for packages that are made of charts alone.
const (
	Manifests Mode = "manifests" // plain objects
	Release   Mode = "release"   // what makes the engine itself install the chart
)

// Package is one wanted instance. In a cluster's list it adds to the workspace's, or overrides the fields that it sets of the
// entry with the same instance name.
type Package struct {
	Name        string                     `yaml:"name" json:"name"`
	As          string                     `yaml:"as,omitempty" json:"as,omitempty"`
	Namespace   string                     `yaml:"namespace,omitempty" json:"namespace,omitempty"`
	Version     string                     `yaml:"version,omitempty" json:"version,omitempty"`
	Registry    string                     `yaml:"registry,omitempty" json:"registry,omitempty"`
	Mode        Mode                       `yaml:"mode,omitempty" json:"mode,omitempty"`
	Values      map[string]any             `yaml:"values,omitempty" json:"values,omitempty"`
	ValuesFiles []string                   `yaml:"valuesFiles,omitempty" json:"valuesFiles,omitempty"`
	ValuesFrom  map[string]SecretReference `yaml:"valuesFrom,omitempty" json:"valuesFrom,omitempty"`
	Patches     []kustomize.Patch          `yaml:"patches,omitempty" json:"patches,omitempty"`
	Images      []kustomize.Image          `yaml:"images,omitempty" json:"images,omitempty"`
	Labels      map[string]string          `yaml:"labels,omitempty" json:"labels,omitempty"`

	// FromFiles are the values of ValuesFiles, later files over earlier ones, where somebody has read them. Values go over them.
	FromFiles map[string]any `yaml:"-" json:"-"`

	where string
}

// Instance is the name of the instance: As, or else the name of the package.
func (p Package) Instance() string {
	if p.As != "" {
		return p.As
	}
	return p.Name
}

// Where is the place of the entry, "gkops.yaml:12"; empty for one that was not parsed. For one that a cluster overrides it is the
// cluster's entry.
func (p Package) Where() string { return p.where }

// Range is the range of versions that the entry asks for. Parse has checked it; of an entry that was not parsed, a bad range is
// the one that allows every stable version.
func (p Package) Range() catalog.Range {
	r, _ := catalog.ParseRange(p.Version)
	return r
}

// SecretReference names one key of a Secret in the cluster.
type SecretReference struct {
	Namespace string `yaml:"namespace" json:"namespace"`
	Name      string `yaml:"name" json:"name"`
	Key       string `yaml:"key" json:"key"`
}

// Ignore takes findings of the compatibility check out of account: those of a rule, below a path, about an object; what is
// empty matches all. Expires is the last day on which it holds, "2026-01-31".
type Ignore struct {
	Rule    string `yaml:"rule,omitempty" json:"rule,omitempty"`
	Path    string `yaml:"path,omitempty" json:"path,omitempty"`
	Object  string `yaml:"object,omitempty" json:"object,omitempty"`
	Reason  string `yaml:"reason" json:"reason"`
	Expires string `yaml:"expires,omitempty" json:"expires,omitempty"`

	where string
}

// Where is the place of the entry, "gkops.yaml:12"; empty for one that was not parsed.
func (i Ignore) Where() string { return i.where }

// Hold keeps every instance of a package within a range. Until is the last day on which it is meant to bind, "2026-01-31"; it is
// for people, and nothing ends by itself.
type Hold struct {
	Package string `yaml:"package" json:"package"`
	Version string `yaml:"version" json:"version"`
	Reason  string `yaml:"reason,omitempty" json:"reason,omitempty"`
	Until   string `yaml:"until,omitempty" json:"until,omitempty"`

	where string
}

// Where is the place of the entry, "gkops.yaml:12"; empty for one that was not parsed.
func (h Hold) Where() string { return h.where }

// Range is the range of versions that the hold allows. Parse has checked it.
func (h Hold) Range() catalog.Range {
	r, _ := catalog.ParseRange(h.Version)
	return r
}
