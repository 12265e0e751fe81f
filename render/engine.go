package render

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/argocd"
	"gkops.dev/gkops/render/flux"
	"gkops.dev/gkops/render/order/simulate"
)

// Placeholder stands for the repository's URL in Argo CD's Application when nobody said it.
const Placeholder = "https://git.example.com/REPLACE/ME.git"

// guard protects an object from being deleted by the engine when it leaves Git.
func guard(engine string, o *object) {
	if engine == ArgoCD {
		o.annotateList(argocd.OptionsAnnotation, argocd.NoPrune)
		o.annotateList(argocd.CompareAnnotation, argocd.IgnoreExtraneous)
		return
	}
	o.annotate(flux.PruneAnnotation, flux.Disabled)
}

// announce says of an object that holds data that the next revision may delete it. A guard that its package gives it is lifted.
func (c Cluster) announce(o *object) {
	o.annotate(simulate.Announced, "true")
	if c.Engine == ArgoCD && strings.Contains(o.sourceAnnotation(argocd.OptionsAnnotation), argocd.NoPrune) {
		o.annotateList(argocd.OptionsAnnotation, argocd.Prune)
	}
	if c.Engine != ArgoCD && o.sourceAnnotation(flux.PruneAnnotation) == flux.Disabled {
		o.annotate(flux.PruneAnnotation, flux.Enabled)
	}
	if c.Engine == ArgoCD && o.isCRD() {
		o.annotate(argocd.TrackingAnnotation, argocd.TrackingID(c.applicationName(), o.id.Group(), o.id.Kind, o.id.Name))
	}
}

// protection is what becomes of an object when it leaves Git.
type protection int

const (
	none      protection = iota // the engine deletes it
	guarded                     // it stays in the cluster
	announced                   // the engine deletes it with its data, and the tree says so
)

// prepare adds what the engine reads from the objects themselves.
func (c Cluster) prepare(o *object, wave int, p protection) error {
	switch p {
	case guarded:
		guard(c.Engine, o)
	case announced:
		c.announce(o)
	}
	if c.Engine != ArgoCD {
		if o.is("batch", "Job") { // the API server refuses another pod template: with this, Flux makes such a Job again
			o.annotate(flux.ForceAnnotation, flux.Enabled)
		}
		return nil
	}
	o.annotate(argocd.WaveAnnotation, fmt.Sprint(wave))
	if o.orphan {
		o.annotateList(argocd.OptionsAnnotation, argocd.SkipMissingDryRun)
	}
	large, err := o.large()
	if large {
		o.annotateList(argocd.OptionsAnnotation, argocd.ServerSideApply)
	}
	return err
}

// large reports whether an object is too large for a client-side apply.
func (o *object) large() (bool, error) {
	if o.pristine() {
		low, high := jsonBounds(o.doc.Raw, o.isCRD())
		if low > argocd.MaxApplied || high <= argocd.MaxApplied {
			return low > argocd.MaxApplied, nil
		}
	}
	data, err := document.Canonical(o.doc.Root())
	return len(data) > argocd.MaxApplied, err
}

// addEngine writes the engine's own objects.
func (t *tree) addEngine(waves []int) ([]finding.Finding, error) {
	if t.cluster.Engine == ArgoCD {
		return t.addApplication()
	}
	return nil, t.addFlux(waves)
}

// labelsOf are the labels of the engine's objects.
func labelsOf(p Part) map[string]string {
	labels := map[string]string{"app.kubernetes.io/managed-by": "gkops"}
	if p.Instance != "" {
		labels["gkops.dev/instance"] = shorten(p.Instance, maxLabel)
		labels["gkops.dev/part"] = p.Name
	}
	return labels
}

// maxLabel is the longest value of a label, which Flux makes of the name of a Kustomization.
const maxLabel = 63

// layerAnnotation says in which layer an object of the engine is.
const layerAnnotation = "gkops.dev/layer"

