// Package flux writes the objects that let Flux apply a tree: Kustomizations of kustomize.toolkit.fluxcd.io/v1.
//
// It knows Flux's fields and which of them gkops sets. It refuses to know instances and objects. The types here are small copies of
// the controller's, which would bring all of client-go; a test holds them against the real ones.
package flux

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Annotations that kustomize-controller reads from the objects that it applies.
const (
	PruneAnnotation = "kustomize.toolkit.fluxcd.io/prune"
	ForceAnnotation = "kustomize.toolkit.fluxcd.io/force"
	Disabled        = "disabled"
	Enabled         = "enabled"
)

// Kustomization is a folder that Flux applies, and what it waits for.
type Kustomization struct {
	Name, Namespace string
	Labels          map[string]string
	Annotations     map[string]string
	Path            string   // "./gkops/prod/packages/x/core"
	Components      []string // folders, relative to Path, with Components of kustomize: when one is not there, nothing is applied
	Source          string   // the GitRepository
	DependsOn       []string // names of others in the same namespace and with the same source
	Wait            bool     // ready only when every object is
}

// DependencyList is a name for what a Kustomization waits for, another one for every list. All Kustomizations of a source take up a revision at the
// same time, each by what the cluster knows of it: one that has to wait for something from this revision on would be at work before it is told
// so. A component that is named after the list is not there in a revision with another list, and Flux applies nothing of a folder that it cannot build.
func DependencyList(names []string) string {
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	return hex.EncodeToString(sum[:4])
}

type object struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       spec     `yaml:"spec"`
}

type metadata struct {
	Name        string            `yaml:"name"`
	Namespace   string            `yaml:"namespace"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type spec struct {
	DependsOn     []dependency `yaml:"dependsOn,omitempty"`
	Interval      string       `yaml:"interval"`
	RetryInterval string       `yaml:"retryInterval"`
	Timeout       string       `yaml:"timeout"`
	Path          string       `yaml:"path"`
	Components    []string     `yaml:"components,omitempty"`
	Prune         bool         `yaml:"prune"`
	Wait          bool         `yaml:"wait"`
	Force         bool         `yaml:"force"`
	SourceRef     sourceRef    `yaml:"sourceRef"`
}

type dependency struct {
	Name string `yaml:"name"`
}

type sourceRef struct {
	Kind string `yaml:"kind"`
	Name string `yaml:"name"`
}

// YAML writes the object. Substitution (postBuild) is never on, so that ${x} in applied objects stays what it is.
func (k Kustomization) YAML() ([]byte, error) {
	written := object{
		APIVersion: "kustomize.toolkit.fluxcd.io/v1",
		Kind:       "Kustomization",
		Metadata:   metadata{Name: k.Name, Namespace: k.Namespace, Labels: k.Labels, Annotations: k.Annotations},
		Spec: spec{
			Interval: "60m", RetryInterval: "2m", Timeout: "5m", Path: k.Path, Components: k.Components, Prune: true, Wait: k.Wait,
			SourceRef: sourceRef{Kind: "GitRepository", Name: k.Source},
		},
	}
	for _, name := range k.DependsOn {
		written.Spec.DependsOn = append(written.Spec.DependsOn, dependency{Name: name})
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(written); err != nil {
		return nil, fmt.Errorf("write Kustomization %s: %w", k.Name, err)
	}
	return out.Bytes(), nil
}
