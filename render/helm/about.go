package helm

import (
	"net/url"

	sigsyaml "sigs.k8s.io/yaml"
)

// The annotations of Artifact Hub, https://artifacthub.io/docs/topics/annotations/helm/, that people are shown.
const (
	linksNote    = "artifacthub.io/links"
	securityNote = "artifacthub.io/containsSecurityUpdates"
)

// Link is an address to read more at.
type Link struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Links are the addresses that the chart names, its sources first, then what it tells Artifact Hub. What is no address of the web is left out, and
// so is an annotation that cannot be read.
func (c *Chart) Links() []Link {
	var named, all []Link
	for _, source := range c.main.Metadata.Sources {
		named = append(named, Link{"source", source})
	}
	var noted []Link
	if err := sigsyaml.Unmarshal([]byte(c.main.Metadata.Annotations[linksNote]), &noted); err == nil {
		named = append(named, noted...)
	}
	for _, link := range named {
		address, err := url.Parse(link.URL)
		if err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Host != "" && address.User == nil {
			all = append(all, link)
		}
	}
	return all
}

// SecurityUpdates reports whether the authors say that this version mends faults of security.
func (c *Chart) SecurityUpdates() bool { return c.main.Metadata.Annotations[securityNote] == "true" }
