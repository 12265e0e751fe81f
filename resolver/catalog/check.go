package catalog

import (
	"fmt"
	"maps"
	"slices"
)

// manifest checks what the types of the fields do not say.
func (c *checker) manifest(m *Manifest) {
	if c.required(place{"name"}, m.Name) {
		c.label(place{"name"}, m.Name)
	}
	if c.required(place{"defaultNamespace"}, m.DefaultNamespace) {
		c.label(place{"defaultNamespace"}, m.DefaultNamespace)
	}
	c.scope(place{"scope"}, m.Scope)
	for i, reference := range m.References {
		at := place{"references"}.item(i)
		c.required(at.at("label"), reference.Label)
		if c.required(at.at("url"), reference.URL) {
			c.url(at.at("url"), reference.URL, "http", "https")
		}
	}
	if m.Helm != nil {
		c.helm(m.Helm)
	}
	c.manifests(m.Manifests)
	c.values(m)
	c.transformations(m)
	for i, resource := range m.TransitiveResources {
		c.resource(place{"transitiveResources"}.item(i), resource)
	}
	c.entrypoints(m.Entrypoints)
	c.dependencies(m)
	c.components(m)
}

func (c *checker) scope(p place, scope Scope) {
	if c.has(p) {
		c.oneOf(p, string(scope), string(ClusterScope), string(NamespacedScope))
	}
}

// helm checks that there is exactly one form: one chart, or releases.
func (c *checker) helm(helm *Helm) {
	at := place{"helm"}
	if c.required(at.at("repositoryUrl"), helm.RepositoryURL) && helm.RepositoryURL != OwnRepository {
		c.url(at.at("repositoryUrl"), helm.RepositoryURL, "http", "https", "oci")
	}
	one := c.has(at.at("chartName")) || c.has(at.at("chartVersion"))
	switch many := c.has(at.at("releases")); {
	case one && many:
		c.wrong(at.at("releases"), "write either chartName and chartVersion, or releases", "and helm.chartName exclude each other")
	case !many:
		c.required(at.at("chartName"), helm.ChartName)
		c.required(at.at("chartVersion"), helm.ChartVersion)
	case len(helm.Releases) == 0:
		c.wrong(at.at("releases"), "", "is empty")
	}
	for i, release := range helm.Releases {
		item := at.at("releases").item(i)
		c.required(item.at("chartName"), release.ChartName)
		c.required(item.at("chartVersion"), release.ChartVersion)
	}
}

func (c *checker) manifests(manifests []PlainManifest) {
	for i, manifest := range manifests {
		at := place{"manifests"}.item(i)
		if c.required(at.at("url"), manifest.URL) {
			if err := checkFileReference(manifest.URL); err != nil {
				c.wrong(at.at("url"), "", "%v", err)
			}
		}
		c.label(at.at("defaultNamespace"), manifest.DefaultNamespace)
	}
}

func (c *checker) resource(p place, resource ResourceReference) {
	if c.required(p.at("apiGroup"), resource.APIGroup) && !isAPIVersion(resource.APIGroup) {
		c.wrong(p.at("apiGroup"), `write group/version, or "v1" for the core group`, "is %.80q, which is no group and version", resource.APIGroup)
	}
	c.required(p.at("kind"), resource.Kind)
	c.required(p.at("name"), resource.Name)
	c.label(p.at("namespace"), resource.Namespace)
}

func (c *checker) entrypoints(entrypoints []Entrypoint) {
	for i, entrypoint := range entrypoints {
		at := place{"entrypoints"}.item(i)
		c.required(at.at("serviceName"), entrypoint.ServiceName)
		if !c.has(at.at("port")) {
			c.wrong(at.at("port"), "", "is missing")
		}
		c.port(at.at("port"), entrypoint.Port)
		c.port(at.at("localPort"), entrypoint.LocalPort)
		if c.has(at.at("scheme")) {
			c.oneOf(at.at("scheme"), entrypoint.Scheme, "http", "https")
		}
	}
}

func (c *checker) port(p place, port int32) {
	if c.has(p) && (port < 1 || port > 65535) {
		c.wrong(p, "", "is %d, which is no port", port)
	}
}

func (c *checker) dependencies(m *Manifest) {
	seen := map[string]bool{}
	for i, dependency := range m.Dependencies {
		at := place{"dependencies"}.item(i)
		if !c.required(at.at("name"), dependency.Name) {
			continue
		}
		c.label(at.at("name"), dependency.Name)
		c.rangeOf(at.at("version"), dependency.Version)
		if seen[dependency.Name] {
			c.wrong(at.at("name"), "write one range that says both", "names %s a second time", dependency.Name)
		}
		seen[dependency.Name] = true
	}
}

func (c *checker) components(m *Manifest) {
	seen := map[string]bool{}
	for i, component := range m.Components {
		at := place{"components"}.item(i)
		if !c.required(at.at("name"), component.Name) {
			continue
		}
		c.label(at.at("name"), component.Name)
		c.label(at.at("installedName"), component.InstalledName)
		c.rangeOf(at.at("version"), component.Version)
		switch name := component.Suffix(); {
		case component.Name == m.Name:
			c.wrong(at.at("name"), "", "is %q, and a package cannot be its own component", component.Name)
		case seen[name]:
			c.wrong(at, "give one of them an installedName", "is a second component named %s", name)
		}
		seen[component.Suffix()] = true
		for _, name := range slices.Sorted(maps.Keys(component.Values)) {
			if !c.has(at.at("values", name, "value")) {
				c.wrong(at.at("values", name, "value"), "", "is missing")
			}
		}
	}
}

// Suffix is what the component's instance is named behind the name of its parent.
func (c Component) Suffix() string {
	if c.InstalledName != "" {
		return c.InstalledName
	}
	return c.Name
}

// Requirement is what the component asks for.
func (c Component) Requirement() (Requirement, error) { return requirement(c.Name, c.Version) }

// Requirement is what the dependency asks for.
func (d Dependency) Requirement() (Requirement, error) { return requirement(d.Name, d.Version) }

func requirement(pkg, version string) (Requirement, error) {
	r, err := ParseRange(version)
	if err != nil {
		return Requirement{}, fmt.Errorf("requirement of %s: %w", pkg, err)
	}
	return Requirement{Package: pkg, Range: r}, nil
}

// Requirements are the dependencies of the package, in order. Those of a manifest from ParseManifest have no error.
func (m *Manifest) Requirements() ([]Requirement, error) {
	var requirements []Requirement
	for _, dependency := range m.Dependencies {
		r, err := dependency.Requirement()
		if err != nil {
			return nil, err
		}
		requirements = append(requirements, r)
	}
	return requirements, nil
}
