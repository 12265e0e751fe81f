// Package schema makes the JSON Schema of gkops.yaml from the Go types, for editors and for the documentation. It lies apart from
// its types, so that the reflection it needs is linked only where a schema is asked for.
package schema

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/invopop/jsonschema"

	"gkops.dev/gkops/gitops/workspace"
)

// ID is the address that the schema gives itself.
const ID = "https://gkops.dev/schema/workspace.json"

// Workspace is the JSON Schema of gkops.yaml, indented, with a final newline. Unknown keys are not allowed anywhere.
func Workspace() ([]byte, error) {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: false,
		Mapper: mapped, LookupComment: describe,
	}
	s := r.Reflect(&workspace.Workspace{})
	s.ID, s.Title = ID, "gkops.yaml"
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of %s: %w", workspace.FileName, err)
	}
	return append(data, '\n'), nil
}

// mapped are the types whose values are fewer than their Go type says.
func mapped(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[workspace.Engine]():
		return &jsonschema.Schema{Type: "string", Enum: []any{workspace.Flux, workspace.ArgoCD}}
	case reflect.TypeFor[workspace.Granularity]():
		return &jsonschema.Schema{Type: "string", Enum: []any{workspace.PerPart, workspace.PerLayer}}
	case reflect.TypeFor[workspace.RegistryType]():
		return &jsonschema.Schema{Type: "string", Enum: []any{workspace.Glasskube, workspace.Helm, workspace.Overlay}}
	case reflect.TypeFor[workspace.Level]():
		return &jsonschema.Schema{Type: "string", Enum: []any{workspace.Patch, workspace.Minor, workspace.Major}}
	case reflect.TypeFor[workspace.CommitStyle]():
		return &jsonschema.Schema{Type: "string", Enum: []any{workspace.Plain, workspace.Conventional}}
	case reflect.TypeFor[map[string]any]():
		return &jsonschema.Schema{Type: "object"} // the values of a chart may be anything
	case reflect.TypeFor[workspace.Mode]():
		return &jsonschema.Schema{Type: "string", Enum: []any{workspace.Manifests, workspace.Release}}
	}
	return nil
}