func (t *tree) addFlux(waves []int) error {
	kustomizations := t.byPart()
	if t.cluster.Granularity == LayerGranularity {
		kustomizations = t.byLayer(waves)
	}
	names := make([]string, 0, len(kustomizations))
	for _, k := range kustomizations {
		k.Components = []string{t.addDependencyList(k)}
		data, err := k.YAML()
		if err != nil {
			return err
		}
		names = append(names, k.Name+".yaml")
		t.files[path.Join(t.cluster.Root, "flux", k.Name+".yaml")] = append([]byte(Header), data...)
	}
	slices.Sort(names)
	t.files[path.Join(t.cluster.Root, "flux", kustomizationFile)] = t.fluxList(names)
	// A Flux root over the whole repository that has no kustomization.yaml takes every folder that has one, and looks no deeper: this
	// one lets it read the Kustomizations, once, and not the objects that they apply.
	t.files[path.Join(t.cluster.Root, kustomizationFile)] = kustomization([]string{"flux"})
	return nil
}

// addDependencyList writes a folder that is named after what a Kustomization waits for, and returns it relative to the folder that this applies:
// see flux.DependencyList.
func (t *tree) addDependencyList(k flux.Kustomization) string {
	folder := path.Join("flux", "waits", k.Name+"-"+flux.DependencyList(k.DependsOn))
	waits := "nothing"
	if len(k.DependsOn) > 0 {
		waits = strings.Join(k.DependsOn, ", ")
	}
	t.files[path.Join(t.cluster.Root, folder, kustomizationFile)] = []byte(Header + fmt.Sprintf(dependencyListText, k.Name, waits))
	within := strings.TrimPrefix(k.Path, "./"+t.cluster.Root+"/")
	return strings.Repeat("../", strings.Count(within, "/")+1) + folder
}

const dependencyListText = `# It changes nothing, and is here as long as %[1]s waits for %[2]s. In a revision in which
# that waits for something else it is gone: Flux then applies nothing of it until it knows what it waits for.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
metadata:
  name: %[1]s
`

// fluxList lists the Kustomizations. It names their namespace too, because kustomize refuses a kustomization without anything in it,
// which is what an empty cluster has.
func (t *tree) fluxList(names []string) []byte {
	if len(names) == 0 {
		return []byte(Header + "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: " + t.cluster.Source.Namespace + "\n")
	}
	return kustomization(names)
}

func (t *tree) byPart() []flux.Kustomization {
	kustomizations := make([]flux.Kustomization, 0, len(t.parts))
	for _, part := range t.parts {
		k := t.kustomization(fluxName(part.ID()), part.Folder, part.Wave)
		k.Labels = labelsOf(part)
		for _, id := range part.DependsOn {
			k.DependsOn = append(k.DependsOn, fluxName(id))
		}
		kustomizations = append(kustomizations, k)
	}
	return kustomizations
}

// byLayer chains a Kustomization per layer.
func (t *tree) byLayer(waves []int) []flux.Kustomization {
	var kustomizations []flux.Kustomization
	for i, wave := range waves {
		k := t.kustomization(t.layerKustomization(wave), path.Join(t.cluster.Root, "layers", layerName(wave)), wave)
		k.Labels = labelsOf(Part{})
		if i > 0 {
			k.DependsOn = []string{t.layerKustomization(waves[i-1])}
		}
		kustomizations = append(kustomizations, k)
	}
	return kustomizations
}

func (t *tree) kustomization(name, folder string, wave int) flux.Kustomization {
	return flux.Kustomization{
		Name: name, Namespace: t.cluster.Source.Namespace, Source: t.cluster.Source.Name, Path: "./" + folder, Wait: true,
		Annotations: map[string]string{layerAnnotation: layerName(wave)},
	}
}

func (t *tree) layerKustomization(wave int) string {
	return shorten("gkops-"+t.cluster.Name, maxLabel-len("-layer-0000")) + "-layer-" + layerName(wave)
}

// fluxName is the name of a part's Kustomization: "cert-manager-crds", "namespaces".
func fluxName(id string) string { return shorten(strings.ReplaceAll(id, "/", "-"), maxLabel) }

