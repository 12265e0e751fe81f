package catalog

// Scope says whether a package is installed once in a cluster or any number of times in namespaces.
type Scope string

// The scopes of a package. An absent scope is ClusterScope.
const (
	ClusterScope    Scope = "Cluster"
	NamespacedScope Scope = "Namespaced"
)

// Manifest is a package.yaml: what one version of a package consists of. Field names and meaning are Glasskube's.
type Manifest struct {
	Name                string                     `yaml:"name" json:"name"`
	Scope               Scope                      `yaml:"scope,omitempty" json:"scope,omitempty"`
	DefaultNamespace    string                     `yaml:"defaultNamespace,omitempty" json:"defaultNamespace,omitempty"`
	ShortDescription    string                     `yaml:"shortDescription,omitempty" json:"shortDescription,omitempty"`
	LongDescription     string                     `yaml:"longDescription,omitempty" json:"longDescription,omitempty"`
	IconURL             string                     `yaml:"iconUrl,omitempty" json:"iconUrl,omitempty"`
	References          []Reference                `yaml:"references,omitempty" json:"references,omitempty"`
	Helm                *Helm                      `yaml:"helm,omitempty" json:"helm,omitempty"`
	Kustomize           *Kustomize                 `yaml:"kustomize,omitempty" json:"kustomize,omitempty"`
	Manifests           []PlainManifest            `yaml:"manifests,omitempty" json:"manifests,omitempty"`
	ValueDefinitions    map[string]ValueDefinition `yaml:"valueDefinitions,omitempty" json:"valueDefinitions,omitempty"`
	Transformations     []Transformation           `yaml:"transformations,omitempty" json:"transformations,omitempty"`
	TransitiveResources []ResourceReference        `yaml:"transitiveResources,omitempty" json:"transitiveResources,omitempty"`
	Entrypoints         []Entrypoint               `yaml:"entrypoints,omitempty" json:"entrypoints,omitempty"`
	Dependencies        []Dependency               `yaml:"dependencies,omitempty" json:"dependencies,omitempty"`
	Components          []Component                `yaml:"components,omitempty" json:"components,omitempty"`
}

// Namespaced reports whether the package is installed in namespaces, any number of times.
func (m *Manifest) Namespaced() bool { return m.Scope == NamespacedScope }

// Reference is a link for people.
type Reference struct {
	Label string `yaml:"label" json:"label"`
	URL   string `yaml:"url" json:"url"`
}

// OwnRepository stands for a chart repository that is the registry of the package itself.
const OwnRepository = "."

// Helm is a chart, or several releases of charts of one repository: its URL, or OwnRepository.
type Helm struct {
	RepositoryURL string         `yaml:"repositoryUrl" json:"repositoryUrl"`
	ChartName     string         `yaml:"chartName,omitempty" json:"chartName,omitempty"`
	ChartVersion  string         `yaml:"chartVersion,omitempty" json:"chartVersion,omitempty"`
	Releases      []HelmRelease  `yaml:"releases,omitempty" json:"releases,omitempty"`
	Values        map[string]any `yaml:"values,omitempty" json:"values,omitempty"`
}

// HelmRelease is one chart of a package that has several.
type HelmRelease struct {
	ChartName    string         `yaml:"chartName" json:"chartName"`
	ChartVersion string         `yaml:"chartVersion" json:"chartVersion"`
	Values       map[string]any `yaml:"values,omitempty" json:"values,omitempty"`
}

// Kustomize marks a package whose folder holds a kustomization beside package.yaml.
type Kustomize struct{}

// PlainManifest is a file of Kubernetes objects; URL is absolute, or relative to package.yaml.
type PlainManifest struct {
	URL              string `yaml:"url" json:"url"`
	DefaultNamespace string `yaml:"defaultNamespace,omitempty" json:"defaultNamespace,omitempty"`
}

// ValueType is the type of a value that a user may set.
type ValueType string

// The types of values.
const (
	BooleanValue ValueType = "boolean"
	TextValue    ValueType = "text"
	NumberValue  ValueType = "number"
	OptionsValue ValueType = "options"
)