// describe explains types and fields to people who edit the file.
func describe(t reflect.Type, field string) string {
	texts := map[reflect.Type]map[string]string{
		reflect.TypeFor[workspace.Workspace](): {
			"":            "What a repository wants installed, where, and how it moves.",
			"Engine":      "The program that applies what Git holds.",
			"Granularity": "Whether Flux gets one Kustomization per part of an instance (the default) or per layer.",
			"Source":      "What the engine reads.",
			"Registries":  "Places that list packages, in order of preference.",
			"Mirrors":     "Folders or addresses with copies of remote files by host and path; a final off forbids the network.",
			"Clusters":    "The targets.",
			"Packages":    "What every cluster gets.",
			"Policy":      "How packages move.",
		},
		reflect.TypeFor[workspace.Source](): {
			"Name": "Flux: the GitRepository.", "Namespace": "Flux: the namespace of the GitRepository.",
			"RepoURL":  "Argo CD: the address of this repository; without it, that of the remote origin.",
			"Revision": "Argo CD: the branch, tag or commit.", "Project": "Argo CD: the project of the Application.",
		},
		reflect.TypeFor[workspace.Registry](): {
			"URL": "http(s), or a folder, absolute or relative to gkops.yaml.", "Type": "The layout of the registry; an overlay has facts about the packages of the others.",
			"Of": "Overlays: the registries whose packages the facts are about; absent is all.",
		},
		reflect.TypeFor[workspace.Cluster](): {
			"Kubernetes": "The minor version, in quotes: \"1.34\".",
			"Follows":    "The cluster that this one takes its versions from by promotion.",
			"Packages":   "Adds to the workspace's packages, or overrides them by instance name.",
		},
		reflect.TypeFor[workspace.Ignore](): {
			"":        "Takes findings of 'gkops compat' out of account; what is absent matches all.",
			"Rule":    "The rule, such as removed.",
			"Path":    "A file, a folder, or a pattern with * and **, relative to gkops.yaml.",
			"Object":  "Kind/name or Kind/namespace/name.",
			"Reason":  "Why, for whoever reads it next.",
			"Expires": "The last day on which it holds, 2026-01-31.",
		},
		reflect.TypeFor[workspace.Package](): {
			"Name": "The package in its registry.", "As": "The name of the instance, when it is not the package's.",
			"Version":     "A range such as \">=1.17 <2\"; absent is any stable version, a full one with +N is exactly that.",
			"Registry":    "The only registry that the package may come from.",
			"Mode":        "What is written of a chart: plain manifests (the default), or a release that the engine installs itself.",
			"Values":      "Values that the package defines, and those of its chart.",
			"ValuesFiles": "Files with values, relative to gkops.yaml; later ones win, and values over all of them.",
			"ValuesFrom":  "Values that come from a Secret in the cluster.",
			"Patches":     "Changes to the package's objects, strategic merge or JSON 6902.",
			"Images":      "Other names, tags or digests for images.",
			"Labels":      "Labels for every object of the instance.",
		},
		reflect.TypeFor[workspace.Hold](): {
			"Version": "The range that the package stays in.", "Until": "The last day it is meant for, 2026-01-31; nothing ends by itself.",
		},
		reflect.TypeFor[workspace.Policy](): {
			"Ignore": "Findings of the compatibility check that do not count.", "Holds": "Packages that stay in a range, for everybody who solves.",
			"Review": "What reviews fold.", "TimeZone": "Of the schedules: a name of the IANA database such as Europe/Vienna; absent is UTC.",
			"Groups": "Packages that are upgraded in one pull.", "Rules": "How some packages, clusters or groups move; later ones win.",
			"Pins": "Ranges that the bot keeps packages in.", "Skips": "Ranges of which the bot proposes no version.",
			"Limits": "How many pulls the bot may have open, and open in an hour.", "Commits": "The convention of the messages of commits.",
		},
		reflect.TypeFor[workspace.Moves](): {
			"Level":     "How far versions move without being asked for: patch, minor (the default) or major.",
			"Schedule":  "When pulls may be opened: in every minute that one of these crontab expressions matches.",
			"Soak":      "How old a version must be, and how long a cluster runs one before its followers take it: 3d, 12h.",
			"Checks":    "Followers of a cluster wait until all checks of the branch's last commit have passed.",
			"Automerge": "Merges pulls without a person when all their checks have passed.",
			"Reviewers": "Who is asked for a review.", "Assignees": "Who a pull is assigned to.", "Labels": "Labels of a pull.",
		},
		reflect.TypeFor[workspace.Automerge](): {
			"Risk": "The highest risk of the review that is merged: none, low or medium; off takes it back.", "Method": "merge, squash or rebase; absent is what the forge does by itself.",
		},
		reflect.TypeFor[workspace.Rule](): {
			"Packages": "Packages, or patterns with *; absent is all.", "Clusters": "Absent is all.", "Groups": "Groups; absent is all.",
		},
		reflect.TypeFor[workspace.Group](): {"Name": "Becomes a part of the branch.", "Packages": "Packages, or patterns with *."},
		reflect.TypeFor[workspace.Pin](): {
			"Version": "The range of versions.", "Clusters": "Only in these clusters; absent is all.", "Reason": "Why, for whoever reads it next.",
			"Until": "The last day on which it holds, 2026-01-31; absent is for ever.",
		},
		reflect.TypeFor[workspace.Limits](): {"Open": "Ten when it is absent.", "Hourly": "No bound when it is absent."},
		reflect.TypeFor[workspace.Review](): {"Ignore": "Fields that are counted instead of shown. Attention and risk see them all the same."},
		reflect.TypeFor[workspace.Fold](): {
			"Path":   "A field as a review writes it, and everything below it; * is any step, [*] any item.",
			"Kind":   "Kind, or Kind.group.",
			"Reason": "Why nobody has to see it.",
		},
		reflect.TypeFor[kustomize.Patch](): {"Patch": "The patch itself, as YAML text.", "Target": "Which objects it is for."},
	}
	return texts[t][field]
}
