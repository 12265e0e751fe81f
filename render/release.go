package render

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/argocd"
)

// ReleaseMode writes what makes the engine itself install the charts of an instance, instead of their objects.
const ReleaseMode = "release"

// ModeError says that an instance cannot be written as releases.
type ModeError struct{ Instance, Reason, Hint string }

// Error names the instance.
func (e *ModeError) Error() string {
	return fmt.Sprintf("instance %s: mode release: %s", e.Instance, e.Reason)
}

// releases puts the engine's objects in the place of what the charts gave. What they gave was checked, and tells which kinds the instance
// defines.
func (b *build) releases(c Cluster, builds []*build) error {
	if len(b.objects) > 0 || len(b.charts) == 0 {
		return &ModeError{Instance: b.Name, Reason: "the package is not made of charts alone", Hint: "leave mode: out"}
	}
	for _, chart := range b.charts {
		if !strings.Contains(chart.Repository, "://") || strings.HasPrefix(chart.Repository, "file:") {
			return &ModeError{
				Instance: b.Name, Reason: fmt.Sprintf("chart %s is in a folder, where the engine cannot read it", chart.Name),
				Hint: "serve the folder, or push the chart to an OCI registry, and use that as registry",
			}
		}
		chart.output.Made, chart.output.Unsteady = nil, nil // the engine makes it up itself
		b.released = append(b.released, defined(chart.output.Documents)...)
		nodes, err := b.releaseObjects(c, chart, builds)
		if err != nil {
			return err
		}
		before := len(b.objects)
		if err := b.takeBuilt(b.Package, nodes); err != nil {
			return err
		}
		for _, o := range b.objects[before:] {
			o.charted, o.hook = true, Core
		}
		if err := b.sayChart(chart); err != nil {
			return err
		}
	}
	return nil
}

func (b *build) releaseObjects(c Cluster, chart *chartBuild, builds []*build) ([]*yaml.Node, error) {
	values, err := nodeOfValues(chart.values)
	if err != nil {
		return nil, fmt.Errorf("instance %s: values of chart %s: %w", b.Name, chart.Name, err)
	}
	if c.Engine == ArgoCD {
		b.findings = append(b.findings, finding.Finding{
			Rule: "release-order", Severity: finding.Warning,
			Message: fmt.Sprintf("instance %s: Argo CD takes an Application for healthy as soon as it is there, unless its configuration has a health check for Applications: what needs this release does not wait for it", b.Name),
		})
		return []*yaml.Node{b.application(c, chart, values)}, nil
	}
	source, reference := b.fluxSource(chart)
	release := b.helmRelease(chart, reference, builds)
	spec := document.Lookup(release, "spec")
	if len(values.Content) > 0 {
		put(spec, "values", values)
	}
	if from := b.valuesFrom(chart); len(from.Content) > 0 {
		put(spec, "valuesFrom", from)
	}
	return []*yaml.Node{source, release}, nil
}

// fluxSource is where Flux reads the chart, and how its HelmRelease refers to it.
func (b *build) fluxSource(chart *chartBuild) (source *yaml.Node, reference []any) {
	const api = "source.toolkit.fluxcd.io/v1"
	if strings.HasPrefix(chart.Repository, "oci://") {
		source = b.object(api, "OCIRepository", chart.Release, mapping(
			"interval", document.String("60m"),
			"layerSelector", mapping(
				"mediaType", document.String("application/vnd.cncf.helm.chart.content.v1.tar+gzip"), "operation", document.String("copy"),
			),
			"ref", mapping("tag", document.String(strings.ReplaceAll(chart.Version, "+", "_"))),
			"url", document.String(strings.TrimRight(chart.Repository, "/")+"/"+chart.Name),
		))
		return source, []any{"chartRef", mapping("kind", document.String("OCIRepository"), "name", document.String(chart.Release))}
	}
	source = b.object(api, "HelmRepository", chart.Release, mapping("interval", document.String("60m"), "url", document.String(chart.Repository)))
	return source, []any{"chart", mapping("spec", mapping(
		"chart", document.String(chart.Name),
		"sourceRef", mapping("kind", document.String("HelmRepository"), "name", document.String(chart.Release)),
		"version", document.String(chart.Version),
	))}
}

// helmRelease installs and upgrades the chart with its CRDs, which Flux leaves alone in an upgrade when nobody says so.
func (b *build) helmRelease(chart *chartBuild, reference []any, builds []*build) *yaml.Node {
	retries := func(crds string) *yaml.Node {
		return mapping("crds", document.String(crds), "remediation", mapping("retries", number(3)))
	}
	spec := mapping(reference...)
	if needs := b.releaseNeeds(builds); len(needs.Content) > 0 {
		put(spec, "dependsOn", needs)
	}
	put(spec, "install", retries("Create"))
	put(spec, "interval", document.String("60m"))
	put(spec, "releaseName", document.String(chart.Release))
	put(spec, "upgrade", retries("CreateReplace"))
	return b.object("helm.toolkit.fluxcd.io/v2", "HelmRelease", chart.Release, spec)
}

