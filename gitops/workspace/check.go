package workspace

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

func (c *checker) engine() {
	w := c.workspace
	switch w.Engine {
	case Flux, ArgoCD:
	case "":
		c.wrong(nil, "add 'engine: flux' or 'engine: argocd'", "engine is missing")
	default:
		c.wrong([]any{"engine"}, "engines: flux, argocd", "engine %.80q is not known", w.Engine)
	}
	switch {
	case w.Granularity == PerLayer && w.Engine == ArgoCD:
		c.wrong([]any{"granularity"}, "leave it out", "granularity layer is for flux only")
	case !slices.Contains([]Granularity{"", PerPart, PerLayer}, w.Granularity):
		c.wrong([]any{"granularity"}, "granularities: part, layer", "granularity %.80q is not known", w.Granularity)
	}
	if w.Source.Namespace != "" {
		c.label([]any{"source", "namespace"}, "source namespace", w.Source.Namespace)
	}
	if address, err := url.Parse(w.Source.RepoURL); err == nil && address.User != nil {
		if _, secret := address.User.Password(); secret {
			c.wrong([]any{"source", "repoURL"}, "credentials never enter Git: give them to the engine", "the address of the repository holds a password")
		}
	}
}

// label checks a name that becomes the name of a Kubernetes object or a folder.
func (c *checker) label(at []any, what, name string) {
	if !isLabel(name) {
		c.wrong(at, "1 to 63 of a-z, 0-9 and -, first and last no -", "%s %.80q is not a name that Kubernetes takes", what, name)
	}
}

func isLabel(name string) bool {
	if len(name) == 0 || len(name) > 63 || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (c *checker) registries() {
	seen := map[string]Registry{}
	for n, r := range c.workspace.Registries {
		at := []any{"registries", n}
		c.label(append(at, "name"), "registry name", r.Name)
		if first, twice := seen[r.Name]; twice {
			c.wrong(append(at, "name"), "rename one of them", "registry %s is listed already at %s", r.Name, first.where)
		}
		seen[r.Name] = r
		c.registryURL(append(at, "url"), r)
		if !slices.Contains([]RegistryType{"", Glasskube, Helm, Overlay}, r.Type) {
			c.wrong(append(at, "type"), "types: glasskube, helm, overlay", "registry type %.80q is not known", r.Type)
		}
	}
	for n, r := range c.workspace.Registries {
		c.overlay([]any{"registries", n, "of"}, r, seen)
	}
}

// overlay checks the registries that an overlay has facts about.
func (c *checker) overlay(at []any, r Registry, known map[string]Registry) {
	if len(r.Of) > 0 && r.Type != Overlay {
		c.wrong(at, "leave it out, or add 'type: overlay'", "registry %s: of is for overlays", r.Name)
		return
	}
	for n, name := range r.Of {
		if other, there := known[name]; !there || other.Type == Overlay {
			c.wrong(append(slices.Clone(at), n), "of lists the registries that packages come from", "overlay %s is of %.80q, which is no registry of packages here", r.Name, name)
		}
	}
}

func (c *checker) registryURL(at []any, r Registry) {
	if r.URL == "" {
		c.wrong(at, "http(s)://..., or a folder", "registry %s has no url", r.Name)
		return
	}
	scheme, _, remote := strings.Cut(r.URL, "://")
	if !remote {
		return
	}
	address, err := url.Parse(r.URL)
	switch {
	case err != nil || address.Host == "" && scheme != "file":
		c.wrong(at, "", "registry %s: url is not an address", r.Name)
	case !slices.Contains([]string{"http", "https", "git+https", "git+ssh", "oci", "file"}, scheme):
		c.wrong(at, "schemes: http, https, git+https, git+ssh, oci, file", "registry %s: scheme %.80q is not known", r.Name, scheme)
	case address.User != nil && hasPassword(address):
		c.wrong(at, "credentials never enter Git", "registry %s: url holds a password", r.Name)
	}
}

func hasPassword(address *url.URL) bool {
	_, secret := address.User.Password()
	return secret
}

func (c *checker) mirrors() {
	for n, mirror := range c.workspace.Mirrors {
		last := n == len(c.workspace.Mirrors)-1
		switch {
		case mirror == "":
			c.wrong([]any{"mirrors", n}, "", "a mirror is empty")
		case (mirror == "off" || mirror == "direct") && !last:
			c.wrong([]any{"mirrors", n}, "", "%s must be the last of the mirrors", mirror)
		}
	}
}

func (c *checker) clusters() {
	w := c.workspace
	if len(w.Clusters) == 0 {
		c.wrong([]any{"clusters"}, "add 'clusters: [{name: prod, kubernetes: \"1.33\"}]'", "there is no cluster")
	}
	seen := map[string]Cluster{}
	for n, cluster := range w.Clusters {
		at := []any{"clusters", n}
		c.label(append(at, "name"), "cluster name", cluster.Name)
		if first, twice := seen[cluster.Name]; twice {
			c.wrong(append(at, "name"), "rename one of them", "cluster %s is listed already at %s", cluster.Name, first.where)
		}
		seen[cluster.Name] = cluster
		c.kubernetes(append(at, "kubernetes"), cluster)
	}
	for n, cluster := range w.Clusters {
		if _, known := seen[cluster.Follows]; cluster.Follows != "" && !known {
			c.wrong([]any{"clusters", n, "follows"}, "clusters: "+strings.Join(clusterNames(w), ", "),
				"cluster %s follows %.80q, which is no cluster here", cluster.Name, cluster.Follows)
		}
	}
	c.followCycles(seen)
}

func clusterNames(w *Workspace) []string {
	names := make([]string, 0, len(w.Clusters))
	for _, cluster := range w.Clusters {
		names = append(names, cluster.Name)
	}
	return names
}

func (c *checker) kubernetes(at []any, cluster Cluster) {
	if !regexp.MustCompile(`^1\.(0|[1-9][0-9]{0,2})$`).MatchString(cluster.Kubernetes) {
		c.wrong(at, `write the minor version in quotes, "1.34"`, "kubernetes version %.80q of cluster %s is not MAJOR.MINOR", cluster.Kubernetes, cluster.Name)
	}
}

// followCycles reports each cycle of promotion once, at its first cluster in the file.
func (c *checker) followCycles(clusters map[string]Cluster) {
	reported := map[string]bool{}
	for n, cluster := range c.workspace.Clusters {
		chain := []string{cluster.Name}
		for next := cluster.Follows; next != "" && !slices.Contains(chain, next); next = clusters[next].Follows {
			chain = append(chain, next)
		}
		if clusters[chain[len(chain)-1]].Follows != cluster.Name || reported[cluster.Name] {
			continue
		}
		for _, name := range chain {
			reported[name] = true
		}
		c.wrong([]any{"clusters", n, "follows"}, "one of them must follow nobody",
			"clusters follow each other in a circle: %s", strings.Join(append(chain, cluster.Name), " -> "))
	}
}
