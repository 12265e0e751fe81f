// Package argocd writes the object that lets Argo CD apply a tree: an Application of argoproj.io/v1alpha1.
//
// It knows Argo CD's fields and annotations and which of them gkops sets. It refuses to know instances and objects.
package argocd

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Annotations that Argo CD reads from the objects that it applies, and values of them.
const (
	HookAnnotation       = "argocd.argoproj.io/hook"
	HookDeleteAnnotation = "argocd.argoproj.io/hook-delete-policy"

	WaveAnnotation    = "argocd.argoproj.io/sync-wave"
	OptionsAnnotation = "argocd.argoproj.io/sync-options"
	CompareAnnotation = "argocd.argoproj.io/compare-options"
	// TrackingAnnotation is what Argo CD knows its objects by. It gives it to all but CustomResourceDefinitions, which it therefore never
	// deletes, unless Git says it.
	TrackingAnnotation = "argocd.argoproj.io/tracking-id"

	SyncHook          = "Sync"
	ServerSideApply   = "ServerSideApply=true"
	SkipMissingDryRun = "SkipDryRunOnMissingResource=true"
	NoPrune           = "Prune=false"
	Prune             = "Prune=true"
	IgnoreExtraneous  = "IgnoreExtraneous"
)

// Finalizer makes the deletion of an Application delete what it applied, but no definition.
const Finalizer = "resources-finalizer.argocd.argoproj.io"

// How a sync that fails is tried again: after RetryAfter, then RetryFactor times as long each time, at most RetryAtMost.
const (
	RetryAfter  = "5s"
	RetryFactor = 2
	RetryAtMost = "3m"
)

// MaxApplied is the size in bytes, as JSON, from which an object is applied by the server: the last-applied annotation of a client-side
// apply may not pass 262,144 bytes.
const MaxApplied = 250_000

// The repository server refuses a directory source of more than SourceLimit bytes; MaxSource leaves some room below it.
const (
	SourceLimit = 10_000_000
	MaxSource   = 9_500_000
)

// Application is a set of folders of one repository that Argo CD applies together, in waves.
type Application struct {
	Name, Namespace string
	Labels          map[string]string
	Project         string
	RepoURL         string
	Revision        string
	Paths           []string // folders, each a source of its own, read with everything below
	Empty           string   // without Paths: a folder to read that must be there, and of which nothing is applied
}

// SourceList is a name for a list of paths, another one for every list. All Applications of a repository take up a revision at the same time, also
// one whose own sources change in it: it would apply what it knows, without what is new and comes first. A source that is named after the list is
// not there in a revision with another list, and an Application with a source that is not there applies nothing.
func SourceList(paths []string) string {
	sum := sha256.Sum256([]byte(strings.Join(paths, "\n")))
	return hex.EncodeToString(sum[:4])
}

// TrackingID is the tracking id of a cluster-scoped object of an Application without a destination namespace.
func TrackingID(application, group, kind, name string) string {
	return application + ":" + group + "/" + kind + ":/" + name
}

type object struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       spec     `yaml:"spec"`
}

type metadata struct {
	Name      string            `yaml:"name"`
	Namespace string            `yaml:"namespace"`
	Labels    map[string]string `yaml:"labels,omitempty"`
}

type spec struct {
	Project     string      `yaml:"project"`
	Destination destination `yaml:"destination"`
	Sources     []source    `yaml:"sources"`
	SyncPolicy  syncPolicy  `yaml:"syncPolicy"`
}

type destination struct {
	Server string `yaml:"server"`
}

type source struct {
	RepoURL        string    `yaml:"repoURL"`
	TargetRevision string    `yaml:"targetRevision"`
	Path           string    `yaml:"path"`
	Directory      directory `yaml:"directory"`
}

type directory struct {
	Recurse bool   `yaml:"recurse"`
	Exclude string `yaml:"exclude"`
}

type syncPolicy struct {
	Automated automated `yaml:"automated"`
	Retry     retry     `yaml:"retry"`
}

// automated with AllowEmpty deletes also the last of what was applied.
type automated struct {
	Prune      bool `yaml:"prune"`
	SelfHeal   bool `yaml:"selfHeal"`
	AllowEmpty bool `yaml:"allowEmpty,omitempty"`
}

// retry with Refresh takes up a fix that was committed meanwhile.
type retry struct {
	Limit   int     `yaml:"limit"`
	Refresh bool    `yaml:"refresh"`
	Backoff backoff `yaml:"backoff"`
}

type backoff struct {
	Duration    string `yaml:"duration"`
	Factor      int    `yaml:"factor"`
	MaxDuration string `yaml:"maxDuration"`
}

// exclude leaves kustomizations out, also one directly in the source's path.
const exclude = "{kustomization.yaml,**/kustomization.yaml}"

// everything leaves every file out.
const everything = "*"

// YAML writes the object. An Application without a source is not valid, and one that is gone deletes nothing of what it applied: one without
// Paths keeps a source that holds nothing.
func (a Application) YAML() ([]byte, error) {
	written := object{
		APIVersion: "argoproj.io/v1alpha1",
		Kind:       "Application",
		Metadata:   metadata{Name: a.Name, Namespace: a.Namespace, Labels: a.Labels},
		Spec: spec{
			Project:     a.Project,
			Destination: destination{Server: "https://kubernetes.default.svc"},
			SyncPolicy: syncPolicy{
				Automated: automated{Prune: true, SelfHeal: true},
				Retry:     retry{Limit: -1, Refresh: true, Backoff: backoff{Duration: RetryAfter, Factor: RetryFactor, MaxDuration: RetryAtMost}},
			},
		},
	}
	for _, path := range a.Paths {
		written.Spec.Sources = append(written.Spec.Sources, source{
			RepoURL: a.RepoURL, TargetRevision: a.Revision, Path: path, Directory: directory{Recurse: true, Exclude: exclude},
		})
	}
	if len(a.Paths) == 0 {
		written.Spec.SyncPolicy.Automated.AllowEmpty = true
		written.Spec.Sources = []source{{RepoURL: a.RepoURL, TargetRevision: a.Revision, Path: a.Empty, Directory: directory{Exclude: everything}}}
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(written); err != nil {
		return nil, fmt.Errorf("write Application %s: %w", a.Name, err)
	}
	return out.Bytes(), nil
}