// releaseNeeds are the releases of the instances that this one requires. Instances that are plain manifests are waited for by the
// Kustomization that the release is in.
func (b *build) releaseNeeds(builds []*build) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, other := range builds {
		if other.Mode != ReleaseMode || !slices.Contains(b.Requires, other.Name) {
			continue
		}
		for _, chart := range other.charts {
			list.Content = append(list.Content, mapping("name", document.String(chart.Release), "namespace", document.String(other.releaseNamespace())))
		}
	}
	return list
}

// valuesFrom are the values that come from Secrets of the release's namespace.
func (b *build) valuesFrom(chart *chartBuild) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, name := range slices.Sorted(maps.Keys(b.Values)) {
		reference := b.Values[name].Reference
		if reference == nil {
			continue
		}
		for _, target := range b.Manifest.ValueDefinitions[name].Targets {
			if target.ChartName != chart.Name {
				continue
			}
			list.Content = append(list.Content, mapping(
				"kind", document.String("Secret"), "name", document.String(reference.Name),
				"targetPath", document.String(targetPath(target.Patch.Path)),
				"valuesKey", document.String(reference.Key),
			))
		}
	}
	return list
}

// targetPath is a JSON pointer as Helm writes the path of a value: "/hosts/0/na.me" is "hosts[0].na\.me".
func targetPath(pointer string) string {
	var path strings.Builder
	for segment := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		segment = strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
		if _, err := strconv.ParseUint(segment, 10, 31); err == nil && path.Len() > 0 {
			path.WriteString("[" + segment + "]")
			continue
		}
		if path.Len() > 0 {
			path.WriteString(".")
		}
		path.WriteString(strings.NewReplacer(".", `\.`, "[", `\[`, ",", `\,`, "=", `\=`).Replace(segment))
	}
	return path.String()
}

// application is the release for Argo CD. What it installs goes when it goes, as a HelmRelease's does, and a sync that fails is tried again.
func (b *build) application(c Cluster, chart *chartBuild, values *yaml.Node) *yaml.Node {
	app := c.application("")
	helm := mapping("releaseName", document.String(chart.Release))
	if len(values.Content) > 0 {
		put(helm, "valuesObject", values)
	}
	node := b.object("argoproj.io/v1alpha1", "Application", shorten(c.Name+"-"+chart.Release, maxLabel), mapping(
		"destination", mapping("namespace", document.String(b.releaseNamespace()), "server", document.String("https://kubernetes.default.svc")),
		"project", document.String(app.Project),
		"source", mapping(
			"chart", document.String(chart.Name), "helm", helm, "repoURL", document.String(strings.TrimPrefix(chart.Repository, "oci://")),
			"targetRevision", document.String(chart.Version),
		),
		"syncPolicy", mapping(
			"automated", mapping("prune", truth(), "selfHeal", truth()),
			"retry", mapping("limit", number(-1), "refresh", truth(), "backoff", mapping(
				"duration", document.String(argocd.RetryAfter), "factor", number(argocd.RetryFactor), "maxDuration", document.String(argocd.RetryAtMost),
			)),
			"syncOptions", &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{
				document.String("CreateNamespace=true"), document.String("ServerSideApply=true"),
			}},
		),
	))
	_ = document.SetString(node, app.Namespace, "metadata", "namespace") // the mapping is there
	put(document.Lookup(node, "metadata"), "finalizers", &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{document.String(argocd.Finalizer)}})
	return node
}

// object is an object in the namespace of the releases.
func (b *build) object(apiVersion, kind, name string, spec *yaml.Node) *yaml.Node {
	return mapping(
		"apiVersion", document.String(apiVersion), "kind", document.String(kind),
		"metadata", mapping("name", document.String(name), "namespace", document.String(b.releaseNamespace())), "spec", spec,
	)
}

// engineKinds are the kinds of objects in mode release, which the engine brings itself; none is cluster-scoped.
func engineKinds() []CRD {
	var kinds []CRD
	for _, kind := range []string{
		"source.toolkit.fluxcd.io/HelmRepository", "source.toolkit.fluxcd.io/OCIRepository", "helm.toolkit.fluxcd.io/HelmRelease", "argoproj.io/Application",
	} {
		kinds = append(kinds, CRD{Group: path.Dir(kind), Kind: path.Base(kind), Scope: "Namespaced"})
	}
	return kinds
}

// BringsKind reports whether a kind of mode release is defined by the engine itself, so that no package has to define it.
func BringsKind(group, kind string) bool {
	return slices.ContainsFunc(engineKinds(), func(c CRD) bool { return c.Group == group && c.Kind == kind })
}

func put(node *yaml.Node, key string, value *yaml.Node) {
	node.Content = append(node.Content, document.String(key), value)
}

func number(n int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(n)}
}

func truth() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"} }