// addApplication writes the cluster's Application. That of an empty cluster applies nothing, and deletes what was there before.
func (t *tree) addApplication() ([]finding.Finding, error) {
	app := t.cluster.application(t.cluster.applicationName())
	size := map[string]int{}
	for _, part := range t.parts {
		folder := path.Join(t.cluster.Root, "packages", part.Instance)
		if part.Instance == "" {
			folder = part.Folder
		}
		if _, seen := size[folder]; !seen {
			app.Paths = append(app.Paths, folder)
		}
		size[folder] += part.Bytes
		if size[folder] > argocd.MaxSource {
			return nil, &SizeError{Instance: part.Instance, Bytes: size[folder], Limit: argocd.SourceLimit}
		}
	}
	app.Empty = path.Join(t.cluster.Root, "argocd")
	if len(app.Paths) > 0 {
		app.Paths = append(app.Paths, t.addSourceList(app.Paths))
	}
	data, err := app.YAML()
	if err != nil {
		return nil, err
	}
	file := path.Join(t.cluster.Root, "argocd", "application.yaml")
	t.files[file] = append([]byte(Header), data...)
	if t.cluster.Source.RepoURL != "" {
		return nil, nil
	}
	return []finding.Finding{{
		Rule: "repo-url-missing", Severity: finding.Warning, File: file,
		Message: "nobody said which URL Argo CD reads the repository from: the Application holds a placeholder; set source.repoURL in gkops.yaml",
		Object:  finding.Object{APIVersion: "argoproj.io/v1alpha1", Kind: "Application", Namespace: app.Namespace, Name: app.Name},
	}}, nil
}

// addSourceList writes a folder that is named after a list of sources, and returns it: see argocd.SourceList.
func (t *tree) addSourceList(paths []string) string {
	folder := path.Join(t.cluster.Root, "argocd", "sources", argocd.SourceList(paths))
	t.files[path.Join(folder, "README.md")] = []byte(Header + sourceListText)
	return folder
}

const sourceListText = `
This folder is named after the list of sources of the Application, and is the last of them. In a revision with another list it is gone: Argo CD
then waits until it knows the new list, and applies what is new and what it had in one order.
`

func (c Cluster) applicationName() string { return shorten("gkops-"+c.Name, maxLabel) }

// engineNamespace is where the engine and its objects are. Argo CD is in the namespace that its manifests name, unless gkops.yaml says another.
func (c Cluster) engineNamespace() string {
	if c.Source.Namespace == "" && c.Engine == ArgoCD {
		return "argocd"
	}
	return c.Source.Namespace
}

// application is an Application of the cluster without its sources.
func (c Cluster) application(name string) argocd.Application {
	app := argocd.Application{
		Name: name, Namespace: c.engineNamespace(), Labels: labelsOf(Part{}),
		Project: c.Source.Project, RepoURL: c.Source.RepoURL, Revision: c.Source.Revision,
	}
	if app.Project == "" {
		app.Project = "default"
	}
	if app.RepoURL == "" {
		app.RepoURL = Placeholder
	}
	if app.Revision == "" {
		app.Revision = "HEAD"
	}
	return app
}

// Entry is the one object that makes the engine read the tree, for a folder that the engine reads already: for Flux a Kustomization over
// gkops/<cluster>/flux, for Argo CD an Application over gkops/<cluster>/argocd. It does not change with what is installed. The
// Kustomization does not wait for its children, because a waiting one takes a worker away from them.
func Entry(c Cluster) (fileName string, content []byte, err error) {
	var data []byte
	if c.Engine == ArgoCD {
		app := c.application(shorten(c.applicationName(), maxLabel-len("-entry")) + "-entry")
		app.Paths = []string{path.Join(c.Root, "argocd")}
		fileName = app.Name + ".yaml"
		data, err = app.YAML()
	} else {
		k := (&tree{cluster: c}).kustomization(c.applicationName(), path.Join(c.Root, "flux"), 0)
		k.Wait, k.Annotations, k.Labels = false, nil, labelsOf(Part{})
		fileName = k.Name + ".yaml"
		data, err = k.YAML()
	}
	if err != nil {
		return "", nil, err
	}
	return fileName, append([]byte(Header), data...), nil
}