// ValueDefinition is a value that a user may set, what it must be like and where it goes.
type ValueDefinition struct {
	Type         ValueType     `yaml:"type" json:"type"`
	Metadata     ValueMetadata `yaml:"metadata,omitempty" json:"metadata,omitempty"`
	DefaultValue string        `yaml:"defaultValue,omitempty" json:"defaultValue,omitempty"`
	Options      []string      `yaml:"options,omitempty" json:"options,omitempty"`
	Constraints  Constraints   `yaml:"constraints,omitempty" json:"constraints,omitempty"`
	Targets      []Target      `yaml:"targets" json:"targets"`
}

// ValueMetadata describes a value for people.
type ValueMetadata struct {
	Label       string   `yaml:"label,omitempty" json:"label,omitempty"`
	Description string   `yaml:"description,omitempty" json:"description,omitempty"`
	Hints       []string `yaml:"hints,omitempty" json:"hints,omitempty"`
}

// Constraints bound a value. Lengths are in characters; Pattern is an unanchored RE2 expression.
type Constraints struct {
	Required  bool   `yaml:"required,omitempty" json:"required,omitempty"`
	Min       *int   `yaml:"min,omitempty" json:"min,omitempty"`
	Max       *int   `yaml:"max,omitempty" json:"max,omitempty"`
	MinLength *int   `yaml:"minLength,omitempty" json:"minLength,omitempty"`
	MaxLength *int   `yaml:"maxLength,omitempty" json:"maxLength,omitempty"`
	Pattern   string `yaml:"pattern,omitempty" json:"pattern,omitempty"`
}

// Target is where a value goes: exactly one of Resource and ChartName is set.
type Target struct {
	Resource      *ResourceReference `yaml:"resource,omitempty" json:"resource,omitempty"`
	ChartName     string             `yaml:"chartName,omitempty" json:"chartName,omitempty"`
	Patch         PartialPatch       `yaml:"patch" json:"patch"`
	ValueTemplate string             `yaml:"valueTemplate,omitempty" json:"valueTemplate,omitempty"`
}

// PartialPatch is a JSON patch operation (RFC 6902) without its value. Path is a JSON pointer.
type PartialPatch struct {
	Op   string `yaml:"op" json:"op"`
	Path string `yaml:"path" json:"path"`
}

// ResourceReference names an object of the package. APIGroup is "group/version", or "v1" for the core group.
type ResourceReference struct {
	APIGroup  string `yaml:"apiGroup" json:"apiGroup"`
	Kind      string `yaml:"kind" json:"kind"`
	Name      string `yaml:"name" json:"name"`
	Namespace string `yaml:"namespace,omitempty" json:"namespace,omitempty"`
}

// Transformation copies a field to other places. Without a source resource, the source is the instance itself
// (metadata.name, metadata.namespace). Path is a JSONPath, "{ $.metadata.name }".
type Transformation struct {
	Source  TransformationSource `yaml:"source" json:"source"`
	Targets []Target             `yaml:"targets" json:"targets"`
}

// TransformationSource is the field that a transformation copies.
type TransformationSource struct {
	Resource *ResourceReference `yaml:"resource,omitempty" json:"resource,omitempty"`
	Path     string             `yaml:"path" json:"path"`
}

// Entrypoint is a service that a person may open.
type Entrypoint struct {
	Name        string `yaml:"name,omitempty" json:"name,omitempty"`
	ServiceName string `yaml:"serviceName" json:"serviceName"`
	Port        int32  `yaml:"port" json:"port"`
	LocalPort   int32  `yaml:"localPort,omitempty" json:"localPort,omitempty"`
	Scheme      string `yaml:"scheme,omitempty" json:"scheme,omitempty"`
}

// Dependency is a cluster-scoped package that must be there. Version is a range, see ParseRange.
type Dependency struct {
	Name    string `yaml:"name" json:"name"`
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
}

// Component is a private namespaced instance that comes with its parent, named <parent>-<InstalledName or Name>.
type Component struct {
	Name          string                    `yaml:"name" json:"name"`
	InstalledName string                    `yaml:"installedName,omitempty" json:"installedName,omitempty"`
	Version       string                    `yaml:"version,omitempty" json:"version,omitempty"`
	Values        map[string]ComponentValue `yaml:"values,omitempty" json:"values,omitempty"`
}

// ComponentValue is a value that a parent sets for its component.
type ComponentValue struct {
	Value string `yaml:"value" json:"value"`
}
